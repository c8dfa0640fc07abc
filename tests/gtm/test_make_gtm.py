"""`make gtm` with the project's Makefile, in a temporary folder."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gtm.container import plan_of
from tests.gtm.plans import EVENTS_URL

PROJECT = Path(__file__).parents[2]
MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="there is no make")

Make = Callable[..., subprocess.CompletedProcess[str]]

OUTPUTS = json.dumps({"events_url": EVENTS_URL})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile and what `make gtm` needs, already installed. PATH holds only `bin`."""
    folder = tmp_path / "project"
    for package in ("gtm", "cli", "contract", "bootstrap"):
        shutil.copytree(PROJECT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "Makefile", folder)
    (folder / "bin").mkdir()
    program(folder / ".venv" / "bin" / "python", f'exec "{sys.executable}" "$@"')
    (folder / "bootstrap/virtual_environment.py").write_text("")  # nothing to set up
    return folder


@pytest.fixture
def make(project: Path) -> Make:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # Without the variables of a make that runs these tests.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MAKELEVEL", "STACK")
        }
        return subprocess.run(
            [str(MAKE), *arguments],
            cwd=project,
            env={**inherited, "PATH": str(project / "bin")},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def program(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def pulumi(project: Path, *, outputs: str = OUTPUTS) -> Path:
    """Make a Pulumi CLI that prints these outputs. Returns the file to which it writes its arguments."""
    asked = project / "asked.txt"
    program(project / "bin" / "pulumi", f"echo \"$*\" > '{asked}'\necho '{outputs}'")
    return asked


def test_it_writes_the_container_of_the_stack_that_is_selected(make: Make, project: Path) -> None:
    asked = pulumi(project)

    ended = make("gtm")

    assert ended.returncode == 0, ended.stderr
    assert asked.read_text(encoding="utf-8") == "stack output --json\n"
    export = json.loads((project / "gtm-container.json").read_text(encoding="utf-8"))
    assert plan_of(export).events_url == EVENTS_URL


def test_it_writes_the_container_of_the_stack_that_is_named(make: Make, project: Path) -> None:
    asked = pulumi(project)

    ended = make("gtm", "STACK=prod")

    assert ended.returncode == 0, ended.stderr
    assert asked.read_text(encoding="utf-8") == "stack output --json --stack prod\n"
    assert (project / "gtm-container-prod.json").exists()


def test_it_holds_the_events_against_what_the_stack_expects(make: Make, project: Path) -> None:
    trigger = {"name": "large-purchase", "event": "purchase_success", "fields": ["evmt_discount"]}
    outputs = {
        "events_url": EVENTS_URL,
        "destinations": ["customer-profiles"],
        "profile_updates": "allowlist",
        "profile_attributes": ["plan", "tier"],
        "customer_profiles_expects": {"triggers": [trigger]},
    }
    pulumi(project, outputs=json.dumps(outputs))

    ended = make("gtm")

    assert ended.returncode == 0, ended.stderr
    assert [line for line in ended.stderr.splitlines() if line.startswith("warning: ")] == [
        "warning: no event sends the user attribute tier, so segments by it stay empty; add it to "
        "user_attributes, or remove it from the stack's profileAttributes",
        "warning: the event trigger large-purchase never fires: purchase_success does not send the metric "
        "discount; add it to metrics, or change the stack's setting",
    ]
    assert (project / "gtm-container.json").exists()


@pytest.mark.parametrize("line", [None, "exit 255"], ids=["missing", "failing"])
def test_without_output_from_pulumi_it_says_what_to_do(make: Make, project: Path, line: str | None) -> None:
    if line is not None:
        program(project / "bin" / "pulumi", line)

    ended = make("gtm")

    assert ended.returncode != 0
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert line.endswith("printed nothing; check that the Pulumi CLI is installed and the stack is deployed")
    assert not list(project.glob("gtm-container*"))


@pytest.mark.parametrize(("arguments", "stack"), [((), "dev"), (("STACK=prod",), "prod")])
def test_the_local_run_uses_dev_if_no_stack_is_named(
    make: Make, arguments: tuple[str, ...], stack: str
) -> None:
    ended = make("--dry-run", "local", *arguments)

    assert f'python -m local --stack "{stack}" ' in ended.stdout
