"""Everything that the local run has recorded, for `/recorded`, `/profile` and the tests.

Fakes and functions write here from their own threads; readers get copies. Nothing is kept on disk.
"""

import threading
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


class Recorder:
    """An append-only list of events and rejected messages; safe to use from several threads."""

    def __init__(self) -> None:
        self._items: list[RecordedEvent | RejectedMessage] = []
        self._changed = threading.Condition()

    def add(self, *items: RecordedEvent | RejectedMessage) -> None:
        """Append items, and wake all threads that wait for them."""
        with self._changed:
            self._items.extend(items)
            self._changed.notify_all()

    def events(self) -> list[RecordedEvent]:
        return [item for item in self._all() if isinstance(item, RecordedEvent)]

    def rejected(self) -> list[RejectedMessage]:
        return [item for item in self._all() if isinstance(item, RejectedMessage)]

    def wait_for(self, count: int, timeout: float) -> bool:
        """Wait for `count` items, at most `timeout` seconds; whether they are there."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._items) >= count, timeout)

    def _all(self) -> list[RecordedEvent | RejectedMessage]:
        with self._changed:
            return list(self._items)


def as_json(item: RecordedEvent | RejectedMessage) -> dict[str, Any]:
    """A plain dictionary, ready for json.dumps."""
    return asdict(item)
