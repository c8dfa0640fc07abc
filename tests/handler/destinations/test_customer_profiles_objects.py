"""The content of profile objects, each limit of Customer Profiles, and the division into requests."""

import hashlib
import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.customer_profiles import OBJECT_CHARACTERS, OBJECTS_IN_REQUEST
from handler.destinations.customer_profiles_objects import (
    DeclaredAttributes,
    LimitReason,
    PreparedBatch,
    ProfileObject,
    divide,
    prepare,
)
from handler.events import Event
from tests.handler.conftest import RECEIVED_MS
from tests.hostile import HOSTILE_VALUES

DECLARED = DeclaredAttributes(
    profile_attributes=frozenset({"plan", "city", *(f"n{number}" for number in range(60))}),
    trigger_attributes=frozenset({"currency"}),
)


def event_key(event: Event) -> str:
    key = [event.endpoint_id, event.event_type, event.event_id, event.proven]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()


def prepared(*events: Event) -> PreparedBatch:
    return prepare(events, DECLARED)


def contents(*events: Event) -> list[dict[str, Any]]:
    return [json.loads(one.text) for one in prepared(*events).objects]


def test_an_object_contains_everything_of_its_event(make_event: Callable[..., Event]) -> None:
    event = make_event(
        attributes={"currency": "EUR", "item": "book"},
        metrics={"value": 12.5},
        user_attributes={"plan": "gold"},
        timestamp_ms=1_790_000_000_007,
    )
    assert contents(event) == [
        {
            "event_key": event_key(event),
            "event_id": event.event_id,
            "endpoint_id": "e1",
            "event_type": "purchase",
            "timestamp": "2026-09-21T14:13:20.007Z",
            "attributes": {"currency": "EUR", "item": "book"},
            "metrics": {"value": 12.5},
            "user_attributes": {"plan": "gold"},
        }
    ]


def test_a_dot_in_the_name_of_a_user_attribute_begins_no_level_in_the_object(
    make_event: Callable[..., Event],
) -> None:
    declared = DeclaredAttributes(
        profile_attributes=frozenset({"address.zip-code"}), trigger_attributes=frozenset()
    )
    (made,) = prepare([make_event(user_attributes={"address.zip-code": "10115"})], declared).objects
    assert json.loads(made.text)["user_attributes"] == {"address_zip-code": "10115"}


def test_an_object_omits_what_its_event_does_not_have(make_event: Callable[..., Event]) -> None:
    (content,) = contents(make_event())
    assert content.keys() == {"event_key", "event_id", "endpoint_id", "event_type", "timestamp"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"endpoint_id": "a", "event_id": "b_c"}, {"endpoint_id": "a_b", "event_id": "c"}),
        ({"endpoint_id": "a", "event_id": "same"}, {"endpoint_id": "b", "event_id": "same"}),
        ({"endpoint_id": "same", "event_id": "a"}, {"endpoint_id": "same", "event_id": "b"}),
        ({"event_id": "same"}, {"event_id": "same", "event_type": "refund"}),
        ({"event_id": "same"}, {"event_id": "same", "proven_endpoint": "e1"}),
        ({"endpoint_id": 'a", "b', "event_id": "c"}, {"endpoint_id": "a", "event_id": "b"}),
    ],
)
def test_events_that_are_not_the_same_have_keys_of_their_own(
    make_event: Callable[..., Event], one: dict[str, str], other: dict[str, str]
) -> None:
    first, second = contents(make_event(**one), make_event(**other))
    assert first["event_key"] != second["event_key"]


def test_the_key_of_the_longest_ids_fits_a_key(make_event: Callable[..., Event]) -> None:
    (content,) = contents(make_event(endpoint_id="x" * 255, event_type="y" * 255, event_id="z" * 255))
    assert len(content["event_key"]) <= 255


def test_hostile_values_come_back_exactly(make_event: Callable[..., Event]) -> None:
    values = {f"n{number}": value for number, value in enumerate(HOSTILE_VALUES)}
    (content,) = contents(make_event(attributes=values, user_attributes=values))
    assert (content["attributes"], content["user_attributes"]) == (values, values)


