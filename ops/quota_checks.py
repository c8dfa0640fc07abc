"""The checks of `doctor` that hold the account's quotas against what the stack may need.

API Gateway and Lambda tell the values that are in effect themselves; others come from Service Quotas. Quotas
that have no public code there (Customer Profiles, the throughput of Firehose) are in docs/scaling.md.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from ops import functions
from ops.aws import Aws, CallError
from ops.capacity import CONCURRENT_EXECUTIONS, CapacitySettings, bus_entries, limits
from ops.cost_model import AUTHORIZER_MS
from ops.examined import Examined
from ops.finding import Finding, ok, unreadable, warning
from ops.stack import Stack

_FEW_EXECUTIONS: Final = 100  # accounts begin with 10 or 1,000
_REQUESTS_PER_SECOND: Final = "CUSTOMER_PROFILES_REQUESTS_PER_SECOND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota in Service Quotas."""

    service: str
    code: str
    name: str

    def ask_for(self, value: int, region: str) -> str:
        """How to ask AWS for more, in one line."""
        return (
            f"ask AWS for {self.name}: aws service-quotas request-service-quota-increase --service-code "
            f"{self.service} --quota-code {self.code} --desired-value {value} --region {region}"
        )


# AWS's pages on the quotas of API Gateway and EventBridge link to their codes; Lambda's is in public lists.
API_REQUESTS: Final = Quota(service="apigateway", code="L-8A5B8E43", name="Throttle rate")
EXECUTIONS: Final = Quota(service="lambda", code="L-B99A9384", name="Concurrent executions")
BUS_REQUESTS: Final = Quota(
    service="events", code="L-9B653E91", name="PutEvents throttle limit in transactions per second"
)


def findings(aws: Aws, examined: Examined) -> Iterator[Finding]:
    """The quotas on the path of an event, and which part of it binds first."""
    load = examined.load
    if examined.stack is not None:
        try:
            load = _deployed(aws, examined.stack)
        except CallError as error:
            yield unreadable("throttle of the stack", error)
    executions = yield from _executions(aws, examined.region, load)
    requests = yield from _api_requests(aws, examined.region, load)
    if load is None:
        return
    load = replace(
        load,
        api_requests=requests,
        concurrent_executions=executions or load.concurrent_executions,
    )
    if "eventbridge" in load.destinations:
        load = replace(load, bus_entries=(yield from _bus_entries(aws, load)))
    first = limits(load)[0]
    taken = f"{first.events_per_second:,.0f} events a second: first limit, {first.part}"
    remedy = first.raise_by.replace("`", "").replace("*", "")
    yield ok("capacity", f"{taken}; above it an event {first.above}. To raise it: {remedy}")


def _deployed(aws: Aws, stack: Stack) -> CapacitySettings:
    """The settings that are in effect, or the default of one that an older stack does not show."""
    defaults = CapacitySettings()
    mapping = functions.event_source(aws, stack)
    function = functions.configuration(aws, stack.function_name)
    variables: dict[str, str] = function.get("Environment", {}).get("Variables", {})
    concurrency = mapping.get("ScalingConfig", {}).get("MaximumConcurrency", defaults.maximum_concurrency)
    throttle = _throttle(aws, stack)
    # Each copy of the function has an equal share.
    share = variables.get(_REQUESTS_PER_SECOND)
    return CapacitySettings(
        is_authenticated=stack.authorizer_function_name is not None,
        destinations=stack.destinations,
        region=stack.region,
        throttling_rate_limit=int(throttle.get("throttlingRateLimit", defaults.throttling_rate_limit)),
        throttling_burst_limit=int(throttle.get("throttlingBurstLimit", defaults.throttling_burst_limit)),
        batch_size=mapping.get("BatchSize", defaults.batch_size),
        maximum_concurrency=concurrency,
        customer_profiles_requests_per_second=(
            int(share) * concurrency if share else defaults.customer_profiles_requests_per_second
        ),
    )


def _throttle(aws: Aws, stack: Stack) -> dict[str, Any]:
    """The throttle of all methods of the stage."""
    if stack.api_id is None or stack.stage_name is None:
        return {}
    stage = aws.call("apigateway", "get_stage", restApiId=stack.api_id, stageName=stack.stage_name)
    return cast("dict[str, Any]", stage.get("methodSettings", {}).get("*/*", {}))


def _executions(aws: Aws, region: str, load: CapacitySettings | None) -> Generator[Finding, None, int | None]:
    """Returns the account's limit."""
    check = "Lambda's limit"
    try:
        limit = aws.call("lambda", "get_account_settings")["AccountLimit"]
    except CallError as error:
        yield unreadable(check, error)
        return None
    whole, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    needed = 0 if load is None else _needed_executions(load)
    said = f"{free:,} of {whole:,} concurrent executions are free to use"
    said += f"; this stack takes up to {needed:,}" if needed else ""
    if free < max(needed, _FEW_EXECUTIONS):
        asked = max(CONCURRENT_EXECUTIONS, whole + needed - free)
        yield warning(check, said, EXECUTIONS.ask_for(asked, region))
    else:
        yield ok(check, said)
    return whole


def _needed_executions(load: CapacitySettings) -> int:
    """At full throttle: copies of the processor, and of the authorizer in the authenticated scenario."""
    authorizers = (
        math.ceil(load.throttling_rate_limit * AUTHORIZER_MS / 1_000) if load.is_authenticated else 0
    )
    return load.maximum_concurrency + authorizers


def _api_requests(
    aws: Aws, region: str, load: CapacitySettings | None
) -> Generator[Finding, None, int | None]:
    """Returns the account's limit."""
    check = "API Gateway's limit"
    try:
        limit = aws.call("apigateway", "get_account").get("throttleSettings")
    except CallError as error:
        yield unreadable(check, error)
        return None
    if not limit:
        return None
    rate, burst = int(limit["rateLimit"]), int(limit["burstLimit"])
    said = f"{rate:,} requests a second, all APIs of the account in this Region together"
    if load is not None and load.throttling_rate_limit > rate:
        more = f"{said}; throttlingRateLimit is {load.throttling_rate_limit:,}, so events above it are lost"
        yield warning(check, more, API_REQUESTS.ask_for(load.throttling_rate_limit, region))
    elif load is not None and load.throttling_burst_limit > burst:
        more = f"bursts of {burst:,} at most, which only AWS sets; throttlingBurstLimit is higher"
        yield warning(check, more, f"set throttlingBurstLimit to {burst} or less")
    else:
        yield ok(check, said)
    return rate


def _bus_entries(aws: Aws, load: CapacitySettings) -> Generator[Finding, None, int]:
    """Returns the account's limit."""
    check = "EventBridge's limit"
    try:
        quota = aws.call(
            "service-quotas",
            "get_service_quota",
            ServiceCode=BUS_REQUESTS.service,
            QuotaCode=BUS_REQUESTS.code,
        )["Quota"]
        entries, whence = int(quota["Value"]), "entries a second"
    except CallError as error:
        entries, whence = bus_entries(load), f"entries a second by default: Service Quotas ({error.code})"
    said = f"{entries:,} {whence}"
    if load.throttling_rate_limit > entries:
        more = f"{said}; throttlingRateLimit is {load.throttling_rate_limit:,}: events above it are retried"
        yield warning(check, more, BUS_REQUESTS.ask_for(load.throttling_rate_limit, load.region))
    else:
        yield ok(check, said)
    return entries
