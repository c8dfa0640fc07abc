"""The delays before the retries of a message."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.delivery.retry_schedule import RetrySchedule, shortest
from settings.function import LONGEST_RETRY_HOURS

OPERATIONS = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
LONGEST_DELAY_OF_SQS = 900


HOURS = st.integers(1, LONGEST_RETRY_HOURS)


@given(hours=HOURS)
def test_retries_go_on_for_as_long_as_asked_however_short_the_delays_come_out(hours: int) -> None:
    delays = RetrySchedule.lasting(hours).delays

    assert sum(map(shortest, delays)) >= hours * 3600
    assert sum(map(shortest, delays[:-1])) < hours * 3600


@given(hours=HOURS)
def test_delays_begin_with_seconds_and_grow_to_the_longest_of_sqs(hours: int) -> None:
    delays = RetrySchedule.lasting(hours).delays

    assert delays[:3] == (5, 10, 20)
    assert list(delays) == sorted(delays)
    assert delays[-1] == LONGEST_DELAY_OF_SQS


def test_an_event_is_tried_seven_times_before_a_trigger_forgets_it() -> None:
    delays = RetrySchedule.lasting(6).delays

    assert sum(delays[:7]) < 15 * 60


@given(hours=HOURS, attempt=st.integers(1, 3_000), part=st.floats(0, 1))
def test_jitter_takes_at_most_a_quarter(hours: int, attempt: int, part: float) -> None:
    schedule = RetrySchedule.lasting(hours)
    longest = schedule.delays[min(attempt, schedule.retries) - 1]

    delay = schedule.delay_before(attempt, lambda low, high: low + round(part * (high - low)))

    assert longest * 3 / 4 <= delay <= longest


def test_messages_that_failed_together_come_back_at_different_times() -> None:
    asked: list[tuple[int, int]] = []

    def choose(low: int, high: int) -> int:
        asked.append((low, high))
        return low

    schedule = RetrySchedule.lasting(6)
    assert [schedule.delay_before(attempt, choose) for attempt in (1, 2, 9)] == [4, 8, 675]
    assert asked == [(4, 5), (8, 10), (675, 900)]


def documented_table() -> list[tuple[str, int, int]]:
    """The rows of the table of docs/operations.md: retries, shortest and longest delay in seconds."""
    rows = re.findall(r"^\| (\d+(?: to \d+)?) \| (\d+) to (\d+) s \|", OPERATIONS, re.MULTILINE)
    return [(retries, int(low), int(high)) for retries, low, high in rows]


def test_the_documented_table_is_the_schedule() -> None:
    by_retry: dict[int, tuple[int, int]] = {}
    for retries, low, high in documented_table():
        first, _, last = retries.partition(" to ")
        by_retry |= dict.fromkeys(range(int(first), int(last or first) + 1), (low, high))

    delays = RetrySchedule.lasting(6).delays
    assert by_retry == {retry: (shortest(delay), delay) for retry, delay in enumerate(delays, start=1)}


@pytest.mark.parametrize("hours", [6])
def test_the_docs_say_how_long_retries_take_at_most(hours: int) -> None:
    longest = sum(RetrySchedule.lasting(hours).delays) / 3600

    assert f"{hours} to {longest:.0f} hours" in OPERATIONS
