"""The rules for a batch as properties, under any mix of outcomes and through all retries.

The processor is the real one, on a queue in simulated time; the destinations do what is drawn for them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.aws_calls import CallError
from handler.delivery.retry_schedule import RetrySchedule
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.events import Event
from handler.message_queue import CONCURRENT_REQUESTS
from tests.handler.simulated_queue import START_MS, Clock, SimulatedQueue, make_processor, process

RETRY_HOURS = 1
OUTCOMES = st.lists(st.sampled_from(["take", "take", "retry", "retry", "refuse"]), max_size=60)
ENDPOINTS, VALUES = st.integers(0, 1), st.none() | st.sampled_from("abc")


@dataclass(slots=True)
class Service:
    """A destination with or without profiles. Has the drawn outcomes, then records everything."""

    planned: Iterator[str]
    keeps_profiles: bool
    recorded: Counter[str] = field(default_factory=Counter[str])
    refused: set[str] = field(default_factory=set[str])
    # By endpoint and attribute: the event that wrote it last.
    written_by: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    received_ms: dict[str, int] = field(default_factory=dict[str, int])

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        assert time_left() > 0
        return {
            event.message_id: self._record(event) for event in sorted(events, key=lambda e: e.received_ms)
        }

    def _record(self, event: Event) -> Outcome:
        assert self.received_ms.setdefault(event.event_id, event.received_ms) == event.received_ms
        match next(self.planned, "take"):
            case "retry":
                return Retry("service_503")
            # An event that was dead-lettered once always is, and one that was recorded never is.
            case "refuse" if not self.recorded[event.event_id]:
                self.refused.add(event.event_id)
                return DeadLetter("service_400")
            case _ if event.event_id in self.refused:
                return DeadLetter("service_400")
            case _:
                self.recorded[event.event_id] += 1
        if not self.keeps_profiles:
            return Recorded()
        for name in event.user_attributes:
            self.written_by[event.endpoint_id, name] = event.event_id
        return Recorded(profile_updates=len(event.user_attributes))


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """The final state, when no message is waiting."""

    services: Mapping[str, Service]
    # Events in the order of the gateway, and the user attributes that each sets.
    events: Mapping[str, set[tuple[str, str]]]
    # By event: the destinations of each of its dead letters.
    kept: Mapping[str, Sequence[set[str]]]
    most_tries: int


def live_through(
    messages: Sequence[tuple[int, str | None, str | None]],
    plans: Mapping[str, Sequence[str]],
    *,
    queue_works: Sequence[bool] = (),
    dead_letters_work: Sequence[bool] = (),
) -> Outcomes:
    """Deliver one batch, then all messages that are due together, until none is left."""
    clock = Clock()
    queue, dead_letters = SimulatedQueue(clock), SimulatedQueue(clock)
    services = {
        "pinpoint": Service(iter(plans["pinpoint"]), keeps_profiles=True),
        "firehose": Service(iter(plans["firehose"]), keeps_profiles=False),
    }
    processor = make_processor(services, queue, dead_letters, retry_hours=RETRY_HOURS)
    events: dict[str, set[tuple[str, str]]] = {}
    for number, (endpoint, plan, city) in enumerate(messages):
        values = {"plan": plan, "city": city}
        updates = {(f"e{endpoint}", name) for name, value in values.items() if value}
        parameters = "".join(f"&usat_{name}={value}" for name, value in values.items() if value)
        attributes = {"request_time": str(START_MS + number)}
        events[queue.send(f"event=purchase&endpoint_id=e{endpoint}{parameters}", attributes)] = updates
    works, keeps = iter(queue_works), iter(dead_letters_work)
    most_tries = 0
    while queue.next_due is not None:
        clock.now = max(clock.now, queue.next_due)
        records = queue.receive(1_000)
        queue.works, dead_letters.works = next(works, True), next(keeps, True)
        left = process(processor, records)
        for record in records:
            if record["messageId"] in left:
                queue.hide_again(record)
            attempt = record["messageAttributes"].get("attempt", {"stringValue": "0"})
            most_tries = max(most_tries, int(attempt["stringValue"]))
        assert clock.now < 24 * 3600, "it does not come to an end"
    return Outcomes(
        services=services, events=events, kept=letters_by_event(dead_letters), most_tries=most_tries
    )


def letters_by_event(dead_letters: SimulatedQueue) -> dict[str, list[set[str]]]:
    kept: dict[str, list[set[str]]] = {}
    for record in dead_letters.messages():
        attributes = {name: value["stringValue"] for name, value in record["messageAttributes"].items()}
        assert attributes["dead_letter_reason"]
        kept.setdefault(attributes["original_message_id"], []).append(set(attributes["pending"].split(",")))
    return kept


BATCHES = st.lists(st.tuples(ENDPOINTS, VALUES, VALUES), min_size=1, max_size=8)
PLANS = st.fixed_dictionaries({"pinpoint": OUTCOMES, "firehose": OUTCOMES})


@settings(max_examples=80)
@given(messages=BATCHES, plans=PLANS)
def test_each_destination_has_each_event_once_or_one_dead_letter_keeps_it(
    messages: list[tuple[int, str | None, str | None]], plans: dict[str, list[str]]
) -> None:
    end = live_through(messages, plans)

    for event, updates in end.events.items():
        for name, service in end.services.items():
            letters = sum(name in pending for pending in end.kept.get(event, []))
            times = service.recorded[event]
            if service.keeps_profiles and updates:
                # It may have been recorded once more, after an older update.
                assert times + letters >= 1
            else:
                assert times + letters == 1
    assert end.most_tries <= RetrySchedule.lasting(RETRY_HOURS).retries


# Fewer failures than it takes to dead-letter a message that is left in the queue each time.
SOMETIMES_WORKING = st.lists(st.booleans(), max_size=4)


@settings(max_examples=80)
@given(messages=BATCHES, plans=PLANS, queue_works=SOMETIMES_WORKING)
@example(  # the other destination's retry brings the older one again
    messages=[(0, "a", None), (0, "b", None)],
    plans={"pinpoint": [], "firehose": ["retry"]},
    queue_works=[False],
)
def test_a_profile_keeps_the_newest_value_that_the_destination_has_taken(
    messages: list[tuple[int, str | None, str | None]],
    plans: dict[str, list[str]],
    queue_works: list[bool],
) -> None:
    end = live_through(messages, plans, queue_works=queue_works)

    service = end.services["pinpoint"]
    newest = {
        update: event
        for event, updates in end.events.items()
        if service.recorded[event]
        for update in updates
    }
    assert service.written_by == newest


WORKING = st.lists(st.booleans(), max_size=12)


@settings(max_examples=80)
@given(messages=BATCHES, plans=PLANS, queue_works=WORKING, dead_letters_work=WORKING)
def test_nothing_is_lost_whichever_queue_fails(
    messages: list[tuple[int, str | None, str | None]],
    plans: dict[str, list[str]],
    queue_works: list[bool],
    dead_letters_work: list[bool],
) -> None:
    end = live_through(messages, plans, queue_works=queue_works, dead_letters_work=dead_letters_work)

    for event in end.events:
        for name, service in end.services.items():
            kept = any(name in pending for pending in end.kept.get(event, []))
            assert service.recorded[event] or kept


@settings(max_examples=50)
@given(
    pending=st.lists(
        st.sampled_from(["pinpoint", "firehose", "pinpoint,firehose", ""]), min_size=2, max_size=4
    ),
    plans=PLANS,
)
def test_of_messages_that_are_one_event_each_destination_gets_one(
    pending: list[str], plans: dict[str, list[str]]
) -> None:
    """Copies of it, and the sender's repetitions, in whatever state."""
    clock = Clock()
    queue, dead_letters = SimulatedQueue(clock), SimulatedQueue(clock)
    services = {
        "pinpoint": Service(iter(plans["pinpoint"]), keeps_profiles=True),
        "firehose": Service(iter(plans["firehose"]), keeps_profiles=False),
    }
    processor = make_processor(services, queue, dead_letters, retry_hours=RETRY_HOURS)
    for number, names in enumerate(pending):
        attributes: dict[str, Any] = {"request_time": str(START_MS + number)}
        queue.send(
            "event=purchase&endpoint_id=e1&event_id=same",
            {**attributes, **({"pending": names} if names else {})},
        )
    wanted = {name for name in services if any(not names or name in names for names in pending)}
    services_seen: dict[str, int] = {}
    while queue.next_due is not None:
        clock.now = max(clock.now, queue.next_due)
        # A copy keeps the time of the first message, which differs by destination.
        for service in services.values():
            service.received_ms.clear()
        assert process(processor, queue.receive(1_000)) == set()
    letters = letters_by_event(dead_letters)
    for name, service in services.items():
        kept = sum(name in one for of_event in letters.values() for one in of_event)
        services_seen[name] = service.recorded["same"] + kept
    assert services_seen == {name: int(name in wanted) for name in services}


class Unresponsive(SimulatedQueue):
    """A queue whose every request times out; eight run at a time."""

    def call(self, operation: str, **_: Any) -> Any:
        assert operation == "send_message_batch"
        with _counting_time:
            self.clock.now += self.limits.worst_case_seconds / CONCURRENT_REQUESTS
        raise CallError(None)


_counting_time = Lock()


@pytest.mark.parametrize("plan", [["retry", "refuse"] * 500, ["refuse"] * 1_000])
def test_a_dead_letter_queue_that_does_not_respond_leaves_time_for_the_copies(plan: list[str]) -> None:
    clock = Clock()
    queue = SimulatedQueue(clock)
    services = {"firehose": Service(iter(plan), keeps_profiles=False)}
    processor = make_processor(services, queue, Unresponsive(clock))
    for number in range(len(plan)):
        queue.send(f"event=purchase&endpoint_id=e{number}")

    left = process(processor, queue.receive(1_000), time_left=lambda: 40.0 - clock.now)

    assert left == set()
    assert len(queue.messages()) == 1_000
    assert clock.now < 40
