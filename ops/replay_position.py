"""Where a replay is, in a file, so that one that ends early goes on from there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.errors import FailedError, UsageError


@dataclass(slots=True, kw_only=True)
class Position:
    """All files before `key`, in the order of their names, and its first `lines` lines are sent."""

    # What is replayed: a file of another replay is refused.
    what: str
    # The end of its time in epoch seconds: a run that goes on ends there, too.
    until: float
    key: str = ""
    lines: int = 0

    def is_behind(self, key: str) -> bool:
        """Whether a file is sent as a whole."""
        return key < self.key

    def first_line(self, key: str) -> int:
        return self.lines if key == self.key else 0


def read(file: Path | None, what: str, *, until: float) -> Position:
    """Where the replay is. Without a file, at its beginning. Raises UsageError for that of another replay."""
    if file is None or not file.exists():
        return Position(what=what, until=until)
    try:
        found: Any = json.loads(file.read_bytes())
        position = Position(
            what=str(found["what"]),
            until=float(found["until"]),
            key=str(found["key"]),
            lines=int(found["lines"]),
        )
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        raise UsageError(f"--state {file} is no file of a replay: name a new file") from None
    if position.what != what:
        raise UsageError(f"--state {file} is of another replay ({position.what}): name a new file")
    return position


def write(file: Path | None, position: Position) -> None:
    """Raises FailedError."""
    if file is None:
        return
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.write_text(json.dumps(asdict(position)) + "\n", encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise FailedError(f"--state {file} cannot be written ({error.strerror})") from None
