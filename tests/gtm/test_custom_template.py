"""The custom templates' files: their sections, fields, code and permissions."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from contract import url
from gtm.custom_template import TemplateKind, for_events_url, sections
from gtm.plan_error import PlanError
from tests.gtm.plans import EVENTS_URL

WEB, SERVER = TemplateKind.WEB, TemplateKind.SERVER
TEXTS: Final = {kind: kind.file.read_text(encoding="utf-8") for kind in TemplateKind}
SECTIONS: Final = {kind: sections(text) for kind, text in TEXTS.items()}
CODE: Final = {kind: SECTIONS[kind][kind.code_section] for kind in TemplateKind}

every_kind = pytest.mark.parametrize("kind", list(TemplateKind))

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


# The sandbox has no others (developers.google.com/tag-platform/tag-manager/templates/standard-library).
METHODS: Final = {
    *(
        "concat",
        "every",
        "filter",
        "forEach",
        "indexOf",
        "join",
        "lastIndexOf",
        "map",
        "pop",
        "push",
        "reduce",
    ),
    *("reduceRight", "reverse", "shift", "slice", "some", "sort", "splice", "toString", "unshift"),
    *("charAt", "match", "replace", "search", "split", "substring", "toLowerCase", "toLocaleLowerCase"),
    *("toUpperCase", "toLocaleUpperCase", "trim"),
    "then",  # of the promise that sendHttpGet returns
}


def fields(kind: TemplateKind) -> dict[str, dict[str, Any]]:
    """All fields that hold a value, by name."""
    found: dict[str, dict[str, Any]] = {}

    def add(parameters: list[dict[str, Any]]) -> None:
        for parameter in parameters:
            if "subParams" in parameter:
                add(parameter["subParams"])
            elif parameter["type"] != "LABEL":
                found[parameter["name"]] = parameter

    add(json.loads(SECTIONS[kind]["TEMPLATE_PARAMETERS"]))
    return found


# As in templates that GTM's editor exported.
FIELD_TYPES: Final = {"TEXT", "SELECT", "RADIO", "CHECKBOX", "SIMPLE_TABLE", "LABEL", "GROUP"}
FIELD_KEYS: Final = {
    *("type", "name", "displayName", "help", "simpleValueType", "defaultValue", "valueHint", "checkboxText"),
    *("valueValidators", "enablingConditions", "selectItems", "macrosInSelect", "radioItems", "subParams"),
    *("groupStyle", "simpleTableColumns", "newRowButtonText"),
}
VALIDATORS: Final = {"NON_EMPTY", "REGEX", "STRING_LENGTH", "POSITIVE_NUMBER"}


@every_kind
def test_its_fields_have_the_shapes_that_gtms_editor_writes(kind: TemplateKind) -> None:
    def check(field: dict[str, Any]) -> None:
        assert field["type"] in FIELD_TYPES
        assert set(field) <= FIELD_KEYS
        assert {each["type"] for each in field.get("valueValidators", [])} <= VALIDATORS
        for part in field.get("subParams", []):
            check(part)

    for field in json.loads(SECTIONS[kind]["TEMPLATE_PARAMETERS"]):
        check(field)


def permissions(kind: TemplateKind, text: str) -> dict[str, dict[str, Any]]:
    """The parameters of each permission."""
    instances = [each["instance"] for each in json.loads(sections(text)[kind.permissions_section])]
    return {
        instance["key"]["publicId"]: {each["key"]: each["value"] for each in instance["param"]}
        for instance in instances
    }


def strings(value: dict[str, Any]) -> list[str]:
    return [item["string"] for item in value["listItem"]]


def allowed_urls(kind: TemplateKind, text: str) -> list[str]:
    sending = permissions(kind, text)[kind.permission_to_send]
    assert sending["allowedUrls"]["string"] == "specific"
    return strings(sending["urls"])


def without_strings(code: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*|'[^']*'", "", code, flags=re.DOTALL)


@every_kind
def test_a_file_has_the_sections_of_a_template_in_their_order(kind: TemplateKind) -> None:
    assert list(SECTIONS[kind]) == [
        *("INFO", "TEMPLATE_PARAMETERS", kind.code_section, kind.permissions_section, "TESTS", "NOTES")
    ]


@every_kind
def test_it_is_a_tag_of_its_containers_in_categories_that_the_gallery_has(kind: TemplateKind) -> None:
    info = json.loads(SECTIONS[kind]["INFO"])

    assert (info["type"], info["containerContexts"]) == ("TAG", [kind.name])
    assert 1 <= len(info["categories"]) <= 3
    assert set(info["categories"]) <= CATEGORIES


OF_THE_URL: Final = {
    url.EVENT: "eventName",
    url.ENDPOINT_ID: "endpointId",
    url.EVENT_ATTRIBUTE: "eventAttributes",
    url.EVENT_METRIC: "metrics",
    url.USER_ATTRIBUTE: "userAttributes",
    url.TIMESTAMP: "timestamp",
    url.EVENT_ID: "eventId",
    url.TOKEN: "token",
}


@every_kind
def test_it_has_a_field_for_everything_that_the_url_can_say(kind: TemplateKind) -> None:
    readme = (Path(__file__).parents[2] / "docs" / "url.md").read_text(encoding="utf-8")
    table = readme.partition("## Parameters")[2].partition("\n\n**")[0]
    documented = {name.removesuffix("NAME") for name in re.findall(r"^\| `([\w]+)`", table, re.MULTILINE)}

    assert documented - {"gtmcb"} == set(OF_THE_URL)
    assert set(OF_THE_URL.values()) <= set(fields(kind))


@every_kind
def test_the_code_reads_every_field_and_no_other(kind: TemplateKind) -> None:
    read = set(re.findall(r"\bdata\.(\w+)", CODE[kind])) - {"gtmOnSuccess", "gtmOnFailure"}

    assert read == set(fields(kind))


@every_kind
def test_what_a_choice_can_be_is_in_the_code(kind: TemplateKind) -> None:
    for field in fields(kind).values():
        choices = [each["value"] for each in field.get("selectItems", field.get("radioItems", []))]
        defaults = {field.get("defaultValue")}
        assert all(f"'{choice}'" in CODE[kind] for choice in choices if choice not in defaults)


@every_kind
def test_a_field_that_depends_on_another_names_one_of_its_choices(kind: TemplateKind) -> None:
    for field in fields(kind).values():
        for condition in field.get("enablingConditions", []):
            other = fields(kind)[condition["paramName"]]
            items = other.get("selectItems", other.get("radioItems", []))
            assert condition["paramValue"] in [each["value"] for each in items]


@every_kind
def test_the_code_uses_only_what_gtms_sandbox_has(kind: TemplateKind) -> None:
    code = without_strings(CODE[kind])

    lacking = {
        *("new", "class", "this", "typeof", "instanceof", "window", "document", "eval", "async", "import"),
        *("await", "try", "yield", "delete", "hasOwnProperty"),
    }
    assert set(re.findall(r"\w+", code)) & lacking == set()
    assert "`" not in code
    assert "..." not in code
    assert set(re.findall(r"\.(\w+)\(", code)) <= METHODS


@every_kind
def test_the_code_requires_what_it_uses_and_nothing_else(kind: TemplateKind) -> None:
    required = re.findall(r"const (\w+) = require\('(\w+)'\);", CODE[kind])
    rest = CODE[kind].partition("// ----")[2]

    assert all(name == api and re.search(rf"\b{name}\(", rest) for name, api in required)
    assert required == sorted(required)


def test_both_templates_have_the_same_code_where_they_do_the_same() -> None:
    begin, end = "// ---- Both templates have", "// ---- The end of that part. ----"
    shared = {code.partition(begin)[2].partition(end)[0] for code in CODE.values()}

    assert len(shared) == 1
    assert len(shared.pop()) > 1_000


@every_kind
def test_it_may_call_api_gateway_and_nothing_else(kind: TemplateKind) -> None:
    assert allowed_urls(kind, TEXTS[kind]) == ["https://*.amazonaws.com/*", "https://*.amazonaws.com.cn/*"]


def test_the_web_template_may_read_the_keys_of_ga4_and_nothing_else() -> None:
    allowed = permissions(WEB, TEXTS[WEB])

    assert set(allowed) == {"send_pixel", "read_data_layer", "read_container_data"}
    assert allowed["read_data_layer"]["allowedKeys"]["string"] == "specific"
    assert sorted(strings(allowed["read_data_layer"]["keyPatterns"])) == sorted(
        {"ecommerce", "eventModel", *keys_of_ga4(WEB, outside_ecommerce=True)}
    )


def test_the_server_template_may_read_what_it_sends_and_asks_for_and_nothing_else() -> None:
    allowed = permissions(SERVER, TEXTS[SERVER])
    asked = {"event_name", "user_id", "client_id", "consent_state", "x-ga-gcs"}

    assert set(allowed) == {"send_http", "read_event_data", "read_container_data", "logging"}
    assert allowed["read_event_data"]["eventDataAccess"]["string"] == "specific"
    assert sorted(strings(allowed["read_event_data"]["keyPatterns"])) == sorted(
        {*asked, "items", *keys_of_ga4(SERVER)}
    )
    assert allowed["logging"]["environments"]["string"] == "debug"


def keys_of_ga4(kind: TemplateKind, *, outside_ecommerce: bool = False) -> set[str]:
    """The keys of the code's table of Google's events."""
    rows = re.findall(
        r"\{event: .*?\}", CODE[kind].partition("GA4_EVENTS = [")[2].partition("];")[0], re.DOTALL
    )
    lists = [re.search(r"attributes: (\[.*?\]),\s+metrics: (\[.*?\])", row) for row in rows]
    return {
        key
        for row, found in zip(rows, lists, strict=True)
        if found and not (outside_ecommerce and "ecommerce: true" in row)
        for keys in found.groups()
        for key in re.findall(r"'(\w+)'", keys)
    }


@every_kind
@pytest.mark.parametrize(
    ("events_url", "allowed"),
    [
        (EVENTS_URL, "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/*"),
        ("https://events.example.com/events", "https://events.example.com/*"),
    ],
)
def test_a_template_for_a_stack_may_call_its_host_and_nothing_else(
    kind: TemplateKind, events_url: str, allowed: str
) -> None:
    assert allowed_urls(kind, for_events_url(events_url, kind=kind)) == [allowed]


@every_kind
def test_a_template_for_a_stack_may_call_the_test_stack_too(kind: TemplateKind) -> None:
    text = for_events_url(EVENTS_URL, preview_events_url="https://test.example.com/v1/events", kind=kind)

    assert allowed_urls(kind, text) == [
        "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/*",
        "https://test.example.com/*",
    ]
    beside = EVENTS_URL.replace("/v1/", "/test/")
    assert allowed_urls(kind, for_events_url(EVENTS_URL, preview_events_url=beside, kind=kind)) == [
        "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/*"
    ]


@every_kind
def test_the_test_stack_of_a_template_is_another_than_the_stack(kind: TemplateKind) -> None:
    with pytest.raises(PlanError, match="is the events URL, so Preview would write real profiles"):
        for_events_url(EVENTS_URL, preview_events_url=EVENTS_URL, kind=kind)


@every_kind
def test_a_template_for_a_stack_is_the_same_apart_from_its_permission_to_send(kind: TemplateKind) -> None:
    text = for_events_url(EVENTS_URL, kind=kind)
    made = sections(text)

    assert {name for name in made if made[name] != SECTIONS[kind][name]} == {kind.permissions_section}
    changed = permissions(kind, text)
    before = permissions(kind, TEXTS[kind])
    assert {name for name in before if changed[name] != before[name]} == {kind.permission_to_send}


@every_kind
def test_a_template_may_not_call_without_encryption(kind: TemplateKind) -> None:
    for urls in (("http://127.0.0.1:8080/v1/events", None), (EVENTS_URL, "http://127.0.0.1:8080/v1/events")):
        with pytest.raises(PlanError, match="must be https for a template"):
            for_events_url(urls[0], preview_events_url=urls[1], kind=kind)


@every_kind
def test_its_own_tests_have_distinct_names(kind: TemplateKind) -> None:
    names = [scenario["name"] for scenario in yaml.safe_load(SECTIONS[kind]["TESTS"])["scenarios"]]

    assert len(set(names)) == len(names) > 0


@every_kind
def test_what_the_gallery_wants_is_beside_it(kind: TemplateKind) -> None:
    folder = kind.file.parent

    assert sorted(path.name for path in folder.iterdir()) == [
        "LICENSE",
        "README.md",
        "metadata.yaml",
        "template.tpl",
    ]
    assert "versions" in yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8"))
    licence = (folder / "LICENSE").read_text(encoding="utf-8")
    assert licence == (Path(__file__).parents[2] / "LICENSE").read_text(encoding="utf-8")
