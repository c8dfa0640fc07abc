"""Which items are sent again, how often and when, and which are left for later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from handler.aws_calls import CallError, CallLimits
from handler.delivery.rate_limiter import RateLimiter
from handler.delivery.sending import RequestSender, jitter
from handler.destinations import DeadLetter, Outcome, Recorded, Retry

# A call takes five seconds at most.
SERVICE: Any = SimpleNamespace(limits=CallLimits(connect_seconds=1, read_seconds=4, attempts=1))
BUSY = CallError(503)


@dataclass(frozen=True)
class Letter:
    message_id: str


class Bus:
    """Accepts everything except what its plan says. Each request is one step of the plan."""

    def __init__(self, *plan: CallError | Mapping[str, Outcome]) -> None:
        self.requests: list[str] = []
        self._plan = list(plan)

    def put(self, items: Sequence[Letter]) -> dict[str, Outcome]:
        ids = "".join(item.message_id for item in items)
        self.requests.append(ids)
        step = self._plan.pop(0) if self._plan else {}
        if isinstance(step, CallError):
            raise step
        return {**dict.fromkeys(ids, Recorded()), **step}


def sender_to(bus: Bus, **parts: Any) -> RequestSender[Letter]:
    return RequestSender(bus.put, name="bus", service=SERVICE, **{"sleep": lambda _: None, **parts})


def letters(ids: str) -> list[Letter]:
    return [Letter(id_) for id_ in ids]


def outcomes_of(sender: RequestSender[Letter], *requests: str, seconds: float = 900.0) -> dict[str, Outcome]:
    return sender.send([[letters(ids) for ids in requests]], time_left=lambda: seconds)


def test_a_successful_request_is_sent_once() -> None:
    bus = Bus()

    assert outcomes_of(sender_to(bus), "ab", "c") == dict.fromkeys("abc", Recorded())
    assert bus.requests == ["ab", "c"]


def test_only_failures_are_sent_again_before_the_next_request() -> None:
    bus = Bus({"b": Retry("bus_429")}, {"b": Retry("bus_500")})

    assert outcomes_of(sender_to(bus), "abc", "d") == dict.fromkeys("abcd", Recorded())
    assert bus.requests == ["abc", "b", "b", "d"]


def test_a_request_that_keeps_failing_is_sent_three_times() -> None:
    bus = Bus(BUSY, BUSY, CallError(429))

    assert outcomes_of(sender_to(bus), "ab") == dict.fromkeys("ab", Retry("bus_429"))
    assert bus.requests == ["ab"] * 3


def test_a_request_without_a_response_is_sent_twice() -> None:
    bus = Bus(CallError(None), CallError(None))

    assert outcomes_of(sender_to(bus), "ab") == dict.fromkeys("ab", Retry("bus_no_response"))
    assert bus.requests == ["ab"] * 2


@pytest.mark.parametrize("outcome", [DeadLetter("bus_400"), Retry("bus_403", not_set_up=True)])
def test_a_failure_that_will_last_is_not_sent_again(outcome: Outcome) -> None:
    bus = Bus({"a": outcome})

    assert outcomes_of(sender_to(bus), "ab") == {"a": outcome, "b": Recorded()}
    assert bus.requests == ["ab"]


def test_halves_of_a_refused_request_are_sent_again_as_one() -> None:
    bus = Bus(CallError(400), BUSY, BUSY)

    assert outcomes_of(sender_to(bus), "abcd") == dict.fromkeys("abcd", Recorded())
    assert bus.requests == ["abcd", "ab", "cd", "abcd"]


def test_the_waits_grow_and_differ() -> None:
    waits: list[float] = []
    for _ in range(2):
        outcomes_of(sender_to(Bus(BUSY, BUSY, BUSY), sleep=waits.append), "a")

    assert all(0.25 <= wait <= 0.5 for wait in waits[::2])
    assert all(0.5 <= wait <= 1.0 for wait in waits[1::2])
    assert len(set(waits)) == len(waits) == 4


def test_a_wait_is_drawn_from_the_upper_half() -> None:
    waits = [jitter(1.0) for _ in range(200)]

    assert 0.5 <= min(waits) < 0.6
    assert 0.9 < max(waits) <= 1.0


def test_without_waits_nothing_is_sent_again() -> None:
    bus = Bus(BUSY)

    assert outcomes_of(sender_to(bus, waits=()), "a") == {"a": Retry("bus_503")}
    assert bus.requests == ["a"]


def test_no_request_starts_that_could_outlive_the_time_left() -> None:
    bus = Bus()
    left = chain([5.0], repeat(4.9))

    outcomes = sender_to(bus).send([[letters("a"), letters("b")]], time_left=lambda: next(left))

    assert outcomes == {"a": Recorded(), "b": Retry("out_of_time")}
    assert bus.requests == ["a"]


def test_nothing_is_sent_again_if_the_wait_and_the_call_could_outlive_the_time_left() -> None:
    bus, waits = Bus(BUSY), list[float]()

    outcomes = outcomes_of(sender_to(bus, sleep=waits.append), "a", seconds=5.2)

    assert outcomes == {"a": Retry("bus_503")}
    assert (bus.requests, waits) == (["a"], [])


def test_an_earlier_failure_stays_if_there_is_no_time_for_another_call() -> None:
    bus = Bus(BUSY)
    left = chain([9.0, 9.0], repeat(4.0))  # before the call, before the wait, after it

    outcomes = sender_to(bus).send([[letters("a")]], time_left=lambda: next(left))

    assert outcomes == {"a": Retry("bus_503")}
    assert bus.requests == ["a"]


def test_every_call_takes_its_turn() -> None:
    bus, waits = Bus(CallError(400), BUSY), list[float]()
    limiter = RateLimiter(10, clock=lambda: 0.0, sleep=waits.append)

    outcomes = outcomes_of(sender_to(bus, rate_limiter=limiter), "ab")

    assert outcomes == dict.fromkeys("ab", Recorded())
    assert bus.requests == ["ab", "a", "b", "a"]
    assert waits == pytest.approx([0.1, 0.2, 0.3])


def test_items_for_which_the_rate_leaves_no_time_are_retried() -> None:
    bus = Bus()
    limiter = RateLimiter(1, clock=lambda: 0.0, sleep=lambda _: None)

    outcomes = outcomes_of(sender_to(bus, rate_limiter=limiter), "a", "b", "c", seconds=6.0)

    assert outcomes == {"a": Recorded(), "b": Recorded(), "c": Retry("out_of_time")}


def test_the_service_may_have_errors_of_its_own() -> None:
    outcome = Retry("bus_closed", not_set_up=True)
    sender = sender_to(Bus(BUSY), failure_of=lambda _: outcome)

    assert outcomes_of(sender, "a") == {"a": outcome}


def test_no_chains_make_no_request() -> None:
    assert sender_to(Bus()).send([], time_left=lambda: 900.0) == {}
