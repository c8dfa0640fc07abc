"""Stops an import on Ctrl-C or SIGTERM once the batches under way are settled."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from cli import interrupts

_WAITING: Final = "stopping when the requests under way are settled; Ctrl-C again ends at once"
_ENDED: Final = "ended at once; run the same command again to continue"


class Stop:
    """`event` is set if the run must end; `interrupted`, if a person or the system asked for it."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.interrupted = False


@contextmanager
def stop_on_signal() -> Generator[Stop]:
    """The first signal asks the run to stop; the second one ends the process at once, as a kill would.

    Without the second, an import waits as long for the service as it does anyway: half a minute a request.
    """
    stop = Stop()
    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(_number: int, _frame: object) -> None:
        for number in before:
            signal.signal(number, interrupts.ending(said=_ENDED))
        interrupts.warn(_WAITING)
        stop.interrupted = True
        stop.event.set()

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
