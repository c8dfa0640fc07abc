"""Counts what happens to the endpoints of an export, and lists the lines that were skipped.

Holds no personal data: an endpoint appears only as a file name and a line number. Undeclared user attributes
are counted by name, so that a misspelled name shows up.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from migrate.endpoints import Endpoint, SkipReason
from migrate.profiles import NOT_OPTED_OUT, Line, ProfileObject


@dataclass(slots=True, kw_only=True)
class Counts:
    """The outcomes of an export's endpoints so far."""

    # Lines that are not blank.
    endpoints: int = 0
    # Profiles that the service accepted (or would get), and the endpoints they are made of.
    profiles: int = 0
    of_endpoints: int = 0
    with_email: int = 0
    with_phone: int = 0
    without_address: int = 0
    opted_out: int = 0
    # Addresses from an earlier import, removed from their profiles.
    addresses_removed: int = 0
    # Addresses that the service refused to remove, by HTTP status.
    addresses_kept: Counter[str] = field(default_factory=Counter[str])
    skipped: Counter[str] = field(default_factory=Counter[str])
    dropped: Counter[str] = field(default_factory=Counter[str])
    # Profiles that the service refused, by HTTP status.
    refused: Counter[str] = field(default_factory=Counter[str])
    undeclared: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0


class ImportLog:
    """The counts of an import, and its list of skipped lines."""

    def __init__(self, *, skipped: TextIO | None) -> None:
        """`skipped` gets one JSON object a line; None keeps counts only."""
        self.counts = Counts()
        self._skipped = skipped

    def skip(self, line: Line, reason: SkipReason) -> None:
        self.counts.skipped[reason.value] += 1
        self._list(line, skipped=reason.value)

    def accept(self, profile: ProfileObject) -> None:
        counts = self.counts
        counts.profiles += 1
        counts.of_endpoints += profile.endpoints
        counts.with_email += profile.email is not None
        counts.with_phone += profile.phone is not None
        counts.without_address += profile.email is None and profile.phone is None
        counts.opted_out += profile.opt_out != NOT_OPTED_OUT
        for reason, count in profile.dropped.items():
            counts.dropped[reason.value] += count
        for line, reason in profile.listed:
            self._list(line, dropped=reason.value)

    def refuse(self, endpoints: Sequence[tuple[Line, Endpoint]], status: int) -> None:
        self.counts.refused[str(status)] += 1
        for line, _ in endpoints:
            self._list(line, refused=status)

    def keep_address(self, endpoints: Sequence[tuple[Line, Endpoint]], status: int) -> None:
        self.counts.addresses_kept[str(status)] += 1
        for line, _ in endpoints:
            self._list(line, address_kept=status)

    def flush(self) -> None:
        if self._skipped is not None:
            self._skipped.flush()

    def _list(self, line: Line, **why: object) -> None:
        if self._skipped is not None:
            self._skipped.write(json.dumps({"file": line.file, "line": line.number, **why}) + "\n")