def test_an_object_is_as_many_bytes_as_characters(make_event: Callable[..., Event]) -> None:
    (one,) = prepared(make_event(attributes={"name": "日本語 🎉 \ud800"})).objects
    assert one.text.isascii()


@pytest.mark.parametrize("value", ["é" * 255, "🎉" * 127, "x", " "])
def test_a_user_attribute_within_the_limits_is_written(make_event: Callable[..., Event], value: str) -> None:
    (one,) = prepared(make_event(user_attributes={"plan": value})).objects
    assert (one.profile_updates, one.dropped) == (1, {})


@pytest.mark.parametrize(
    ("user_attributes", "reason"),
    [
        ({"plan": "é" * 256}, LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG),
        ({"plan": "🎉" * 128}, LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG),
        ({"plan": ""}, LimitReason.USER_ATTRIBUTE_VALUE_EMPTY),
        ({"secret": "gold"}, LimitReason.USER_ATTRIBUTE_UNDECLARED),
        ({"Plan": "gold"}, LimitReason.USER_ATTRIBUTE_UNDECLARED),
    ],
)
def test_a_user_attribute_that_the_profile_cannot_hold_is_left_out_and_counted(
    make_event: Callable[..., Event], user_attributes: dict[str, str], reason: LimitReason
) -> None:
    (one,) = prepared(make_event(user_attributes={**user_attributes, "city": "Oslo"})).objects
    assert json.loads(one.text)["user_attributes"] == {"city": "Oslo"}
    assert (one.profile_updates, one.dropped) == (1, {reason: 1})


@pytest.mark.parametrize(
    ("value", "reason"),
    [("x" * 256, LimitReason.ATTRIBUTE_VALUE_TOO_LONG), ("", LimitReason.ATTRIBUTE_VALUE_EMPTY)],
)
def test_a_trigger_attribute_that_no_field_can_hold_is_left_out_and_counted(
    make_event: Callable[..., Event], value: str, reason: LimitReason
) -> None:
    (one,) = prepared(make_event(attributes={"currency": value, "item": "book", "note": ""})).objects
    assert json.loads(one.text)["attributes"] == {"item": "book", "note": ""}
    assert one.dropped == {reason: 1}


@pytest.mark.parametrize("attributes", [{"currency": "x" * 255}, {"item": "x" * 256}, {"item": ""}])
def test_other_event_attributes_are_kept_as_they_are(
    make_event: Callable[..., Event], attributes: dict[str, str]
) -> None:
    (one,) = prepared(make_event(attributes=attributes)).objects
    assert json.loads(one.text)["attributes"] == attributes
    assert one.dropped == {}


