"""Turns are spaced by the quota, across all threads."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from handler.delivery.rate_limiter import RateLimiter


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limiter(clock: Clock, requests_per_second: int) -> RateLimiter:
    return RateLimiter(requests_per_second, clock=clock, sleep=clock.sleep)


def test_the_first_turn_comes_at_once(clock: Clock) -> None:
    assert limiter(clock, 1).take_turn(within=0)
    assert clock.slept == []


def test_turns_are_spaced_evenly(clock: Clock) -> None:
    limited = limiter(clock, 4)
    turns = [(limited.take_turn(within=9), clock.now)[1] for _ in range(5)]
    assert turns == [1000.0, 1000.25, 1000.5, 1000.75, 1001.0]


def test_time_that_passes_between_turns_counts(clock: Clock) -> None:
    limited = limiter(clock, 4)
    limited.take_turn(within=9)
    clock.now += 0.2
    limited.take_turn(within=9)
    assert clock.slept == [pytest.approx(0.05)]


def test_unused_turns_are_not_saved_up(clock: Clock) -> None:
    limited = limiter(clock, 4)
    clock.now += 60
    assert [limited.take_turn(within=9) for _ in range(3)] == [True] * 3
    assert clock.slept == [0.25, 0.25]


def test_a_turn_that_would_come_too_late_is_not_taken(clock: Clock) -> None:
    limited = limiter(clock, 1)
    assert [limited.take_turn(within=within) for within in (0.0, 0.9, 1.0)] == [True, False, True]
    assert clock.now == 1001.0


def test_there_is_no_turn_in_time_that_is_over(clock: Clock) -> None:
    assert not limiter(clock, 1).take_turn(within=-0.1)


def test_threads_share_the_turns() -> None:
    slept: list[float] = []
    limited = RateLimiter(10, clock=lambda: 1000.0, sleep=slept.append)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: limited.take_turn(within=99), range(100)))
    assert sorted(slept) == pytest.approx([turn / 10 for turn in range(1, 100)])


def test_the_system_clock_and_a_real_wait_are_the_default() -> None:
    limited = RateLimiter(20)
    started = time.monotonic()
    assert [limited.take_turn(within=9) for _ in range(4)] == [True] * 4
    assert time.monotonic() - started >= 3 / 20
