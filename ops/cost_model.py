"""What a stack costs in a month, part by part, and on the worst day that its throttle allows. Pure.

The prices are in prices.py. What is measured or assumed here (bytes, milliseconds) has its source beside it.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ops.prices import GB, PRICES, Price, PriceList

SECONDS_OF_MONTH: Final = 730 * 3_600
SECONDS_OF_DAY: Final = 86_400
DAYS_OF_MONTH: Final = 30.4

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

ACCESS_LOG_BYTES: Final = 235
"""A line of the API's log with typical values."""

TRACED_SHARE: Final = 0.05
"""X-Ray's default: one invocation each second, and this share of the others."""

POLLERS: Final = 5
POLLS_OF_MONTH: Final = POLLERS * SECONDS_OF_MONTH // 20
"""Lambda polls with five pollers at first, each waiting 20 s ("Configuring scaling behavior for SQS")."""

MESSAGES_IN_REQUEST: Final = 10
STREAM_RECORD_BYTES: Final = 5_120
STORED_RECORD_BYTES: Final = 200
"""A record of about 1 KB in a gzip file of many."""

ARCHIVED_EVENT_BYTES: Final = 1_000

KEY_REQUESTS_OF_MONTH: Final = 27_000 * 2
"""Two queues, each with a data key for five minutes (docs/protection.md)."""

METRICS: Final = 12
METRICS_OF_DESTINATION: Final = 2
METRICS_OF_TOKENS: Final = 5

