"""Shows how far a command is: a bar in a terminal, otherwise a line every 30 seconds."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from tqdm import tqdm

from cli.output import note

_SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def progress(what: str, total: Callable[[], int] | None, *, quiet: bool) -> Generator[Callable[[int], None]]:
    """Yields a function to call with the number of items just done."""
    if quiet:
        yield _ignore
    elif sys.stderr.isatty():
        with tqdm(
            total=None if total is None else total(), unit=f" {what}", mininterval=0.5, file=sys.stderr
        ) as bar:

            def advance(count: int) -> None:
                bar.update(count)

            yield advance
    else:
        yield _Lines(what, total, clock=time.monotonic)


class _Lines:
    """Prints a line from time to time."""

    def __init__(self, what: str, total: Callable[[], int] | None, *, clock: Callable[[], float]) -> None:
        self._what = what
        self._total = total
        self._clock = clock
        self._began = self._printed = clock()
        self._count = 0
        self._of: str | None = None

    def __call__(self, count: int) -> None:
        self._count += count
        now = self._clock()
        if now - self._printed < _SECONDS_BETWEEN_LINES:
            return
        self._printed = now
        if self._of is None:
            self._of = "" if self._total is None else f" of {self._total():,}"
        rate = self._count / (now - self._began)
        note(f"{self._count:,}{self._of} {self._what}, {rate:,.0f} a second")


def _ignore(_count: int) -> None:
    """Show nothing."""
