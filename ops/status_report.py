"""What `ops status` knows of a stack, read from AWS in one go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ops import dead_letters, domain_stats, functions, metrics, queues
from ops.aws import Aws
from ops.dead_letters import ReasonCount
from ops.domain_stats import DomainStats
from ops.metrics import Metric, Window
from ops.queues import Depth
from ops.stack import Stack

_LOOKED_AT: Final = 100  # dead letters, for their reasons
_LATELY_SECONDS: Final = 300  # of which the newest age of the queue counts, and what reads it

Numbers = Mapping[str, float | None]
"""By name; None where nothing was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    name: str
    state: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFunction:
    """`code` is the beginning of the archive's hash: the same code has the same one."""

    purpose: str
    name: str
    changed_at: str
    runtime: str
    version: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A stack over the last minutes. Ages are in seconds."""

    stack: str
    region: str
    auth_mode: str
    destinations: tuple[str, ...]
    minutes: int
    event_source: str
    requests: Numbers
    functions: Mapping[str, Numbers]
    outcomes: Numbers
    # By destination, reason or both, by the metric's name.
    parts: Mapping[str, Mapping[str, float]]
    tokens: Numbers
    queue: Depth
    oldest_seconds: float | None
    # Of the processor in the last minutes, however long the status looks back.
    invocations_lately: float | None
    dead_letters: Depth
    # Of the first of them only.
    dead_letter_reasons: list[ReasonCount]
    # Of a Customer Profiles domain that the stack made; None if there is none.
    domain_dead_letters: Depth | None
    # None: the stack has no Customer Profiles.
    domain: DomainStats | None
    alarms: list[AlarmState]
    deployed: list[DeployedFunction]
    dashboard_url: str | None


_SUMS: Final = (
    *("Received", "Recorded", "Rejected", "Retried", "DeadLettered", "LeftInQueue", "DuplicateEvents"),
    *("AttributesDropped", "ProfileUpdatesApplied", "ProfileUpdatesDenied"),
)
_OUTCOMES: Final = {**dict.fromkeys(_SUMS, "Sum"), "RetryAttempt": "Maximum", "EventAge": "p95"}
_TOKENS: Final = (
    "TokensVerified",
    "TokensInvalid",
    "RequestsWithoutToken",
    "CookiesIgnored",
    "KeyFetchesFailed",
)
_REQUESTS: Final = {"Count": "Sum", "4XXError": "Sum", "5XXError": "Sum", "Latency": "p95"}
_FUNCTION: Final = {"Invocations": "Sum", "Errors": "Sum", "Throttles": "Sum", "Duration": "Maximum"}

BY_PARTS: Final = ("Recorded", "Rejected", "Retried", "DeadLettered", "AttributesDropped", "TokensInvalid")


def read_status(
    aws: Aws, stack: Stack, *, minutes: int, now: float, advance: Callable[[int], None]
) -> Status:
    """Raises CallError."""
    window = Window.of_last(minutes * 60, now=now)
    known_parts = metrics.parts(aws, stack.name, BY_PARTS)
    advance(1)
    values = metrics.fetch(aws, {**_wanted(stack), **_wanted_parts(known_parts)}, window)
    advance(1)
    waiting = queues.depth(aws, stack.dead_letter_queue_url)
    with queues.walk(aws, stack.dead_letter_queue_url, expected=waiting.waiting, trusts_counts=True) as walk:
        letters = [letter for batch in walk.batches(_LOOKED_AT) for letter in batch]
    advance(1)
    domain_queue = stack.customer_profiles_dead_letter_queue_url
    mapping = functions.event_source(aws, stack)
    lately = read_lately(aws, stack, now=now)
    return Status(
        stack=stack.name,
        region=stack.region,
        auth_mode=stack.auth_mode,
        destinations=stack.destinations,
        minutes=minutes,
        event_source=mapping["State"],
        requests=_named(values, "request"),
        functions={purpose: _named(values, purpose) for purpose in stack.functions},
        outcomes=_named(values, "own"),
        parts=_parts(values, known_parts),
        tokens=_named(values, "token"),
        queue=queues.depth(aws, stack.queue_url),
        oldest_seconds=lately.oldest_seconds,
        invocations_lately=lately.invocations,
        dead_letters=waiting,
        dead_letter_reasons=dead_letters.by_reason(letters),
        domain_dead_letters=queues.depth(aws, domain_queue) if domain_queue else None,
        domain=_domain(aws, stack),
        alarms=_alarms(aws, stack.name),
        deployed=[_deployed(aws, purpose, name) for purpose, name in stack.functions.items()],
        dashboard_url=stack.dashboard_url,
    )


def _wanted(stack: Stack) -> dict[str, Metric]:
    # All stages together: tags may call a former one.
    api = {"ApiName": stack.api_name}
    tokens = _TOKENS if stack.authorizer_function_name else ()
    return {
        **{
            f"request.{name}": Metric(
                namespace="AWS/ApiGateway", name=name, statistic=statistic, dimensions=api
            )
            for name, statistic in _REQUESTS.items()
        },
        **{
            f"{purpose}.{name}": Metric(
                namespace="AWS/Lambda",
                name=name,
                statistic=statistic,
                dimensions={"FunctionName": function},
            )
            for purpose, function in stack.functions.items()
            for name, statistic in _FUNCTION.items()
        },
        **{f"own.{name}": metrics.own(stack.name, name, statistic) for name, statistic in _OUTCOMES.items()},
        **{f"token.{name}": metrics.own(stack.name, name) for name in tokens},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """The age of the oldest message now, and how often the processor was invoked in the last minutes.

    Both whatever the status counts: the newest period of a day is an hour, and of the messages that a day
    has received, the last may have come before something broke.
    """

    oldest_seconds: float | None
    invocations: float | None


def read_lately(aws: Aws, stack: Stack, *, now: float) -> Lately:
    """Raises CallError."""
    wanted = {
        "age": Metric(
            namespace="AWS/SQS",
            name="ApproximateAgeOfOldestMessage",
            statistic="Maximum",
            dimensions={"QueueName": stack.queue_name},
            is_latest=True,
        ),
        "invocations": Metric(
            namespace="AWS/Lambda", name="Invocations", dimensions={"FunctionName": stack.function_name}
        ),
    }
    values = metrics.fetch(aws, wanted, Window.of_last(_LATELY_SECONDS, now=now))
    return Lately(oldest_seconds=values["age"], invocations=values["invocations"])


def _wanted_parts(parts: list[Metric]) -> dict[str, Metric]:
    return {f"part.{number}": part for number, part in enumerate(parts)}


def _named(values: Numbers, group: str) -> dict[str, float | None]:
    prefix = f"{group}."
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def _parts(values: Numbers, parts: list[Metric]) -> dict[str, dict[str, float]]:
    """The parts that are not 0, the largest first."""
    found: dict[str, dict[str, float]] = {}
    for number, part in enumerate(parts):
        if value := values[f"part.{number}"]:
            found.setdefault(part.name, {})[metrics.key_of(part)] = value
    return {
        name: dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
        for name, counts in found.items()
    }


def _domain(aws: Aws, stack: Stack) -> DomainStats | None:
    name = stack.customer_profiles_domain
    return None if name is None else domain_stats.read(aws, name)


def _alarms(aws: Aws, stack: str) -> list[AlarmState]:
    """The alarms of the stack: their descriptions begin with its name."""
    listed = aws.pages("cloudwatch", "describe_alarms", "MetricAlarms")
    return [
        AlarmState(
            name=alarm["AlarmName"],
            state=alarm["StateValue"],
            description=alarm["AlarmDescription"].removeprefix(f"{stack}: "),
        )
        for alarm in listed
        if str(alarm.get("AlarmDescription", "")).startswith(f"{stack}: ")
    ]


def _deployed(aws: Aws, purpose: str, name: str) -> DeployedFunction:
    found = functions.configuration(aws, name)
    return DeployedFunction(
        purpose=purpose,
        name=name,
        changed_at=found["LastModified"],
        runtime=found["Runtime"],
        version=found["Version"],
        code=found["CodeSha256"][:12],
    )
