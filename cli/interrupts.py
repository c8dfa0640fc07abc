"""Ctrl-C before a command runs, and after it.

Where Ctrl-C is ignored, as in a background job of a shell, it stays ignored.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from cli.errors import INTERRUPTED

_STANDARD_ERROR: Final = 2


def end_at_once(*, status: int = INTERRUPTED, said: str = "interrupted") -> None:
    """From now on, Ctrl-C ends the process with this exit status and this line on standard error.

    For imports: an exception in the middle of one may be lost, or become another with a traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, ending(status=status, said=said))


def ending(*, status: int = INTERRUPTED, said: str = "interrupted") -> Callable[..., NoReturn]:
    """A signal handler that ends the process as it is: nothing waits for threads, and nothing cleans up."""

    def end(*_: object) -> NoReturn:
        try:
            warn(said)
        finally:
            os._exit(status)

    return end


def warn(line: str) -> None:
    """A line on standard error, from a signal handler: Python's own streams may be in use just then."""
    if line:
        with suppress(OSError):
            start = "\n" if os.isatty(_STANDARD_ERROR) else ""  # there, `^C` or a bar is on the line
            os.write(_STANDARD_ERROR, f"{start}{line}\n".encode())


def raise_exception() -> None:
    """From now on, Ctrl-C raises KeyboardInterrupt again, so that a command can clean up."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore() -> None:
    """From now on, Ctrl-C does nothing: the command is done, and its exit status is known."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
