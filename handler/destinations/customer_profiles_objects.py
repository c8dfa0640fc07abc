"""Turns events into profile objects and divides them into requests. Pure.

A value that exceeds a limit of Customer Profiles is dropped and counted, because the service would refuse the
whole object. A value is never shortened.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from contract import customer_profiles as limits
from contract.string_length import utf16_length
from handler.delivery.batching import fill_batches
from handler.event_identity import EventKey
from handler.events import Event
from handler.timestamps import iso_8601


class LimitReason(StrEnum):
    """The limit of Customer Profiles or of the object type that an event or an attribute exceeds."""

    # The event is dead-lettered.
    OBJECT_TOO_LARGE = "customer_profiles_object_too_large"
    # The attribute is dropped.
    ATTRIBUTE_VALUE_EMPTY = "customer_profiles_attribute_value_empty"
    ATTRIBUTE_VALUE_TOO_LONG = "customer_profiles_attribute_value_too_long"
    USER_ATTRIBUTE_UNDECLARED = "customer_profiles_user_attribute_undeclared"
    USER_ATTRIBUTE_VALUE_EMPTY = "customer_profiles_user_attribute_value_empty"
    USER_ATTRIBUTE_VALUE_TOO_LONG = "customer_profiles_user_attribute_value_too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredAttributes:
    """The names that have a field in the object type."""

    profile_attributes: frozenset[str]  # of user attributes, which a profile holds
    trigger_attributes: frozenset[str]  # of event attributes, which triggers and searches use


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileObject:
    """One event as the service gets it."""

    message_id: str
    endpoint_id: str
    text: str  # JSON
    # How many user attributes the object writes to the profile.
    profile_updates: int
    # The messages of newer events whose objects write some of its user attributes.
    overridden_by: frozenset[str]
    # How many attributes were dropped, by reason. Those that a newer event writes do not count.
    dropped: Mapping[LimitReason, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBatch:
    """The objects of a batch, and the events that the service would never take."""

    objects: Sequence[ProfileObject]  # those of one endpoint together, the oldest first
    dead_lettered: Mapping[str, LimitReason]  # by message id


ObjectRequest = Sequence[ProfileObject]
"""The objects of one call."""

Chain = Sequence[ObjectRequest]
"""Requests that must go one after the other, because each shares an endpoint with the next."""


def prepare(events: Sequence[Event], declared: DeclaredAttributes) -> PreparedBatch:
    """The objects of events, one endpoint after the other, the oldest event first.

    Only the newest event of an endpoint with a user attribute writes it, because the service may process the
    objects of a request in any order.
    """
    by_endpoint: dict[str, list[Event]] = {}
    for event in sorted(events, key=attrgetter("received_ms")):
        by_endpoint.setdefault(event.endpoint_id, []).append(event)
    objects: list[ProfileObject] = []
    dead_lettered: dict[str, LimitReason] = {}
    for of_endpoint in by_endpoint.values():
        newest_first: list[ProfileObject] = []
        writers: dict[str, str] = {}  # by user attribute: the message whose object writes it
        for event in reversed(of_endpoint):
            dropped: Counter[LimitReason] = Counter()
            usable = _usable_user_attributes(event, declared, dropped)
            updates = {name: value for name, value in usable.items() if name not in writers}
            text = _object_text(event, _usable_attributes(event, declared, dropped), updates)
            if len(text) > limits.OBJECT_CHARACTERS:
                dead_lettered[event.message_id] = LimitReason.OBJECT_TOO_LARGE
                continue
            overridden_by = frozenset(writers[name] for name in usable if name in writers)
            writers.update(dict.fromkeys(updates, event.message_id))
            newest_first.append(
                ProfileObject(
                    message_id=event.message_id,
                    endpoint_id=event.endpoint_id,
                    text=text,
                    profile_updates=len(updates),
                    overridden_by=overridden_by,
                    dropped=dropped,
                )
            )
        objects.extend(reversed(newest_first))
    return PreparedBatch(objects=objects, dead_lettered=dead_lettered)


def divide(objects: Sequence[ProfileObject]) -> list[Chain]:
    """As few requests as the limit allows, grouped into chains."""
    chains: list[list[ObjectRequest]] = []
    for request in fill_batches(objects, max_items=limits.OBJECTS_IN_REQUEST):
        if chains and chains[-1][-1][-1].endpoint_id == request[0].endpoint_id:
            chains[-1].append(request)
        else:
            chains.append([request])
    return list(chains)


def _usable_user_attributes(
    event: Event, declared: DeclaredAttributes, dropped: Counter[LimitReason]
) -> dict[str, str]:
    usable: dict[str, str] = {}
    for name, value in event.user_attributes.items():
        if name not in declared.profile_attributes:
            dropped[LimitReason.USER_ATTRIBUTE_UNDECLARED] += 1
        elif not value:
            dropped[LimitReason.USER_ATTRIBUTE_VALUE_EMPTY] += 1
        elif utf16_length(value) > limits.VALUE_CHARACTERS:
            dropped[LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG] += 1
        else:
            usable[name] = value
    return usable


def _usable_attributes(
    event: Event, declared: DeclaredAttributes, dropped: Counter[LimitReason]
) -> dict[str, str]:
    """The event's attributes. One without a field in the object type may be empty or of any length."""
    usable: dict[str, str] = {}
    for name, value in event.attributes.items():
        if name in declared.trigger_attributes and not value:
            dropped[LimitReason.ATTRIBUTE_VALUE_EMPTY] += 1
        elif name in declared.trigger_attributes and utf16_length(value) > limits.VALUE_CHARACTERS:
            dropped[LimitReason.ATTRIBUTE_VALUE_TOO_LONG] += 1
        else:
            usable[name] = value
    return usable


def _object_text(event: Event, attributes: Mapping[str, str], user_attributes: Mapping[str, str]) -> str:
    """The object as JSON in ASCII: it has as many bytes as characters, whatever the service counts."""
    structure: dict[str, object] = {
        "event_key": EventKey.of(event).hashed(),
        "event_id": event.event_id,
        "endpoint_id": event.endpoint_id,
        "event_type": event.event_type,
        "timestamp": iso_8601(event.timestamp_ms),
    }
    # A dot would start another level in the object type.
    profile_attributes = {name.replace(".", "_"): value for name, value in user_attributes.items()}
    parts = {"attributes": attributes, "metrics": event.metrics, "user_attributes": profile_attributes}
    structure.update({name: part for name, part in parts.items() if part})
    return json.dumps(structure, separators=(",", ":"))
