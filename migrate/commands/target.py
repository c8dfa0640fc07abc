"""The domain, object type and Region that a command works on, from stack outputs or from flags."""

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from migrate.commands.errors import UsageError

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
        "--outputs", metavar="FILE", help="output of `pulumi stack output --json`; - reads standard input"
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
        outputs = _outputs(options.outputs)
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


def _outputs(file: str) -> dict[str, Any]:
    name = "standard input" if file == "-" else file
    try:
        # Of bytes, json knows UTF-8 with and without a mark, and the UTF-16 that PowerShell's `>` writes.
        outputs = json.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"{name} cannot be read ({error.strerror}); give the path of a file") from None
    except (ValueError, RecursionError):
        outputs = None
    if not isinstance(outputs, dict):
        raise UsageError(f"{name} is no JSON object; give the output of `pulumi stack output --json`")
    return cast(dict[str, Any], outputs)


def _output(outputs: dict[str, Any], name: str, file: str) -> str:
    value = outputs.get(name)
    if not isinstance(value, str):
        raise UsageError(
            f"{file} has no output {name}; add customer-profiles to destinations and run pulumi up"
        )
    return value
