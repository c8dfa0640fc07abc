"""The Customer Profiles destination in front of the fake: real HTTP through botocore, every response.

The fake has the object type that the stack declares.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, count, repeat
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from components.profile_template import profile_template
from handler.aws_calls import AwsService, CallLimits
from handler.delivery.rate_limiter import RateLimiter
from handler.delivery.sending import CONCURRENT_REQUESTS
from handler.destinations import DeadLetter, Outcome, Recorded, Retry, make_destination
from handler.destinations.customer_profiles import (
    TRANSIENT_PHRASES,
    CustomerProfilesDestination,
)
from handler.destinations.customer_profiles_objects import DeclaredAttributes, LimitReason
from handler.events import Event
from handler.variables import InvalidEnvironmentError
from local.fakes.customer_profiles import CustomerProfilesFake, PlannedResponse
from local.recorder import Recorder
from local.web.http_server import HttpServer, WsgiApplication
from tests.handler.conftest import RECEIVED_MS
from tests.hostile import HOSTILE_VALUES
from tests.patience import PATIENCE_SECONDS
from tests.ports import NOBODY
from tests.profile_templates import MINIMAL

DOMAIN = MINIMAL.domain_name
OBJECT_TYPE = MINIMAL.object_type_name
PROFILE_ATTRIBUTES = ("plan", "city", *(f"n{number}" for number in range(60)))
TRIGGER_ATTRIBUTES = ("currency",)
TEMPLATE = profile_template(
    replace(
        MINIMAL,
        new_domain=True,
        profile_attributes=PROFILE_ATTRIBUTES,
        trigger_attributes=TRIGGER_ATTRIBUTES,
    )
)
VARIABLES = {
    "CUSTOMER_PROFILES_DOMAIN": DOMAIN,
    "CUSTOMER_PROFILES_OBJECT_TYPE": OBJECT_TYPE,
    "CUSTOMER_PROFILES_REQUESTS_PER_SECOND": "1000",
    "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES": json.dumps(TRIGGER_ATTRIBUTES),
    "PROFILE_ATTRIBUTES": json.dumps(PROFILE_ATTRIBUTES),
}
# A message of the service that quotes personal data.
CONCURRENT_UPDATE = "Profile jane@example.com: a Concurrent update is in progress"


def plenty() -> float:
    return 900.0


def no_wait(_: float) -> None:
    """A sleep that takes no time."""


class Profiles:
    """The fake behind a server, which sees how many requests are under way."""

    def __init__(self) -> None:
        self.renew()
        self.most_at_once = 0
        self._at_once = 0
        self._changed = threading.Condition()
        self._gate = 0

    def renew(self) -> None:
        """Begin again with an empty domain and no plan."""
        self.recorder = Recorder()
        self.fake = CustomerProfilesFake(self.recorder, templates=[TEMPLATE])
        self.application: WsgiApplication = self.fake

    def hold_until_at_once(self, requests: int) -> None:
        """Hold every response until this many requests are under way."""
        self._gate = requests

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        with self._changed:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most_at_once >= self._gate, PATIENCE_SECONDS)
        yield
        with self._changed:
            self._at_once -= 1

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with self._under_way():
            return self.application(environ, start_response)

    def plan(self, *responses: PlannedResponse) -> None:
        self.fake.plan(*responses)

    @property
    def sizes(self) -> list[int]:
        """How many objects each request held."""
        return [len(one.parameters["Items"]) for one in self.fake.requests]

    @property
    def sent_ids(self) -> list[list[str]]:
        """The message ids of each request."""
        return [[item["Id"] for item in one.parameters["Items"]] for one in self.fake.requests]

    def has(self, event: Event) -> bool:
        objects = self.fake.objects(event.endpoint_id)
        return event.event_id in {one.content["event_id"] for one in objects}


@pytest.fixture
def profiles(aws_environment: pytest.MonkeyPatch) -> Iterator[Profiles]:
    profiles = Profiles()
    server = HttpServer(profiles).start()
    aws_environment.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", server.url)
    yield profiles
    server.stop()


def destination_of(*, read_seconds: float = 4, **parts: Any) -> CustomerProfilesDestination:
    """The destination, by default with short waits."""
    limits = CallLimits(connect_seconds=1, read_seconds=read_seconds, attempts=1)
    defaults: dict[str, Any] = {
        "domain": DOMAIN,
        "object_type": OBJECT_TYPE,
        "declared": DeclaredAttributes(
            profile_attributes=frozenset(PROFILE_ATTRIBUTES), trigger_attributes=frozenset(TRIGGER_ATTRIBUTES)
        ),
        "service": AwsService(
            "customer-profiles", region=None, limits=limits, transient_phrases=TRANSIENT_PHRASES
        ),
        "rate_limiter": RateLimiter(1000),
        "sleep": no_wait,
    }
    return CustomerProfilesDestination(**{**defaults, **parts})


@pytest.fixture
def destination(profiles: Profiles) -> CustomerProfilesDestination:
    assert profiles.sizes == []
    return destination_of()


def outcomes_of(destination: CustomerProfilesDestination, *events: Event) -> list[Outcome]:
    outcomes = destination.record(events, time_left=plenty)
    assert outcomes.keys() == {event.message_id for event in events}
    return [outcomes[event.message_id] for event in events]


class TestWhatArrives:
    def test_an_event_is_an_object_and_updates_its_profile(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        event = make_event(
            attributes={"currency": "EUR"}, metrics={"value": 12.5}, user_attributes={"plan": "gold"}
        )
        assert outcomes_of(destination, event) == [Recorded(profile_updates=1)]
        (recorded,) = profiles.recorder.events()
        assert (recorded.endpoint_id, recorded.event, recorded.event_id) == ("e1", "purchase", event.event_id)
        assert recorded.timestamp == "2026-09-21T14:13:20.001Z"
        assert (recorded.attributes, recorded.metrics) == ({"currency": "EUR"}, {"value": 12.5})
        assert profiles.fake.profile("e1") == {"gtm_pixel_endpoint_id": "e1", "plan": "gold"}

    def test_hostile_values_arrive_exactly(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        values = {f"n{number}": value for number, value in enumerate([*HOSTILE_VALUES, "é" * 255])}
        outcomes_of(destination, make_event(endpoint_id="a/b?é", attributes=values, user_attributes=values))
        (recorded,) = profiles.recorder.events()
        assert recorded.attributes == values
        profile = profiles.fake.profile("a/b?é")
        assert profile == {"gtm_pixel_endpoint_id": "a/b?é", **values}

    @pytest.mark.parametrize("endpoints", [3, 300, 1000])
    def test_a_thousand_events_take_a_hundred_requests(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        endpoints: int,
    ) -> None:
        events = [make_event(endpoint_id=f"e{number % endpoints}") for number in range(1000)]
        assert outcomes_of(destination, *events) == [Recorded()] * 1000
        assert profiles.sizes == [10] * 100
        assert len(profiles.recorder.events()) == 1000

    def test_a_batch_that_is_delivered_again_changes_nothing(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        events = [
            make_event(endpoint_id=f"e{number % 7}", user_attributes={"plan": str(number)})
            for number in range(40)
        ]
        first = outcomes_of(destination, *events)
        before = profiles.fake.profiles
        assert outcomes_of(destination, *events) == first
        assert profiles.fake.profiles == before
        assert len(profiles.recorder.events()) == 40

    def test_the_newest_value_stays_in_whatever_order_the_service_works(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        profiles.plan(PlannedResponse(last_item_first=True))
        later = make_event(user_attributes={"plan": "gold"}, received_ms=RECEIVED_MS + 10)
        earlier = make_event(user_attributes={"plan": "silver", "city": "Oslo"}, received_ms=RECEIVED_MS)
        assert outcomes_of(destination, later, earlier) == [Recorded(profile_updates=1)] * 2
        assert profiles.fake.profile("e1") == {
            "gtm_pixel_endpoint_id": "e1",
            "plan": "gold",
            "city": "Oslo",
        }

    def test_an_update_whose_object_the_service_refuses_is_written_by_the_one_before(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        values = ("bronze", "silver", "gold", "diamond")
        events = [make_event(user_attributes={"plan": value, "city": "Oslo"}) for value in values]
        refusals = {event.message_id: (400, "refused") for event in events[2:]}
        profiles.plan(PlannedResponse(item_failures=refusals))
        assert outcomes_of(destination, *events) == [
            Recorded(),
            Recorded(profile_updates=2),
            *[DeadLetter("customer_profiles_400")] * 2,
        ]
        assert profiles.fake.profile("e1") == {
            "gtm_pixel_endpoint_id": "e1",
            "plan": "silver",
            "city": "Oslo",
        }
        assert [stored.puts for stored in profiles.fake.objects("e1")] == [2, 2]

    def test_an_object_that_is_put_again_writes_nothing_that_a_later_one_has_written(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        older = make_event(user_attributes={"plan": "silver", "city": "Oslo"})
        refused = make_event(user_attributes={"city": "Rome"})
        newest = make_event(user_attributes={"plan": "gold"})
        profiles.plan(PlannedResponse(item_failures={refused.message_id: (400, "refused")}))
        assert outcomes_of(destination, older, refused, newest) == [
            Recorded(profile_updates=1),
            DeadLetter("customer_profiles_400"),
            Recorded(profile_updates=1),
        ]
        assert profiles.fake.profile("e1") == {
            "gtm_pixel_endpoint_id": "e1",
            "plan": "gold",
            "city": "Oslo",
        }
        assert profiles.sent_ids[1:] == [[older.message_id]]

    def test_an_update_without_time_to_write_it_again_is_retried(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        older, newer = (make_event(user_attributes={"plan": value}) for value in ("silver", "gold"))
        profiles.plan(PlannedResponse(item_failures={newer.message_id: (400, "refused")}))
        left = chain([900.0, 900.0], repeat(1.0))
        assert destination.record([older, newer], time_left=lambda: next(left)) == {
            older.message_id: Retry("out_of_time"),
            newer.message_id: DeadLetter("customer_profiles_400"),
        }

    def test_the_longest_endpoint_id_event_type_and_event_id_are_recorded(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        event = make_event(endpoint_id="x" * 255, event_type="y" * 255, event_id="z" * 255)
        assert outcomes_of(destination, event) == [Recorded()]
        assert profiles.has(event)

    def test_exceeding_a_limit_costs_the_attribute_and_not_the_event(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        event = make_event(
            attributes={"currency": "x" * 256},
            user_attributes={"plan": "x" * 256, "city": "Oslo", "unknown": "x"},
        )
        dropped: dict[str, int] = {
            LimitReason.ATTRIBUTE_VALUE_TOO_LONG: 1,
            LimitReason.USER_ATTRIBUTE_VALUE_TOO_LONG: 1,
            LimitReason.USER_ATTRIBUTE_UNDECLARED: 1,
        }
        assert outcomes_of(destination, event) == [Recorded(dropped=dropped, profile_updates=1)]
        assert profiles.has(event)

    def test_an_event_that_exceeds_a_limit_is_dead_lettered_without_a_request(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        refused = make_event(attributes={"item": "x" * 256_000})
        assert outcomes_of(destination, refused) == [DeadLetter("customer_profiles_object_too_large")]
        assert profiles.sizes == []

    def test_an_event_that_is_dead_lettered_leaves_the_others_alone(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        events = [make_event(attributes={"item": "x" * 256_000}), *(make_event() for _ in range(10))]
        outcomes = outcomes_of(destination, *events)
        assert outcomes == [DeadLetter("customer_profiles_object_too_large"), *[Recorded()] * 10]
        assert profiles.sizes == [10]

    def test_an_empty_batch_makes_no_request(
        self, profiles: Profiles, destination: CustomerProfilesDestination
    ) -> None:
        assert outcomes_of(destination) == []
        assert profiles.sizes == []


class TestOrderAndConcurrency:
    def test_events_of_each_endpoint_arrive_in_their_order(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        # The first requests are the slowest: without waiting, later ones would overtake them.
        profiles.plan(*(PlannedResponse(delay_seconds=0.2 - step * 0.01) for step in range(20)))
        events = [make_event(endpoint_id=f"e{number % 4}") for number in range(220)]
        outcomes_of(destination, *reversed(events))
        arrived: dict[str, list[str]] = {}
        for recorded in profiles.recorder.events():
            arrived.setdefault(recorded.endpoint_id, []).append(recorded.event_id)
        assert arrived == {
            f"e{number}": [event.event_id for event in events[number::4]] for number in range(4)
        }

    def test_a_failed_object_is_sent_again_before_its_endpoints_next_one(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        events = [make_event() for _ in range(20)]
        last_of_first = events[9].message_id
        profiles.plan(PlannedResponse(item_failures={last_of_first: (500, "failed")}))
        assert outcomes_of(destination, *events) == [Recorded()] * 20
        assert profiles.sizes == [10, 1, 10]
        assert [one.event_id for one in profiles.recorder.events()] == [event.event_id for event in events]

    def test_as_many_requests_as_the_pool_allows_are_under_way_at_once_and_no_more(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        profiles.hold_until_at_once(CONCURRENT_REQUESTS)
        profiles.plan(*[PlannedResponse(delay_seconds=0.1)] * 24)
        events = [make_event(endpoint_id=f"e{number}") for number in range(240)]
        assert outcomes_of(destination, *events) == [Recorded()] * 240
        assert profiles.most_at_once == CONCURRENT_REQUESTS

    def test_requests_that_share_an_endpoint_are_never_under_way_at_once(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        profiles.plan(*[PlannedResponse(delay_seconds=0.05)] * 4)
        # Each request but the last ends with an event of the endpoint that the next one begins with.
        events = [make_event(endpoint_id=f"e{(number + 5) // 10}") for number in range(40)]
        outcomes_of(destination, *events)
        assert profiles.sizes == [10] * 4
        assert profiles.most_at_once == 1

    def test_every_request_has_its_turn_within_the_quota(
        self, profiles: Profiles, make_event: Callable[..., Event]
    ) -> None:
        waits: list[float] = []
        destination = destination_of(rate_limiter=RateLimiter(10, clock=lambda: 0.0, sleep=waits.append))
        profiles.plan(PlannedResponse(status=429))
        for _ in range(2):  # the quota is shared by all batches
            outcomes_of(destination, *(make_event(endpoint_id=f"e{number}") for number in range(100)))
        assert len(profiles.sizes) == 21
        assert sorted(waits) == pytest.approx([turn / 10 for turn in range(1, 21)])


class TestTheResultOfAnObject:
    @pytest.mark.parametrize(
        ("code", "message", "outcome"),
        [
            (429, "slow down", Retry("customer_profiles_429")),
            (500, "failed", Retry("customer_profiles_500")),
            (503, "failed", Retry("customer_profiles_503")),
            (400, CONCURRENT_UPDATE, Retry("customer_profiles_concurrent_update")),
        ],
    )
    def test_a_transient_failure_is_sent_three_times_and_then_retried(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        code: int,
        message: str,
        outcome: Outcome,
    ) -> None:
        events = [make_event() for _ in range(3)]
        id_ = events[1].message_id
        profiles.plan(*[PlannedResponse(item_failures={id_: (code, message)})] * 3)
        assert outcomes_of(destination, *events) == [Recorded(), outcome, Recorded()]
        assert profiles.sent_ids == [[event.message_id for event in events], [id_], [id_]]
        assert not profiles.has(events[1])

    @pytest.mark.parametrize(("code", "message"), [(400, "the object is not JSON"), (405, CONCURRENT_UPDATE)])
    def test_permanent_failures_are_dead_lettered_at_once(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        code: int,
        message: str,
    ) -> None:
        events = [make_event() for _ in range(3)]
        profiles.plan(PlannedResponse(item_failures={events[1].message_id: (code, message)}))
        refused = DeadLetter(f"customer_profiles_{code}")
        assert outcomes_of(destination, *events) == [Recorded(), refused, Recorded()]
        assert len(profiles.sizes) == 1

    @pytest.mark.parametrize(("code", "message"), [(403, CONCURRENT_UPDATE), (404, "not found")])
    def test_a_destination_that_is_not_set_up_is_not_retried_at_once(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        code: int,
        message: str,
    ) -> None:
        events = [make_event() for _ in range(3)]
        profiles.plan(PlannedResponse(item_failures={events[1].message_id: (code, message)}))
        waits = Retry(f"customer_profiles_{code}", not_set_up=True)
        assert outcomes_of(destination, *events) == [Recorded(), waits, Recorded()]
        assert len(profiles.sizes) == 1

    def test_a_concurrent_update_ends_and_the_object_is_recorded(
        self, profiles: Profiles, make_event: Callable[..., Event]
    ) -> None:
        event, longest, waits = make_event(user_attributes={"plan": "gold"}), [], []

        def half(seconds: float) -> float:
            longest.append(seconds)
            return seconds / 2

        profiles.plan(*[PlannedResponse(item_failures={event.message_id: (400, CONCURRENT_UPDATE)})] * 2)
        destination = destination_of(sleep=waits.append, jitter=half)
        assert outcomes_of(destination, event) == [Recorded(profile_updates=1)]
        assert (longest, waits) == ([0.5, 1.0], [0.25, 0.5])
        assert profiles.has(event)

    def test_an_object_that_the_response_leaves_out_is_sent_again(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        events = [make_event(), make_event()]
        profiles.plan(PlannedResponse(items_left_out=[events[0].message_id]))
        assert outcomes_of(destination, *events) == [Recorded(), Recorded()]
        assert profiles.sent_ids[1:] == [[events[0].message_id]]
        assert [stored.puts for stored in profiles.fake.objects("e1")] == [2, 1]

    def test_an_object_that_every_response_leaves_out_is_retried(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        event = make_event()
        profiles.plan(*[PlannedResponse(items_left_out=[event.message_id])] * 3)
        assert outcomes_of(destination, event) == [Retry("customer_profiles_no_response")]

    def test_an_object_keeps_the_newest_of_its_failures(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        event = make_event()
        failures = [(500, "failed"), (429, "slow down"), (400, "not JSON")]
        profiles.plan(*(PlannedResponse(item_failures={event.message_id: failure}) for failure in failures))
        assert outcomes_of(destination, event) == [DeadLetter("customer_profiles_400")]


class TestTheResultOfARequest:
    @pytest.mark.parametrize(
        ("status", "message", "reason"),
        [
            (429, "slow down", "customer_profiles_429"),
            (500, "failed", "customer_profiles_500"),
            (503, "failed", "customer_profiles_503"),
            (400, CONCURRENT_UPDATE, "customer_profiles_concurrent_update"),
        ],
    )
    def test_a_request_that_may_succeed_later_is_sent_three_times_and_then_retried(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        status: int,
        message: str,
        reason: str,
    ) -> None:
        profiles.plan(*[PlannedResponse(status=status, message=message)] * 3)
        events = [make_event() for _ in range(15)]
        assert outcomes_of(destination, *events) == [Retry(reason)] * 10 + [Recorded()] * 5
        assert profiles.sizes == [10, 10, 10, 5]

    @pytest.mark.parametrize(("status", "message"), [(500, "failed"), (400, CONCURRENT_UPDATE)])
    def test_a_request_that_succeeds_the_next_time_is_recorded(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        status: int,
        message: str,
    ) -> None:
        profiles.plan(PlannedResponse(status=status, message=message))
        assert outcomes_of(destination, *(make_event() for _ in range(10))) == [Recorded()] * 10
        assert profiles.sizes == [10, 10]

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            (401, Retry("customer_profiles_401", not_set_up=True)),
            (403, Retry("customer_profiles_403", not_set_up=True)),
            (404, Retry("customer_profiles_404", not_set_up=True)),
            (405, DeadLetter("customer_profiles_405")),
        ],
    )
    def test_a_request_that_is_refused_as_a_whole_is_not_repeated_at_once(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        status: int,
        outcome: Outcome,
    ) -> None:
        profiles.plan(PlannedResponse(status=status, message=CONCURRENT_UPDATE))
        events = [make_event(), make_event()]
        assert outcomes_of(destination, *events) == [outcome] * 2
        assert profiles.sizes == [2]

    @pytest.mark.parametrize("unknown", ["domain", "object_type"])
    def test_events_wait_for_a_domain_or_object_type_that_is_not_there(
        self, profiles: Profiles, make_event: Callable[..., Event], unknown: str
    ) -> None:
        parts: dict[str, Any] = {unknown: "unknown"}
        destination = destination_of(**parts)
        waits = Retry("customer_profiles_404", not_set_up=True)
        assert outcomes_of(destination, make_event()) == [waits]
        assert profiles.sizes == [1]

    @pytest.mark.parametrize("status", [400, 413])
    def test_a_request_that_is_too_large_is_halved(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        status: int,
    ) -> None:
        profiles.plan(PlannedResponse(status=status))
        events = [make_event() for _ in range(5)]
        assert outcomes_of(destination, *events) == [Recorded()] * 5
        assert profiles.sizes == [5, 2, 3]
        assert [one.event_id for one in profiles.recorder.events()] == [event.event_id for event in events]

    @pytest.mark.parametrize("status", [400, 413])
    def test_only_the_event_that_is_too_large_is_dead_lettered(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        status: int,
    ) -> None:
        profiles.plan(*[PlannedResponse(status=status)] * 3)  # all four, the first two, the first
        outcomes = outcomes_of(destination, *(make_event() for _ in range(4)))
        assert outcomes == [DeadLetter(f"customer_profiles_{status}"), *[Recorded()] * 3]

    def test_only_the_rest_of_a_request_is_divided(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        events = [make_event() for _ in range(4)]
        failing = {event.message_id: (500, "failed") for event in events[:2]}
        profiles.plan(PlannedResponse(item_failures=failing), PlannedResponse(status=400))
        assert outcomes_of(destination, *events) == [Recorded()] * 4
        assert profiles.sizes == [4, 2, 1, 1]

    @pytest.mark.usefixtures("late")
    def test_a_slow_response_is_given_up_and_retried(
        self, profiles: Profiles, make_event: Callable[..., Event]
    ) -> None:
        profiles.plan(*[PlannedResponse(delay_seconds=1.0)] * 3)
        destination = destination_of(read_seconds=0.2)
        assert outcomes_of(destination, make_event()) == [Retry("customer_profiles_no_response")]

    def test_a_service_that_cannot_be_reached_is_tried_again_later(
        self,
        profiles: Profiles,
        aws_environment: pytest.MonkeyPatch,
        make_event: Callable[..., Event],
    ) -> None:
        aws_environment.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", NOBODY)
        unreachable = Retry("customer_profiles_unreachable", not_set_up=True)
        assert outcomes_of(destination_of(), make_event()) == [unreachable]
        assert profiles.sizes == []

    def test_a_client_that_cannot_be_made_is_tried_again_later(
        self,
        profiles: Profiles,
        aws_environment: pytest.MonkeyPatch,
        make_event: Callable[..., Event],
    ) -> None:
        aws_environment.delenv("AWS_DEFAULT_REGION")
        refused = make_event(attributes={"item": "x" * 256_000})
        assert outcomes_of(destination_of(), make_event(), refused) == [
            Retry("customer_profiles_no_credentials", not_set_up=True),
            DeadLetter("customer_profiles_object_too_large"),
        ]
        assert profiles.sizes == []

    @pytest.mark.parametrize("failure", ["request", "object"])
    def test_nothing_of_the_services_text_is_logged(
        self,
        profiles: Profiles,
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        failure: str,
    ) -> None:
        caplog.set_level(logging.INFO)
        event = make_event(endpoint_id="jane@example.com")
        for message in (CONCURRENT_UPDATE, "jane@example.com is not valid"):
            profiles.plan(
                PlannedResponse(status=400, message=message)
                if failure == "request"
                else PlannedResponse(item_failures={event.message_id: (400, message)})
            )
        (outcome,) = outcomes_of(destination, event)
        assert outcome == DeadLetter("customer_profiles_400")
        assert "jane" not in repr(outcome) + caplog.text + "".join(capfd.readouterr())


class TestAResponseThatSaysTooLittle:
    """Of two objects, m1 and m2. A server of three lines, because the fake responds as AWS documents."""

    @pytest.fixture
    def planned(self, profiles: Profiles) -> dict[str, Any]:
        planned: dict[str, Any] = {"status": 200, "body": b""}

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            Request(environ).get_data()
            response = Response(planned["body"], status=planned["status"], content_type="application/json")
            return response(environ, start_response)

        profiles.application = serve
        return planned

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"null",
            b"[]",
            b"{}",
            b"\xff",
            b'{"Successful": null, "Failed": null}',
            b'{"Successful": [null, {}], "Failed": [null, {}]}',
            b'{"Successful": 5}',
            b'{"Successful": [{"Id": ["m1"]}, {"Id": 1}, {"Id": "m3"}]}',
            b'{"Successful": ["m1", "m2"]}',
            b'{"Failed": [{"Id": "m1"}, {"Id": "m2", "Code": null}]}',
            b'{"Failed": [{"Id": "m1", "Code": "x"}, {"Id": "m2", "Code": []}]}',
        ],
    )
    @pytest.mark.parametrize("status", [200, 201])
    def test_records_nothing(
        self,
        planned: dict[str, Any],
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
        status: int,
        body: bytes,
    ) -> None:
        planned.update(status=status, body=body)
        events = [make_event(message_id=message_id) for message_id in ("m1", "m2")]
        assert outcomes_of(destination, *events) == [Retry("customer_profiles_no_response")] * 2

    def test_records_no_object_that_is_also_among_the_failed(
        self,
        planned: dict[str, Any],
        destination: CustomerProfilesDestination,
        make_event: Callable[..., Event],
    ) -> None:
        planned["body"] = json.dumps(
            {"Successful": [{"Id": "m1"}, {"Id": "m2"}], "Failed": [{"Id": "m1", "Code": 400, "Message": 5}]}
        ).encode()
        events = [make_event(message_id=message_id) for message_id in ("m1", "m2")]
        assert outcomes_of(destination, *events) == [DeadLetter("customer_profiles_400"), Recorded()]


class TestTimeThatIsLeft:
    def test_no_request_goes_out_that_might_outlive_the_function(
        self, profiles: Profiles, destination: CustomerProfilesDestination, make_event: Callable[..., Event]
    ) -> None:
        event = make_event()
        assert destination.record([event], time_left=lambda: 4.9) == {event.message_id: Retry("out_of_time")}
        assert profiles.sizes == []
        assert destination.record([event], time_left=lambda: 5.0) == {event.message_id: Recorded()}

    def test_events_for_which_the_quota_leaves_no_time_are_retried(
        self, profiles: Profiles, make_event: Callable[..., Event]
    ) -> None:
        destination = destination_of(rate_limiter=RateLimiter(1, clock=lambda: 0.0, sleep=no_wait))
        events = [make_event(endpoint_id=f"e{number}") for number in range(50)]
        outcomes = destination.record(events, time_left=lambda: 6.0)
        # One request at once, one a second later; the third would have to end two seconds too late.
        assert sorted(map(repr, outcomes.values())) == [
            *[repr(Recorded())] * 20,
            *[repr(Retry("out_of_time"))] * 30,
        ]
        assert profiles.sizes == [10, 10]

    def test_the_events_after_the_last_request_in_time_are_retried(
        self, profiles: Profiles, make_event: Callable[..., Event]
    ) -> None:
        left = [6.0]

        def take_two_seconds(_: float) -> None:
            left[0] -= 2.0

        limiter = RateLimiter(1, clock=lambda: 0.0, sleep=take_two_seconds)
        events = [make_event() for _ in range(20)]
        # The wait for the second request takes longer than planned.
        outcomes = destination_of(rate_limiter=limiter).record(events, time_left=lambda: left[0])
        assert list(outcomes.values()) == [Recorded()] * 10 + [Retry("out_of_time")] * 10
        assert profiles.sizes == [10]

    def test_no_wait_before_a_repetition_outlives_the_function(
        self, profiles: Profiles, make_event: Callable[..., Event]
    ) -> None:
        waits: list[float] = []
        destination = destination_of(sleep=waits.append, jitter=lambda longest: longest)
        profiles.plan(PlannedResponse(status=503))
        event = make_event()
        outcomes = destination.record([event], time_left=lambda: 5.4)
        assert outcomes == {event.message_id: Retry("customer_profiles_503")}
        assert waits == []
        assert profiles.sizes == [1]


class TestTheEnvironment:
    def test_says_where_events_go(self, profiles: Profiles, make_event: Callable[..., Event]) -> None:
        event = make_event(
            attributes={"currency": "x" * 256}, user_attributes={"plan": "gold", "unknown": "x"}
        )
        outcomes = make_destination("customer-profiles", VARIABLES).record([event], time_left=plenty)
        dropped: dict[str, int] = {
            LimitReason.ATTRIBUTE_VALUE_TOO_LONG: 1,
            LimitReason.USER_ATTRIBUTE_UNDECLARED: 1,
        }
        assert outcomes == {event.message_id: Recorded(dropped=dropped, profile_updates=1)}
        assert profiles.has(event)

    def test_the_destination_recognizes_a_concurrent_update(
        self, profiles: Profiles, make_event: Callable[..., Event]
    ) -> None:
        event = make_event()
        profiles.plan(PlannedResponse(status=400, message=CONCURRENT_UPDATE))
        outcomes = make_destination("customer-profiles", VARIABLES).record([event], time_left=plenty)
        assert outcomes == {event.message_id: Recorded()}

    @pytest.mark.usefixtures("aws_environment")
    @pytest.mark.parametrize("variable", VARIABLES)
    def test_a_missing_variable_is_named(self, variable: str) -> None:
        variables = {name: value for name, value in VARIABLES.items() if name != variable}
        with pytest.raises(InvalidEnvironmentError, match=rf"^{variable} is not set"):
            make_destination("customer-profiles", variables)


MESSAGES = st.sampled_from([CONCURRENT_UPDATE, "failed"])
ITEM_CODES = st.sampled_from([200, 400, 403, 404, 429, 500, 503])


@st.composite
def planned_responses(draw: st.DrawFn) -> PlannedResponse:
    """A fault of the whole request, or of some of a batch's 30 messages, or none."""
    ids = st.sampled_from([f"m{number}" for number in range(30)])
    failures: Mapping[str, tuple[int, str]] = draw(
        st.dictionaries(ids, st.tuples(ITEM_CODES, MESSAGES), max_size=10)
    )
    return PlannedResponse(
        status=draw(st.one_of(st.none(), st.sampled_from([400, 403, 404, 413, 429, 500, 503]))),
        message=draw(MESSAGES),
        item_failures=failures,
        items_left_out=draw(st.sets(ids, max_size=5)),
        last_item_first=draw(st.booleans()),
        # Sometimes longer than the client waits.
        delay_seconds=draw(st.sampled_from([0.0] * 40 + [0.4])),
    )


