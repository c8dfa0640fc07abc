"""Amazon Pinpoint: permission for PutEvents on an existing application."""

from dataclasses import dataclass
from typing import ClassVar

import pulumi

from components.destinations import ProvisionedDestination
from components.iam import allow
from components.location import Location

END_OF_SUPPORT = (
    "Amazon Pinpoint reached end of support on 2026-10-30: AWS no longer serves its endpoints, segments, "
    "campaigns, journeys and analytics. Set destinations to customer-profiles, which replaces it, "
    "and to firehose for analytics. See docs/leaving-pinpoint.md."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinpointArgs:
    """An existing Amazon Pinpoint application."""

    name: ClassVar[str] = "pinpoint"
    sdk_service: ClassVar[str] = "pinpoint"

    application_id: str

    # The application's Region; None is the stack's own.
    region: str | None = None

    def provision(
        self, _name: str, location: Location, _child: pulumi.ResourceOptions
    ) -> ProvisionedDestination:
        region = self.region or location.region
        # PutEvents has the resource `events` (Service Authorization Reference, Amazon Pinpoint).
        events_arn = pulumi.Output.concat(
            *("arn:", location.partition, ":mobiletargeting:", region, ":", location.account_id),
            *(":apps/", self.application_id, "/events"),
        )
        return ProvisionedDestination(
            statements=[allow("PutPinpointEvents", ["mobiletargeting:PutEvents"], events_arn)],
            environment={"PINPOINT_APPLICATION_ID": self.application_id, "PINPOINT_REGION": region},
            warning=END_OF_SUPPORT,
        )
