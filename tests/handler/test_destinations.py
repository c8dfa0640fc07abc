"""A destination is found by its name, and says itself what its environment lacks."""

import pytest

from handler.destinations import make_destination
from handler.destinations.pinpoint import PinpointDestination
from handler.variables import InvalidEnvironmentError

PINPOINT = {"PINPOINT_APPLICATION_ID": "a1", "PINPOINT_REGION": "eu-west-1"}


def test_a_destination_is_the_module_of_its_name() -> None:
    assert isinstance(make_destination("pinpoint", PINPOINT), PinpointDestination)


@pytest.mark.parametrize(
    "name", ["carrier-pigeon", "pinpoint-request", "__init__", "..events", "PINPOINT", ""]
)
def test_a_name_that_is_no_destination_is_said_in_one_line(name: str) -> None:
    with pytest.raises(InvalidEnvironmentError) as caught:
        make_destination(name, PINPOINT)
    expected = f"DESTINATIONS holds {name!r}; it must be the name of a destination"
    assert str(caught.value) == f"{expected}: run `pulumi up` to set it again"


@pytest.mark.parametrize("variable", PINPOINT)
def test_what_pinpoint_lacks_is_named(variable: str) -> None:
    with pytest.raises(InvalidEnvironmentError, match=f"^{variable} is not set"):
        make_destination("pinpoint", {key: PINPOINT[key] for key in PINPOINT if key != variable})
