"""Handler, container, custom template and fake GTM agree on strings for missing values."""

import json
import re
from random import Random
from typing import Any

import pytest

from contract.missing_values import (
    BLANKS,
    STRINGS_WITHOUT_IDENTITY,
    STRINGS_WITHOUT_VALUE,
    is_without_identity,
    is_without_value,
)
from gtm.custom_template import TemplateKind
from gtm.plan import TagPlan
from gtm.plan_error import PlanError
from tests.gtm import chromium
from tests.gtm.plans import event_attribute, plan
from tests.gtm.sandbox import Sandbox
from tests.gtm.site import Endpoint, Site
from tests.gtm.test_template_scenarios import TEMPLATES, TESTS
from tests.missing_values import IDENTITIES, WITHOUT_IDENTITY, WITHOUT_VALUE

WEB = TemplateKind.WEB
CODE = TEMPLATES[WEB].code  # the server template has the same, as a test of the templates holds


def constant(name: str) -> Any:
    """A constant of the template: a list of strings, or a string in several pieces."""
    source = re.search(rf"const {name} =(.*?);\n", CODE, re.DOTALL)
    assert source
    strings = [json.loads(f'"{text}"') for text in re.findall(r"'([^']*)'", source[1])]
    return strings if "[" in source[1].partition("'")[0] else "".join(strings)


def test_the_template_has_the_handlers_lists() -> None:
    assert sorted(constant("STRINGS_WITHOUT_VALUE")) == sorted(STRINGS_WITHOUT_VALUE)
    assert sorted(constant("STRINGS_WITHOUT_IDENTITY")) == sorted(STRINGS_WITHOUT_IDENTITY)
    assert sorted(constant("BLANKS")) == sorted(BLANKS)


@pytest.mark.parametrize("event", sorted(STRINGS_WITHOUT_IDENTITY))
def test_no_container_has_a_tag_for_an_event_that_the_handler_rejects(event: str) -> None:
    for written in (event, event.upper(), f"[object {event}]"):
        with pytest.raises(PlanError, match="stands for a variable without a value"):
            TagPlan(event=written)


class TestTheTemplate:
    @pytest.mark.parametrize("field", ["eventName", "endpointId"])
    def test_sends_nothing_for_what_the_handler_rejects(self, sandbox: Sandbox, field: str) -> None:
        assert self.sent(sandbox, field, [*WITHOUT_IDENTITY, "x" * 256, "🎉" * 128]) == []

    @pytest.mark.parametrize("field", ["eventName", "endpointId"])
    def test_sends_what_the_handler_takes(self, sandbox: Sandbox, field: str) -> None:
        identities = [*IDENTITIES, "x" * 255, "🎉" * 127]
        assert self.sent(sandbox, field, identities) == identities

    def test_sends_those_random_strings_that_the_handler_accepts(self, sandbox: Sandbox) -> None:
        random = Random(4711)  # noqa: S311 - the same strings each time
        pieces = [
            *STRINGS_WITHOUT_IDENTITY,
            *WITHOUT_IDENTITY,
            *IDENTITIES,
            *",,, {}[]%\"'+0a",
            "[object ",
            "%25",
        ]
        strings = ["".join(random.choices(pieces, k=random.randint(1, 4))) for _ in range(1_000)]
        strings = [text if random.random() < 0.5 else text.upper() for text in strings if len(text) <= 255]
        taken = [text for text in strings if not is_without_identity(text) and not is_without_value(text)]
        assert 100 < len(taken) < len(strings) - 100
        assert self.sent(sandbox, "endpointId", strings) == taken

    def test_leaves_out_what_the_handler_leaves_out(self, sandbox: Sandbox) -> None:
        scenario = (
            f"mockData.eventAttributes = {json.dumps(list(WITHOUT_VALUE))}.map(function(value, place) {{"
            "  return {name: 'n' + place, value: value}; });"
            "runCode(mockData);"
            "assertThat(sent[0].indexOf('evat_')).isEqualTo(-1);"
        )
        assert sandbox.failure(TEMPLATES[WEB], TESTS[WEB]["setup"], scenario) is None

    def sent(self, sandbox: Sandbox, field: str, values: list[str]) -> list[str]:
        """Those values with which the template calls the endpoint."""
        scenario = (
            f"const values = {json.dumps(values)};"
            "const taken = values.filter(function(value) {"
            f"  sent.length = 0; mockData.{field} = value; runCode(mockData);"
            "  return sent.length === 1 && sent[0].indexOf(encodeURIComponent(value)) !== -1; });"
            "assertThat(taken).isEqualTo('shown');"
        )
        told = sandbox.failure(TEMPLATES[WEB], TESTS[WEB]["setup"], scenario)
        assert told
        return json.loads(told.removesuffix(' is not "shown"'))


# Values that a page may push instead of a customer or a value.
NOTHING = (
    *("undefined", "null", "NaN", "{}", "[]", "[{}, {}]", "[undefined, undefined]", "[null]", "new Map()"),
    *("document.body", "window", "new Date(NaN)", "Promise.resolve()", "-1 / 0", "''", "' '"),
)


@chromium.NEEDED
class TestTheFake:
    def test_values_it_sends_for_no_visitor_are_no_identity(self, site: Site, endpoint: Endpoint) -> None:
        nobody = [*NOTHING, "false", "true", "0", "-0", "0n"]

        written = self.written(site, endpoint, nobody)

        assert [value for value in nobody if not is_without_identity(written[value])] == []

    def test_what_it_writes_for_no_value_is_none(self, site: Site, endpoint: Endpoint) -> None:
        missing = ["undefined", "null", "NaN", "{}", "[{}, {}]", "new Date(NaN)", "window"]

        written = self.written(site, endpoint, missing)

        assert [value for value in missing if not is_without_value(written[value])] == []

    def test_the_string_for_a_variable_below_null_is_no_identity(
        self, site: Site, endpoint: Endpoint
    ) -> None:
        assert is_without_identity(self.written(site, endpoint, ["null"], below=".id")["null"])

    def written(
        self, site: Site, endpoint: Endpoint, values: list[str], *, below: str = ""
    ) -> dict[str, str]:
        """The strings that a tag sends for these values, each in its own data layer variable."""
        tag = TagPlan(
            event="e",
            parameters=tuple(event_attribute(f"a{n}", f"v{n}{below}") for n in range(len(values))),
        )
        site.run(plan(tag, events_url=endpoint.events_url))
        pushed = ", ".join(f"v{n}: {value}" for n, value in enumerate(values))
        site.push(f"{{event: 'e', endpoint_id: 'e1', {pushed}}}")
        site.await_outcomes()
        (parameters,) = endpoint.parameters
        return {value: parameters[f"evat_a{n}"] for n, value in enumerate(values)}
