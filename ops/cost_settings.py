"""What a stack's costs depend on, read from its settings file."""

import ipaddress
from pathlib import Path

from ops.cost_model import CostSettings
from ops.stack_settings import StackSettings


def read(file: Path) -> CostSettings:
    """Pulumi.NAME.yaml. What it does not set has its default. Raises UsageError."""
    settings, defaults = StackSettings(file), CostSettings()
    destinations = settings.destinations()
    has_profiles = "customer-profiles" in destinations
    makes_domain = settings.is_on("customerProfilesNewDomain")
    creates_profiles = settings.is_on("customerProfilesCreate", default=True)
    has_other_queue = settings.text("customerProfilesDeadLetterQueue") is not None
    return CostSettings(
        is_authenticated=settings.is_authenticated(),
        destinations=destinations,
        batch_size=settings.number("batchSize", defaults.batch_size),
        batch_window_seconds=settings.number("batchWindowSeconds", defaults.batch_window_seconds),
        function_memory_mb=settings.number("functionMemoryMb", defaults.function_memory_mb),
        throttling_rate_limit=settings.number("throttlingRateLimit", defaults.throttling_rate_limit),
        firehose_buffer_seconds=settings.number("firehoseBufferSeconds", defaults.firehose_buffer_seconds),
        firehose_retention_days=settings.number("firehoseRetentionDays", defaults.firehose_retention_days),
        eventbridge_archive_days=settings.number("eventbridgeArchiveDays", defaults.eventbridge_archive_days),
        creates_profiles=creates_profiles,
        web_acl_rules=_web_acl_rules(settings),
        has_other_web_acl=settings.text("webAclArn") is not None,
        has_key=settings.text("kmsKeyArn") is not None,
        has_access_logs=settings.is_on("accessLogs"),
        has_tracing=settings.is_on("tracing"),
        has_alarms=settings.is_on("alarms"),
        expects_traffic=settings.is_on("expectTraffic"),
        has_domain_queue=has_profiles and (has_other_queue or (makes_domain and creates_profiles)),
        has_dashboard=settings.is_on("dashboard"),
    )


def _web_acl_rules(settings: StackSettings) -> int:
    if not settings.number("rateLimitPerIpPer5Minutes", 0):
        return 0
    return 1 + len({_ip_version(cidr) for cidr in settings.words("rateLimitExemptCidrs")})


def _ip_version(cidr: str) -> int:
    try:
        return ipaddress.ip_network(cidr, strict=False).version
    except ValueError:
        return 0  # pulumi up refuses it
