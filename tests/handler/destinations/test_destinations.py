"""A destination is found by its name, and names the variables that its environment lacks."""

from collections.abc import Callable

import pytest

from handler.destinations import Retry, make_destination
from handler.destinations.pinpoint import PinpointDestination
from handler.events import Event
from handler.variables import InvalidEnvironmentError

PINPOINT = {"PINPOINT_APPLICATION_ID": "a1", "PINPOINT_REGION": "eu-west-1"}


@pytest.mark.usefixtures("aws_environment")
def test_a_destination_is_the_module_of_its_name() -> None:
    assert isinstance(make_destination("pinpoint", PINPOINT), PinpointDestination)


@pytest.mark.parametrize("name", ["__init__", "..events", "PINPOINT", "pinpoint,", ""])
def test_an_unknown_destination_is_an_error_of_one_line(name: str) -> None:
    with pytest.raises(InvalidEnvironmentError) as caught:
        make_destination(name, PINPOINT)
    expected = f"DESTINATIONS holds {name!r}; it must be the name of a destination"
    assert str(caught.value) == f"{expected}: run `pulumi up` to set it again"


@pytest.mark.parametrize("name", ["carrier-pigeon", "pinpoint-request"])
def test_events_wait_for_the_module_of_a_destination_that_was_configured_first(
    make_event: Callable[..., Event], name: str
) -> None:
    event = make_event()

    outcomes = make_destination(name, PINPOINT).record([event], time_left=lambda: 60.0)

    assert outcomes == {event.message_id: Retry(f"{name.replace('-', '_')}_no_module", not_set_up=True)}


@pytest.mark.usefixtures("aws_environment")
@pytest.mark.parametrize("variable", PINPOINT)
def test_a_missing_variable_of_pinpoint_is_named(variable: str) -> None:
    with pytest.raises(InvalidEnvironmentError, match=f"^{variable} is not set"):
        make_destination("pinpoint", {key: PINPOINT[key] for key in PINPOINT if key != variable})
