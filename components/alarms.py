"""The alarms of every stack. A destination adds those of its own service (components/destinations/)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from components.alarm import Alarm, Comparison, Missing, Series, simple
from components.stack_metrics import StackMetrics, of_function
from contract.function_time import CLOSING_SECONDS
from contract.sqs import LONGEST_DELAY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """What a stack's alarms depend on besides the names of its parts."""

    # As in the setting `destinations`.
    destinations: Sequence[str]

    # The event processor's timeout, and how long messages wait for a batch to fill.
    timeout_seconds: int
    batch_window_seconds: int

    # Minutes without a request that mean that something is wrong; None for no such alarm.
    no_traffic_minutes: int | None

    # The share of messages that may be rejected: unknown visitors, for example.
    rejected_percent: int


OLD_SECONDS: Final = 300
"""A message that waits longer is late, unless a single batch may take longer than that."""

MESSAGES_FOR_A_SHARE: Final = 20
"""A share of fewer messages in half an hour says nothing: at night, one visitor may have sent them all."""


FAILED_KEY_FETCHES: Final = 3
"""Fewer can be a short network problem, and cost nothing while cached keys are in use."""


def stack_alarms(metrics: StackMetrics, settings: AlarmSettings) -> Iterator[Alarm]:
    """The alarms of the API, the queues and the functions, as an event meets them."""
    yield from _of_the_api(metrics, settings)
    if metrics.authorizer_name is not None:
        yield from _of_tokens(metrics)
        for name, meaning in _LOST_EVENTS.items():
            yield Alarm(
                key=f"authorizer-{name.lower()}",
                means=f"The token authorizer {meaning}. Each time an event is lost.",
                section="Nothing arrives",
                series=simple(of_function(metrics.authorizer_name, name)),
                period_seconds=60,
                threshold=0,
            )
    yield from _of_the_queue(metrics, settings)
    yield from _of_the_processor(metrics, settings)
    yield from _of_outcomes(metrics, settings)


_LOST_EVENTS = {
    "Errors": "crashed, timed out or could not start",
    "Throttles": "was not started, because the account's concurrent executions are used up",
}


def _of_the_api(metrics: StackMetrics, settings: AlarmSettings) -> Iterator[Alarm]:
    yield Alarm(
        key="api-errors",
        means="More than 1% of the requests of a quarter of an hour got a 5xx: their events are lost.",
        section="Nothing arrives",
        # The average of this metric is the share of requests (API Gateway, "dimensions and metrics").
        series=simple(metrics.api("5XXError"), "Average"),
        # One long period: where an event comes only now and then, several bad ones never follow each other.
        period_seconds=900,
        threshold=0.01,
    )
    if settings.no_traffic_minutes is not None:
        yield Alarm(
            key="no-traffic",
            means=f"No request for {settings.no_traffic_minutes} minutes. The tag may not be published.",
            section="Nothing arrives",
            # Missing periods alone would not do: CloudWatch then looks at older ones for some periods more.
            series={"requests": Series(metric=metrics.api("Count"))},
            expression="FILL(requests, 0)",
            period_seconds=settings.no_traffic_minutes * 60,
            threshold=1,
            comparison=Comparison.BELOW,
            missing=Missing.BAD,
        )


def _of_tokens(metrics: StackMetrics) -> Iterator[Alarm]:
    verified = metrics.own("TokensVerified")
    yield Alarm(
        key="no-valid-token",
        means=(
            "For an hour no token was valid, although 10 were sent or 1,000 requests came. "
            "No profile is updated."
        ),
        section="Tokens fail",
        # The authorizer publishes a 0 or a 1 for each request, so their number is that of the requests.
        series={
            "verified": Series(metric=verified),
            "requests": Series(metric=verified, statistic="SampleCount"),
            "invalid": Series(metric=metrics.own("TokensInvalid")),
        },
        expression="IF(verified < 1 AND (invalid >= 10 OR requests >= 1000), 1, 0)",
        period_seconds=3_600,
        threshold=0,
    )
    yield Alarm(
        key="keys-unavailable",
        means=(
            "A token was turned away because the issuer's signing keys cannot be fetched and none are "
            "cached. Its profile update is lost."
        ),
        section="Tokens fail",
        series=simple(metrics.own("TokensInvalid", reason="keys_unavailable")),
        threshold=0,
    )
    yield Alarm(
        key="key-fetches-failed",
        means=(
            f"In an hour the issuer did not give its signing keys {FAILED_KEY_FETCHES} times or more. "
            "Functions that have keys go on with them for 24 hours; new ones turn tokens away."
        ),
        section="Tokens fail",
        series=simple(metrics.own("KeyFetchesFailed")),
        # A function asks again only when a token comes: on a quiet site, failures are minutes apart.
        period_seconds=3_600,
        threshold=FAILED_KEY_FETCHES - 1,
    )


