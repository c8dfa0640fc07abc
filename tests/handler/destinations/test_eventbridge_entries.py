"""Entries of PutEvents: their shape, their size, and how they are divided into requests."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.destinations.eventbridge_entries import (
    MAX_ENTRIES_IN_REQUEST,
    MAX_REQUEST_BYTES,
    Entry,
    as_entry,
    divide,
)
from handler.event_identity import EventKey
from handler.events import Event
from tests.documents import PROJECT, blocks
from tests.hostile import HOSTILE_VALUES

SOURCE = "gtm-pixel-test"
(SCHEMA,) = (
    json.loads(block.code)
    for block in blocks(PROJECT / "docs" / "destinations.md")
    if block.language == "json" and "$schema" in block.code
)


def detail(event: Event) -> dict[str, Any]:
    return json.loads(as_entry(event, source=SOURCE).detail)


def test_an_event_becomes_an_entry(make_event: Callable[..., Event]) -> None:
    event = make_event(
        attributes={"item": "book"},
        metrics={"price": 9.5},
        user_attributes={"plan": "gold"},
        timestamp_ms=1_790_000_000_001,
        received_ms=1_790_000_000_007,
    )

    entry = as_entry(event, source=SOURCE).as_request_entry("bus-1")

    assert json.loads(str(entry.pop("Detail"))) == {
        "version": "1",
        "event_type": "purchase",
        "event_id": event.event_id,
        "event_key": EventKey.of(event).hashed(),
        "endpoint_id": "e1",
        "proven": False,
        "timestamp": "2026-09-21T14:13:20.001Z",
        "received": "2026-09-21T14:13:20.007Z",
        "attributes": {"item": "book"},
        "metrics": {"price": 9.5},
        "user_attributes": {"plan": "gold"},
    }
    time = entry.pop("Time")
    assert getattr(time, "timestamp")() == pytest.approx(1_790_000_000.001)  # noqa: B009 - typed as object
    assert entry == {"EventBusName": "bus-1", "Source": SOURCE, "DetailType": "purchase"}


@pytest.mark.parametrize(
    ("event_type", "detail_type"),
    [
        ("t" * 128, "t" * 128),
        ("t" * 129, "t" * 128),
        ("🎉" * 64, "🎉" * 64),
        ("t" + "🎉" * 64, "t" + "🎉" * 63),  # half of a surrogate pair would not be UTF-8
    ],
)
def test_a_long_detail_type_is_cut_and_the_detail_has_it_in_full(
    make_event: Callable[..., Event], event_type: str, detail_type: str
) -> None:
    entry = as_entry(make_event(event_type=event_type), source=SOURCE)

    assert entry.detail_type == detail_type
    assert entry.is_detail_type_cut is (event_type != detail_type)
    assert json.loads(entry.detail)["event_type"] == event_type


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_a_detail_matches_its_schema(make_event: Callable[..., Event], value: str) -> None:
    event = make_event(
        event_type=value[:100] or "e",
        endpoint_id=value[:100] or "e",
        attributes={value: value},
        metrics={value: -0.5},
        user_attributes={value: value},
    )

    jsonschema.validate(detail(event), SCHEMA)
    assert detail(event)["attributes"] == {value: value}


def test_the_schema_refuses_a_detail_that_lacks_something(make_event: Callable[..., Event]) -> None:
    for name in detail(make_event()):
        lacking = {key: value for key, value in detail(make_event()).items() if key != name}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(lacking, SCHEMA)


def test_an_entry_counts_as_the_documentation_counts(make_event: Callable[..., Event]) -> None:
    entry = as_entry(make_event(event_type="é"), source="s")

    assert entry.size == 14 + 1 + 2 + len(entry.detail.encode())


def entry_of_size(number: int, size: int) -> Entry:
    fixed = 14 + len("s") + len("t")
    return Entry(
        message_id=f"message-{number}",
        source="s",
        detail_type="t",
        detail="x" * (size - fixed),
        time_ms=0,
        is_detail_type_cut=False,
    )


@given(st.lists(st.integers(20, 60_000), max_size=40))
def test_requests_hold_all_entries_in_order_within_the_limits(sizes: list[int]) -> None:
    entries = [entry_of_size(number, size) for number, size in enumerate(sizes)]

    requests = divide(entries)

    assert [entry for request in requests for entry in request] == entries
    for request in requests:
        assert 1 <= len(request) <= MAX_ENTRIES_IN_REQUEST
        assert sum(entry.size for entry in request) <= MAX_REQUEST_BYTES
    for request, following in pairwise(requests):
        is_full = len(request) == MAX_ENTRIES_IN_REQUEST
        assert is_full or sum(entry.size for entry in [*request, following[0]]) > MAX_REQUEST_BYTES
