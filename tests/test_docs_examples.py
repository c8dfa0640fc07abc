"""The stacks that README has people set up, from the least to the most, run and record an event."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pulumi_cli import block_after, config_sets, stack_config
from tests.runs import AT_ONCE, Runs, new_endpoint, send, the_event_of

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()
DEPLOYMENT = (PROJECT / "docs" / "deployment.md").read_text()
SECURITY = (PROJECT / "docs" / "security.md").read_text()

DEPLOY = list(config_sets(block_after("## Deploy it on AWS", README)))
AUTHENTICATED = list(config_sets(block_after("## Set it up", SECURITY)))
TRIGGERS = yaml.safe_load(
    "config:\n" + block_after("## Start a campaign when an event arrives", DEPLOYMENT, "yaml")
)["config"]

REQUIRED = ("aws:region", "customerProfilesDomain")


def least() -> dict[str, Any]:
    """What the program cannot do without."""
    return stack_config([command for command in DEPLOY if command.setting in REQUIRED])


def least_with_firehose() -> dict[str, Any]:
    """Analytics alone, which needs no setting but this one."""
    region = [command for command in DEPLOY if command.setting == "aws:region"]
    return {**stack_config(region), "gtm-pixel:destinations": ["firehose"]}


def deployed() -> dict[str, Any]:
    """Every command of the section."""
    return stack_config(DEPLOY)


def most() -> dict[str, Any]:
    """All that README adds to it: event triggers, and the authenticated scenario."""
    return {**stack_config([*DEPLOY, *AUTHENTICATED]), **TRIGGERS}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """This project, with room for a stack of the test's own."""
    for file in PROJECT.iterdir():
        if not file.name.startswith("Pulumi.") or file.name == "Pulumi.yaml":
            (tmp_path / file.name).symlink_to(file)
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "destinations"),
    [
        (least(), ["customer-profiles"]),
        (least_with_firehose(), ["firehose"]),
        (deployed(), ["customer-profiles", "firehose"]),
        (most(), ["customer-profiles", "firehose"]),
    ],
    ids=["least", "firehose alone", "as deployed", "most"],
)
def test_a_stack_of_the_readme_runs(
    settings: dict[str, Any], destinations: Sequence[str], project: Path, runs: Runs
) -> None:
    (project / "Pulumi.live.yaml").write_text(yaml.safe_dump({"config": settings}))

    run = runs.fresh(*AT_ONCE, stack="live", project_dir=project)

    assert run.outputs["destinations"] == destinations
    assert run.outputs["auth_mode"] == settings.get("gtm-pixel:authMode", "open")
    endpoint_id = new_endpoint()
    assert send(run, event="purchase", endpoint_id=endpoint_id, evmt_value="12.5").status == 200
    assert the_event_of(run, endpoint_id).metrics == {"value": 12.5}
