"""What a stack costs in a month, part by part, and on the worst day that its throttle allows. Pure.

The prices are in prices.py. What is measured or assumed here (bytes, milliseconds) has its source beside it.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ops import prices
from ops.prices import GB

SECONDS_OF_MONTH: Final = 730 * 3_600
SECONDS_OF_DAY: Final = 86_400

RESPONSE_BYTES: Final = 700
"""A response, headers and TLS included: 383 bytes without TLS in the local run, and as many again at most."""

BATCH_MS: Final = 90
EVENT_MS: Final = 14
"""What a batch and each event in it take at 512 MB: assumed. Compare `Duration` of your own stack."""

BATCH_LOG_BYTES: Final = 2_400
EVENT_LOG_BYTES: Final = 10
"""The processor's log lines, metrics included, as in the local run, and 300 bytes for Lambda's own."""

AUTHORIZER_MS: Final = 10
AUTHORIZER_GB: Final = 1.0
AUTHORIZER_LOG_BYTES: Final = 900
"""The authorizer's time and log: assumed."""

POLLERS: Final = 5
POLLS_OF_MONTH: Final = POLLERS * SECONDS_OF_MONTH // 20
"""Lambda polls with five pollers at first, each waiting 20 s ("Configuring scaling behavior for SQS")."""

MESSAGES_IN_REQUEST: Final = 10
STREAM_RECORD_BYTES: Final = 5_120
STORED_RECORD_BYTES: Final = 200
"""A record of about 1 KB in a gzip file of many."""

KEY_REQUESTS_OF_MONTH: Final = 27_000 * 2
"""Two queues, each with a data key for five minutes (docs/protection.md)."""

METRICS: Final = 12
METRICS_OF_DESTINATION: Final = 2
METRICS_OF_TOKENS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSettings:
    """The settings of a stack that its costs depend on, with their defaults."""

    is_authenticated: bool = False
    destinations: Collection[str] = ("customer-profiles",)
    batch_size: int = 100
    batch_window_seconds: int = 1
    function_memory_mb: int = 512
    throttling_rate_limit: int = 1_000
    firehose_buffer_seconds: int = 300
    firehose_retention_days: int = 395
    # Rules of the web ACL: 0 without rateLimitPerIpPer5Minutes, otherwise 1, and 1 for each IP version with
    # exempt addresses.
    web_acl_rules: int = 0
    has_key: bool = False
    # Metrics in alarms (docs/monitoring.md, "What it costs"); 0 without alarms.
    alarm_metrics: int = 0
    has_dashboard: bool = False
    # Reasons that occur: of rejected, dropped, retried and dead-lettered events. Each is a metric.
    reasons: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One line of the bill."""

    part: str
    usd: float
    # Whether it comes each month, with or without events.
    is_standing: bool = False


def events_in_batch(settings: CostSettings, events_per_second: float) -> float:
    """How many events meet in a batch, if they come evenly. Peaks fill batches, which costs less."""
    gathered = 1 + events_per_second * settings.batch_window_seconds / POLLERS
    return min(gathered, settings.batch_size)


def monthly_costs(
    settings: CostSettings, events: int, *, events_per_batch: float | None = None
) -> Sequence[Cost]:
    """The lines of a month's bill. Without `events_per_batch`, as measured, events come evenly."""
    in_batch = events_per_batch or events_in_batch(settings, events / SECONDS_OF_MONTH)
    return [*_of_events(settings, events, in_batch), *_standing(settings)]


