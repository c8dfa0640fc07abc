"""Problems in the background of a local run: all are kept, and one of each kind is printed.

A poller without a permission fails ten times a second; one line is enough.
"""

import threading
from collections.abc import Callable


class Problems:
    """A list of one-line problems; safe to use from several threads."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self._echo = echo
        self._lock = threading.Lock()
        self._kinds: set[str] = set()
        self._lines: list[str] = []

    def report(self, line: str, *, kind: str | None = None) -> None:
        """Keep a line, and print it if it is the first of its kind. The default kind is the line itself."""
        with self._lock:
            self._lines.append(line)
            is_new = (kind or line) not in self._kinds
            self._kinds.add(kind or line)
        if is_new:
            self._echo(line)

    @property
    def lines(self) -> list[str]:
        with self._lock:
            return list(self._lines)
