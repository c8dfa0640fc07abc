"""A destination that takes nothing is left alone for a moment."""

from collections.abc import Mapping

import pytest

from handler.delivery.resting import REST_SECONDS, Resting
from handler.delivery.retry_schedule import FIRST_DELAY_SECONDS, shortest
from handler.destinations import DeadLetter, Outcome, Recorded, Retry

DOWN = Retry("service_503")


def batch(*outcomes: Outcome) -> Mapping[str, Outcome]:
    return {f"m{number}": outcome for number, outcome in enumerate(outcomes)}


def test_it_rests_after_a_batch_of_which_it_took_nothing_and_is_asked_again_then() -> None:
    now = 100.0
    resting = Resting(lambda: now)
    assert resting.outcome("firehose") is None
    resting.learn("firehose", batch(*[DOWN] * 10))
    assert (resting.outcome("firehose"), resting.outcome("pinpoint")) == (DOWN, None)
    now += REST_SECONDS
    assert resting.outcome("firehose") is None


@pytest.mark.parametrize(
    "outcomes",
    [
        [DOWN] * 9,
        [*[DOWN] * 99, Recorded()],
        [*[DOWN] * 99, DeadLetter("service_400")],
        [DeadLetter("service_400")] * 100,
        [],
    ],
)
def test_one_that_responds_does_not_rest_nor_after_few_events(outcomes: list[Outcome]) -> None:
    resting = Resting(lambda: 0.0)
    resting.learn("firehose", batch(*outcomes))
    assert resting.outcome("firehose") is None


def test_the_first_retry_comes_after_the_rest() -> None:
    assert shortest(FIRST_DELAY_SECONDS) > REST_SECONDS
