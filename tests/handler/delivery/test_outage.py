"""Two hours without one of two destinations, at up to 500 events a second, in simulated time."""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import pytest

from handler.destinations import Outcome, Recorded, Retry
from handler.events import Event
from handler.processor import EventProcessor
from tests.handler.simulated_queue import Clock, SimulatedQueue, make_processor, process

OUTAGE_SECONDS = 2 * 3600.0
BATCH_SIZE, BATCH_WINDOW_SECONDS, CONCURRENCY = 100, 1.0, 5  # the defaults
# Duration of an invocation, if a destination fails three times and if none fails.
FAILING_SECONDS, WORKING_SECONDS = 1.5, 0.2


@dataclass(slots=True)
class Service:
    """A destination that responds 503 until `well_at`, and records its events with their times."""

    clock: Clock
    well_at: float = 0.0
    failures: int = 0  # calls
    recorded: Counter[str] = field(default_factory=Counter[str])
    recorded_at: dict[str, float] = field(default_factory=dict[str, float])
    # By event: seconds from its request to each try.
    tries: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    @property
    def is_well(self) -> bool:
        return self.clock.now >= self.well_at

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        assert time_left() > 0
        for event in events:
            age = self.clock.now - float(event.attributes["sent"])
            self.tries.setdefault(event.event_id, []).append(age)
            if self.is_well:
                self.recorded[event.event_id] += 1
                self.recorded_at[event.event_id] = self.clock.now
        self.failures += not self.is_well
        outcome = Recorded() if self.is_well else Retry("service_503")
        return dict.fromkeys((event.message_id for event in events), outcome)


class Simulation:
    """A queue, five copies of its function, and requests at given seconds."""

    def __init__(self, requests: Sequence[float]) -> None:
        self.clock = Clock()
        self.queue, self.dead_letters = SimulatedQueue(self.clock), SimulatedQueue(self.clock)
        self.healthy = Service(self.clock)
        self.failing = Service(self.clock, well_at=OUTAGE_SECONDS)
        self.requests = sorted(requests)
        # By event: when the function received its message, and then each copy.
        self.deliveries: dict[str, list[float]] = {}
        choose_delay = Random(1).randint  # noqa: S311 - the same each time
        # One for each copy of the function.
        self.idle: list[EventProcessor] = [
            make_processor(
                {"firehose": self.healthy, "customer-profiles": self.failing},
                self.queue,
                self.dead_letters,
                choose_delay=choose_delay,
            )
            for _ in range(CONCURRENCY)
        ]

    def run(self) -> None:
        requests = list(reversed(self.requests))
        # The end of the invocation, a number to break ties, the processor, the number of messages.
        working: list[tuple[float, int, EventProcessor, int]] = []
        numbers = count()
        while requests or working or self.queue.next_due is not None:
            while working and working[0][0] <= self.clock.now:
                _, _, processor, messages = heapq.heappop(working)
                self.queue.in_flight -= messages
                self.idle.append(processor)
            while requests and requests[-1] <= self.clock.now:
                sent = requests.pop()
                self.queue.send(f"event=purchase&endpoint_id=e{sent}&evat_sent={sent}&usat_plan=gold")
            while self.idle and (records := self.queue.receive(BATCH_SIZE)):
                processor = self.idle.pop(0)
                until = self.clock.now + self._invoke(processor, records)
                heapq.heappush(working, (until, next(numbers), processor, len(records)))
            self._advance(requests, working[0][0] if working else None)

    def _invoke(self, processor: EventProcessor, records: Sequence[Mapping[str, Any]]) -> float:
        for record in records:
            attributes = {name: value["stringValue"] for name, value in record["messageAttributes"].items()}
            original = attributes.get("original_message_id", record["messageId"])
            self.deliveries.setdefault(original, []).append(self.clock.now)
        failures = self.failing.failures
        assert process(processor, records) == set()
        return FAILING_SECONDS if self.failing.failures > failures else WORKING_SECONDS

    def _advance(self, requests: Sequence[float], next_idle: float | None) -> None:
        """Advance the clock to the next event. Messages wait for their batch to fill."""
        moments = [requests[-1]] if requests else []
        moments += [] if next_idle is None else [next_idle]
        if self.idle and self.queue.next_due is not None:
            moments.append(max(self.queue.next_due, self.clock.now) + BATCH_WINDOW_SECONDS)
        if moments:
            self.clock.now = max(self.clock.now, min(moments))


@pytest.fixture(scope="module")
def outage() -> Simulation:
    at_full_speed = [number / 500 for number in range(1_000)]
    all_the_time = [10.0 + 90 * number for number in range(100)]  # half an hour longer than the outage
    simulation = Simulation(at_full_speed + all_the_time)
    simulation.run()
    return simulation


def test_it_dead_letters_nothing(outage: Simulation) -> None:
    assert outage.dead_letters.messages() == []


def test_each_destination_has_each_event_once(outage: Simulation) -> None:
    events = len(outage.requests)

    for service in (outage.healthy, outage.failing):
        assert Counter(service.recorded.values()) == {1: events}


def test_the_healthy_destination_has_it_within_seconds_and_is_asked_once(outage: Simulation) -> None:
    assert {len(tries) for tries in outage.healthy.tries.values()} == {1}
    assert max(age for (age,) in outage.healthy.tries.values()) < 10


def test_the_first_retry_comes_within_ten_seconds_of_the_failure(outage: Simulation) -> None:
    retried = [times for times in outage.deliveries.values() if len(times) > 1]
    waits = [second - first for first, second, *_ in retried]

    assert len(waits) > 1_000
    assert max(waits) < 10


def test_the_failing_one_has_all_within_a_quarter_of_an_hour_after_it_is_well(outage: Simulation) -> None:
    waited = [outage.failing.recorded_at[id_] for id_, times in outage.deliveries.items() if len(times) > 1]

    assert min(waited) >= OUTAGE_SECONDS
    assert max(waited) < OUTAGE_SECONDS + 15 * 60 + 10


def test_no_message_is_in_flight_but_those_in_work(outage: Simulation) -> None:
    assert outage.queue.most_in_flight <= CONCURRENCY * BATCH_SIZE
