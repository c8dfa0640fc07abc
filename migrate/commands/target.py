"""The domain, object type and Region that a command works on, from stack outputs or from flags."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.arguments import file_name
from cli.errors import UsageError
from cli.files import shown_file
from cli.stack_outputs import read_outputs

# As in the service's model.
_DOMAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OBJECT_TYPE = re.compile(r"[a-zA-Z_][a-zA-Z_0-9-]{0,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An object type of a Customer Profiles domain. Region None means the configured one."""

    domain: str
    object_type: str
    region: str | None


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--outputs",
        type=file_name,
        metavar="FILE",
        help="output of `pulumi stack output --json`; - reads standard input",
    )
    command.add_argument("--domain", metavar="NAME", help="instead of --outputs, together with --object-type")
    command.add_argument("--object-type", metavar="NAME", help="the stack's object type for endpoints")
    command.add_argument(
        "--region", metavar="REGION", help="default: the Region in --outputs, or the configured one"
    )


def read_target(options: argparse.Namespace) -> Target:
    """Raises UsageError."""
    domain, object_type, region = options.domain, options.object_type, options.region
    if options.outputs is not None:
        if domain is not None or object_type is not None:
            raise UsageError(
                "--outputs already names domain and object type; omit --domain and --object-type"
            )
        outputs = read_outputs(options.outputs)
        domain = _output(outputs, "customer_profiles_domain", options.outputs)
        object_type = _output(outputs, "customer_profiles_endpoints_type", options.outputs)
        # Older stacks do not have this output.
        if region is None and "region" in outputs:
            region = _output(outputs, "region", options.outputs)
    if domain is None or object_type is None:
        raise UsageError("no target; give --outputs, or both --domain and --object-type")
    if not _DOMAIN.fullmatch(domain):
        raise UsageError(f"domain {domain!r} must be 1 to 64 letters, digits, underscores and hyphens")
    if not _OBJECT_TYPE.fullmatch(object_type):
        raise UsageError(
            f"object type {object_type!r} must be 1 to 255 letters, digits, underscores and hyphens, and "
            "begin with a letter or underscore"
        )
    return Target(domain=domain, object_type=object_type, region=region)


def _output(outputs: Mapping[str, Any], name: str, file: str) -> str:
    value = outputs.get(name)
    if not isinstance(value, str):
        raise UsageError(
            f"{shown_file(file)} has no output {name}; add customer-profiles to destinations and run "
            "pulumi up"
        )
    return value
