"""How far an import has come, kept in a file, so that it goes on where it stopped.

Holds names of files, numbers, counts and a fingerprint of all endpoints together: no personal data.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Of the file that the state is written to before it takes its place.
NEW_SUFFIX = ".new"

_VERSION = 3


class StateError(Exception):
    """The state does not fit what is to be imported, or cannot be kept; in one line."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """Which customers, by number in the order of the import, are settled: to `position`, and `beyond`."""

    position: int = 0
    beyond: set[int] = field(default_factory=set[int])

    @property
    def last(self) -> int:
        return max(self.beyond, default=self.position)

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
        self._files: dict[str, int] | None = None
        self._content: str | None = None
        self.progress = Progress()
        # By number: the HTTP status with which the service refused the object, or to take an address away.
        self.refused: dict[int, int] = {}
        self.address_kept: dict[int, int] = {}
        # Addresses that were taken off profiles.
        self.removed = 0
        self.seconds = 0.0
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
            raise StateError(
                f"{path} holds no state of this import, or one of an older version: give another --state, or "
                "delete it to start over"
            )
        if other:
            raise StateError(
                f"{path} is of an import with another {other[0]}: give another --state, or delete it to "
                "start over"
            )
        state.resumed = True
        return state

    def check_files(self, sizes: Mapping[str, int]) -> None:
        """Raises StateError where the export has changed since the import began.

        Which line of an endpoint is the newest, and which customer has which number, depends on all files.
        """
        if self._files is None:
            self._files = dict(sizes)
        if self._files == dict(sizes):
            return
        names = {*self._files, *sizes}
        changed = min(name for name in names if self._files.get(name) != sizes.get(name))
        raise StateError(
            f"{changed} has changed since this import began ({_size(self._files.get(changed))}, now "
            f"{_size(sizes.get(changed))}): give another --state, or delete {self._path} to start over"
        )

    def check_content(self, fingerprint: str) -> None:
        """Raises StateError where the endpoints are others than when the import began, in files as long."""
        if self._content is None:
            self._content = fingerprint
        if self._content != fingerprint:
            raise StateError(
                "the export says something else than when this import began: give another --state, or "
                f"delete {self._path} to start over"
            )

    def save(self) -> None:
        """Write the state, whole or not at all. Raises StateError."""
        kept = {
            "version": _VERSION,
            "target": self._target,
            "files": self._files or {},
            "content": self._content,
            "position": self.progress.position,
            "beyond": sorted(self.progress.beyond),
            "refused": self.refused,
            "address_kept": self.address_kept,
            "removed": self.removed,
            "seconds": self.seconds,
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
        self._files = {name: int(size) for name, size in kept["files"].items()}
        self._content = kept["content"]
        self.progress = Progress(position=int(kept["position"]), beyond=_numbers(kept["beyond"]))
        self.refused = {int(number): int(status) for number, status in kept["refused"].items()}
        self.address_kept = {int(number): int(status) for number, status in kept["address_kept"].items()}
        self.removed = int(kept["removed"])
        self.seconds = float(kept["seconds"])


def _numbers(kept: Collection[Any]) -> set[int]:
    return {int(number) for number in kept}


def _size(size: int | None) -> str:
    return "not there" if size is None else f"{size} bytes"