@pytest.mark.parametrize(
    "value", ["x" * OBJECT_CHARACTERS, "é" * (OBJECT_CHARACTERS // 6)], ids=["ASCII", "escaped"]
)
def test_an_event_that_the_service_would_refuse_becomes_no_object(
    make_event: Callable[..., Event], value: str
) -> None:
    refused, other = make_event(attributes={"item": value}), make_event()
    batch = prepared(refused, other)
    assert batch.dead_lettered == {refused.message_id: LimitReason.OBJECT_TOO_LARGE}
    assert [one.message_id for one in batch.objects] == [other.message_id]


def test_an_object_may_be_as_large_as_the_service_takes(make_event: Callable[..., Event]) -> None:
    (small,) = prepared(make_event(attributes={"item": "x"})).objects
    rest = OBJECT_CHARACTERS - len(small.text)
    (largest,) = prepared(make_event(attributes={"item": "x" * (rest + 1)})).objects
    assert len(largest.text) == OBJECT_CHARACTERS


def test_only_the_newest_event_of_an_endpoint_writes_an_attribute(make_event: Callable[..., Event]) -> None:
    newest = make_event(user_attributes={"plan": "gold"}, received_ms=RECEIVED_MS + 10)
    oldest = make_event(user_attributes={"plan": "silver", "city": "Oslo"}, received_ms=RECEIVED_MS)
    old, new = prepared(newest, oldest).objects
    assert [old.message_id, new.message_id] == [oldest.message_id, newest.message_id]
    assert json.loads(old.text)["user_attributes"] == {"city": "Oslo"}
    assert json.loads(new.text)["user_attributes"] == {"plan": "gold"}
    assert (old.profile_updates, new.profile_updates) == (1, 1)


def test_a_value_that_a_later_event_replaces_does_not_count_as_dropped(
    make_event: Callable[..., Event],
) -> None:
    old, _ = prepared(*(make_event(user_attributes={"plan": plan}) for plan in ("silver", "gold"))).objects
    assert (old.profile_updates, old.dropped) == (0, {})
    assert "user_attributes" not in json.loads(old.text)


@pytest.mark.parametrize(
    "newer",
    [
        {"user_attributes": {"plan": "x" * 256}},
        {"user_attributes": {"plan": ""}},
        {"user_attributes": {"plan": "gold"}, "attributes": {"item": "x" * OBJECT_CHARACTERS}},
        {"user_attributes": {"plan": "gold"}, "endpoint_id": "e2"},
    ],
)
def test_a_later_value_that_is_not_written_replaces_nothing(
    make_event: Callable[..., Event], newer: dict[str, Any]
) -> None:
    old, new = make_event(user_attributes={"plan": "silver"}), make_event(**newer)
    assert contents(old, new)[0]["user_attributes"] == {"plan": "silver"}


def test_events_received_at_the_same_time_keep_the_order_of_the_batch(
    make_event: Callable[..., Event],
) -> None:
    events = [make_event(received_ms=RECEIVED_MS, user_attributes={"plan": plan}) for plan in "ab"]
    first, second = contents(*events)
    assert "user_attributes" not in first
    assert second["user_attributes"] == {"plan": "b"}


def test_objects_of_one_endpoint_stay_together_in_the_order_of_the_gateway(
    make_event: Callable[..., Event],
) -> None:
    received = [("a", 5), ("b", 1), ("a", 2), ("c", 3), ("b", 4)]
    events = [
        make_event(endpoint_id=endpoint_id, received_ms=RECEIVED_MS + offset, message_id=str(offset))
        for endpoint_id, offset in received
    ]
    assert [one.message_id for one in prepared(*events).objects] == ["1", "4", "2", "5", "3"]


def objects_of(endpoint_ids: Iterable[str]) -> list[ProfileObject]:
    return [
        ProfileObject(
            message_id=str(number),
            endpoint_id=endpoint_id,
            text="{}",
            profile_updates=0,
            overridden_by=frozenset(),
            dropped={},
        )
        for number, endpoint_id in enumerate(endpoint_ids)
    ]


@pytest.mark.parametrize("endpoints", [1, 7, 333, 1000])
def test_a_thousand_events_of_any_endpoints_take_a_hundred_requests(
    make_event: Callable[..., Event], endpoints: int
) -> None:
    events = [make_event(endpoint_id=f"e{number % endpoints}") for number in range(1000)]
    chains = divide(prepared(*events).objects)
    assert [len(request) for chain in chains for request in chain] == [10] * 100


def test_requests_that_share_an_endpoint_are_one_chain() -> None:
    objects = objects_of(["a"] * 15 + ["b"] * 10 + ["c"] * 5 + ["d"] * 10)
    assert [[len(request) for request in chain] for chain in divide(objects)] == [[10] * 3, [10]]


def test_nothing_makes_no_request() -> None:
    assert divide([]) == []


@given(sizes=st.lists(st.integers(1, 35), max_size=12))
def test_every_object_is_sent_once_and_no_two_chains_share_an_endpoint(sizes: list[int]) -> None:
    objects = objects_of(f"e{number}" for number, size in enumerate(sizes) for _ in range(size))
    chains = divide(objects)
    assert [one for chain in chains for request in chain for one in request] == objects
    endpoints = [{one.endpoint_id for request in chain for one in request} for chain in chains]
    assert all(first.isdisjoint(second) for first, second in pairwise(endpoints))
    assert sum(len(chain) for chain in chains) == -(-len(objects) // OBJECTS_IN_REQUEST)
