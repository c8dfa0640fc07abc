"""Counts recorded events by event type, and those of the busiest endpoint of each. Pure."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from cli.printable import printable

_LONGEST_NAME: Final = 40  # characters; anybody can send any event type


@dataclass(frozen=True, slots=True, kw_only=True)
class OfType:
    """The events of one event type. `busiest` is an endpoint id, which is personal data."""

    event_type: str
    events: int
    endpoints: int
    of_busiest: int
    busiest: str


@dataclass(slots=True)
class Traffic:
    """Events that were received since a time, in epoch seconds."""

    since: float
    events: int = 0
    unreadable: int = 0
    _by_type: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])

    def add(self, line: str) -> None:
        """Count one line of a file of the event bucket."""
        try:
            record: Any = json.loads(line)
            received, event_type = int(record["arrival_timestamp"]) / 1000, str(record["event_type"])
            endpoint = str(record["client"]["client_id"])
        except (ValueError, LookupError, TypeError, RecursionError):
            self.unreadable += 1
            return
        if received >= self.since:
            self.events += 1
            self._by_type.setdefault(event_type, Counter())[endpoint] += 1

    def endpoints(self) -> int:
        """From how many endpoints the events came, whatever their types."""
        return len({endpoint for of_type in self._by_type.values() for endpoint in of_type})

    def by_type(self) -> list[OfType]:
        """The event type with the most events first."""
        found = [_of_type(event_type, endpoints) for event_type, endpoints in self._by_type.items()]
        return sorted(found, key=lambda one: (-one.events, one.event_type))


def _of_type(event_type: str, endpoints: Counter[str]) -> OfType:
    ((busiest, most),) = endpoints.most_common(1)
    return OfType(
        event_type=event_type,
        events=endpoints.total(),
        endpoints=len(endpoints),
        of_busiest=most,
        busiest=busiest,
    )


def shown(text: str) -> str:
    """What a sender wrote, fit for a cell of a table: short, and with nothing for a terminal to obey."""
    safe = printable(text)
    return safe if len(safe) <= _LONGEST_NAME else f"{safe[: _LONGEST_NAME - 1]}…"
