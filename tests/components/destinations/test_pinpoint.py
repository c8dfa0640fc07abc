"""The event processor's permissions and environment for Amazon Pinpoint."""

from dataclasses import replace

import pytest

from components.destinations.pinpoint import END_OF_SUPPORT, PinpointArgs
from tests.components.destinations.provisioning import provisioned

PINPOINT = PinpointArgs(application_id="0123456789abcdef0123456789abcdef")


def test_it_creates_no_resources() -> None:
    recording, _ = provisioned(PINPOINT)

    assert recording.names() == {}


def test_it_adds_no_outputs() -> None:
    _, result = provisioned(PINPOINT)

    assert result["outputs"] == {}


@pytest.mark.parametrize(("partition", "region"), [("aws", "eu-central-1"), ("aws-us-gov", "us-gov-west-1")])
def test_the_processor_may_put_events_in_the_application_only(partition: str, region: str) -> None:
    _, result = provisioned(PINPOINT, partition=partition, region=region)

    assert result["statements"] == [
        {
            "Sid": "PutPinpointEvents",
            "Effect": "Allow",
            "Action": ["mobiletargeting:PutEvents"],
            "Resource": [
                f"arn:{partition}:mobiletargeting:{region}:123456789012:"
                "apps/0123456789abcdef0123456789abcdef/events"
            ],
        }
    ]


def test_the_application_may_be_in_another_region() -> None:
    _, result = provisioned(replace(PINPOINT, region="us-west-2"))

    assert result["environment"]["PINPOINT_REGION"] == "us-west-2"
    ((arn,),) = [statement["Resource"] for statement in result["statements"]]
    assert arn.startswith("arn:aws:mobiletargeting:us-west-2:")


def test_it_warns_that_support_has_ended_and_names_the_replacement() -> None:
    _, result = provisioned(PINPOINT)

    assert result["warning"] == END_OF_SUPPORT
    assert "2026-10-30" in END_OF_SUPPORT
    assert "Set destinations to customer-profiles" in END_OF_SUPPORT
