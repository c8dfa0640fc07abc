"""Amazon EventBridge: an event bus, from which rules send events on to any other product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pulumi
import pulumi_aws as aws

from components.destinations import ProvisionedDestination
from components.iam import allow
from components.location import Location

LONGEST_ARCHIVE_NAME = 48
"""Characters of an archive's name (CreateArchive)."""

_AUTONAME_SUFFIX = 8  # Pulumi adds a hyphen and seven random digits to names.


@dataclass(frozen=True, slots=True, kw_only=True)
class EventbridgeArgs:
    """A bus that gets one entry for each event."""

    name: ClassVar[str] = "eventbridge"
    sdk_service: ClassVar[str] = "events"

    # The name of an existing bus; None creates one.
    bus: str | None

    # `source` of each entry, on which rules match.
    source: str

    # Days for which an archive keeps events for a replay; 0 creates no archive.
    archive_days: int

    def provision(
        self, name: str, location: Location, child: pulumi.ResourceOptions
    ) -> ProvisionedDestination:
        if self.bus is None:
            bus = aws.cloudwatch.EventBus(name, description="Events from Google Tag Manager", opts=child)
            bus_name, bus_arn = bus.name, bus.arn
        else:
            bus_name = pulumi.Output.from_input(self.bus)
            bus_arn = pulumi.Output.concat(
                *("arn:", location.partition, ":events:", location.region, ":", location.account_id),
                *(":event-bus/", bus_name),
            )
        outputs: Mapping[str, pulumi.Input[str]] = {}
        if self.archive_days:
            archive = aws.cloudwatch.EventArchive(
                f"{name}-archive"[_AUTONAME_SUFFIX - LONGEST_ARCHIVE_NAME :],
                description="Events from Google Tag Manager, for a replay",
                event_source_arn=bus_arn,
                # An existing bus may carry events of others.
                event_pattern=json.dumps({"source": [self.source]}),
                retention_days=self.archive_days,
                opts=child,
            )
            outputs = {"eventbridge_archive": archive.name}
        return ProvisionedDestination(
            statements=[allow("PutEventBridgeEvents", ["events:PutEvents"], bus_arn)],
            environment={"EVENTBRIDGE_BUS": bus_name, "EVENTBRIDGE_SOURCE": self.source},
            outputs={"eventbridge_bus": bus_name, "eventbridge_source": self.source, **outputs},
        )
