"""Parses the lines of an export file, JSON or CSV, into endpoints shaped like Pinpoint's EndpointResponse.

Pure. A CSV file has the columns of an imported segment: field names with dots between the levels, and one
column for each value of an attribute ("Importing segments", Amazon Pinpoint user guide).
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from migrate.endpoints import SkipReason

Record = Mapping[str, Any] | SkipReason
"""An exported endpoint, or why a line is not one."""

# Fields of EndpointResponse, matched in any case and with any separator between words. Other columns hold
# attributes, or nothing that is imported.
_COLUMNS: Mapping[str, Sequence[str]] = {
    ".".join(path).lower(): path
    for path in (
        ("Id",),
        ("Address",),
        ("ChannelType",),
        ("EndpointStatus",),
        ("OptOut",),
        ("EffectiveDate",),
        ("User", "UserId"),
    )
}
_MAPS = (("User", "UserAttributes"), ("Attributes",))
_BETWEEN_WORDS = str.maketrans("", "", " _-")
_USER = "User"
_PARTS: Mapping[tuple[str, ...], Sequence[str]] = {
    tuple(name.lower() for name in path): path for path in (*_COLUMNS.values(), *_MAPS, (_USER,))
}
_DELIMITERS = ",;\t"


def read_records(lines: Iterable[bytes | None]) -> Iterator[tuple[int, Record]]:
    """Each line that is not blank, with its number. In `lines`, None stands for a line that is too long."""
    columns: _Columns | None = None
    first = True
    for number, line in enumerate(lines, 1):
        if line is None:
            first = False
            yield number, SkipReason.LINE_TOO_LONG
            continue
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            first = False
            yield number, SkipReason.NOT_UTF8
            continue
        if not text.strip():
            continue
        if first and not text.lstrip().startswith("{"):
            columns = _Columns.of_header(text)
        if columns is None:
            yield number, _read_json(text)
        elif not first and not columns.is_header(text):
            yield number, columns.read(text)
        first = False


def _read_json(text: str) -> Record:
    try:
        endpoint: Any = json.loads(text)
    except (ValueError, RecursionError):
        return SkipReason.UNREADABLE
    if not isinstance(endpoint, dict):
        return SkipReason.UNREADABLE
    return _with_canonical_names(cast(dict[str, Any], endpoint), ())


def _with_canonical_names(part: dict[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
    """An endpoint with its fields named as in EndpointResponse: `optOut` is an opt-out, too."""
    for given, value in list(part.items()):
        path = _PARTS.get((*above, _plain(given)))
        if path is None:
            continue
        name = path[-1]
        if name != given and name not in part:
            part[name] = part.pop(given)
        if name == _USER and isinstance(value, dict):
            _with_canonical_names(cast(dict[str, Any], value), (_USER.lower(),))
    return part


class _Columns:
    """The columns of a CSV file."""

    def __init__(self, delimiter: str, names: Sequence[str], paths: Sequence[Sequence[str]]) -> None:
        self._delimiter = delimiter
        self._names = names
        self._paths = paths

    @classmethod
    def of_header(cls, text: str) -> "_Columns | None":
        """None if no usual delimiter gives a column of an endpoint."""
        for delimiter in _DELIMITERS:
            names = _cells(text, delimiter)
            if names and any(_plain(name) in _COLUMNS for name in names):
                return cls(delimiter, names, [_path(name.strip()) for name in names])
        return None

    def is_header(self, text: str) -> bool:
        """Whether the line repeats the header, as when parts were concatenated."""
        return text.lstrip('"').startswith(self._names[0]) and _cells(text, self._delimiter) == self._names

    def read(self, text: str) -> Record:
        cells = _cells(text, self._delimiter)
        if cells is None or len(cells) != len(self._paths):
            return SkipReason.UNREADABLE
        endpoint: dict[str, Any] = {}
        for path, cell in zip(self._paths, cells, strict=True):
            if not path or not cell.strip():
                continue
            part = endpoint
            for name in path[:-1]:
                part = part.setdefault(name, {})
            if path[:-1] in _MAPS:
                part.setdefault(path[-1], []).append(cell)
            else:
                part[path[-1]] = cell
        return endpoint


def _path(name: str) -> Sequence[str]:
    """Where a column's values go; empty if they are not imported."""
    for parts in _MAPS:
        prefix = ".".join(parts) + "."
        if name.lower().startswith(prefix.lower()) and len(name) > len(prefix):
            return (*parts, name[len(prefix) :])
    return _COLUMNS.get(_plain(name), ())


def _plain(name: str) -> str:
    """A name for comparison: `Opt Out` and `opt_out` are both an opt-out."""
    return name.lower().translate(_BETWEEN_WORDS)


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of a line; None if a quote is not closed, because values have no line breaks."""
    try:
        (cells,) = csv.reader([text], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return None
    return cells
