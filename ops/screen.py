"""What a command prints: tables, progress and lines for people, or JSON for programs.

Results go to standard output, everything else to standard error.
"""

import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.output import write
from cli.printable import json_text, printable

_SECONDS_BETWEEN_LINES: Final = 30.0
_WIDTH_OF_A_FILE: Final = 10_000  # columns: in a file or a pipe, no line is broken


class Screen:
    """The terminal of a command. With `as_json`, results are JSON and nothing else is on standard output."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out = _console(sys.stdout)
        self._err = _console(sys.stderr)

    def result(self, value: Any, show: Callable[[], None]) -> None:
        """Print a result: the value as JSON, or what `show` prints."""
        if self.as_json:
            if sys.stdout is not None:  # it is closed, as in `>&-`
                write(f"{json_text(value, indent=2)}\n")
        else:
            show()

    def line(self, text: str = "", *, style: str = "") -> None:
        """A line of the result."""
        self._out.print(_safe(text, style), soft_wrap=True)

    def note(self, text: str, *, style: str = "") -> None:
        """A line about the work, on standard error."""
        self._err.print(_safe(text, style), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
        """A table; columns of numbers begin with `>`."""
        table = Table(box=None, title=title or None, title_justify="left", pad_edge=False, title_style="bold")
        for column in columns:
            table.add_column(
                column.removeprefix(">"),
                justify="right" if column.startswith(">") else "left",
                overflow="fold",
            )
        for row in rows:
            table.add_row(*map(_safe, row))
        self._out.print(table)

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Generator[Callable[[int], None]]:
        """Yields a function to call with the number of items just done: a bar, or now and then a line."""
        if not self._err.is_terminal:
            yield _Lines(what, total, self.note)
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task(what, total=total)

            def advance(count: int) -> None:
                bar.update(task, advance=count)

            yield advance


def _safe(text: str, style: str = "") -> Text:
    """A line or cell as it is: nothing in it is markup, or for the terminal to obey."""
    return Text(printable(text), style=style)


def _console(file: TextIO | None) -> Console:
    if file is None:
        return Console(quiet=True)  # Python's stream of a closed descriptor, as in `>&-`
    # An arrow must not end a command where the terminal's encoding lacks it.
    if reconfigure := getattr(file, "reconfigure", None):
        reconfigure(errors="backslashreplace")
    width = None if file.isatty() else _WIDTH_OF_A_FILE
    return Console(file=file, width=width, highlight=False, emoji=False, markup=False)


class _Lines:
    """Prints a line from time to time, for a file."""

    def __init__(self, what: str, total: int | None, note: Callable[[str], None]) -> None:
        self._what = what
        self._of = "" if total is None else f" of {total:,}"
        self._note = note
        self._count = 0
        self._noted_at = time.monotonic()

    def __call__(self, count: int) -> None:
        self._count += count
        if time.monotonic() - self._noted_at >= _SECONDS_BETWEEN_LINES:
            self._noted_at = time.monotonic()
            self._note(f"{self._what}: {self._count:,}{self._of}")
