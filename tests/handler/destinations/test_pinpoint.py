"""The Pinpoint destination in front of the fake: real HTTP through botocore, every kind of response."""

import json
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from werkzeug import Request, Response

from handler.aws_calls import CallLimits
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.destinations.pinpoint import PinpointDestination
from handler.destinations.pinpoint_request import LimitReason, id_in_request
from handler.events import Event
from local.fakes.pinpoint import PlannedResponse
from local.web.http_server import HttpServer
from tests.handler.conftest import RECEIVED_MS, Pinpoint
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE, LONGEST_USER_ATTRIBUTE
from tests.ports import NOBODY


def plenty() -> float:
    return 900.0


def outcomes_of(destination: PinpointDestination, *events: Event) -> list[Outcome]:
    outcomes = destination.record(events, time_left=plenty)
    return [outcomes[event.message_id] for event in events]


@pytest.fixture
def destination(make_destination: Callable[..., PinpointDestination]) -> PinpointDestination:
    return make_destination()


def test_an_event_is_recorded_as_it_was_sent(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    event = make_event(
        endpoint_id="visitor/1?",
        attributes={"item": "book"},
        metrics={"price": 9.5},
        user_attributes={"plan": "gold"},
    )
    assert outcomes_of(destination, event) == [Recorded(profile_updates=1)]
    (recorded,) = pinpoint.recorder.events()
    assert (recorded.endpoint_id, recorded.event, recorded.event_id) == (
        "visitor/1?",
        "purchase",
        id_in_request(event),
    )
    assert recorded.timestamp == "2026-09-21T14:13:20.001Z"
    assert (recorded.attributes, recorded.metrics) == ({"item": "book"}, {"price": 9.5})
    assert recorded.user_attributes == {"plan": ["gold"]}


def test_hostile_values_arrive_exactly(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    attributes = {str(number): value for number, value in enumerate([*HOSTILE_VALUES, LONGEST_ATTRIBUTE])}
    updates = {str(number): value for number, value in enumerate([*HOSTILE_VALUES, LONGEST_USER_ATTRIBUTE])}
    outcomes_of(destination, make_event(attributes=attributes, user_attributes=updates))
    (recorded,) = pinpoint.recorder.events()
    assert recorded.attributes == attributes
    assert recorded.user_attributes == {name: [value] for name, value in updates.items()}


def test_a_thousand_events_take_ten_requests(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    events = [make_event(endpoint_id=f"e{number % 300}") for number in range(1000)]
    assert outcomes_of(destination, *events) == [Recorded()] * 1000
    assert len(pinpoint.fake.requests) == 10
    assert len(pinpoint.recorder.events()) == 1000


def test_events_of_one_endpoint_keep_their_order_and_their_own_attributes(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    outcomes_of(destination, *(make_event(attributes={"step": str(number)}) for number in range(5)))
    assert [event.attributes["step"] for event in pinpoint.recorder.events()] == list("01234")


def test_the_later_profile_update_wins_however_the_queue_ordered_them(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    later = make_event(user_attributes={"plan": "gold"}, received_ms=RECEIVED_MS + 10)
    earlier = make_event(user_attributes={"plan": "silver"}, received_ms=RECEIVED_MS)
    outcomes_of(destination, later, earlier)
    assert [event.user_attributes for event in pinpoint.recorder.events()] == [{"plan": ["gold"]}] * 2


def test_exceeding_a_limit_costs_the_attribute_and_not_the_event(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    event = make_event(
        attributes={"long": "x" * 201, **{f"k{number}": "v" for number in range(41)}},
        user_attributes={"long": "x" * 101, **{f"n{number}": "v" for number in range(251)}},
    )
    dropped: dict[str, int] = {
        LimitReason.VALUE_TOO_LONG: 1,
        LimitReason.TOO_MANY_KEYS: 1,
        LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG: 1,
        LimitReason.TOO_MANY_USER_ATTRIBUTES: 1,
    }
    assert outcomes_of(destination, event) == [Recorded(dropped=dropped, profile_updates=250)]
    assert len(pinpoint.recorder.events()) == 1


def test_the_same_event_id_of_two_endpoints_is_two_events(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    events = [make_event(event_id="same", endpoint_id=endpoint_id) for endpoint_id in ("e1", "e2")]
    assert outcomes_of(destination, *events) == [Recorded(), Recorded()]
    assert len(pinpoint.recorder.events()) == 2


def test_the_same_event_id_of_two_types_is_two_events_with_a_result_each(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    events = [make_event(event_id="#1/2 €", event_type=event_type) for event_type in ("purchase", "refund")]
    pinpoint.fake.plan(PlannedResponse(event_statuses={id_in_request(events[1]): 400}))
    assert outcomes_of(destination, *events) == [Recorded(), DeadLetter("pinpoint_400")]
    assert [event.event for event in pinpoint.recorder.events()] == ["purchase"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (429, Retry("pinpoint_429")),
        (500, Retry("pinpoint_500")),
        (503, Retry("pinpoint_503")),
        (400, DeadLetter("pinpoint_400")),
        (403, Retry("pinpoint_403", not_set_up=True)),
    ],
)
def test_the_status_of_an_event_decides_its_own_message_alone(
    pinpoint: Pinpoint,
    destination: PinpointDestination,
    make_event: Callable[..., Event],
    status: int,
    outcome: Outcome,
) -> None:
    events = [make_event() for _ in range(3)]
    pinpoint.fake.plan(PlannedResponse(event_statuses={id_in_request(events[1]): status}))
    assert outcomes_of(destination, *events) == [Recorded(), outcome, Recorded()]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (429, Retry("pinpoint_endpoint_429")),
        (500, Retry("pinpoint_endpoint_500")),
        (400, DeadLetter("pinpoint_endpoint_400")),
    ],
)
def test_the_status_of_an_endpoint_decides_the_messages_that_update_it(
    pinpoint: Pinpoint,
    destination: PinpointDestination,
    make_event: Callable[..., Event],
    status: int,
    outcome: Outcome,
) -> None:
    pinpoint.fake.plan(PlannedResponse(endpoint_statuses={"e1": status}))
    updating = make_event(user_attributes={"plan": "gold"})
    only_an_event = make_event()
    of_another_endpoint = make_event(endpoint_id="e2", user_attributes={"plan": "gold"})
    assert outcomes_of(destination, updating, only_an_event, of_another_endpoint) == [
        outcome,
        Recorded(),
        Recorded(profile_updates=1),
    ]


def test_an_event_that_may_succeed_later_is_retried_though_its_endpoint_was_refused(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    event = make_event(user_attributes={"plan": "gold"})
    pinpoint.fake.plan(
        PlannedResponse(event_statuses={id_in_request(event): 500}, endpoint_statuses={"e1": 400})
    )
    assert outcomes_of(destination, event) == [Retry("pinpoint_500")]


def test_an_event_that_the_response_leaves_out_is_retried(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    events = [make_event(), make_event()]
    pinpoint.fake.plan(PlannedResponse(events_left_out=[id_in_request(events[0])]))
    assert outcomes_of(destination, *events) == [Retry("pinpoint_no_response"), Recorded()]


def test_an_endpoint_that_the_response_leaves_out_is_retried(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    pinpoint.fake.plan(PlannedResponse(endpoints_left_out=["e1"]))
    events = [make_event(), make_event(endpoint_id="e2")]
    assert outcomes_of(destination, *events) == [Retry("pinpoint_no_response"), Recorded()]


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b'{"Results": null}',
        b'{"Results": {"e1": null, "e2": {"EventsItemResponse": {"B": {"StatusCode": 202}}}}}',
        b'{"Results": {"e1": {"EventsItemResponse": null}}}',
        b'{"Results": {"e1": {"EventsItemResponse": {"A": null}}}}',
        b'{"Results": {"e1": {"EventsItemResponse": {"A": {"StatusCode": null}}}}}',
    ],
)
def test_an_empty_result_affects_its_event_alone(
    pinpoint: Pinpoint,
    aws_environment: pytest.MonkeyPatch,
    make_destination: Callable[..., PinpointDestination],
    make_event: Callable[..., Event],
    body: bytes,
) -> None:
    events = [make_event(), make_event(endpoint_id="e2")]
    for letter, event in zip((b'"A"', b'"B"'), events, strict=True):
        body = body.replace(letter, json.dumps(id_in_request(event)).encode())

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        Request(environ).get_data()
        return Response(body, status=202, content_type="application/json")(environ, start_response)

    server = HttpServer(serve).start()
    aws_environment.setenv("AWS_ENDPOINT_URL_PINPOINT", server.url)
    outcomes = outcomes_of(make_destination(), *events)
    server.stop()
    assert outcomes[0] == Retry("pinpoint_no_response")
    assert outcomes[1] == (Recorded() if b"e2" in body else Retry("pinpoint_no_response"))
    assert pinpoint.fake.requests == []


def test_an_endpoints_part_that_is_null_is_no_refusal(
    aws_environment: pytest.MonkeyPatch,
    make_destination: Callable[..., PinpointDestination],
    make_event: Callable[..., Event],
) -> None:
    event = make_event(user_attributes={"plan": "gold"})

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        Request(environ).get_data()
        events = {id_in_request(event): {"StatusCode": 202}}
        result = {"EndpointItemResponse": None, "EventsItemResponse": events}
        body = json.dumps({"Results": {"e1": result}})
        return Response(body, status=202, content_type="application/json")(environ, start_response)

    server = HttpServer(serve).start()
    aws_environment.setenv("AWS_ENDPOINT_URL_PINPOINT", server.url)
    outcomes = outcomes_of(make_destination(), event)
    server.stop()
    assert outcomes == [Recorded(profile_updates=1)]


def test_an_accepted_event_needs_no_entry_for_its_endpoint(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    pinpoint.fake.plan(PlannedResponse(endpoint_items_left_out=["e1"]))
    event = make_event(user_attributes={"plan": "gold"})
    assert outcomes_of(destination, event) == [Recorded(profile_updates=1)]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failed_request_fails_only_its_own_messages(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event], status: int
) -> None:
    pinpoint.fake.plan(PlannedResponse(), PlannedResponse(status=status))
    outcomes = outcomes_of(destination, *(make_event() for _ in range(300)))
    assert outcomes == [Recorded()] * 100 + [Retry(f"pinpoint_{status}")] * 100 + [Recorded()] * 100


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Retry("pinpoint_401", not_set_up=True)),
        (403, Retry("pinpoint_403", not_set_up=True)),
        (404, Retry("pinpoint_404", not_set_up=True)),
        (405, DeadLetter("pinpoint_405")),
    ],
)
def test_a_request_that_is_refused_as_a_whole_is_not_repeated_at_once(
    pinpoint: Pinpoint,
    destination: PinpointDestination,
    make_event: Callable[..., Event],
    status: int,
    outcome: Outcome,
) -> None:
    pinpoint.fake.plan(PlannedResponse(status=status))
    events = [make_event(), make_event()]
    assert outcomes_of(destination, *events) == [outcome] * 2
    assert len(pinpoint.fake.requests) == 1


def test_events_wait_for_an_application_that_is_not_there(
    make_destination: Callable[..., PinpointDestination], make_event: Callable[..., Event]
) -> None:
    destination = make_destination(application_id="unknown")
    assert outcomes_of(destination, make_event()) == [Retry("pinpoint_404", not_set_up=True)]


@pytest.mark.parametrize("status", [400, 413])
def test_a_request_that_is_too_large_is_halved(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event], status: int
) -> None:
    pinpoint.fake.plan(PlannedResponse(status=status))
    events = [make_event(attributes={"step": str(number)}) for number in range(5)]
    assert outcomes_of(destination, *events) == [Recorded()] * 5
    assert [len(request["e1"]["Events"]) for request in pinpoint.fake.requests] == [5, 2, 3]
    assert [event.attributes["step"] for event in pinpoint.recorder.events()] == list("01234")


@pytest.mark.parametrize("status", [400, 413])
def test_only_the_event_that_is_too_large_is_dead_lettered(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event], status: int
) -> None:
    refuse = PlannedResponse(status=status)
    pinpoint.fake.plan(refuse, refuse, refuse)  # all four, the first two, the first
    outcomes = outcomes_of(destination, *(make_event() for _ in range(4)))
    assert outcomes == [DeadLetter(f"pinpoint_{status}"), Recorded(), Recorded(), Recorded()]


def test_the_halves_of_a_split_request_carry_their_own_profile_updates(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    pinpoint.fake.plan(PlannedResponse(status=413))
    events = [make_event(user_attributes={"plan": plan}) for plan in ("silver", "gold")]
    assert outcomes_of(destination, *events) == [Recorded(profile_updates=1)] * 2
    updates = [event.user_attributes for event in pinpoint.recorder.events()]
    assert updates == [{"plan": ["silver"]}, {"plan": ["gold"]}]


@pytest.mark.usefixtures("late")
def test_a_slow_response_is_given_up_and_retried(
    pinpoint: Pinpoint,
    make_destination: Callable[..., PinpointDestination],
    make_event: Callable[..., Event],
) -> None:
    pinpoint.fake.plan(PlannedResponse(delay_seconds=1.0))
    destination = make_destination(read_seconds=0.2)
    assert outcomes_of(destination, make_event()) == [Retry("pinpoint_no_response")]


def test_a_service_that_cannot_be_reached_is_tried_again_later(
    aws_environment: pytest.MonkeyPatch,
    make_destination: Callable[..., PinpointDestination],
    make_event: Callable[..., Event],
) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL_PINPOINT", NOBODY)
    unreachable = Retry("pinpoint_unreachable", not_set_up=True)
    assert outcomes_of(make_destination(), make_event()) == [unreachable]


def test_the_client_repeats_a_failed_call_once(
    pinpoint: Pinpoint,
    make_destination: Callable[..., PinpointDestination],
    make_event: Callable[..., Event],
) -> None:
    fail = PlannedResponse(status=500)
    pinpoint.fake.plan(fail, fail)
    destination = make_destination(attempts=2)
    assert outcomes_of(destination, make_event()) == [Retry("pinpoint_500")]
    assert len(pinpoint.fake.requests) == 2


def test_no_request_goes_out_that_might_outlive_the_function(
    pinpoint: Pinpoint, destination: PinpointDestination, make_event: Callable[..., Event]
) -> None:
    left: Iterator[float] = chain([5.0], repeat(4.9))  # the client may need five seconds
    events = [make_event() for _ in range(150)]
    outcomes = destination.record(events, time_left=lambda: next(left))
    assert list(outcomes.values()) == [Recorded()] * 100 + [Retry("out_of_time")] * 50
    assert len(pinpoint.fake.requests) == 1


def test_the_worst_case_of_a_call_counts_every_attempt_and_the_wait_between() -> None:
    limits = CallLimits(connect_seconds=1, read_seconds=4, attempts=2)
    assert limits.worst_case_seconds == 2 * (1 + 4) + 6


def test_more_attempts_than_the_worst_case_allows_are_an_error() -> None:
    with pytest.raises(ValueError, match="must be 1 or 2"):
        CallLimits(connect_seconds=1, read_seconds=1, attempts=3)
