"""Turns events into PutEvents requests within Amazon Pinpoint's limits. Pure.

An attribute that exceeds a limit is dropped and counted, because the service would drop the whole event. A
value is never shortened.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, groupby
from operator import attrgetter

from contract import pinpoint as limits
from contract.string_length import utf16_length
from handler.delivery.batching import fill_batches
from handler.event_identity import EventKey
from handler.events import Event
from handler.timestamps import iso_8601

_AVOIDED_IN_NAME = frozenset(limits.AVOIDED_IN_USER_ATTRIBUTE_NAME)


class LimitReason(StrEnum):
    """The limit of Amazon Pinpoint that an attribute exceeds."""

    TOO_MANY_KEYS = "pinpoint_too_many_keys"
    KEY_TOO_LONG = "pinpoint_key_too_long"
    VALUE_TOO_LONG = "pinpoint_value_too_long"
    USER_ATTRIBUTE_NAME_TOO_LONG = "pinpoint_user_attribute_name_too_long"
    USER_ATTRIBUTE_NAME_UNUSABLE = "pinpoint_user_attribute_name_unusable"
    USER_ATTRIBUTE_VALUE_TOO_LONG = "pinpoint_user_attribute_value_too_long"
    TOO_MANY_USER_ATTRIBUTES = "pinpoint_too_many_user_attributes"
    ENDPOINT_TOO_LARGE = "pinpoint_endpoint_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedEvent:
    """An event without the attributes that exceed a limit, and their counts by reason."""

    event: Event
    dropped: Mapping[LimitReason, int]

    @property
    def message_id(self) -> str:
        return self.event.message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUpdate:
    """The user attributes that one request writes for one endpoint."""

    attributes: Mapping[str, str]
    # By message id: how many of its user attributes are in `attributes`, …
    written: Mapping[str, int]
    # … and how many were dropped, by reason. One that a newer event writes is in neither.
    dropped: Mapping[str, Mapping[LimitReason, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutEventsRequest:
    """The events of one PutEvents call, those of one endpoint together, the oldest first."""

    events: Sequence[FittedEvent]
    profile_updates: Mapping[str, ProfileUpdate]  # by endpoint id

    @classmethod
    def of(cls, events: Sequence[FittedEvent]) -> "PutEventsRequest":
        groups = groupby(events, key=attrgetter("event.endpoint_id"))
        updates = {endpoint_id: _merge_user_attributes(group) for endpoint_id, group in groups}
        return cls(events=events, profile_updates=updates)

    def body(self) -> dict[str, object]:
        """The EventsRequest structure of the service's model."""
        events: dict[str, dict[str, object]] = {}
        for fitted in self.events:
            event = fitted.event
            events.setdefault(event.endpoint_id, {})[id_in_request(event)] = _event_structure(event)
        return {
            "BatchItem": {
                endpoint_id: {
                    "Endpoint": _endpoint_structure(self.profile_updates[endpoint_id].attributes),
                    "Events": structures,
                }
                for endpoint_id, structures in events.items()
            }
        }


def id_in_request(event: Event) -> str:
    """The id of an event in a request and its response.

    Not `event_id`: a purchase and its refund may share it, and it may hold any character.
    """
    return EventKey.of(event).hashed()


def fit(event: Event) -> FittedEvent:
    """Drop the attributes that exceed a limit of one event."""
    dropped: Counter[LimitReason] = Counter()
    attributes: dict[str, str] = {}
    metrics: dict[str, float] = {}
    for key, value in event.attributes.items():
        if reason := _attribute_limit(key, value):
            dropped[reason] += 1
        elif len(attributes) == limits.KEYS_OF_EVENT:
            dropped[LimitReason.TOO_MANY_KEYS] += 1
        else:
            attributes[key] = value
    for key, number in event.metrics.items():
        if utf16_length(key) > limits.KEY_CHARACTERS:
            dropped[LimitReason.KEY_TOO_LONG] += 1
        elif len(attributes) + len(metrics) == limits.KEYS_OF_EVENT:
            dropped[LimitReason.TOO_MANY_KEYS] += 1
        else:
            metrics[key] = number
    user_attributes: dict[str, str] = {}
    for name, value in event.user_attributes.items():
        if reason := _user_attribute_limit(name, value):
            dropped[reason] += 1
        else:
            user_attributes[name] = value
    fitted = replace(event, attributes=attributes, metrics=metrics, user_attributes=user_attributes)
    return FittedEvent(event=fitted, dropped=dropped)


