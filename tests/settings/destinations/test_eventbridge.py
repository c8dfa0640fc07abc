"""Settings of Amazon EventBridge."""

from typing import Any

import botocore.session
import pytest

from components.destinations.eventbridge import EventbridgeArgs
from tests.settings.stacks import load, problems

EVENTBRIDGE: dict[str, Any] = {"destinations": ["eventbridge"]}


def test_it_is_a_new_bus_without_an_archive_unless_it_says_otherwise() -> None:
    assert load(**EVENTBRIDGE).destinations == (
        EventbridgeArgs(bus=None, source="gtm-pixel-test", archive_days=0),
    )


@pytest.mark.parametrize("bus", ["default", "a.b_c-1", "a" * 256])
def test_it_may_be_a_bus_that_exists(bus: str) -> None:
    loaded = load(**EVENTBRIDGE, eventbridgeBus=bus, eventbridgeArchiveDays=30)

    assert loaded.destinations == (EventbridgeArgs(bus=bus, source="gtm-pixel-test", archive_days=30),)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        *(
            (
                {"eventbridgeBus": bus},
                f"eventbridgeBus: {shown} is not the name of an event bus: 1 to 256 letters, digits, . _ "
                "and -. Set the name that Amazon EventBridge shows, such as default, or nothing for a new "
                "bus.",
            )
            for bus, shown in (
                ("a bus", "'a bus'"),
                ("aws.partner/example.com/1", "'aws.partner/example.com/1'"),
                (
                    "arn:aws:events:eu-west-1:123456789012:event-bus/events",
                    "'arn:aws:events:eu-west-1:123456789012:event-bus/events'",
                ),
            )
        ),
        (
            {"eventbridgeArchiveDays": -1},
            "eventbridgeArchiveDays: -1 is out of range. Set a whole number from 0 to 3650.",
        ),
    ],
)
def test_a_wrong_setting_is_an_error_of_one_line(changes: dict[str, Any], line: str) -> None:
    assert problems(**EVENTBRIDGE, **changes) == [line]


def test_names_of_buses_are_those_that_put_events_takes() -> None:
    """It refuses a whole request for a partner's bus, whose name has a slash."""
    model = botocore.session.get_session().get_service_model("events")
    bus = model.shape_for("PutEventsRequestEntry").members["EventBusName"]

    assert bus.metadata["pattern"].endswith(r"event-bus\/)?[\.\-_A-Za-z0-9]+")
    assert model.shape_for("EventBusName").metadata["max"] == 256
