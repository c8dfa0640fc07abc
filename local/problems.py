"""What went wrong in the background of an local run: kept in full, said once per kind.

A poller that is refused a permission fails ten times a second; one line is enough for who watches.
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
        """Keep a line, and print it unless one of its kind (default: the same line) was printed before."""
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
