"""How many events a second each part of the path takes, by a stack's settings and AWS's default quotas. Pure.

Your account's quotas may be higher (Service Quotas shows them), and some differ by Region.
docs/scaling.md has the tables, which a test holds equal to these functions.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contract.customer_profiles import OBJECTS_IN_REQUEST
from ops.cost_model import AUTHORIZER_MS, BATCH_MS, EVENT_MS

API_REQUESTS: Final = 10_000
SMALL_API_REQUESTS: Final = 2_500
SMALL_API_REGIONS: Final = frozenset(
    {
        *("af-south-1", "eu-south-1", "ap-southeast-3", "me-central-1", "ap-south-2", "ap-southeast-4"),
        *("eu-south-2", "eu-central-2", "il-central-1", "ca-west-1", "ap-southeast-5", "ap-southeast-7"),
        "mx-central-1",
    }
)
CONCURRENT_EXECUTIONS: Final = 1_000
STREAM_RECORDS: Final = 100_000
LARGE_STREAM_RECORDS: Final = 500_000
STREAM_BYTES: Final = 1_048_576
LARGE_STREAM_BYTES: Final = 5 * 1_048_576
LARGE_REGIONS: Final = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
RECORD_BYTES: Final = 1_000
"""A record of an event with a few attributes."""

BUS_ENTRIES: Final = {
    **dict.fromkeys(("us-east-1", "us-west-2", "eu-west-1"), 10_000),
    **dict.fromkeys(("us-east-2", "eu-central-1", "eu-south-2"), 2_400),
    **dict.fromkeys(("us-west-1", "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-2"), 1_200),
    **dict.fromkeys(
        (
            *("ap-east-1", "ap-northeast-2", "ap-south-1", "ca-central-1", "eu-north-1", "eu-west-3"),
            "sa-east-1",
        ),
        600,
    ),
}
BUS_ENTRIES_ELSEWHERE: Final = 400
"""AWS says requests; an entry is taken for one here, on the safe side ("Amazon EventBridge quotas")."""

PINPOINT_REQUESTS: Final = 15
PINPOINT_EVENTS_IN_REQUEST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitySettings:
    """The settings of a stack that its capacity depends on, with their defaults."""

    is_authenticated: bool = False
    destinations: Collection[str] = ("customer-profiles",)
    region: str = "us-east-1"
    throttling_rate_limit: int = 1_000
    throttling_burst_limit: int = 2_000
    batch_size: int = 100
    maximum_concurrency: int = 5
    customer_profiles_requests_per_second: int = 100
    # The account's quota of concurrent executions; a new account can have as few as 10.
    concurrent_executions: int = CONCURRENT_EXECUTIONS
    # The account's quotas of API Gateway and of EventBridge. None: the Region's default.
    api_requests: int | None = None
    bus_entries: int | None = None
    # How long a full batch takes, as `Duration` of your stack shows it. None: estimated.
    batch_milliseconds: float | None = None

    @property
    def batch_seconds(self) -> float:
        return (self.batch_milliseconds or BATCH_MS + EVENT_MS * self.batch_size) / 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one part of the path takes."""

    part: str
    events_per_second: float
    # What happens to events above it.
    above: str
    # What to change, or to ask AWS for.
    raise_by: str
    # Whether AWS sets it. Otherwise a setting does.
    is_quota: bool


def limits(settings: CapacitySettings) -> Sequence[Limit]:
    """Every limit on the path, the lowest first."""
    return sorted(_limits(settings), key=lambda limit: limit.events_per_second)


def first_to_bind(settings: CapacitySettings, events_per_second: float) -> Limit | None:
    """The lowest limit if it is below the load; None if the path takes it."""
    lowest = limits(settings)[0]
    return lowest if lowest.events_per_second < events_per_second else None


_LOST: Final = "gets 429 or 5xx and is lost"
_WAITS: Final = "waits in the queue"
_RETRIED: Final = "is retried"


def _limits(settings: CapacitySettings) -> Iterator[Limit]:
    yield Limit(
        part="stage of the API",
        events_per_second=settings.throttling_rate_limit,
        above=_LOST,
        raise_by="`throttlingRateLimit`, and `throttlingBurstLimit`",
        is_quota=False,
    )
    by_default = SMALL_API_REQUESTS if settings.region in SMALL_API_REGIONS else API_REQUESTS
    yield Limit(
        part="API Gateway in the account",
        events_per_second=settings.api_requests or by_default,
        above=_LOST,
        raise_by="API Gateway: *Throttle rate*",
        is_quota=True,
    )
    processors = min(settings.maximum_concurrency, settings.concurrent_executions)
    if settings.is_authenticated:
        spare = settings.concurrent_executions - processors
        yield Limit(
            part="token authorizer",
            events_per_second=spare * 1_000 / AUTHORIZER_MS,
            above=_LOST,
            raise_by="Lambda: *Concurrent executions*",
            is_quota=True,
        )
    yield Limit(
        part="event processor",
        events_per_second=processors * settings.batch_size / settings.batch_seconds,
        above=_WAITS,
        raise_by="`maximumConcurrency`, up to Lambda's *Concurrent executions*",
        is_quota=False,
    )
    for destination in settings.destinations:
        yield from _OF_DESTINATIONS.get(destination, _nothing)(settings)


def _nothing(_: CapacitySettings) -> Iterator[Limit]:
    yield from ()


def _customer_profiles(settings: CapacitySettings) -> Iterator[Limit]:
    yield Limit(
        part="Customer Profiles",
        events_per_second=settings.customer_profiles_requests_per_second * OBJECTS_IN_REQUEST,
        above=_WAITS,
        raise_by="Customer Profiles: *BatchPutProfileObject*; then `customerProfilesRequestsPerSecond`",
        is_quota=True,
    )


def _firehose(settings: CapacitySettings) -> Iterator[Limit]:
    is_large = settings.region in LARGE_REGIONS
    octets = LARGE_STREAM_BYTES if is_large else STREAM_BYTES
    records = LARGE_STREAM_RECORDS if is_large else STREAM_RECORDS
    yield Limit(
        part="Data Firehose",
        events_per_second=min(records, octets // RECORD_BYTES),
        above=_RETRIED,
        raise_by="Firehose: *Direct PUT*, in MiB a second",
        is_quota=True,
    )


def bus_entries(settings: CapacitySettings) -> int:
    """Entries that EventBridge takes in a second: the account's quota, or the Region's default."""
    return settings.bus_entries or BUS_ENTRIES.get(settings.region, BUS_ENTRIES_ELSEWHERE)


def _eventbridge(settings: CapacitySettings) -> Iterator[Limit]:
    yield Limit(
        part="EventBridge",
        events_per_second=bus_entries(settings),
        above=_RETRIED,
        raise_by="EventBridge: *PutEvents throttle limit*",
        is_quota=True,
    )


def _pinpoint(_: CapacitySettings) -> Iterator[Limit]:
    yield Limit(
        part="Pinpoint",
        events_per_second=PINPOINT_REQUESTS * PINPOINT_EVENTS_IN_REQUEST,
        above=_RETRIED,
        raise_by="nothing: AWS has ended Pinpoint",
        is_quota=True,
    )


_OF_DESTINATIONS: Final = {
    "customer-profiles": _customer_profiles,
    "firehose": _firehose,
    "eventbridge": _eventbridge,
    "pinpoint": _pinpoint,
}
