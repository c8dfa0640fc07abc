"""How far an import has come, kept in a file, so that it goes on where it stopped.

Holds names of files, line numbers and counts: no personal data. Imports nothing of the project.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Of the file that the state is written to before it takes its place.
NEW_SUFFIX = ".new"

_VERSION = 1


class StateError(Exception):
    """The state does not fit what is to be imported, or cannot be kept; in one line."""


@dataclass(slots=True, kw_only=True)
class Summary:
    """What became of the endpoints of an export so far."""

    imported: int = 0
    # Of these, how many belong to a user that may have more endpoints.
    with_user_id: int = 0
    skipped: Counter[str] = field(default_factory=Counter[str])
    left_out: Counter[str] = field(default_factory=Counter[str])
    # By the HTTP status with which the service refused.
    refused: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0

    @property
    def endpoints(self) -> int:
        return self.imported + self.skipped.total() + self.refused.total()


@dataclass(slots=True, kw_only=True)
class FileProgress:
    """Which lines of a file are settled: all up to `position`, and those of `beyond`.

    `cut_off`: at this size the file was not complete.
    """

    size: int
    position: int = 0
    beyond: set[int] = field(default_factory=set[int])
    cut_off: bool = False

    def is_settled(self, number: int) -> bool:
        return number <= self.position or number in self.beyond

    def settle(self, numbers: Iterable[int]) -> None:
        self.beyond.update(numbers)
        while self.position + 1 in self.beyond:
            self.position += 1
            self.beyond.remove(self.position)


class ImportState:
    """The state of an import of some files into one target."""

    def __init__(self, path: Path, target: Mapping[str, Any]) -> None:
        """`target` says what every run of this import has to have in common."""
        self._path = path
        self._target = dict(target)
        self._files: dict[str, FileProgress] = {}
        self.summary = Summary()
        self.resumed = False

    @classmethod
    def load(cls, path: Path, target: Mapping[str, Any]) -> "ImportState":
        """The state that `path` holds, or a new one where there is no such file. Raises StateError."""
        state = cls(path, target)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return state
        except (OSError, UnicodeDecodeError):
            raise StateError(f"{path} cannot be read: give another --state") from None
        try:
            kept = json.loads(text)
            known = kept["version"] == _VERSION
            other = sorted(name for name, value in state._target.items() if kept["target"].get(name) != value)
            if known and not other:
                state._read(kept)
        except (ValueError, KeyError, TypeError, AttributeError):
            known, other = False, []
        if not known:
            raise StateError(f"{path} holds no state of this import: give another --state")
        if other:
            raise StateError(
                f"{path} is of an import with another {other[0]}: give another --state, or delete it to "
                "start over"
            )
        state.resumed = True
        return state

    def file(self, name: str, size: int) -> FileProgress:
        """The progress of a file; raises StateError where the file has changed since the import began.

        One that was cut off may have another size, once: its lines so far are the first ones of the whole
        file, too.
        """
        progress = self._files.setdefault(name, FileProgress(size=size))
        if progress.size != size and progress.cut_off:
            progress.size, progress.cut_off = size, False
        if progress.size != size:
            raise StateError(
                f"{name} has changed since this import began ({progress.size} bytes, now {size}): "
                f"give another --state, or delete {self._path} to start over"
            )
        return progress

    def save(self) -> None:
        """Write the state, whole or not at all. Raises StateError."""
        summary = self.summary
        kept = {
            "version": _VERSION,
            "target": self._target,
            "summary": {name: getattr(summary, name) for name in Summary.__slots__},
            "files": {
                name: {
                    "size": progress.size,
                    "position": progress.position,
                    "beyond": sorted(progress.beyond),
                    "cut_off": progress.cut_off,
                }
                for name, progress in self._files.items()
            },
        }
        beside = self._path.with_name(self._path.name + NEW_SUFFIX)
        try:
            beside.write_text(json.dumps(kept), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            raise StateError(
                f"{self._path} cannot be written ({error.strerror}): give another --state"
            ) from None

    def _read(self, kept: Mapping[str, Any]) -> None:
        for name, progress in kept["files"].items():
            self._files[name] = FileProgress(
                size=progress["size"],
                position=progress["position"],
                beyond=set(progress["beyond"]),
                # Absent from a state that was written before files could be known to be cut off.
                cut_off=progress.get("cut_off", False),
            )
        summary = kept["summary"]
        self.summary = Summary(
            imported=summary["imported"],
            with_user_id=summary["with_user_id"],
            skipped=Counter(summary["skipped"]),
            left_out=Counter(summary["left_out"]),
            refused=Counter(summary["refused"]),
            seconds=summary["seconds"],
        )
