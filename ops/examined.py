"""What `doctor` looks at: the parts of a deployed stack, or those that a stack's settings name."""

from dataclasses import dataclass
from pathlib import Path

from ops.capacity import CapacitySettings
from ops.stack import Stack
from ops.stack_settings import StackSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """None and empty: there is no such part."""

    region: str
    # The deployed stack; None before the first deployment.
    stack: Stack | None = None
    domain: str | None = None
    # Whether the stack creates the domain, or created it.
    makes_domain: bool = False
    object_types: tuple[str, ...] = ()
    key_arn: str | None = None
    certificate_arn: str | None = None
    host_name: str | None = None
    has_access_logs: bool = False
    # What the settings ask of quotas; a deployed stack says it itself.
    load: CapacitySettings | None = None


def of_stack(stack: Stack) -> Examined:
    types = (stack.customer_profiles_object_type, stack.customer_profiles_endpoints_type)
    return Examined(
        region=stack.region,
        stack=stack,
        domain=stack.customer_profiles_domain,
        makes_domain=stack.customer_profiles_dead_letter_queue_url is not None,
        object_types=tuple(one for one in types if one),
        key_arn=stack.kms_key_arn,
    )


def of_settings(file: Path) -> Examined:
    """The settings of a stack that is not deployed: Pulumi.NAME.yaml. Raises UsageError."""
    settings = StackSettings(file)
    has_profiles = "customer-profiles" in settings.destinations()
    return Examined(
        region=settings.region(),
        domain=settings.text("customerProfilesDomain") if has_profiles else None,
        makes_domain=settings.is_on("customerProfilesNewDomain"),
        key_arn=settings.text("kmsKeyArn"),
        certificate_arn=settings.text("certificateArn"),
        host_name=settings.text("domainName"),
        has_access_logs=settings.is_on("accessLogs"),
        load=_load(settings),
    )


def _load(settings: StackSettings) -> CapacitySettings:
    """Raises UsageError."""
    defaults = CapacitySettings()
    return CapacitySettings(
        is_authenticated=settings.is_authenticated(),
        destinations=settings.destinations(),
        region=settings.region(),
        throttling_rate_limit=settings.number("throttlingRateLimit", defaults.throttling_rate_limit),
        throttling_burst_limit=settings.number("throttlingBurstLimit", defaults.throttling_burst_limit),
        batch_size=settings.number("batchSize", defaults.batch_size),
        maximum_concurrency=settings.number("maximumConcurrency", defaults.maximum_concurrency),
        customer_profiles_requests_per_second=settings.number(
            "customerProfilesRequestsPerSecond", defaults.customer_profiles_requests_per_second
        ),
    )
