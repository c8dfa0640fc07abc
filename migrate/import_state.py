"""Keeps the progress of an import in a file, so that an interrupted import can continue.

The file holds file names, numbers, counts and one hash of all endpoints: no personal data.
"""

import fcntl
import json
import os
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Suffix of the file that is written first and then renamed to the state.
NEW_SUFFIX = ".new"
LOCK_SUFFIX = ".lock"

_VERSION = 3
_OWNER_ONLY = 0o600


class StateError(Exception):
    """The state does not match the import, or cannot be used, and why, in one line."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """The settled customers, by number in import order: all up to `position`, and those in `beyond`."""

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
        """`target` must be the same in every run of this import."""
        self._path = path
        self._target = dict(target)
        self._files: dict[str, int] | None = None
        self._content: str | None = None
        self.progress = Progress()
        # By customer number: the HTTP status with which the service refused the object, or refused to remove
        # an address.
        self.refused: dict[int, int] = {}
        self.address_kept: dict[int, int] = {}
        # Number of addresses removed from profiles.
        self.removed = 0
        self.seconds = 0.0
        self.resumed = False

    @classmethod
    def load(cls, path: Path, target: Mapping[str, Any]) -> "ImportState":
        """Read the state from `path`, or start a new one if there is no file. Raises StateError."""
        state = cls(path, target)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return state
        except (OSError, UnicodeDecodeError):
            raise StateError(f"{path} cannot be read; give another --state") from None
        try:
            kept = json.loads(text)
            known = kept["version"] == _VERSION
            other = sorted(name for name, value in state._target.items() if kept["target"].get(name) != value)
            if known and not other:
                state._read(kept)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            known, other = False, []
        if not known:
            raise StateError(
                f"{path} is not a state of this import, or an older version wrote it; give another --state, "
                "or delete it to start over"
            )
        if other:
            raise StateError(
                f"{path} belongs to an import with another {other[0]}; give another --state, or delete it to "
                "start over"
            )
        state.resumed = True
        return state

    def check_files(self, sizes: Mapping[str, int]) -> None:
        """Raises StateError if the export's files have changed since the import began.

        Which version of an endpoint is the newest, and which number a customer has, depends on all files.
        """
        if self._files is None:
            self._files = dict(sizes)
        if self._files == dict(sizes):
            return
        names = {*self._files, *sizes}
        changed = min(name for name in names if self._files.get(name) != sizes.get(name))
        raise StateError(
            f"{changed} has changed since this import began ({_size(self._files.get(changed))}, now "
            f"{_size(sizes.get(changed))}); give another --state, or delete {self._path} to start over"
        )

    def check_content(self, fingerprint: str) -> None:
        """Raises StateError if the endpoints have changed, even in files of the same size."""
        if self._content is None:
            self._content = fingerprint
        if self._content != fingerprint:
            raise StateError(
                "the endpoints of the export have changed since this import began; give another --state, or "
                f"delete {self._path} to start over"
            )

    def save(self) -> None:
        """Write the state completely or not at all, readable only by its owner. Raises StateError."""
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
            # One that a killed run left keeps its own permissions.
            beside.unlink(missing_ok=True)
            with open(beside, "w", encoding="utf-8", opener=_open_for_owner) as file:
                json.dump(kept, file)
            beside.replace(self._path)
        except OSError as error:
            raise StateError(
                f"{self._path} cannot be written ({error.strerror}); give another --state"
            ) from None

    def _read(self, kept: Mapping[str, Any]) -> None:
        self._files = {name: int(size) for name, size in kept["files"].items()}
        self._content = kept["content"]
        self.progress = Progress(position=int(kept["position"]), beyond=_numbers(kept["beyond"]))
        self.refused = {int(number): int(status) for number, status in kept["refused"].items()}
        self.address_kept = {int(number): int(status) for number, status in kept["address_kept"].items()}
        self.removed = int(kept["removed"])
        self.seconds = float(kept["seconds"])


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Keep other processes from importing with the state at `path`. Raises StateError if one already does.

    The lock ends with the process. Its file stays: deleting it could remove the lock of the next process.
    """
    try:
        file = os.open(path.with_name(path.name + LOCK_SUFFIX), os.O_WRONLY | os.O_CREAT, _OWNER_ONLY)
    except OSError as error:
        raise StateError(f"{path} cannot be written ({error.strerror}); give another --state") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StateError(
                f"another import is using {path}; wait until it ends, or give another --state"
            ) from None
        yield
    finally:
        os.close(file)


def _open_for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_ONLY)


def _numbers(kept: Collection[Any]) -> set[int]:
    return {int(number) for number in kept}


def _size(size: int | None) -> str:
    return "missing" if size is None else f"{size} bytes"