def total(costs: Sequence[Cost]) -> float:
    return sum(cost.usd for cost in costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstDay:
    """A day on which somebody calls the URL as often as the throttle lets them."""

    events: int
    usd: float
    # Every event can be of another endpoint, and each is then a new profile. 0: none is made.
    new_profiles: int


def worst_day(settings: CostSettings, *, creates_profiles: bool = True) -> WorstDay:
    """Requests above the throttle get 429. They cost nothing, but AWS WAF bills those that it inspects."""
    events = settings.throttling_rate_limit * SECONDS_OF_DAY
    costs = _of_events(settings, events, settings.batch_size)
    makes_profiles = creates_profiles and "customer-profiles" in settings.destinations
    return WorstDay(events=events, usd=total(costs), new_profiles=events if makes_profiles else 0)


def _of_events(settings: CostSettings, events: int, in_batch: float) -> Sequence[Cost]:
    batches = events / in_batch
    queue_requests = events + 2 * batches * math.ceil(in_batch / MESSAGES_IN_REQUEST)
    milliseconds = BATCH_MS * batches + EVENT_MS * events
    log_bytes = BATCH_LOG_BYTES * batches + EVENT_LOG_BYTES * events
    function = prices.INVOCATION.of(batches) + prices.GB_SECOND.of(
        milliseconds / 1_000 * settings.function_memory_mb / 1_024
    )
    return [
        Cost(part="API Gateway", usd=prices.API_REQUEST.of(events)),
        Cost(part="responses", usd=prices.TRANSFER_GB.of(events * RESPONSE_BYTES / GB)),
        Cost(part="SQS", usd=prices.QUEUE_REQUEST.of(queue_requests)),
        Cost(part="Lambda", usd=function),
        Cost(part="CloudWatch Logs", usd=prices.LOG_GB.of(log_bytes / GB)),
        *(_authorizer(events) if settings.is_authenticated else ()),
        *(_web_acl_requests(events) if settings.web_acl_rules else ()),
        *(_firehose(settings, events) if "firehose" in settings.destinations else ()),
        *(_eventbridge(events) if "eventbridge" in settings.destinations else ()),
    ]


def _authorizer(requests: int) -> Sequence[Cost]:
    duration = prices.GB_SECOND.of(requests * AUTHORIZER_MS / 1_000 * AUTHORIZER_GB)
    logs = prices.LOG_GB.of(requests * AUTHORIZER_LOG_BYTES / GB)
    return [Cost(part="authorizer", usd=prices.INVOCATION.of(requests) + duration + logs)]


def _web_acl_requests(requests: int) -> Sequence[Cost]:
    return [Cost(part="WAF requests", usd=prices.INSPECTED_REQUEST.of(requests))]


def _firehose(settings: CostSettings, events: int) -> Sequence[Cost]:
    months = settings.firehose_retention_days / 30.4
    objects = min(events, SECONDS_OF_MONTH / max(settings.firehose_buffer_seconds, 1))
    stored = prices.STORED_GB.of(events * STORED_RECORD_BYTES / GB * months)
    return [
        Cost(part="Firehose", usd=prices.STREAM_GB.of(events * STREAM_RECORD_BYTES / GB)),
        Cost(part="S3", usd=stored + prices.OBJECT_PUT.of(objects)),
    ]


def _eventbridge(events: int) -> Sequence[Cost]:
    return [Cost(part="EventBridge", usd=prices.BUS_EVENT.of(events))]


def _standing(settings: CostSettings) -> Sequence[Cost]:
    metrics = METRICS + METRICS_OF_DESTINATION * len(settings.destinations) + settings.reasons
    metrics += METRICS_OF_TOKENS if settings.is_authenticated else 0
    parts = {
        "custom metrics": prices.METRIC.of(metrics),
        "polling": prices.QUEUE_REQUEST.of(POLLS_OF_MONTH),
        "web ACL": prices.WEB_ACL.of(1) + prices.WEB_ACL_RULE.of(settings.web_acl_rules)
        if settings.web_acl_rules
        else 0,
        "KMS": prices.KEY.of(1) + prices.KEY_REQUEST.of(KEY_REQUESTS_OF_MONTH) if settings.has_key else 0,
        "alarms": prices.ALARM_METRIC.of(settings.alarm_metrics),
        "dashboard": prices.DASHBOARD.of(1) if settings.has_dashboard else 0,
    }
    return [Cost(part=part, usd=usd, is_standing=True) for part, usd in parts.items() if usd]
