"""When each alarm goes off, what it says, and that CloudWatch takes it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.alarm import Alarm, Comparison, Missing
from components.alarms import AlarmSettings, stack_alarms
from components.stack_metrics import StackMetrics
from contract.function_time import CLOSING_SECONDS
from contract.sqs import LONGEST_DELAY_SECONDS
from handler.tokens.invalid import InvalidTokenReason
from tests.components.metric_math import compute
from tests.components.test_dashboard import METRICS, OPEN
from tests.documents import headings, read, section, table

SETTINGS = AlarmSettings(
    destinations=["firehose"],
    timeout_seconds=60,
    batch_window_seconds=1,
    no_traffic_minutes=30,
    rejected_percent=50,
)

ALARMS: Mapping[str, Alarm] = {alarm.key: alarm for alarm in stack_alarms(METRICS, SETTINGS)}


def goes_off(alarm: Alarm, values: Mapping[str, float | None]) -> bool:
    """Whether a period with these values counts as bad."""
    result = compute(alarm.expression or "value", values)
    if result is None:
        return alarm.missing is Missing.BAD
    return result > alarm.threshold if alarm.comparison is Comparison.ABOVE else result < alarm.threshold


CASES: list[tuple[str, Mapping[str, float | None], bool]] = [
    ("api-errors", {"value": 0.01}, False),
    ("api-errors", {"value": 0.011}, True),
    ("api-errors", {"value": None}, False),
    ("no-traffic", {"requests": 1}, False),
    ("no-traffic", {"requests": 0}, True),
    ("no-traffic", {"requests": None}, True),
    # Nobody is signed in at night.
    ("no-valid-token", {"verified": 0, "requests": 999, "invalid": 9}, False),
    ("no-valid-token", {"verified": 0, "requests": 1000, "invalid": 0}, True),
    ("no-valid-token", {"verified": 0, "requests": 10, "invalid": 10}, True),
    ("no-valid-token", {"verified": 1, "requests": 5000, "invalid": 4999}, False),
    ("no-valid-token", {"verified": None, "requests": None, "invalid": None}, False),
    ("keys-unavailable", {"value": 1}, True),
    ("keys-unavailable", {"value": None}, False),
    ("key-fetches-failed", {"value": 2}, False),
    ("key-fetches-failed", {"value": 3}, True),
    ("authorizer-errors", {"value": 1}, True),
    ("authorizer-errors", {"value": 0}, False),
    ("authorizer-throttles", {"value": 1}, True),
    ("queue-age", {"value": 300}, False),
    ("queue-age", {"value": 301}, True),
    ("retries-waiting", {"waiting": None, "requests": 100}, False),
    # At 100 requests a second, one in a hundred is retried after five seconds.
    ("retries-waiting", {"waiting": 5, "requests": 30_000}, False),
    # Every event of a quarter of an hour waits.
    ("retries-waiting", {"waiting": 90_000, "requests": 30_000}, True),
    # At night the outage lasts, and no requests come.
    ("retries-waiting", {"waiting": 3, "requests": None}, True),
    ("dead-letters", {"value": 1}, True),
    ("dead-letters", {"value": 0}, False),
    ("processor-errors", {"value": 1}, True),
    ("processor-throttles", {"value": 1}, True),
    ("processor-duration", {"value": 46_000}, False),
    ("processor-duration", {"value": 59_000}, True),
    ("rejected", {"rejected": 50, "received": 100}, False),
    # One unknown visitor at night.
    ("rejected", {"rejected": 19, "received": 19}, False),
    ("rejected", {"rejected": 20, "received": 20}, True),
    ("rejected", {"rejected": 51, "received": 100}, True),
    ("rejected", {"rejected": None, "received": None}, False),
    ("retried-firehose", {"retried": 0, "recorded": 100}, False),
    ("retried-firehose", {"retried": 12, "recorded": 88}, True),
    # A destination that takes nothing at all.
    ("retried-firehose", {"retried": 5, "recorded": 0}, True),
    # A batch whose events were all dead-lettered.
    ("retried-firehose", {"retried": 0, "recorded": 0}, False),
    ("late-retries", {"value": 6}, False),
    ("late-retries", {"value": 7}, True),
    ("left-in-queue", {"value": 1}, True),
]


@pytest.mark.parametrize(("key", "values", "bad"), CASES)
def test_an_alarm_goes_off_when_it_should(key: str, values: Mapping[str, float | None], *, bad: bool) -> None:
    assert goes_off(ALARMS[key], values) == bad


def test_every_alarm_is_in_that_table() -> None:
    assert {key for key, _, bad in CASES if bad} == set(ALARMS)


@pytest.mark.parametrize("timeout", [40, 60, 900])
def test_a_slow_destination_alone_does_not_make_a_batch_too_long(timeout: int) -> None:
    """Destinations may use all the time up to the closing seconds; their outages have other alarms."""
    settings = replace(SETTINGS, timeout_seconds=timeout)
    (alarm,) = [one for one in stack_alarms(OPEN, settings) if one.key == "processor-duration"]

    assert (timeout - CLOSING_SECONDS) * 1000 < alarm.threshold < timeout * 1000


@pytest.mark.parametrize(("window", "timeout", "oldest"), [(1, 60, 300), (300, 60, 360), (300, 900, 1_200)])
def test_a_batch_that_fills_and_works_as_long_as_it_may_is_not_late(
    window: int, timeout: int, oldest: int
) -> None:
    settings = replace(SETTINGS, batch_window_seconds=window, timeout_seconds=timeout)
    (alarm,) = [one for one in stack_alarms(OPEN, settings) if one.key == "queue-age"]

    assert alarm.threshold == oldest


def test_the_late_retries_of_one_event_are_one_alarm() -> None:
    """They come up to a quarter of an hour apart."""
    assert ALARMS["late-retries"].period_seconds >= LONGEST_DELAY_SECONDS


def test_one_lost_event_of_a_quiet_site_is_enough() -> None:
    """A site with an event a day has no two bad periods in a row."""
    assert (ALARMS["api-errors"].periods, ALARMS["api-errors"].period_seconds) == (1, 900)


def test_tokens_that_are_turned_away_for_want_of_keys_are_counted_as_the_authorizer_counts_them() -> None:
    (series,) = ALARMS["keys-unavailable"].series.values()

    assert series.metric.name == "TokensInvalid"
    assert series.metric.dimensions["reason"] == InvalidTokenReason.KEYS_UNAVAILABLE


def test_a_dead_letter_queue_that_nobody_touches_keeps_its_alarm() -> None:
    """SQS publishes nothing about a queue that has been idle for hours, with messages in it or not."""
    assert ALARMS["dead-letters"].missing is Missing.UNCHANGED


def test_an_open_stack_has_no_alarms_on_tokens() -> None:
    settings = replace(SETTINGS, destinations=[], no_traffic_minutes=None)
    left_out = set(ALARMS) - {alarm.key for alarm in stack_alarms(OPEN, settings)}

    assert left_out == {
        *("authorizer-errors", "authorizer-throttles", "no-valid-token", "key-fetches-failed"),
        *("keys-unavailable", "no-traffic", "retried-firehose"),
    }


@pytest.mark.parametrize("alarm", ALARMS.values(), ids=ALARMS)
class TestEveryAlarm:
    def test_it_does_not_watch_4xx(self, alarm: Alarm) -> None:
        """The URL is public: anyone can cause 400 and 429."""
        assert "4XXError" not in [series.metric.name for series in alarm.series.values()]

    def test_its_expression_uses_each_of_its_series(self, alarm: Alarm) -> None:
        names = {"value"} if alarm.expression is None else set(re.findall(r"\b[a-z]+\b", alarm.expression))

        assert names == set(alarm.series)

    def test_it_looks_back_no_longer_than_cloudwatch_can(self, alarm: Alarm) -> None:
        """PutMetricAlarm: a day, or seven days for periods of an hour or more."""
        longest_days = 7 if alarm.period_seconds >= 3_600 else 1

        assert alarm.period_seconds % 60 == 0
        assert alarm.period_seconds * alarm.periods <= longest_days * 24 * 60 * 60
        assert (alarm.bad_periods or 1) <= alarm.periods

    def test_it_names_a_section_that_is_there(self, alarm: Alarm) -> None:
        assert alarm.section in headings(read("docs/operations.md"))


def documented() -> Iterator[str]:
    for name in table(read("docs/monitoring.md"), "Alarms"):
        yield from [f"{name.removesuffix('DESTINATION')}firehose"] if name.endswith("DESTINATION") else [name]


def test_every_alarm_is_described_and_exists() -> None:
    of_services = {
        *("firehose-delivery-age", "firehose-throttled", "domain-dead-letters"),
        "blocked-requests",
    }

    assert set(documented()) == set(ALARMS) | of_services


def test_the_prices_are_those_of_the_metrics_that_alarms_watch() -> None:
    """$0.10 a month for each (Amazon CloudWatch pricing)."""

    def price(metrics: StackMetrics = OPEN, **changes: Any) -> str:
        given = {"destinations": ["pinpoint"], "no_traffic_minutes": None, **changes}
        settings = replace(SETTINGS, **given)
        series = sum(len(alarm.series) for alarm in stack_alarms(metrics, settings))
        return f"${series / 10:.2f}"

    costs = section(read("docs/monitoring.md"), "What it costs")
    assert f"one destination | {price()}" in costs
    assert (price(METRICS), price(destinations=["pinpoint", "firehose"])) == ("$2.10", "$1.60")
    assert price(no_traffic_minutes=60) == "$1.50"
