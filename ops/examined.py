"""What `doctor` looks at: the parts of a deployed stack, or those that a stack's settings name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from ops.errors import UsageError
from ops.stack import Stack

_PREFIX: Final = "gtm-pixel:"


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
    values = _settings(file)
    region = values.get("aws:region")
    if not isinstance(region, str):
        raise UsageError(f"{file} has no aws:region: pulumi config set aws:region REGION")

    def named(setting: str) -> str | None:
        value = values.get(_PREFIX + setting)
        return value if isinstance(value, str) and value else None

    destinations = values.get(f"{_PREFIX}destinations", ["customer-profiles"])
    has_profiles = isinstance(destinations, list) and "customer-profiles" in destinations
    return Examined(
        region=region,
        domain=named("customerProfilesDomain") if has_profiles else None,
        makes_domain=has_profiles and _is_on(values.get(f"{_PREFIX}customerProfilesNewDomain")),
        key_arn=named("kmsKeyArn"),
        certificate_arn=named("certificateArn"),
        host_name=named("domainName"),
        has_access_logs=_is_on(values.get(f"{_PREFIX}accessLogs")),
    )


def _is_on(value: object) -> bool:
    return str(value).lower() == "true"


def _settings(file: Path) -> Mapping[str, Any]:
    try:
        found: object = yaml.safe_load(file.read_bytes())
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        raise UsageError(f"--settings {file} cannot be read: name the file Pulumi.STACK.yaml") from None
    config = cast("dict[str, Any]", found).get("config") if isinstance(found, dict) else None
    if not isinstance(config, dict):
        raise UsageError(f"--settings {file} has no settings: name the file Pulumi.STACK.yaml")
    return cast("dict[str, Any]", config)
