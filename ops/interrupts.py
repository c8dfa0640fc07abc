"""Ctrl-C between steps that belong together."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def deferred() -> Generator[None]:
    """Ctrl-C ends the program once this block is done; a second one ends it at once.

    Keep the block short: a few calls.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return
    pressed = False

    def later(*_: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    signal.signal(signal.SIGINT, later)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
