"""Sorts the endpoints of an export by customer, in a database on disk, so that memory use stays flat.

The database is SQLite's own temporary file. It holds customer data, has no name, and disappears with the
process, however that ends.
"""

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from migrate.endpoints import Consent, DropReason, Endpoint, KeyBy
from migrate.profiles import Line

_DIRECTORY = "SQLITE_TMPDIR"
_CACHE_KIBIBYTES = 32_768
# Without an EffectiveDate an endpoint is the oldest, unless it refuses messages: then it is the newest,
# because sending none is the safe mistake.
_OPEN_WITHOUT_DATE, _CLOSED_WITHOUT_DATE = -(1 << 62), 1 << 62
# Among endpoints with the same date, the one whose consent comes last here counts as the newest.
_CONSENTS = (Consent.OPEN, Consent.INACTIVE, Consent.OPTED_OUT)
# Undeclared attributes counted by name. A hostile export may have a different one in every line.
_MOST_NAMES = 1_000

MAX_ENDPOINTS_OF_USER = 100
"""Amazon Pinpoint keeps 15 endpoints of a user; several exports together may have more.

A user id with more than this is one that the page sends for everybody."""


class StagingError(Exception):
    """The endpoints cannot be stored on this machine, and why, in one line."""


class Staging:
    """Takes the endpoints of an export and returns them by customer. For one thread."""

    def __init__(self, directory: Path, key_by: KeyBy) -> None:
        """The temporary file goes into `directory` if that is writable."""
        self._key_by = key_by
        self._files: list[str] = []
        self._file_numbers: dict[str, int] = {}
        self._directory = directory
        self.undeclared: Counter[str] = Counter()
        # SQLite reads the variable whenever it opens a temporary file.
        self._directory_before = os.environ.get(_DIRECTORY)
        os.environ[_DIRECTORY] = os.path.realpath(directory)
        self._database = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "PRAGMA temp_store = FILE",
            f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}",
            "CREATE TABLE endpoint (place INTEGER PRIMARY KEY, identity TEXT UNIQUE NOT NULL, key TEXT NOT "
            "NULL, date INTEGER NOT NULL, consent INTEGER NOT NULL, read INTEGER NOT NULL, file INTEGER NOT "
            "NULL, line INTEGER NOT NULL, data TEXT NOT NULL)",
            "BEGIN",
        ):
            self._execute(statement)
        self._read = 0
        self._hash = hashlib.blake2b(digest_size=16)

    def close(self) -> None:
        self._database.close()
        if self._directory_before is None:
            os.environ.pop(_DIRECTORY, None)
        else:
            os.environ[_DIRECTORY] = self._directory_before

    def add(self, line: Line, endpoint: Endpoint) -> Line | None:
        """Store an endpoint. Returns the line that a newer version has now replaced, or None."""
        for name in endpoint.undeclared:
            if name in self.undeclared or len(self.undeclared) < _MOST_NAMES:
                self.undeclared[name] += 1
        self._read += 1
        data = _packed(endpoint)
        self._hash.update(json.dumps([endpoint.identity, endpoint.key, endpoint.effective_ms, data]).encode())
        date, consent = _date(endpoint), _CONSENTS.index(endpoint.consent)
        before: tuple[int, int, int, int] | None = self._execute(
            "SELECT file, line, date, consent FROM endpoint WHERE identity = ?", endpoint.identity
        ).fetchone()
        if before is not None and before[2:] > (date, consent):
            return line
        self._execute(
            "INSERT INTO endpoint (identity, key, date, consent, read, file, line, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (identity) DO UPDATE SET key = excluded.key, date = excluded.date, "
            "consent = excluded.consent, read = excluded.read, file = excluded.file, line = excluded.line, "
            "data = excluded.data",
            *(endpoint.identity, endpoint.key, date, consent, self._read),
            *(self._file(line.file), line.number, data),
        )
        return None if before is None else self._line(*before[:2])

    @property
    def fingerprint(self) -> str:
        """A hash of all endpoints in their order. It reveals nothing about any of them."""
        return self._hash.hexdigest()

    def count(self) -> int:
        """Number of customers."""
        if self._key_by is KeyBy.ENDPOINT_ID:
            return self._execute("SELECT count(*) FROM endpoint").fetchone()[0]
        return self._execute("SELECT count(*) FROM (SELECT DISTINCT key FROM endpoint)").fetchone()[0]

    def drop_shared_users(self) -> Iterator[Line]:
        """Drop users with more than MAX_ENDPOINTS_OF_USER endpoints. Yields the lines of these endpoints."""
        if self._key_by is KeyBy.ENDPOINT_ID:
            return
        many = "(SELECT key FROM endpoint GROUP BY key HAVING count(*) > ?)"
        lines = f"SELECT file, line FROM endpoint WHERE key IN {many} ORDER BY read"  # noqa: S608 - no value
        for file, number in self._rows(lines, MAX_ENDPOINTS_OF_USER):
            yield self._line(file, number)
        self._execute(f"DELETE FROM endpoint WHERE key IN {many}", MAX_ENDPOINTS_OF_USER)  # noqa: S608 - no value

    def customers(self) -> Iterator[tuple[str, Sequence[tuple[Line, Endpoint]]]]:
        """Each customer's key and endpoints, oldest first; always in the same order."""
        columns = "SELECT key, date, read, file, line, identity, data FROM endpoint"
        # By endpoint, each key has one row, so the table's own order will do and nothing is sorted.
        order = "place" if self._key_by is KeyBy.ENDPOINT_ID else "key, date, consent, read"
        rows = self._rows(f"{columns} ORDER BY {order}")
        for key, of_key in groupby(rows, key=itemgetter(0)):
            yield key, [self._unpacked(row) for row in of_key]

    def _rows(self, query: str, *values: object) -> Iterator[Any]:
        try:
            yield from self._database.execute(query, values)
        except sqlite3.Error as error:
            raise self._error(error) from None

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise self._error(error) from None

    def _error(self, error: sqlite3.Error) -> StagingError:
        return StagingError(
            f"cannot sort the endpoints in {self._directory} ({error.sqlite_errorname}): free as much disk "
            "space as the unpacked export needs, or give a --state on another disk"
        )

    def _file(self, name: str) -> int:
        if name not in self._file_numbers:
            self._file_numbers[name] = len(self._files)
            self._files.append(name)
        return self._file_numbers[name]

    def _line(self, file: int, number: int) -> Line:
        return Line(file=self._files[file], number=number)

    def _unpacked(self, row: Any) -> tuple[Line, Endpoint]:
        key, date, _, file, number, identity, data = row
        user_id, channel, consent, email, phone, user_attributes, dropped = json.loads(data)
        endpoint = Endpoint(
            key=key,
            identity=identity,
            user_id=user_id,
            channel=channel,
            consent=Consent(consent),
            email=email,
            phone=phone,
            user_attributes=user_attributes,
            effective_ms=None if date in (_OPEN_WITHOUT_DATE, _CLOSED_WITHOUT_DATE) else date,
            dropped={DropReason(reason): count for reason, count in dropped.items()},
        )
        return self._line(file, number), endpoint


def _date(endpoint: Endpoint) -> int:
    if endpoint.effective_ms is not None:
        return endpoint.effective_ms
    return _OPEN_WITHOUT_DATE if endpoint.consent is Consent.OPEN else _CLOSED_WITHOUT_DATE


def _packed(endpoint: Endpoint) -> str:
    return json.dumps(
        [
            *(endpoint.user_id, endpoint.channel, endpoint.consent, endpoint.email, endpoint.phone),
            *(endpoint.user_attributes, endpoint.dropped),
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