@settings(
    max_examples=40,
    # The test itself renews what the examples share.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    endpoints=st.lists(st.integers(0, 5), min_size=1, max_size=30),
    responses=st.lists(planned_responses(), max_size=12),
    seconds=st.sampled_from([900.0, 3.0, 1.5]),
)
def test_whatever_fails_every_event_has_one_outcome_and_what_is_recorded_is_there(
    profiles: Profiles,
    make_event: Callable[..., Event],
    endpoints: list[int],
    responses: list[PlannedResponse],
    seconds: float,
) -> None:
    profiles.renew()
    profiles.plan(*responses)
    asked = count()
    destination = destination_of(read_seconds=0.2, jitter=lambda _: 0.0)
    events = [
        make_event(message_id=f"m{number}", endpoint_id=f"e{endpoint}", user_attributes={"plan": str(number)})
        for number, endpoint in enumerate(endpoints)
    ]
    # Each look at the clock takes 0.1 s; a call may take 1.2 s.
    outcomes = destination.record(events, time_left=lambda: seconds - next(asked) / 10)
    assert outcomes.keys() == {event.message_id for event in events}
    recorded = [event for event in events if isinstance(outcomes[event.message_id], Recorded)]
    assert [event for event in recorded if not profiles.has(event)] == []
    reasons = {outcome.reason for outcome in outcomes.values() if not isinstance(outcome, Recorded)}
    assert all(re.fullmatch("out_of_time|customer_profiles_[a-z0-9_]+", reason) for reason in reasons)
