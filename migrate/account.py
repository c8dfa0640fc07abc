"""Writes down what became of an export: counts, and which lines were skipped and why.

Holds no personal data: of an endpoint only its file and line number are written. Names of user attributes
that are not declared are counted, so that a slip of the pen in a name shows.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from migrate.endpoints import Endpoint, SkipReason
from migrate.profiles import NOT_OPTED_OUT, Line, ProfileObject


@dataclass(slots=True, kw_only=True)
class Summary:
    """What became of the endpoints of an export so far."""

    # Lines that are not blank.
    endpoints: int = 0
    # What the service has taken, or would get: profiles, the endpoints they are made of, and what they hold.
    profiles: int = 0
    of_endpoints: int = 0
    with_email: int = 0
    with_phone: int = 0
    without_address: int = 0
    opted_out: int = 0
    # Of profiles that an earlier import had given one.
    addresses_removed: int = 0
    # By the HTTP status with which the service refused to take an address away.
    addresses_kept: Counter[str] = field(default_factory=Counter[str])
    skipped: Counter[str] = field(default_factory=Counter[str])
    left_out: Counter[str] = field(default_factory=Counter[str])
    # Profiles, by the HTTP status with which the service refused.
    refused: Counter[str] = field(default_factory=Counter[str])
    undeclared: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0


class Account:
    """The summary of an import, and its list of skipped lines."""

    def __init__(self, summary: Summary, *, skipped: TextIO | None) -> None:
        self.summary = summary
        self._skipped = skipped

    def skip(self, line: Line, reason: SkipReason) -> None:
        self.summary.skipped[reason.value] += 1
        self._list(line, skipped=reason.value)

    def take(self, made: ProfileObject) -> None:
        summary = self.summary
        summary.profiles += 1
        summary.of_endpoints += made.endpoints
        summary.with_email += made.email is not None
        summary.with_phone += made.phone is not None
        summary.without_address += made.email is None and made.phone is None
        summary.opted_out += made.opt_out != NOT_OPTED_OUT
        for reason, count in made.left_out.items():
            summary.left_out[reason.value] += count
        for line, reason in made.listed:
            self._list(line, left_out=reason.value)

    def refuse(self, endpoints: Sequence[tuple[Line, Endpoint]], status: int) -> None:
        self.summary.refused[str(status)] += 1
        for line, _ in endpoints:
            self._list(line, refused=status)

    def keep_address(self, endpoints: Sequence[tuple[Line, Endpoint]], status: int) -> None:
        self.summary.addresses_kept[str(status)] += 1
        for line, _ in endpoints:
            self._list(line, address_kept=status)

    def flush(self) -> None:
        if self._skipped is not None:
            self._skipped.flush()

    def _list(self, line: Line, **why: object) -> None:
        if self._skipped is not None:
            self._skipped.write(json.dumps({"file": line.file, "line": line.number, **why}) + "\n")
