"""The endpoints of an export, each once, sorted by customer: a database on disk, so that memory stays flat.

The database is SQLite's own temporary file. It has no name, and is gone with the process, however that ends:
it holds the customers' data.
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

from migrate.endpoints import Consent, Endpoint, KeyBy, LeftOutReason
from migrate.profiles import Line

_DIRECTORY = "SQLITE_TMPDIR"
_CACHE_KIBIBYTES = 32_768
# What an endpoint without an EffectiveDate has in its place: older than any other, but newer than any other
# if it is closed to messages, because a message too few is mended.
_OPEN_WITHOUT_DATE, _CLOSED_WITHOUT_DATE = -(1 << 62), 1 << 62
# Of endpoints with the same date the last of these counts as the newest.
_CONSENTS = (Consent.OPEN, Consent.INACTIVE, Consent.OPTED_OUT)
# Names of undeclared attributes that are told apart; hostile exports have one for each line.
_MOST_NAMES = 1_000


# Of a user in Amazon Pinpoint there are 15 at once, in several exports more: a user id with so many is what
# the page sends for everybody, and would be a profile of everybody's data.
MAX_ENDPOINTS_OF_USER = 100


class StagingError(Exception):
    """The endpoints cannot be kept on this machine; in one line."""


class Staging:
    """Takes the endpoints of an export, then gives them back by customer. For one thread."""

    def __init__(self, directory: Path, key_by: KeyBy) -> None:
        """`directory` is where the temporary file goes, if it can be written."""
        self._key_by = key_by
        self._files: list[str] = []
        self._places: dict[str, int] = {}
        self._directory = directory
        self.undeclared: Counter[str] = Counter()
        # Read by SQLite whenever it opens a temporary file.
        self._elsewhere = os.environ.get(_DIRECTORY)
        os.environ[_DIRECTORY] = str(directory.resolve())
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
        if self._elsewhere is None:
            os.environ.pop(_DIRECTORY, None)
        else:
            os.environ[_DIRECTORY] = self._elsewhere

    def add(self, line: Line, endpoint: Endpoint) -> Line | None:
        """Keep an endpoint; the line that is of no use now, because another one is newer, or None."""
        for name in endpoint.undeclared:
            if name in self.undeclared or len(self.undeclared) < _MOST_NAMES:
                self.undeclared[name] += 1
        self._read += 1
        data = _packed(endpoint)
        self._hash.update(json.dumps([endpoint.identity, endpoint.key, endpoint.effective_ms, data]).encode())
        date, consent = _date(endpoint), _CONSENTS.index(endpoint.consent)
        before = self._execute(
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
        return None if before is None else Line(file=self._files[before[0]], number=before[1])

    @property
    def fingerprint(self) -> str:
        """What tells these endpoints, in this order, from all others; says nothing of any of them."""
        return self._hash.hexdigest()

    def count(self) -> int:
        """How many customers there are."""
        if self._key_by is KeyBy.ENDPOINT_ID:
            return self._execute("SELECT count(*) FROM endpoint").fetchone()[0]
        return self._execute("SELECT count(*) FROM (SELECT DISTINCT key FROM endpoint)").fetchone()[0]

    def drop_shared_users(self) -> Iterator[Line]:
        """Drop users with more than MAX_ENDPOINTS_OF_USER endpoints; where these are in the export."""
        if self._key_by is KeyBy.ENDPOINT_ID:
            return
        many = "(SELECT key FROM endpoint GROUP BY key HAVING count(*) > ?)"
        lines = f"SELECT file, line FROM endpoint WHERE key IN {many} ORDER BY read"  # noqa: S608 - no value
        for file, number in self._rows(lines, MAX_ENDPOINTS_OF_USER):
            yield Line(file=self._files[file], number=number)
        self._execute(f"DELETE FROM endpoint WHERE key IN {many}", MAX_ENDPOINTS_OF_USER)  # noqa: S608 - no value

    def customers(self) -> Iterator[tuple[str, Sequence[tuple[Line, Endpoint]]]]:
        """The key and the endpoints of each customer, the oldest first; always in the same order."""
        columns = "SELECT key, date, read, file, line, identity, data FROM endpoint"
        # By endpoint there is one of each key, and what the table's order says needs no sorting.
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
            f"the endpoints cannot be sorted on disk ({error.sqlite_errorname}): make room in "
            f"{self._directory} for as much as the export has unpacked, or give a --state elsewhere"
        )

    def _file(self, name: str) -> int:
        if name not in self._places:
            self._places[name] = len(self._files)
            self._files.append(name)
        return self._places[name]

    def _unpacked(self, row: Any) -> tuple[Line, Endpoint]:
        key, date, _, file, number, identity, data = row
        user_id, channel, consent, email, phone, user_attributes, left_out = json.loads(data)
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
            left_out={LeftOutReason(reason): count for reason, count in left_out.items()},
        )
        return Line(file=self._files[file], number=number), endpoint


def _date(endpoint: Endpoint) -> int:
    if endpoint.effective_ms is not None:
        return endpoint.effective_ms
    return _OPEN_WITHOUT_DATE if endpoint.consent is Consent.OPEN else _CLOSED_WITHOUT_DATE


def _packed(endpoint: Endpoint) -> str:
    return json.dumps(
        [
            *(endpoint.user_id, endpoint.channel, endpoint.consent, endpoint.email, endpoint.phone),
            *(endpoint.user_attributes, endpoint.left_out),
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
