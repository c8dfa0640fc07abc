"""Everything that the local run has recorded, for the page, `/recorded` and the tests.

Fakes and functions write here from their own threads; readers get copies. Nothing is kept on disk.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """One event as a destination has it.

    `timestamp` is ISO 8601, as the destination received it. `user_attributes` maps a name to a list of
    values, as Amazon Pinpoint does. `event_key` is the same in every destination.
    """

    destination: str
    endpoint_id: str
    event_id: str
    event_key: str
    event: str
    timestamp: str
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    user_attributes: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedMessage:
    """A message that holds no event, with the reason."""

    message_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event or a rejected message, and when it was recorded (epoch milliseconds)."""

    recorded_at: int
    item: RecordedEvent | RejectedMessage


class Recorder:
    """An append-only list of arrivals; safe to use from several threads."""

    def __init__(self) -> None:
        self._arrivals: list[Arrival] = []
        self._changed = threading.Condition()

    def add(self, *items: RecordedEvent | RejectedMessage) -> None:
        """Append items, and wake all threads that wait for arrivals."""
        now = time.time_ns() // 1_000_000
        with self._changed:
            self._arrivals.extend(Arrival(now, item) for item in items)
            self._changed.notify_all()

    def events(self) -> list[RecordedEvent]:
        return [a.item for a in self.since(0) if isinstance(a.item, RecordedEvent)]

    def rejected(self) -> list[RejectedMessage]:
        return [a.item for a in self.since(0) if isinstance(a.item, RejectedMessage)]

    def since(self, position: int) -> list[Arrival]:
        """The arrivals from `position` on, which is the number of arrivals already seen."""
        with self._changed:
            return self._arrivals[position:]

    def wait_for(self, count: int, timeout: float) -> bool:
        """Wait for `count` arrivals, at most `timeout` seconds; whether they are there."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._arrivals) >= count, timeout)


def as_json(item: RecordedEvent | RejectedMessage) -> dict[str, Any]:
    """A plain dictionary, ready for json.dumps."""
    return asdict(item)
