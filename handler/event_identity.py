"""Decides which messages hold the same event, and which of them is the first. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from handler.events import Event


class EventKey(NamedTuple):
    """Messages with the same key hold the same event.

    The type is part of the key because Google Analytics gives a refund the id of its purchase. The proof is
    part of it because anyone can send an event without proof: it must never replace the customer's own.
    """

    endpoint_id: str
    event_type: str
    event_id: str
    proven: bool

    @classmethod
    def of(cls, event: Event) -> "EventKey":
        return cls(event.endpoint_id, event.event_type, event.event_id, event.proven)

    def hashed(self) -> str:
        """The key as 64 hexadecimal digits, for services that limit the length or characters of an id."""
        # A JSON list, because strings that are only joined may equal those of another event.
        return hashlib.sha256(json.dumps(list(self)).encode()).hexdigest()


def first_of_each(events: Iterable[Event]) -> Mapping[EventKey, Event]:
    """The first of the messages with the same event: the one that the gateway received first.

    Their order in the batch does not matter, because a queue delivers in any order. If two were received in
    the same millisecond, message ids decide, so that the result is always the same.
    """
    firsts: dict[EventKey, Event] = {}
    for event in sorted(events, key=lambda event: (event.received_ms, event.message_id)):
        firsts.setdefault(EventKey.of(event), event)
    return firsts