def divide(events: Sequence[Event]) -> list[Sequence[FittedEvent]]:
    """The events of as few requests as the limits allow.

    Events go out in the order in which the gateway received them, but those of one endpoint stay together, so
    that a request writes an endpoint's profile once.
    """
    by_endpoint: dict[str, list[FittedEvent]] = {}
    for event in sorted(events, key=attrgetter("received_ms")):
        by_endpoint.setdefault(event.endpoint_id, []).append(fit(event))
    return list(
        fill_batches(
            chain.from_iterable(by_endpoint.values()),
            max_items=limits.EVENTS_IN_REQUEST,
            max_bytes=limits.REQUEST_BYTES,
            # An event adds no more to a larger request than it takes in one of its own.
            size_of=lambda fitted: _serialized_size(PutEventsRequest.of([fitted]).body()),
        )
    )


def _merge_user_attributes(events: Iterable[FittedEvent]) -> ProfileUpdate:
    """The user attributes of one endpoint. A newer event's value replaces an older one's.

    If not all fit, the oldest are dropped.
    """
    latest: dict[str, tuple[str, str]] = {}  # name: (value, message id), the newest last
    for fitted in events:
        for name, value in fitted.event.user_attributes.items():
            latest.pop(name, None)
            latest[name] = (value, fitted.event.message_id)
    kept: dict[str, str] = {}
    written: Counter[str] = Counter()
    dropped: dict[str, Counter[LimitReason]] = {}
    room = limits.ENDPOINT_BYTES - _serialized_size(_endpoint_structure({"": ""}))
    for name, (value, message_id) in reversed(latest.items()):
        size = _serialized_size({name: [value]})
        if len(kept) == limits.USER_ATTRIBUTES or size > room:
            full = len(kept) == limits.USER_ATTRIBUTES
            reason = LimitReason.TOO_MANY_USER_ATTRIBUTES if full else LimitReason.ENDPOINT_TOO_LARGE
            dropped.setdefault(message_id, Counter())[reason] += 1
            continue
        kept[name] = value
        written[message_id] += 1
        room -= size
    return ProfileUpdate(attributes=dict(reversed(kept.items())), written=written, dropped=dropped)


def _attribute_limit(key: str, value: str) -> LimitReason | None:
    if utf16_length(key) > limits.KEY_CHARACTERS:
        return LimitReason.KEY_TOO_LONG
    if utf16_length(value) > limits.VALUE_CHARACTERS:
        return LimitReason.VALUE_TOO_LONG
    return None


def _user_attribute_limit(name: str, value: str) -> LimitReason | None:
    if utf16_length(name) > limits.USER_ATTRIBUTE_NAME_CHARACTERS:
        return LimitReason.USER_ATTRIBUTE_NAME_TOO_LONG
    if not _AVOIDED_IN_NAME.isdisjoint(name):
        return LimitReason.USER_ATTRIBUTE_NAME_UNUSABLE
    if utf16_length(value) > limits.USER_ATTRIBUTE_VALUE_CHARACTERS:
        return LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG
    return None


def _event_structure(event: Event) -> dict[str, object]:
    structure: dict[str, object] = {
        "EventType": event.event_type,
        "Timestamp": iso_8601(event.timestamp_ms),
    }
    if event.attributes:
        structure["Attributes"] = event.attributes
    if event.metrics:
        structure["Metrics"] = event.metrics
    return structure


def _endpoint_structure(user_attributes: Mapping[str, str]) -> dict[str, object]:
    if not user_attributes:
        return {}
    return {"User": {"UserAttributes": {name: [value] for name, value in user_attributes.items()}}}


def _serialized_size(structure: Mapping[str, object]) -> int:
    """Bytes that botocore sends for a structure: json.dumps with its defaults, which is ASCII."""
    return len(json.dumps(structure))
