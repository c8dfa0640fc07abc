"""Amazon Pinpoint's limits, one by one, and how events are divided into requests."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from contract.pinpoint import REQUEST_BYTES
from handler.destinations.pinpoint_request import (
    FittedEvent,
    LimitReason,
    PutEventsRequest,
    divide,
    fit,
    id_in_request,
)
from handler.events import Event
from tests.handler.conftest import RECEIVED_MS


def test_an_event_within_the_limits_is_left_as_it_is(make_event: Callable[..., Event]) -> None:
    event = make_event(
        attributes={"k" * 50: "é" * 200, "empty": "", "emoji": "🎉" * 100},
        metrics={"m" * 50: 1.5},
        user_attributes={"n" * 50: "é" * 100, "emoji": "🎉" * 50},
    )
    assert fit(event) == FittedEvent(event=event, dropped={})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"attributes": {"k" * 51: "v"}}, LimitReason.KEY_TOO_LONG),
        ({"attributes": {"🎉" * 26: "v"}}, LimitReason.KEY_TOO_LONG),
        ({"attributes": {"k": "é" * 201}}, LimitReason.VALUE_TOO_LONG),
        ({"attributes": {"k": "🎉" * 101}}, LimitReason.VALUE_TOO_LONG),
        ({"metrics": {"k" * 51: 1.0}}, LimitReason.KEY_TOO_LONG),
        ({"user_attributes": {"n" * 51: "v"}}, LimitReason.USER_ATTRIBUTE_NAME_TOO_LONG),
        ({"user_attributes": {"n": "é" * 101}}, LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG),
        ({"user_attributes": {"n": "🎉" * 51}}, LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG),
        *(
            ({"user_attributes": {f"a{character}b": "v"}}, LimitReason.USER_ATTRIBUTE_NAME_UNUSABLE)
            for character in "#:?\\/"
        ),
    ],
)
def test_an_attribute_over_a_limit_is_dropped_and_counted(
    make_event: Callable[..., Event], fields: dict[str, Any], reason: LimitReason
) -> None:
    fitted = fit(make_event(**fields))
    assert fitted.dropped == {reason: 1}
    assert (fitted.event.attributes, fitted.event.metrics, fitted.event.user_attributes) == ({}, {}, {})


def test_values_within_the_limits_are_kept_when_others_are_dropped(make_event: Callable[..., Event]) -> None:
    fitted = fit(make_event(attributes={"long": "x" * 201, "short": "x"}))
    assert fitted.event.attributes == {"short": "x"}


def test_attributes_and_metrics_share_forty_keys(make_event: Callable[..., Event]) -> None:
    fitted = fit(
        make_event(
            attributes={f"a{number}": "v" for number in range(30)},
            metrics={f"m{number}": 1.0 for number in range(12)},
        )
    )
    assert (len(fitted.event.attributes), len(fitted.event.metrics)) == (30, 10)
    assert fitted.dropped == {LimitReason.TOO_MANY_KEYS: 2}


def test_an_event_is_written_as_the_service_wants_it(make_event: Callable[..., Event]) -> None:
    event = make_event(
        attributes={"item": "book"},
        metrics={"price": 9.5},
        user_attributes={"plan": "gold"},
        timestamp_ms=1_790_000_000_007,
    )
    assert PutEventsRequest.of([fit(event)]).body() == {
        "BatchItem": {
            "e1": {
                "Endpoint": {"User": {"UserAttributes": {"plan": ["gold"]}}},
                "Events": {
                    id_in_request(event): {
                        "EventType": "purchase",
                        "Timestamp": "2026-09-21T14:13:20.007Z",
                        "Attributes": {"item": "book"},
                        "Metrics": {"price": 9.5},
                    }
                },
            }
        }
    }


def test_an_event_without_user_attributes_leaves_the_endpoint_alone(
    make_event: Callable[..., Event],
) -> None:
    body: Any = PutEventsRequest.of([fit(make_event())]).body()
    assert body["BatchItem"]["e1"]["Endpoint"] == {}


def profile_update(*events: Event) -> Any:
    return PutEventsRequest.of([fit(event) for event in events]).profile_updates["e1"]


def test_a_later_value_of_a_user_attribute_replaces_an_earlier_one(make_event: Callable[..., Event]) -> None:
    first = make_event(user_attributes={"plan": "silver", "city": "Oslo"})
    second = make_event(user_attributes={"plan": "gold"})
    update = profile_update(first, second)
    assert update.attributes == {"city": "Oslo", "plan": "gold"}
    assert update.written == {first.message_id: 1, second.message_id: 1}
    assert update.dropped == {}


def test_an_endpoint_takes_the_newest_250_user_attributes(make_event: Callable[..., Event]) -> None:
    old = make_event(user_attributes={f"o{number}": "v" for number in range(200)})
    new = make_event(user_attributes={f"n{number}": "v" for number in range(100)})
    update = profile_update(old, new)
    assert update.written == {old.message_id: 150, new.message_id: 100}
    assert update.dropped == {old.message_id: {LimitReason.TOO_MANY_USER_ATTRIBUTES: 50}}


def test_a_user_attribute_that_was_sent_again_counts_among_the_newest(
    make_event: Callable[..., Event],
) -> None:
    old = make_event(user_attributes={"plan": "silver", "city": "Oslo"})
    new = make_event(user_attributes={**{f"n{number}": "v" for number in range(249)}, "plan": "gold"})
    update = profile_update(old, new)
    assert update.attributes["plan"] == "gold"
    assert update.dropped == {old.message_id: {LimitReason.TOO_MANY_USER_ATTRIBUTES: 1}}


def test_an_endpoint_stays_within_fifteen_kilobytes(make_event: Callable[..., Event]) -> None:
    event = make_event(user_attributes={f"n{number}": "v" * 100 for number in range(200)})
    update = profile_update(event)
    size = len(json.dumps({"User": {"UserAttributes": {k: [v] for k, v in update.attributes.items()}}}))
    assert 14_800 < size <= 15_000
    assert update.dropped == {
        event.message_id: {LimitReason.ENDPOINT_TOO_LARGE: 200 - len(update.attributes)}
    }


def sizes(requests: list[Sequence[FittedEvent]]) -> list[int]:
    return [len(request) for request in requests]


@pytest.mark.parametrize("endpoints", [1, 7, 333, 1000])
def test_a_thousand_events_of_any_endpoints_take_ten_requests(
    make_event: Callable[..., Event], endpoints: int
) -> None:
    events = [make_event(endpoint_id=f"e{number % endpoints}") for number in range(1000)]
    assert sizes(divide(events)) == [100] * 10


def test_requests_stay_within_four_megabytes(make_event: Callable[..., Event]) -> None:
    attributes = {f"{number:050}": "é" * 200 for number in range(40)}
    requests = divide([make_event(event_id=f"id-{number}", attributes=attributes) for number in range(100)])
    written = [len(json.dumps(PutEventsRequest.of(request).body())) for request in requests]
    assert sum(sizes(requests)) == 100
    assert len(requests) == 2
    assert max(written) <= REQUEST_BYTES
    assert written[0] > 0.95 * REQUEST_BYTES


def test_events_go_out_in_the_order_in_which_the_gateway_took_them(make_event: Callable[..., Event]) -> None:
    events = [make_event(received_ms=RECEIVED_MS + offset) for offset in (3, 1, 2, 1)]
    (request,) = divide(events)
    assert [fitted.event for fitted in request] == [events[1], events[3], events[2], events[0]]


def test_events_of_one_endpoint_stay_together(make_event: Callable[..., Event]) -> None:
    events = [make_event(endpoint_id=endpoint_id) for endpoint_id in ("a", "b", "a", "c", "b")]
    (request,) = divide(events)
    assert [fitted.event.endpoint_id for fitted in request] == ["a", "a", "b", "b", "c"]
