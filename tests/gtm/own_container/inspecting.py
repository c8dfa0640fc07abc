"""Runs the reading of an export, and checks that what it writes is a valid plan."""

import json
from typing import Any

import yaml

from gtm import plan_file
from gtm.own_container import export_file
from gtm.own_container.findings import Reading
from gtm.own_container.plan_text import plan_text
from gtm.own_container.reading import read
from gtm.own_container.report import report
from gtm.plan import Plan
from tests.gtm.plans import EVENTS_URL


def reading(made: Any) -> Reading:
    return read(export_file.read(json.dumps(made).encode()))


def text_of(made: Any) -> str:
    """The text of the gtm.yaml that is written for an export."""
    text = plan_text(reading(made))
    plan_of(text)
    return text


def plan_of(text: str) -> Plan:
    return plan_file.read(text, overrides=plan_file.Overrides(events_url=EVENTS_URL))


def written(made: Any) -> dict[str, Any]:
    """The content of the gtm.yaml."""
    return yaml.safe_load(text_of(made))


def reported(made: Any) -> str:
    return "\n".join(report(reading(made)))


def passed_over(made: Any) -> str:
    return reported(made).partition("Passed over")[2]
