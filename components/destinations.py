"""What each destination needs: IAM statements and environment variables of the event processor.

A new destination is one `…Args` class and one branch here, beside its module in handler/destinations/.
Imports IAM documents and the location of this package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pulumi

from components.iam import Statement, allow
from components.location import Location

PINPOINT_END_OF_SUPPORT = (
    "Amazon Pinpoint reached end of support on 2026-10-30: AWS no longer serves its endpoints, segments, "
    "campaigns, journeys and analytics. Amazon Connect Customer Profiles with outbound campaigns succeeds it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinpointArgs:
    """Amazon Pinpoint: PutEvents on an existing application, whose Region may differ from the stack's."""

    name: ClassVar[str] = "pinpoint"
    sdk_service: ClassVar[str] = "pinpoint"

    application_id: str
    region: str | None = None


DestinationArgs = PinpointArgs
"""Any destination; a union as soon as there are two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationGrant:
    """What the event processor gets so that it can record events in a destination."""

    statements: Sequence[Statement]
    environment: Mapping[str, pulumi.Input[str]]
    # What whoever deploys should know, if anything.
    warning: str | None = None


def grant(destination: DestinationArgs, location: Location) -> DestinationGrant:
    """Permissions and environment for one destination."""
    match destination:
        case PinpointArgs():
            region = destination.region or location.region
            # The resource of PutEvents is `events` (Service Authorization Reference, Amazon Pinpoint).
            events_arn = pulumi.Output.concat(
                *("arn:", location.partition, ":mobiletargeting:", region, ":", location.account_id),
                *(":apps/", destination.application_id, "/events"),
            )
            return DestinationGrant(
                statements=[allow("PutPinpointEvents", ["mobiletargeting:PutEvents"], events_arn)],
                environment={
                    "PINPOINT_APPLICATION_ID": destination.application_id,
                    "PINPOINT_REGION": region,
                },
                warning=PINPOINT_END_OF_SUPPORT,
            )
