"""What each destination needs: resources, IAM statements and environment variables of the event processor.

A new destination is one `…Args` class and one branch here, beside its module in handler/destinations/.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, assert_never

import pulumi

from components.customer_profiles import REGIONS, CustomerProfiles
from components.firehose_stream import FirehoseStream, FirehoseStreamArgs
from components.iam import Statement, allow
from components.location import Location
from components.profile_template import ProfileTemplateArgs

PINPOINT_END_OF_SUPPORT = (
    "Amazon Pinpoint reached end of support on 2026-10-30: AWS no longer serves its endpoints, segments, "
    "campaigns, journeys and analytics. Set destinations to customer-profiles, which succeeds it, "
    "and to firehose for analytics; docs/leaving-pinpoint.md says how."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinpointArgs:
    """Amazon Pinpoint: PutEvents on an existing application, whose Region may differ from the stack's."""

    name: ClassVar[str] = "pinpoint"
    sdk_service: ClassVar[str] = "pinpoint"

    application_id: str
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerProfilesArgs:
    """Amazon Connect Customer Profiles: an object an event, in a domain that exists or is made here."""

    name: ClassVar[str] = "customer-profiles"
    sdk_service: ClassVar[str] = "customer-profiles"

    template: ProfileTemplateArgs

    # Share of one copy of the function in the account's quota of requests a second: 1 or more.
    requests_per_second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseArgs:
    """Amazon Data Firehose: a record an event, in a stream that exists or is made here."""

    name: ClassVar[str] = "firehose"
    sdk_service: ClassVar[str] = "firehose"

    # An existing stream's name, or what a new one with its bucket is to be.
    stream: str | FirehoseStreamArgs

    # application.app_id of each record.
    app_id: str


DestinationArgs = PinpointArgs | CustomerProfilesArgs | FirehoseArgs
"""Any destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationGrant:
    """What the event processor gets so that it can record events in a destination."""

    statements: Sequence[Statement]
    environment: Mapping[str, pulumi.Input[str]]
    # What the stack exports of it.
    outputs: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    # What whoever deploys should know, if anything.
    warning: pulumi.Input[str | None] = None


def grant(
    destination: DestinationArgs, location: Location, name: str, child: pulumi.ResourceOptions
) -> DestinationGrant:
    """Permissions and environment for one destination; its resources are children, named `name`-…"""
    match destination:
        case PinpointArgs():
            return _grant_pinpoint(destination, location)
        case CustomerProfilesArgs():
            return _grant_customer_profiles(destination, location, f"{name}-{destination.name}", child)
        case FirehoseArgs():
            return _grant_firehose(destination, location, f"{name}-{destination.name}", child)
        case _:
            assert_never(destination)


def _grant_pinpoint(destination: PinpointArgs, location: Location) -> DestinationGrant:
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


def _grant_customer_profiles(
    destination: CustomerProfilesArgs, location: Location, name: str, child: pulumi.ResourceOptions
) -> DestinationGrant:
    profiles = CustomerProfiles(name, destination.template, child)
    domain_arn = pulumi.Output.concat(
        *("arn:", location.partition, ":profile:", location.region, ":", location.account_id),
        *(":domains/", profiles.domain_name),
    )
    return DestinationGrant(
        # The resources of PutProfileObject are the domain and the object type; it is what allows
        # BatchPutProfileObject too.
        statements=[
            allow(
                "PutProfileObjects",
                ["profile:PutProfileObject"],
                domain_arn,
                pulumi.Output.concat(domain_arn, "/object-types/", profiles.object_type_name),
            )
        ],
        environment={
            "CUSTOMER_PROFILES_DOMAIN": profiles.domain_name,
            "CUSTOMER_PROFILES_OBJECT_TYPE": profiles.object_type_name,
            "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES": json.dumps(list(destination.template.event_attributes)),
            "CUSTOMER_PROFILES_REQUESTS_PER_SECOND": str(destination.requests_per_second),
        },
        outputs={
            "customer_profiles_domain": profiles.domain_name,
            "customer_profiles_object_type": profiles.object_type_name,
            "customer_profiles_endpoints_type": profiles.endpoints_type_name,
        },
        warning=pulumi.Output.from_input(location.region).apply(_region_warning),
    )


def _region_warning(region: str) -> str | None:
    if region in REGIONS:
        return None
    return (
        f"Amazon Connect Customer Profiles is not known to be in {region}: deploying is likely to fail. "
        f"Set aws:region to one of {', '.join(sorted(REGIONS))}."
    )


def _grant_firehose(
    destination: FirehoseArgs, location: Location, name: str, child: pulumi.ResourceOptions
) -> DestinationGrant:
    outputs: Mapping[str, pulumi.Input[str]] = {}
    if isinstance(destination.stream, FirehoseStreamArgs):
        stream = FirehoseStream(name, destination.stream, child)
        stream_name, stream_arn = stream.stream_name, stream.stream_arn
        outputs = {"event_bucket": stream.bucket_name}
    else:
        stream_name = pulumi.Output.from_input(destination.stream)
        stream_arn = pulumi.Output.concat(
            *("arn:", location.partition, ":firehose:", location.region, ":", location.account_id),
            *(":deliverystream/", stream_name),
        )
    return DestinationGrant(
        statements=[allow("PutFirehoseRecords", ["firehose:PutRecordBatch"], stream_arn)],
        environment={"FIREHOSE_STREAM": stream_name, "FIREHOSE_APP_ID": destination.app_id},
        outputs={"firehose_stream": stream_name, **outputs},
    )
