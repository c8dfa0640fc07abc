"""How the run finds the fakes of a stack's destinations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import handler.destinations
from local.deployment.cloud import Cloud
from local.fakes import Deployed, open_fakes
from local.fakes.pinpoint import PinpointFake
from local.problems import Problems
from local.recorder import Recorder

DESTINATIONS = sorted(
    name
    for path in Path(handler.destinations.__file__).parent.glob("*.py")
    if handler.destinations.is_destination(name := path.stem.replace("_", "-"))
)


@pytest.fixture
def deployed(cloud: Cloud, recorder: Recorder, problems: Problems) -> Deployed:
    settings: Mapping[str, Any] = {
        "customerProfilesCreate": "true",
        "customerProfilesDomain": "domain",
        "customerProfilesNewDomain": "false",
        "firehoseStream": "stream",
        "pinpointApplicationId": "application",
    }
    return Deployed(
        cloud=cloud,
        setting=lambda name: settings.get(name, ""),
        templates=[],
        recorder=recorder,
        problems=problems,
    )


def test_a_fake_is_found_by_the_name_of_its_destination(deployed: Deployed) -> None:
    with open_fakes(["pinpoint"], deployed) as fakes:
        assert isinstance(fakes["pinpoint"].service, PinpointFake)


@pytest.mark.parametrize("name", DESTINATIONS)
def test_every_destination_has_a_fake_that_says_what_it_is(deployed: Deployed, name: str) -> None:
    with open_fakes([name], deployed) as fakes:
        assert all(fakes[name].notes)


def test_a_destination_without_a_fake_has_none(deployed: Deployed) -> None:
    with open_fakes(["journal", "pinpoint"], deployed) as fakes:
        assert list(fakes) == ["pinpoint"]


@pytest.mark.parametrize("name", DESTINATIONS)
def test_nothing_but_its_fake_names_a_destination(name: str) -> None:
    local = Path(handler.destinations.__file__).parents[2] / "local"
    run = [
        local / "run.py",
        local / "queues.py",
        *(local / "web").rglob("*.py"),
        *(local / "web").rglob("*.js"),
    ]
    spellings = (name, name.replace("-", "_"), name.title().replace("-", ""))

    assert [file.name for file in run if any(one in file.read_text() for one in spellings)] == []
