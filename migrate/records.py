"""The endpoints of one file of an export, JSON lines or CSV, in the shape of Pinpoint's EndpointResponse.

Pure: lines in, endpoints out.

A CSV file has the columns of an imported segment: names of parts with dots between the levels, and a column
for each value of an attribute ("Importing segments", Amazon Pinpoint user guide).
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from migrate.endpoints import SkipReason

Record = Mapping[str, Any] | SkipReason
"""An endpoint as it was exported, or why a line is none."""

# As EndpointResponse has them, but in any letter case, with or without something between the words. Others
# are those of attributes, or nothing here.
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
    """Each line that is not blank, with its number; None stands for one that is too long."""
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
    return _in_letters_of_the_service(endpoint, ()) if isinstance(endpoint, dict) else SkipReason.UNREADABLE


def _in_letters_of_the_service(part: dict[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
    """An endpoint with the names of its parts as EndpointResponse has them: `optOut` is an opt-out, too."""
    for given, value in list(part.items()):
        path = _PARTS.get((*above, _plain(given)))
        if path is None:
            continue
        name = path[-1]
        if name != given and name not in part:
            part[name] = part.pop(given)
        if name == _USER and isinstance(value, dict):
            _in_letters_of_the_service(value, (_USER.lower(),))
    return part


class _Columns:
    """What the columns of a CSV file are."""

    def __init__(self, delimiter: str, names: Sequence[str], paths: Sequence[Sequence[str]]) -> None:
        self._delimiter = delimiter
        self._names = names
        self._paths = paths

    @classmethod
    def of_header(cls, text: str) -> "_Columns | None":
        """None where the line has no column of an endpoint, with any of the usual delimiters."""
        for delimiter in _DELIMITERS:
            names = _cells(text, delimiter)
            if names and any(_plain(name) in _COLUMNS for name in names):
                return cls(delimiter, names, [_path(name.strip()) for name in names])
        return None

    def is_header(self, text: str) -> bool:
        """Whether the line is the header again, as of a part that was appended to another."""
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
    """Where a column's values go; empty where they are not needed."""
    for parts in _MAPS:
        prefix = ".".join(parts) + "."
        if name.lower().startswith(prefix.lower()) and len(name) > len(prefix):
            return (*parts, name[len(prefix) :])
    return _COLUMNS.get(_plain(name), ())


def _plain(name: str) -> str:
    """A name as it is compared: `Opt Out` and `opt_out` are an opt-out."""
    return name.lower().translate(_BETWEEN_WORDS)


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of a line. None where a quote is not closed: the file's values have no line breaks."""
    try:
        (cells,) = csv.reader([text], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return None
    return cells
