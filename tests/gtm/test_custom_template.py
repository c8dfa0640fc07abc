"""The custom template's file: its sections, its fields and its one permission."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtm.custom_template import TEMPLATE, for_events_url, sections
from gtm.plan_error import PlanError
from tests.gtm.plans import EVENTS_URL

TEXT = TEMPLATE.read_text(encoding="utf-8")
SECTIONS = sections(TEXT)
CODE = SECTIONS["SANDBOXED_JS_FOR_WEB_TEMPLATE"]

# Google's list for the Gallery.
CATEGORIES = {
    *(
        "ADVERTISING",
        "AFFILIATE_MARKETING",
        "ANALYTICS",
        "ATTRIBUTION",
        "CHAT",
        "CONVERSIONS",
        "DATA_WAREHOUSING",
    ),
    *("EMAIL_MARKETING", "EXPERIMENTATION", "HEAT_MAP", "LEAD_GENERATION", "MARKETING", "PERSONALIZATION"),
    *("REMARKETING", "SALES", "SESSION_RECORDING", "SOCIAL", "SURVEY", "TAG_MANAGEMENT", "UTILITY"),
}


def fields(parameters: list[dict[str, Any]]) -> dict[str, str]:
    """All fields with their types, including those in groups."""
    found: dict[str, str] = {}
    for parameter in parameters:
        found |= fields(parameter.get("subParams", [])) or {parameter["name"]: parameter["type"]}
    return found


def allowed_urls(text: str) -> list[str]:
    (permission,) = json.loads(sections(text)["WEB_PERMISSIONS"])
    assert permission["instance"]["key"]["publicId"] == "send_pixel"
    parameters = {each["key"]: each["value"] for each in permission["instance"]["param"]}
    assert parameters["allowedUrls"]["string"] == "specific"
    return [item["string"] for item in parameters["urls"]["listItem"]]


def test_the_file_has_the_sections_of_a_template_in_their_order() -> None:
    assert list(SECTIONS) == [
        *("INFO", "TEMPLATE_PARAMETERS", "SANDBOXED_JS_FOR_WEB_TEMPLATE", "WEB_PERMISSIONS", "TESTS", "NOTES")
    ]


def test_it_is_a_tag_of_web_containers_in_categories_that_the_gallery_has() -> None:
    info = json.loads(SECTIONS["INFO"])

    assert (info["type"], info["containerContexts"]) == ("TAG", ["WEB"])
    assert 1 <= len(info["categories"]) <= 3
    assert set(info["categories"]) <= CATEGORIES


def test_it_has_a_field_for_everything_that_the_url_can_hold() -> None:
    assert fields(json.loads(SECTIONS["TEMPLATE_PARAMETERS"])) == {
        "eventsUrl": "TEXT",
        "eventName": "TEXT",
        "endpointId": "TEXT",
        "eventAttributes": "SIMPLE_TABLE",
        "metrics": "SIMPLE_TABLE",
        "userAttributes": "SIMPLE_TABLE",
        "token": "TEXT",
    }


def test_the_code_reads_every_field_and_no_other() -> None:
    read = set(re.findall(r"\bdata\.(\w+)", CODE)) - {"gtmOnSuccess", "gtmOnFailure"}

    assert read == set(fields(json.loads(SECTIONS["TEMPLATE_PARAMETERS"])))


def test_the_code_uses_only_what_gtms_sandbox_has() -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*|'[^']*'", "", CODE, flags=re.DOTALL)

    lacking = {
        "new",
        "class",
        "this",
        "typeof",
        "instanceof",
        "window",
        "document",
        "eval",
        "async",
        "import",
    }
    assert set(re.findall(r"\w+", code)) & lacking == set()


def test_it_may_call_api_gateway_and_nothing_else() -> None:
    assert allowed_urls(TEXT) == ["https://*.amazonaws.com/*", "https://*.amazonaws.com.cn/*"]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (EVENTS_URL, "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/*"),
        ("https://events.example.com/v1/events", "https://events.example.com/*"),
    ],
)
def test_a_template_for_a_stack_may_call_its_host_and_nothing_else(url: str, allowed: str) -> None:
    assert allowed_urls(for_events_url(url)) == [allowed]


def test_a_template_for_a_stack_is_the_same_apart_from_its_permission() -> None:
    made = sections(for_events_url(EVENTS_URL))

    assert {name for name in SECTIONS if made[name] != SECTIONS[name]} == {"WEB_PERMISSIONS"}


def test_a_template_may_not_call_without_encryption() -> None:
    with pytest.raises(PlanError, match="must be https for a template"):
        for_events_url("http://127.0.0.1:8080/v1/events")


def test_its_own_tests_have_distinct_names() -> None:
    names = [scenario["name"] for scenario in yaml.safe_load(SECTIONS["TESTS"])["scenarios"]]

    assert len(set(names)) == len(names) > 0


def test_what_the_gallery_wants_is_beside_it() -> None:
    folder = TEMPLATE.parent

    assert sorted(path.name for path in folder.iterdir()) == [
        "LICENSE",
        "README.md",
        "metadata.yaml",
        "template.tpl",
    ]
    assert "versions" in yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8"))
    licence = (folder / "LICENSE").read_text(encoding="utf-8")
    assert licence == (Path(__file__).parents[2] / "LICENSE").read_text(encoding="utf-8")
