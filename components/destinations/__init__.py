"""The destinations of events. Each declares its resources, and the processor's permissions and environment.

Each module here is one destination: its arguments, the AWS resources it owns, and the permissions and
environment variables that its counterpart in handler/destinations/ needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import pulumi

from components.alarm import Alarm
from components.iam import Statement
from components.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedDestination:
    """A destination's outputs for the event processor and the stack."""

    # Permissions of the processor.
    statements: Sequence[Statement]

    # Environment variables of the processor.
    environment: Mapping[str, pulumi.Input[str]]

    # Stack outputs: strings, or objects of them.
    outputs: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict[str, pulumi.Input[Any]])

    # Alarms on the service, for stacks that have alarms.
    alarms: Sequence[Alarm] = ()

    # Shown by `pulumi up`; None shows nothing.
    warning: pulumi.Input[str | None] = None


class DestinationArgs(Protocol):
    """The arguments of one destination."""

    # As in the setting `destinations`, and the name of the handler's module.
    name: ClassVar[str]

    # The botocore service that the handler calls: its model goes into the code archive.
    sdk_service: ClassVar[str]

    def provision(
        self, name: str, location: Location, child: pulumi.ResourceOptions, /
    ) -> ProvisionedDestination:
        """Create the resources that the destination owns, named `name` or `name`-…, with options `child`."""
        ...