ALARM_METRICS: Final = 14
ALARM_METRICS_OF_TOKENS: Final = 7
ALARM_METRICS_OF_DESTINATION: Final = 2
"""Of each destination after the first; `firehose` has as many again (docs/monitoring.md, "What it costs")."""


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
    # 0 without an archive.
    eventbridge_archive_days: int = 0
    creates_profiles: bool = True
    # Rules of the stack's web ACL: 0 without rateLimitPerIpPer5Minutes, otherwise 1, and 1 for each IP
    # version with exempt addresses.
    web_acl_rules: int = 0
    # Whether another web ACL inspects the requests (webAclArn).
    has_other_web_acl: bool = False
    has_key: bool = False
    has_access_logs: bool = False
    has_tracing: bool = False
    has_alarms: bool = False
    # Of the alarms: expectTraffic, and a dead-letter queue of the domain.
    expects_traffic: bool = False
    has_domain_queue: bool = False
    has_dashboard: bool = False
    # Reasons that occur: of rejected, dropped, retried and dead-lettered events. Each is a metric.
    reasons: int = 0
    # Profiles that the domain bills for this stack's customers. None: not known.
    profiles: int | None = None
    prices: PriceList = PRICES

    @property
    def alarm_metrics(self) -> int:
        """How many metrics the stack's alarms watch."""
        if not self.has_alarms:
            return 0
        return sum(
            (
                ALARM_METRICS,
                ALARM_METRICS_OF_TOKENS * self.is_authenticated,
                ALARM_METRICS_OF_DESTINATION * max(0, len(self.destinations) - 1),
                ALARM_METRICS_OF_DESTINATION * ("firehose" in self.destinations),
                int(self.expects_traffic),
                int(self.has_domain_queue),
                int(self.web_acl_rules > 0),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One line of the bill."""

    part: str
    usd: float
    # Whether it comes each month, with or without events.
    is_standing: bool = False
    # The prices in it that are not verified.
    not_verified: tuple[str, ...] = ()


def events_in_batch(settings: CostSettings, events_per_second: float) -> float:
    """How many events meet in a batch, if they come evenly. Peaks fill batches, which costs less."""
    gathered = 1 + events_per_second * settings.batch_window_seconds / POLLERS
    return min(gathered, settings.batch_size)


def monthly_costs(
    settings: CostSettings, events: int, *, events_per_batch: float | None = None
) -> Sequence[Cost]:
    """The lines of a month's bill. Without `events_per_batch`, as measured, events come evenly."""
    in_batch = events_per_batch or events_in_batch(settings, events / SECONDS_OF_MONTH)
    return [*_of_events(settings, events, in_batch, SECONDS_OF_MONTH), *_standing(settings)]


def total(costs: Sequence[Cost]) -> float:
    return sum(cost.usd for cost in costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstDay:
    """A day on which somebody calls the URL as often as the throttle lets them."""

    events: int
    usd: float
    # Every event can be of another endpoint, and each is then a new profile. 0: none is made.
    new_profiles: int


def worst_day(settings: CostSettings) -> WorstDay:
    """Requests above the throttle get 429. They cost nothing, but AWS WAF bills those that it inspects."""
    events = settings.throttling_rate_limit * SECONDS_OF_DAY
    costs = list(_of_events(settings, events, settings.batch_size, SECONDS_OF_DAY))
    makes_profiles = settings.creates_profiles and "customer-profiles" in settings.destinations
    return WorstDay(events=events, usd=total(costs), new_profiles=events if makes_profiles else 0)


def _line(part: str, *charges: tuple[Price, float], is_standing: bool = False) -> Cost:
    """The sum of prices, each with its units."""
    return Cost(
        part=part,
        usd=sum(price.of(units) for price, units in charges),
        is_standing=is_standing,
        not_verified=tuple(price.name for price, _ in charges if not price.is_verified),
    )


def _of_events(settings: CostSettings, events: int, in_batch: float, seconds: int) -> Iterator[Cost]:
    prices = settings.prices
    batches = events / in_batch
    queue_requests = events + 2 * batches * math.ceil(in_batch / MESSAGES_IN_REQUEST)
    milliseconds = BATCH_MS * batches + EVENT_MS * events
    gb_seconds = milliseconds / 1_000 * settings.function_memory_mb / 1_024
    log_bytes = BATCH_LOG_BYTES * batches + EVENT_LOG_BYTES * events
    yield _line("API Gateway", (prices.api_request, events))
    yield _line("responses", (prices.transfer_gb, events * RESPONSE_BYTES / GB))
    yield _line("SQS", (prices.queue_request, queue_requests))
    yield _line("Lambda", (prices.invocation, batches), (prices.gb_second, gb_seconds))
    yield _line("CloudWatch Logs", (prices.log_gb, log_bytes / GB))
    if settings.has_access_logs:
        yield _line("access logs", (prices.log_gb, events * ACCESS_LOG_BYTES / GB))
    if settings.has_tracing:
        first = min(batches, seconds)
        yield _line("X-Ray", (prices.trace, first + TRACED_SHARE * (batches - first)))
    if settings.is_authenticated:
        duration = events * AUTHORIZER_MS / 1_000 * AUTHORIZER_GB
        logs = events * AUTHORIZER_LOG_BYTES / GB
        yield _line(
            "authorizer", (prices.invocation, events), (prices.gb_second, duration), (prices.log_gb, logs)
        )
    if settings.web_acl_rules or settings.has_other_web_acl:
        yield _line("WAF requests", (prices.inspected_request, events))
    if "firehose" in settings.destinations:
        yield from _firehose(settings, events)
    if "eventbridge" in settings.destinations:
        yield from _eventbridge(settings, events)


def _firehose(settings: CostSettings, events: int) -> Iterator[Cost]:
    prices = settings.prices
    months = settings.firehose_retention_days / DAYS_OF_MONTH
    objects = min(events, SECONDS_OF_MONTH / max(settings.firehose_buffer_seconds, 1))
    stored = events * STORED_RECORD_BYTES / GB * months
    yield _line("Firehose", (prices.stream_gb, events * STREAM_RECORD_BYTES / GB))
    yield _line("S3", (prices.stored_gb, stored), (prices.object_put, objects))


def _eventbridge(settings: CostSettings, events: int) -> Iterator[Cost]:
    prices = settings.prices
    yield _line("EventBridge", (prices.bus_event, events))
    if days := settings.eventbridge_archive_days:
        written = events * ARCHIVED_EVENT_BYTES / GB
        kept = written * days / DAYS_OF_MONTH
        yield _line("EventBridge archive", (prices.archive_gb, written), (prices.archived_gb, kept))


def _standing(settings: CostSettings) -> Iterator[Cost]:
    prices = settings.prices
    metrics = METRICS + METRICS_OF_DESTINATION * len(settings.destinations) + settings.reasons
    metrics += METRICS_OF_TOKENS if settings.is_authenticated else 0
    parts = (
        ("custom metrics", [(prices.metric, metrics)]),
        ("polling", [(prices.queue_request, POLLS_OF_MONTH)]),
        (
            "web ACL",
            [(prices.web_acl, min(1, settings.web_acl_rules)), (prices.web_acl_rule, settings.web_acl_rules)],
        ),
        (
            "KMS",
            [(prices.key, settings.has_key), (prices.key_request, KEY_REQUESTS_OF_MONTH * settings.has_key)],
        ),
        ("alarms", [(prices.alarm_metric, settings.alarm_metrics)]),
        ("dashboard", [(prices.dashboard, settings.has_dashboard)]),
        ("profiles", [(prices.profile, settings.profiles or 0)]),
    )
    costs = (_line(part, *charges, is_standing=True) for part, charges in parts)
    return (cost for cost in costs if cost.usd)
