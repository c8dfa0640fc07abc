"""What makes two messages one event, and which of them counts.

Pure: knows no clock, environment, logger or AWS client.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from handler.events import Event


class EventKey(NamedTuple):
    """Messages with the same key are the same event.

    The type belongs to it because Google Analytics gives a refund the id of its purchase. The proof belongs
    to it because anyone can send an event without one: it must never take the place of the customer's own.
    """

    endpoint_id: str
    event_type: str
    event_id: str
    proven: bool

    @classmethod
    def of(cls, event: Event) -> "EventKey":
        return cls(event.endpoint_id, event.event_type, event.event_id, event.proven)

    def hashed(self) -> str:
        """The key in 64 hexadecimal digits, for services that limit the length or characters of an id.

        Of a JSON list, because texts that are only joined may be those of another event.
        """
        return hashlib.sha256(json.dumps(list(self)).encode()).hexdigest()


def first_of_each(events: Iterable[Event]) -> Mapping[EventKey, Event]:
    """Of the messages of a batch that are one event, the one that the gateway received first.

    Their place in the batch does not matter: a queue hands out a batch in any order. Where two were received
    in the same millisecond, message ids decide, so that the same messages have the same result again.
    """
    firsts: dict[EventKey, Event] = {}
    for event in sorted(events, key=lambda event: (event.received_ms, event.message_id)):
        firsts.setdefault(EventKey.of(event), event)
    return firsts