def _of_the_queue(metrics: StackMetrics, settings: AlarmSettings) -> Iterator[Alarm]:
    # A message counts until it is deleted: also while its batch fills, and while the function works on it.
    oldest_seconds = max(OLD_SECONDS, settings.batch_window_seconds + settings.timeout_seconds)
    yield Alarm(
        key="queue-age",
        means=(
            f"Messages have waited for more than {oldest_seconds} s: the event processor does not keep up, "
            "or nothing reads the queue."
        ),
        section="Latency is high",
        series=simple(metrics.queue("ApproximateAgeOfOldestMessage"), "Maximum"),
        period_seconds=60,
        periods=3,
        threshold=oldest_seconds,
    )
    yield Alarm(
        key="retries-waiting",
        means=(
            "For a quarter of an hour more messages have waited for a retry than half of the requests of "
            "five minutes. A destination takes little or nothing."
        ),
        section="Latency is high",
        series={
            "waiting": Series(
                metric=metrics.queue("ApproximateNumberOfMessagesDelayed"), statistic="Average"
            ),
            "requests": Series(metric=metrics.api("Count")),
        },
        expression="100 * waiting / (FILL(requests, 0) + 1)",
        periods=3,
        threshold=50,
    )
    yield Alarm(
        key="dead-letters",
        means=(
            "The dead-letter queue holds messages, for 14 days: their events are not recorded in every "
            "destination."
        ),
        section="Dead letters grow",
        series=simple(metrics.dead_letter_queue("ApproximateNumberOfMessagesVisible"), "Maximum"),
        period_seconds=60,
        threshold=0,
        # SQS publishes nothing about a queue that nobody has used for hours.
        missing=Missing.UNCHANGED,
    )


def _of_the_processor(metrics: StackMetrics, settings: AlarmSettings) -> Iterator[Alarm]:
    yield Alarm(
        key="processor-errors",
        means="The event processor crashed or timed out. Its messages come again.",
        section="Latency is high",
        series=simple(metrics.processor("Errors")),
        threshold=0,
    )
    yield Alarm(
        key="processor-throttles",
        means=(
            "The event processor was not started for a quarter of an hour, because the account's concurrent "
            "executions are used up. Its messages wait."
        ),
        section="Latency is high",
        series=simple(metrics.processor("Throttles")),
        periods=3,
        threshold=0,
    )
    # Slow destinations take up to the closing seconds; more means that the queues are slow, too.
    longest_seconds = settings.timeout_seconds - CLOSING_SECONDS / 2
    yield Alarm(
        key="processor-duration",
        means=(
            f"A batch took more than {longest_seconds:g} of {settings.timeout_seconds} seconds. If the "
            "function times out, its events are recorded twice."
        ),
        section="Latency is high",
        series=simple(metrics.processor("Duration"), "Maximum"),
        threshold=longest_seconds * 1_000,
    )


def _of_outcomes(metrics: StackMetrics, settings: AlarmSettings) -> Iterator[Alarm]:
    yield Alarm(
        key="rejected",
        means=(
            f"More than {settings.rejected_percent}% of the messages of half an hour, which were "
            f"{MESSAGES_FOR_A_SHARE} or more, held no event. A tag may send an empty variable."
        ),
        section="Nothing arrives",
        series={
            "rejected": Series(metric=metrics.own("Rejected")),
            "received": Series(metric=metrics.own("Received")),
        },
        expression=f"IF(received >= {MESSAGES_FOR_A_SHARE}, 100 * rejected / received, 0)",
        # If every message is rejected, the share is above half of them after a quarter of an hour.
        period_seconds=1_800,
        threshold=settings.rejected_percent,
    )
    for destination in settings.destinations:
        yield Alarm(
            key=f"retried-{destination}",
            means=f"For a quarter of an hour more than 10% of the events for {destination} were retried.",
            section="Latency is high",
            series={
                "retried": Series(metric=metrics.own("Retried", destination=destination)),
                "recorded": Series(metric=metrics.own("Recorded", destination=destination)),
            },
            expression="100 * retried / (retried + recorded)",
            periods=3,
            threshold=10,
        )
    yield Alarm(
        key="late-retries",
        means=(
            "Events wait for their seventh retry, four minutes or more after the first try. Event triggers "
            "forget an event after 15 minutes."
        ),
        section="Latency is high",
        series=simple(metrics.own("RetryAttempt"), "Maximum"),
        # As long as the longest delay: with a shorter period, a single event's alarm would go off and end
        # with each of its retries.
        period_seconds=LONGEST_DELAY_SECONDS,
        threshold=6,
    )
    yield Alarm(
        key="left-in-queue",
        means=("Messages went back into the queue as they were: SQS took neither a copy nor a dead letter."),
        section="Dead letters",
        series=simple(metrics.own("LeftInQueue")),
        threshold=0,
    )
