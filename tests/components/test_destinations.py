"""What the event processor gets for each destination: permissions, environment, outputs, resources."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.destinations import (
    PINPOINT_END_OF_SUPPORT,
    CustomerProfilesArgs,
    DestinationArgs,
    FirehoseArgs,
    PinpointArgs,
    grant,
)
from components.firehose_stream import FirehoseStreamArgs
from components.location import current_location
from tests.profile_templates import MINIMAL
from tests.recording import Recording, record

PINPOINT = PinpointArgs(application_id="0123456789abcdef0123456789abcdef")
TEMPLATE = replace(MINIMAL, trigger_attributes=("currency",), search_attributes=("order", "currency"))
CUSTOMER_PROFILES = CustomerProfilesArgs(template=TEMPLATE, requests_per_second=20)
NEW_STREAM = FirehoseArgs(
    stream=FirehoseStreamArgs(buffer_seconds=300, retention_days=395, log_retention_days=30),
    app_id="gtm-pixel-test",
)
EXISTING_STREAM = FirehoseArgs(stream="events", app_id="gtm-pixel-test")


def granted(
    destination: DestinationArgs, *, partition: str = "aws", region: str = "eu-central-1"
) -> tuple[Recording, Mapping[str, Any]]:
    """What is registered for a destination, and what is granted."""

    def program() -> None:
        answer = grant(destination, current_location(), "processor", pulumi.ResourceOptions())
        # JSON brings statements with outputs in them to where they can be read.
        pulumi.export("statements", pulumi.Output.json_dumps(list(answer.statements)))
        pulumi.export("environment", answer.environment)
        pulumi.export("outputs", answer.outputs)
        pulumi.export("warning", answer.warning)

    recording = record(program, partition=partition, region=region)
    outputs = {"environment": {}, "outputs": {}, "warning": None, **recording.outputs}
    return recording, {**outputs, "statements": json.loads(outputs["statements"])}


class TestPinpoint:
    def test_it_needs_no_resources_of_its_own(self) -> None:
        recording, _ = granted(PINPOINT)

        assert recording.names() == {}

    def test_it_exports_nothing(self) -> None:
        _, answer = granted(PINPOINT)

        assert answer["outputs"] == {}

    def test_it_warns_that_support_has_ended_and_says_what_to_set(self) -> None:
        _, answer = granted(PINPOINT)

        assert answer["warning"] == PINPOINT_END_OF_SUPPORT
        assert "Set destinations to customer-profiles" in PINPOINT_END_OF_SUPPORT


class TestCustomerProfiles:
    def test_its_object_types_are_one_stack(self) -> None:
        recording, _ = granted(CUSTOMER_PROFILES)

        assert recording.names() == {"processor-customer-profiles": "aws:cloudformation/stack:Stack"}

    @pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
    def test_the_function_may_put_objects_of_the_events_type_and_nothing_else(self, partition: str) -> None:
        _, answer = granted(CUSTOMER_PROFILES, partition=partition)

        domain = f"arn:{partition}:profile:eu-central-1:123456789012:domains/amazon-connect-example"
        assert answer["statements"] == [
            {
                "Sid": "PutProfileObjects",
                "Effect": "Allow",
                "Action": ["profile:PutProfileObject"],
                "Resource": [domain, f"{domain}/object-types/gtm-pixel-test"],
            }
        ]

    def test_the_function_learns_where_what_and_how_often(self) -> None:
        _, answer = granted(CUSTOMER_PROFILES)

        assert answer["environment"] == {
            "CUSTOMER_PROFILES_DOMAIN": "amazon-connect-example",
            "CUSTOMER_PROFILES_OBJECT_TYPE": "gtm-pixel-test",
            "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES": json.dumps(["currency", "order"]),
            "CUSTOMER_PROFILES_REQUESTS_PER_SECOND": "20",
        }

    def test_the_stack_exports_the_domain_and_both_types(self) -> None:
        _, answer = granted(CUSTOMER_PROFILES)

        assert answer["outputs"] == {
            "customer_profiles_domain": "amazon-connect-example",
            "customer_profiles_object_type": "gtm-pixel-test",
            "customer_profiles_endpoints_type": "gtm-pixel-test-endpoints",
        }

    def test_a_new_domain_changes_nothing_of_that(self) -> None:
        new = replace(CUSTOMER_PROFILES, template=replace(TEMPLATE, new_domain=True))

        assert granted(new)[1] == granted(CUSTOMER_PROFILES)[1]

    def test_in_a_region_that_has_it_nothing_is_said(self) -> None:
        _, answer = granted(CUSTOMER_PROFILES, region="eu-central-1")

        assert answer["warning"] is None

    def test_elsewhere_whoever_deploys_is_told_and_where_it_is(self) -> None:
        _, answer = granted(CUSTOMER_PROFILES, region="eu-west-1")

        assert answer["warning"] == (
            "Amazon Connect Customer Profiles is not known to be in eu-west-1: deploying is likely to fail. "
            "Set aws:region to one of af-south-1, ap-northeast-1, ap-northeast-2, ap-southeast-1, "
            "ap-southeast-2, ca-central-1, eu-central-1, eu-west-2, us-east-1, us-west-2."
        )


class TestFirehose:
    def test_an_existing_stream_needs_no_resources(self) -> None:
        recording, _ = granted(EXISTING_STREAM)

        assert recording.names() == {}

    def test_the_function_may_put_records_in_an_existing_stream_and_nothing_else(self) -> None:
        _, answer = granted(EXISTING_STREAM, partition="aws-cn", region="cn-north-1")

        arn = "arn:aws-cn:firehose:cn-north-1:123456789012:deliverystream/events"
        assert answer["statements"] == [put_records(arn)]

    def test_the_function_may_put_records_in_a_new_stream_and_nothing_else(self) -> None:
        recording, answer = granted(NEW_STREAM)

        assert "processor-firehose" in recording.names()
        arn = "arn:aws:kinesis:eu-central-1:123456789012:processor-firehose-1a2b3c4"
        assert answer["statements"] == [put_records(arn)]

    @pytest.mark.parametrize(
        ("destination", "stream"),
        [(EXISTING_STREAM, "events"), (NEW_STREAM, "processor-firehose-1a2b3c4")],
        ids=["existing", "new"],
    )
    def test_the_function_learns_the_stream_and_the_application(
        self, destination: FirehoseArgs, stream: str
    ) -> None:
        _, answer = granted(destination)

        assert answer["environment"] == {"FIREHOSE_STREAM": stream, "FIREHOSE_APP_ID": "gtm-pixel-test"}

    def test_the_stack_exports_an_existing_stream(self) -> None:
        _, answer = granted(EXISTING_STREAM)

        assert answer["outputs"] == {"firehose_stream": "events"}

    def test_the_stack_exports_a_new_stream_and_its_bucket(self) -> None:
        _, answer = granted(NEW_STREAM)

        assert answer["outputs"] == {
            "firehose_stream": "processor-firehose-1a2b3c4",
            "event_bucket": "processor-firehose-bucket-1a2b3c4",
        }


def put_records(arn: str) -> Mapping[str, Any]:
    return {
        "Sid": "PutFirehoseRecords",
        "Effect": "Allow",
        "Action": ["firehose:PutRecordBatch"],
        "Resource": [arn],
    }
