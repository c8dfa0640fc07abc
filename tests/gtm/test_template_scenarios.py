"""Runs the custom template's own tests in a browser with a mock of GTM's sandbox."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page

from gtm.custom_template import TEMPLATE, sections
from tests.gtm import chromium

pytestmark = chromium.NEEDED

SECTIONS = sections(TEMPLATE.read_text(encoding="utf-8"))
CODE = SECTIONS["SANDBOXED_JS_FOR_WEB_TEMPLATE"]
TESTS: dict[str, Any] = yaml.safe_load(SECTIONS["TESTS"])
SCENARIOS = {scenario["name"]: scenario["code"] for scenario in TESTS["scenarios"]}
SANDBOX = Path(__file__).with_name("sandbox.js").read_text(encoding="utf-8")


def failure(page: Page, scenario: str, code: str = CODE) -> str | None:
    """Why a scenario fails with this code in the sandbox, or None if it passes."""
    return page.evaluate(
        "([sandbox, code, setup, scenario]) =>"
        " new Function(sandbox + '; return runScenario;')()(code, setup, scenario)",
        [SANDBOX, code, TESTS["setup"], scenario],
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_of_the_template_passes(page: Page, name: str) -> None:
    assert failure(page, SCENARIOS[name]) is None


# Mistakes in the code, and the scenario that must catch each.
MISTAKES = {
    "a wrong prefix": ("'evmt_'", "'evat_'", "Attributes, metrics and user attributes have their prefixes"),
    "a value that is not encoded": (
        "undefined : encodeUriComponent(text)",
        "undefined : text",
        "A value cannot become a parameter",
    ),
    "an undefined value sent": ("value !== undefined", "true", "Missing values are not sent"),
    "two ends": ("if (ended) return;", "", "GTM is told the result exactly once"),
    "success for failure": (
        "sendPixel(url, succeed, fail)",
        "sendPixel(url, succeed, succeed)",
        "An image that fails is a failure",
    ),
    "a request without an endpoint id": (
        "|| endpointId === undefined",
        "",
        "Without an endpoint id nothing is sent and the tag fails",
    ),
    "an endpoint id for nobody": (
        "if (namesNothing(decoded)) return undefined;",
        "",
        "An endpoint id that stands for nobody sends nothing",
    ),
    "a list of objects sent": ("|| holdsObjectsOnly(text)", "", "A list of objects is not sent"),
    "no cache buster": ("'&gtmcb=' +", "'' +", "An event goes to the endpoint URL with its endpoint id"),
    "no token": ("'&token=' + token", "''", "A token is sent if there is one"),
    "a look at the page": ("let ended = false;", "let ended = !window;", "An image that loads is a success"),
}


@pytest.mark.parametrize(("right", "wrong", "scenario"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_code_fails_its_scenario(page: Page, right: str, wrong: str, scenario: str) -> None:
    assert CODE.count(right) == 1

    assert failure(page, SCENARIOS[scenario], CODE.replace(right, wrong)) is not None


def test_a_string_that_no_url_can_hold_is_not_sent(page: Page) -> None:
    scenario = (
        "mockData.eventAttributes = [{name: 'half', value: '\\ud83d'}]; runCode(mockData);"
        "assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success&gtmcb=7');"
    )

    assert failure(page, scenario) is None
