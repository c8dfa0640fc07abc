"""Amazon EventBridge: the bus, its archive, and what the event processor gets."""

import json
from dataclasses import replace

import pulumi
import pytest

from components.destinations.eventbridge import LONGEST_ARCHIVE_NAME, EventbridgeArgs
from components.location import current_location
from tests.components.destinations.provisioning import provisioned
from tests.recording import Recording, Registration, record

NAME = "processor-eventbridge"
BUS = f"{NAME}-1a2b3c4"

NEW = EventbridgeArgs(bus=None, source="gtm-pixel-dev", archive_days=0)
EXISTING = replace(NEW, bus="shared")


def test_a_new_bus_is_created() -> None:
    recording, result = provisioned(NEW)

    assert recording.names() == {NAME: "aws:cloudwatch/eventBus:EventBus"}
    assert result["outputs"] == {"eventbridge_bus": BUS, "eventbridge_source": "gtm-pixel-dev"}


def test_an_existing_bus_is_used_as_it_is() -> None:
    recording, result = provisioned(EXISTING)

    assert recording.names() == {}
    assert result["outputs"] == {"eventbridge_bus": "shared", "eventbridge_source": "gtm-pixel-dev"}


@pytest.mark.parametrize(("partition", "region"), [("aws", "eu-central-1"), ("aws-cn", "cn-north-1")])
def test_the_processor_may_put_events_on_the_bus_only(partition: str, region: str) -> None:
    _, result = provisioned(EXISTING, partition=partition, region=region)

    assert result["statements"] == [
        {
            "Sid": "PutEventBridgeEvents",
            "Effect": "Allow",
            "Action": ["events:PutEvents"],
            "Resource": [f"arn:{partition}:events:{region}:123456789012:event-bus/shared"],
        }
    ]


def test_the_processor_learns_bus_and_source() -> None:
    _, result = provisioned(EXISTING)

    assert result["environment"] == {"EVENTBRIDGE_BUS": "shared", "EVENTBRIDGE_SOURCE": "gtm-pixel-dev"}


def archive_in(recording: Recording) -> Registration:
    (archive,) = (one for one in recording.resources if one.type.endswith(":EventArchive"))
    return archive


@pytest.mark.parametrize("args", [NEW, EXISTING])
def test_an_archive_holds_the_events_of_this_stack_only(args: EventbridgeArgs) -> None:
    recording, result = provisioned(replace(args, archive_days=30))

    archive = archive_in(recording)
    assert archive.inputs["retentionDays"] == 30
    assert json.loads(archive.inputs["eventPattern"]) == {"source": ["gtm-pixel-dev"]}
    assert archive.inputs["eventSourceArn"].endswith(":event-bus/shared" if args.bus else BUS)
    assert "eventbridge_archive" in result["outputs"]


def test_the_archives_name_fits_however_long_the_projects_is() -> None:
    destination, name = replace(NEW, archive_days=1), f"{'p' * 100}-eventbridge"

    recording = record(lambda: destination.provision(name, current_location(), pulumi.ResourceOptions()))

    archive = archive_in(recording)
    assert len(archive.name) + len("-1a2b3c4") == LONGEST_ARCHIVE_NAME
    assert archive.name.endswith("-eventbridge-archive")
