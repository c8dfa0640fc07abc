"""Stops an import on Ctrl-C or SIGTERM once the batches under way are settled."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager


class Stop:
    """`event` is set if the run must end; `interrupted`, if a person or the system asked for it."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.interrupted = False


@contextmanager
def stop_on_signal() -> Generator[Stop]:
    """The first signal asks the run to stop; the second one ends it at once."""
    stop = Stop()
    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: object) -> None:
        signal.signal(number, before[number])
        stop.interrupted = True
        stop.event.set()

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
