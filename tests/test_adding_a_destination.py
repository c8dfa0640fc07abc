"""Adding a destination takes the steps of docs/adding-a-destination.md and no others.

A copy of the project gets another destination, and its local run records an event there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
COPIED = ("bootstrap", "cli", "components", "contract", "gtm", "handler", "local", "policies", "settings")

MODULE = """
from handler.destinations import Recorded
from handler.variables import read_string


class Journal:
    def __init__(self, title):
        self._title = title

    def record(self, events, *, time_left):
        print(f"{self._title}: {len(events)}")
        return {event.message_id: Recorded() for event in events}


def make(variables):
    return Journal(read_string(variables, "JOURNAL_TITLE"))
"""

PROVISIONING = """
from dataclasses import dataclass
from typing import ClassVar

from components.destinations import ProvisionedDestination


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalArgs:
    name: ClassVar[str] = "journal"
    sdk_service: ClassVar[str] = "sqs"
    title: str

    def provision(self, _name, _location, _child):
        return ProvisionedDestination(statements=[], environment={"JOURNAL_TITLE": self.title})
"""

SETTINGS = """
import re

from components.destinations.journal import JournalArgs
from settings.groups import DestinationGroup
from settings.values import Setting, string

TITLE = Setting("journalTitle", "events", string(re.compile("[a-z]+"), "a title", "one such as events"))
GROUP = DestinationGroup(
    name=JournalArgs.name,
    description="the function's own log",
    settings=(TITLE,),
    rules=(),
    make=lambda values, _: JournalArgs(title=values[TITLE]),
)
"""

# Replacements in each file: old → new.
EDITS = {
    "settings/destinations/__init__.py": {
        "eventbridge, firehose, pinpoint\n": "eventbridge, firehose, journal, pinpoint\n",
        "firehose.GROUP, ": "firehose.GROUP, journal.GROUP, ",
    },
    "Pulumi.yaml": {
        "  firehoseStream:\n": "  journalTitle:\n    type: string\n    default: events\n  firehoseStream:\n",
    },
}

RUN = """
import time
import urllib.request

from local.run import LocalRun

with LocalRun.start(overrides=["destinations=journal", "batchSize=10", "batchWindowSeconds=0"]) as run:
    urllib.request.urlopen(run.outputs["events_url"] + "?event=purchase&endpoint_id=e1").close()
    logs = run.cloud.client("logs")
    while True:
        found = logs.filter_log_events(logGroupName=run.outputs["log_group"])["events"]
        if any("batch processed" in event["message"] for event in found):
            break
        time.sleep(0.05)
    written = [event["message"] for event in found if event["message"].startswith("events")]
    print(run.outputs["destinations"], written)
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (PROJECT / "__main__.py", *PROJECT.glob("Pulumi*.yaml")):
        shutil.copy(file, tmp_path)
    # The downloaded wheels are the same.
    (PROJECT / ".cache" / "wheels").mkdir(parents=True, exist_ok=True)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "wheels").symlink_to(PROJECT / ".cache" / "wheels")
    return tmp_path


def test_three_modules_and_a_declaration_make_a_destination(copy: Path) -> None:
    (copy / "handler" / "destinations" / "journal.py").write_text(MODULE)
    (copy / "components" / "destinations" / "journal.py").write_text(PROVISIONING)
    (copy / "settings" / "destinations" / "journal.py").write_text(SETTINGS)
    for name, edits in EDITS.items():
        text = (copy / name).read_text()
        for old, new in edits.items():
            assert text.count(old) == 1, f"{name} has {text.count(old)} times {old!r}"
            text = text.replace(old, new)
        (copy / name).write_text(text)

    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['journal'] ['events: 1']"
