"""Settings of Amazon Pinpoint."""

from typing import Any

import pytest

from components.destinations.pinpoint import PinpointArgs
from tests.settings.stacks import APPLICATION_ID, PINPOINT, load, problems


def test_the_application_is_in_the_stacks_region_unless_it_says_otherwise() -> None:
    assert load(**PINPOINT).destinations == (PinpointArgs(application_id=APPLICATION_ID, region=None),)
    assert load(**PINPOINT, pinpointRegion="us-gov-west-1").destinations == (
        PinpointArgs(application_id=APPLICATION_ID, region="us-gov-west-1"),
    )


_CONSOLE = "Set the project id that the Amazon Pinpoint console shows."


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"pinpointApplicationId": ""}, f"pinpointApplicationId: it is not set. {_CONSOLE}"),
        (
            {"pinpointApplicationId": "abc"},
            f"pinpointApplicationId: 'abc' is not the application's 32 hexadecimal characters. {_CONSOLE}",
        ),
        (
            {"pinpointRegion": "Oregon"},
            "pinpointRegion: 'Oregon' is not an AWS Region. "
            "Set one such as us-east-1, or nothing for the stack's own.",
        ),
        (
            {"pinpointRegion": "us-esat-1"},
            "pinpointRegion: 'us-esat-1' is not an AWS Region. Did you mean us-east-1?",
        ),
    ],
)
def test_a_wrong_setting_is_an_error_of_one_line(changes: dict[str, Any], line: str) -> None:
    assert problems(**PINPOINT | changes) == [line]
