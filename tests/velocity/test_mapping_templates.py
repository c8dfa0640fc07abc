"""The local run renders every mapping template exactly as Apache Velocity 1.7 does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apigateway.velocity import MappingTemplate, Parameters
from tests.api_documents import ORIGINS, distinct_templates
from tests.hostile import HOSTILE_NAMES, HOSTILE_VALUES, LONGEST_ATTRIBUTE, PRINTABLE_ASCII
from tests.token_names import OTHER_NAMES, TOKEN_NAMES
from tests.velocity.engine import Velocity

TEMPLATES: Final = [pytest.param(template, id=place) for place, template in distinct_templates().items()]
SEND_MESSAGE: Final = [
    pytest.param(template, id=place)
    for place, template in distinct_templates().items()
    if "Action=SendMessage" in template
]

CONTEXT: Final[Mapping[str, Any]] = {
    "extendedRequestId": "JJbxmE+/w=",
    "requestId": "chosen-by-the-caller",
    "requestTimeEpoch": 1795252800123,
    "identity": {"sourceIp": "192.0.2.1", "userAgent": "a browser"},
    "authorizer": {"proof": "none", "reason": "absent"},
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """The input of a rendering."""

    body: str = ""
    querystring: Mapping[str, str] = field(default_factory=dict[str, str])
    header: Mapping[str, str] = field(default_factory=dict[str, str])
    context: Mapping[str, Any] = field(default_factory=lambda: CONTEXT)


def proven(endpoint_id: str) -> Mapping[str, Any]:
    return {**CONTEXT, "authorizer": {"proof": "proven", "proven_endpoint": endpoint_id}}


def hostile_requests() -> Iterator[Request]:
    """Each hostile string as value, name, proven endpoint, origin, body and id of the gateway."""
    for text in (
        *HOSTILE_VALUES,
        *PRINTABLE_ASCII,
        *HOSTILE_NAMES,
        *TOKEN_NAMES,
        *OTHER_NAMES,
        LONGEST_ATTRIBUTE,
    ):
        query = {"event": "purchase", "endpoint_id": "e1", "evat_a": text, text: "as a name"}
        yield Request(querystring=query)
        yield Request(querystring=query, context=proven(text), body=text)
        yield Request(querystring={text: text}, header={"origin": text, text: ORIGINS[0]})
        yield Request(querystring=query, context={**CONTEXT, "extendedRequestId": text})
    names = (*HOSTILE_NAMES, *TOKEN_NAMES, *OTHER_NAMES)
    yield Request(querystring=dict.fromkeys(names, "x"), context=proven("e1"))
    for origin in (*ORIGINS, ORIGINS[0] + ".evil.example", ORIGINS[0].upper(), "null", "*", ""):
        for name in ("Origin", "origin", "ORIGIN"):
            yield Request(header={"accept": "image/*", name: origin, "x-forwarded-for": "192.0.2.1"})
    yield Request()


parsed = cache(MappingTemplate)
"""Parses each template once, as the gateway does."""


def assert_equal(template: str, request: Request, velocity: Velocity) -> None:
    """Render with both, and compare text, headers and status."""
    ours = parsed(template).render(
        body=request.body,
        parameters=Parameters(querystring=request.querystring, header=request.header),
        context=request.context,
    )
    theirs = velocity.mapping_template(
        template,
        body=request.body,
        querystring=request.querystring,
        header=request.header,
        context=request.context,
    )
    assert theirs.error is None
    assert (ours.text, ours.headers, ours.status) == (theirs.text, theirs.headers, theirs.status), request


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_renders_every_hostile_request_as_velocity_does(
    template: str, velocity: Velocity
) -> None:
    for request in hostile_requests():
        assert_equal(template, request, velocity)


strings = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    request=st.builds(
        Request,
        querystring=st.dictionaries(strings, strings),
        header=st.dictionaries(strings, strings),
        context=st.one_of(st.just(CONTEXT), st.builds(proven, strings)),
        body=strings,
    )
)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_renders_any_request_as_velocity_does(
    template: str, request: Request, velocity: Velocity
) -> None:
    assert_equal(template, request, velocity)


@pytest.mark.parametrize("template", SEND_MESSAGE)
def test_velocity_writes_one_request_to_sqs_with_the_sent_values(template: str, velocity: Velocity) -> None:
    for text in (*HOSTILE_VALUES, *PRINTABLE_ASCII, *HOSTILE_NAMES, *OTHER_NAMES, LONGEST_ATTRIBUTE):
        query = {"event": "purchase", "evat_a": text, text: "as a name"}
        written = velocity.mapping_template(template, querystring=query, context=proven(text)).text

        assert written is not None
        assert not any(character.isspace() for character in written)
        form = {name: value for name, [value] in parse_qs(written, keep_blank_values=True).items()}
        assert parse_qsl(form.pop("MessageBody"), keep_blank_values=True) == list(query.items())
        numbered = {name: value for name, value in form.items() if name.startswith("MessageAttribute.")}
        assert form.keys() - numbered.keys() == {"Action", "Version"}
        attributes = {
            numbered[f"MessageAttribute.{number}.Name"]: numbered[
                f"MessageAttribute.{number}.Value.StringValue"
            ]
            for number in range(1, len(numbered) // 3 + 1)
        }
        expected = {"request_id": "JJbxmE+/w=", "request_time": "1795252800123"}
        if "proven_endpoint" in template:
            expected["proven_endpoint"] = text
        assert attributes == expected


@pytest.mark.parametrize("template", SEND_MESSAGE)
def test_no_token_gets_through_velocity_into_the_queue(template: str, velocity: Velocity) -> None:
    query = {"event": "e", **dict.fromkeys(TOKEN_NAMES, "secret")}

    written = velocity.mapping_template(template, querystring=query, context=CONTEXT).text

    assert written is not None
    assert "secret" not in written


@pytest.mark.parametrize("template", SEND_MESSAGE)
def test_the_longest_name_of_a_token_overflows_nothing(template: str, velocity: Velocity) -> None:
    longest_query = 10_240
    name = "amp;" * (longest_query // 4) + "token"

    written = velocity.mapping_template(template, querystring={name: "secret"}, context=CONTEXT).text

    assert written is not None
    assert "secret" not in written
