"""The documents' examples record events: local runs and the stacks that they set up."""

import json
import re
import shlex
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.documents import DOCUMENTS, PROJECT, blocks, read
from tests.patience import eventually
from tests.pulumi_cli import block_after, config_sets, stack_config
from tests.runs import AT_ONCE, Runs, new_endpoint, send, the_event_of

README = read("README.md")
DEPLOYMENT = read("docs/deployment.md")
SECURITY = read("docs/security.md")

DEPLOY = list(config_sets(block_after("## Deploy it on AWS", README)))
AUTHENTICATED = list(config_sets(block_after("## Set it up", SECURITY)))
TRIGGERS = yaml.safe_load(
    "config:\n" + block_after("## Start a campaign when an event arrives", DEPLOYMENT, "yaml")
)["config"]

REQUIRED = ("aws:region", "customerProfilesDomain")


def least() -> dict[str, Any]:
    """The files that the program needs."""
    return stack_config([command for command in DEPLOY if command.setting in REQUIRED])


def least_with_firehose() -> dict[str, Any]:
    """Analytics alone, which needs no setting but this one."""
    region = [command for command in DEPLOY if command.setting == "aws:region"]
    return {**stack_config(region), "gtm-pixel:destinations": ["firehose"]}


def deployed() -> dict[str, Any]:
    """Every command of the section."""
    return stack_config(DEPLOY)


def most() -> dict[str, Any]:
    """Everything that README adds to it: event triggers, and the authenticated scenario."""
    return {**stack_config([*DEPLOY, *AUTHENTICATED]), **TRIGGERS}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this project, to which a test can add a stack."""
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


# ---- make local ----------------------------------------------------------------------------------------


class Example(NamedTuple):
    """A `make local` of the documents, and the requests to send to it."""

    stack: str
    overrides: tuple[str, ...]
    port: str
    # URLs that the same section fetches with curl, in their order.
    urls: tuple[str, ...]


def examples() -> list[Example]:
    """Every distinct configuration in the documents, with the URLs that its first use fetches."""
    found: dict[tuple[str, tuple[str, ...]], Example] = {}
    for document in DOCUMENTS:
        sections = [(block.heading, block.code.replace("\\\n", " ")) for block in blocks(document)]
        prose = re.sub(r"^ *```.*?^ *```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
        sections += [("", command) for command in re.findall(r"`(make local[^`]*)`", prose)]
        for heading, code in sections:
            for command in re.findall(r"^ *(make local\b[^\n]*)", code, re.MULTILINE):
                variables = dict(word.split("=", 1) for word in shlex.split(command, comments=True)[2:])
                port = variables.get("PORT", "8080")
                fetched = "".join(code for other, code in sections if other == heading)
                example = Example(
                    stack=variables.get("STACK", "dev"),
                    overrides=tuple(shlex.split(variables.get("CONFIG", ""))),
                    port=port,
                    urls=tuple(
                        re.findall(rf"^curl [^\n]*?'?http://127\.0\.0\.1:{port}(/[^' \n]*)", fetched, re.M)
                    ),
                )
                if len(example.urls) >= len(found.get(example[:2], example).urls):
                    found[example[:2]] = example
    return list(found.values())


EXAMPLES = examples()


def test_the_documents_have_such_examples() -> None:
    assert {example.stack for example in EXAMPLES} >= {"dev", "prod"}
    assert any(example.overrides for example in EXAMPLES)
    assert any(example.urls for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: " ".join(example[0:1] + example[1]))
def test_a_local_run_of_the_documents_records_an_event(example: Example, runs: Runs) -> None:
    run = runs.shared(*AT_ONCE, *example.overrides, stack=example.stack)

    endpoint_id = new_endpoint()
    assert send(run, event="purchase", endpoint_id=endpoint_id, evmt_value="12.5").status == 200
    assert the_event_of(run, endpoint_id).metrics == {"value": 12.5}


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if one.urls], ids=lambda example: " ".join(example[0:1] + example[1])
)
def test_a_local_run_serves_what_the_documents_fetch(example: Example, runs: Runs) -> None:
    run = runs.shared(*AT_ONCE, *example.overrides, stack=example.stack)

    def fetched(path: str) -> Any:
        with urllib.request.urlopen(run.url + path) as response:
            body = response.read()
            return json.loads(body) if response.headers["Content-Type"] == "application/json" else body

    event, recorded, profile = example.urls
    assert b"<svg" in fetched(event)
    everywhere = [{"value": 12.5}] * len(run.outputs["destinations"])
    assert eventually(
        lambda: [one["metrics"] for one in fetched(recorded)["events"][-len(everywhere) :]] == everywhere
    )
    assert eventually(lambda: "gold" in json.dumps(fetched(profile)))
