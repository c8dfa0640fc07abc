"""Runs the custom templates' own tests in a mock of GTM's sandbox."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
import yaml

from gtm.custom_template import TemplateKind, sections
from tests.gtm.sandbox import Sandbox, Template

WEB, SERVER = TemplateKind.WEB, TemplateKind.SERVER
TEMPLATES: Final = {kind: Template.read(kind) for kind in TemplateKind}
TESTS: Final[Mapping[TemplateKind, Any]] = {
    kind: yaml.safe_load(sections(kind.file.read_text(encoding="utf-8"))["TESTS"]) for kind in TemplateKind
}
SCENARIOS: Final = {
    kind: {scenario["name"]: scenario["code"] for scenario in tests["scenarios"]}
    for kind, tests in TESTS.items()
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in SCENARIOS.items() for name in names]
)
def test_a_scenario_of_a_template_passes(sandbox: Sandbox, kind: TemplateKind, name: str) -> None:
    assert sandbox.failure(TEMPLATES[kind], TESTS[kind]["setup"], SCENARIOS[kind][name]) is None


# Mistakes in the code, and the scenario that must catch each.
IN_BOTH = {
    "a wrong prefix": (
        "tableParameters('evmt_', data.metrics)",
        "tableParameters('evat_', data.metrics)",
        "Attributes, metrics and user attributes have their prefixes",
    ),
    "an endpoint id for nobody": (
        "if (namesNothing(decoded)) return false;",
        "",
        "An endpoint id that stands for nobody sends nothing",
    ),
    "no event id": (
        "parameter('event_id', eventId) +",
        "",
        "An event id and a time are sent if there are some",
    ),
    "no time": (
        "parameter('timestamp', filledIn(data.timestamp)) +",
        "",
        "An event id and a time are sent if there are some",
    ),
    "an event id that is too long": (
        "if (eventId !== undefined && eventId.length > LONGEST_ID) return undefined;",
        "",
        "An event id that the event processor would reject sends nothing",
    ),
    "items of another kind counted": (
        "type === 'object' || type === 'array'",
        "true",
        "A purchase has the data of Google Analytics 4",
    ),
    "a separator within a value": (
        ".split(LIST_SEPARATOR).join(' ')",
        "",
        "A purchase has the data of Google Analytics 4",
    ),
    "Google's value in place of a row's": (
        "if (!own) query",
        "query",
        "A row replaces what Google Analytics 4 has, and one without a value leaves it out",
    ),
    "Preview to the stack": (
        "return data.preview === 'nothing' && inPreview();",
        "return false;",
        "Preview sends to the test stack or nowhere if the tag says so",
    ),
    "everybody to the test stack": (
        "data.preview === 'test' && inPreview()",
        "data.preview === 'test'",
        "Outside Preview the test stack gets nothing",
    ),
}
IN_WEB = {
    "a value that is not encoded": (
        "undefined : encodeUriComponent(text)",
        "undefined : text",
        "A value cannot become a parameter",
    ),
    "an undefined value sent": (
        "encodedName === undefined || encodedValue === undefined",
        "false",
        "Missing values are not sent",
    ),
    "two ends": ("if (ended) return;", "", "GTM is told the result exactly once"),
    "success for failure": (
        "succeed, fail);\n  }",
        "succeed, succeed);\n  }",
        "An image that fails is a failure",
    ),
    "a request without an endpoint id": (
        "|| endpointId === undefined",
        "",
        "Without an endpoint id nothing is sent and the tag fails",
    ),
    "a list of objects sent": ("|| holdsObjectsOnly(text)", "", "A list of objects is not sent"),
    "no cache buster": ("+ cacheBuster", "", "An event goes to the endpoint URL with its endpoint id"),
    "no token": ("parameter('token', filledIn(data.token))", "''", "A token is sent if there is one"),
    "a look at the page": ("let ended = false;", "let ended = !window;", "An image that loads is a success"),
    "a list that is too long": (
        "if (longer.length > LONGEST_LIST) return false;",
        "",
        "A list of items ends before it is too long, and the count does not",
    ),
    "a number that is none": (
        "value - value !== 0",
        "false",
        "An item's value that is no text and no finite number leaves its place empty",
    ),
    "an event id of a refund": (
        "&& preset.eventId !== undefined) {\n    eventId = eventIdOf(read(preset.eventId));",
        ") {\n    eventId = eventIdOf(read('transaction_id'));",
        "Only a purchase takes its event id from Google Analytics 4",
    ),
    "the other source": (
        "data.ga4 === 'eventModel' ?",
        "false ?",
        "An event of gtag has its data, too",
    ),
    "a key that the permission does not name": (
        "copyFromDataLayer(holder)",
        "copyFromDataLayer(holder + '.x')",
        "A purchase has the data of Google Analytics 4",
    ),
}
IN_SERVER = {
    "success whatever the status": (
        "response.statusCode === 200",
        "response.statusCode < 600",
        "Any other status is a failure",
    ),
    "no end after a failed request": (
        "'failed'));\n      fail();",
        "'failed'));",
        "A request that times out or fails is a failure",
    ),
    "no timeout": ("timeout: timeout", "", "The timeout is the field's"),
    "a token in the URL": (
        "sendHttpGet(url + query,",
        "sendHttpGet(url + query + parameter('token', data.token),",
        "A token goes into the header",
    ),
    "a header out of a value": ("|| !isToken", "", "What is no token is not sent"),
    "a log outside Preview": (
        "if (inPreview()) logToConsole",
        "logToConsole",
        "Nothing is logged outside Preview",
    ),
    "a value in the log": (
        "log('the endpoint responded '",
        "log(query + 'the endpoint responded '",
        "What is logged in Preview has no value of the event",
    ),
    "consent that nobody gave": (
        "digits.charAt(type.place) === '1'",
        "true",
        "Without the consent that the tag requires nothing is sent",
    ),
    "all of the event's data": (
        "filledIn(getEventData('event_name'))",
        "getEventData('user_data')",
        "An event goes to the endpoint URL with its own name and user id",
    ),
}


@pytest.mark.parametrize(
    ("kind", "mistake"),
    [
        *((kind, mistake) for kind in TemplateKind for mistake in IN_BOTH),
        *((WEB, mistake) for mistake in IN_WEB),
        *((SERVER, mistake) for mistake in IN_SERVER),
    ],
)
def test_a_mistake_in_the_code_fails_its_scenario(sandbox: Sandbox, kind: TemplateKind, mistake: str) -> None:
    right, wrong, scenario = {**IN_BOTH, **IN_WEB, **IN_SERVER}[mistake]
    template = TEMPLATES[kind]
    assert template.code.count(right) == 1

    mistaken = template._replace(code=template.code.replace(right, wrong))

    failure = sandbox.failure(mistaken, TESTS[kind]["setup"], SCENARIOS[kind][scenario])
    assert failure is not None
    assert "SyntaxError" not in failure


def test_a_string_that_no_url_can_hold_is_not_sent(sandbox: Sandbox) -> None:
    scenario = (
        "mockData.eventAttributes = [{name: 'half', value: '\\ud83d'}]; runCode(mockData);"
        "assertThat(sent[0]).isEqualTo(EVENTS_URL + '?endpoint_id=e1&event=purchase_success&gtmcb=7');"
    )

    assert sandbox.failure(TEMPLATES[WEB], TESTS[WEB]["setup"], scenario) is None
