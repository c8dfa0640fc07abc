"""Ctrl-C before a command runs, and after it.

Where Ctrl-C is ignored, as in a background job of a shell, it stays ignored.
"""

import os
import signal
from typing import Final, NoReturn

from cli.errors import INTERRUPTED

_STANDARD_ERROR: Final = 2


def end_at_once(*, status: int = INTERRUPTED, said: bytes = b"interrupted\n") -> None:
    """From now on, Ctrl-C ends the process with this exit status and these words on standard error.

    For imports: an exception in the middle of one may be lost, or become another with a traceback.
    """

    def end(*_: object) -> NoReturn:
        try:
            os.write(_STANDARD_ERROR, said)
        finally:
            os._exit(status)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)


def raise_exception() -> None:
    """From now on, Ctrl-C raises KeyboardInterrupt again, so that a command can clean up."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore() -> None:
    """From now on, Ctrl-C does nothing: the command is done, and its exit status is known."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
