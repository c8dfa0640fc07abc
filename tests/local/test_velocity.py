"""Mapping templates: what a template can do, and that nothing airspeed gets wrong goes unnoticed."""

from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

from components.openapi import api_document
from local.velocity import (
    MAX_FOREACH_TURNS,
    MappingTemplate,
    MappingTemplateError,
    Parameters,
    Rendered,
    escape_javascript,
    url_encode,
)
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE

CONTEXT = {"requestId": "r-1", "extendedRequestId": "Abc-_12=", "requestTimeEpoch": 1_700_000_000_123}


def render(text: str, *, body: str = "", context: dict[str, Any] | None = None, **locations: Any) -> Rendered:
    parameters = Parameters(**locations)
    return MappingTemplate(text).render(body=body, parameters=parameters, context=context or CONTEXT)


def send_message_template() -> str:
    document = api_document(
        title="t",
        queue_integration_uri="arn:aws:apigateway:us-east-1:sqs:path/123456789012/q",
        integration_role_arn="arn:aws:iam::123456789012:role/r",
        allowed_origins=[],
    )
    return document["paths"]["/events"]["get"]["x-amazon-apigateway-integration"]["requestTemplates"][
        "application/json"
    ]


def message_body(query: dict[str, str]) -> list[tuple[str, str]]:
    """The pairs a receiver of the message reads, after the template and SQS's form decoding."""
    form = parse_qs(render(send_message_template(), querystring=query).text, strict_parsing=True)
    return parse_qsl(form["MessageBody"][0], keep_blank_values=True)


@pytest.mark.parametrize("value", [*HOSTILE_VALUES, LONGEST_ATTRIBUTE])
def test_the_send_message_template_carries_every_value_unchanged(value: str) -> None:
    query = {"event": "purchase", "endpoint_id": "e1", "evat_note": value, value: "as a name"}

    assert message_body(query) == list(query.items())


def test_the_send_message_template_sends_one_form_without_line_breaks() -> None:
    text = render(send_message_template(), querystring={"event": "a", "endpoint_id": "b"}).text

    assert not any(character.isspace() for character in text)


def test_the_send_message_template_leaves_the_token_out() -> None:
    assert message_body({"event": "a", "token": "secret"}) == [("event", "a")]


def test_the_send_message_template_reads_no_header_and_no_path() -> None:
    form = render(
        send_message_template(), querystring={"event": "a"}, header={"event": "h"}, path={"x": "p"}
    ).text

    assert parse_qs(form)["MessageBody"] == ["event=a&"]


def test_a_parameter_is_looked_up_in_path_then_query_then_header() -> None:
    text = "$input.params('a')$input.params('b')$input.params('c')|$input.params('d')|"

    rendered = render(
        text,
        path={"a": "path"},
        querystring={"a": "query", "b": "query"},
        header={"a": "header", "b": "header", "c": "header"},
    )

    assert rendered.text == "pathqueryheader||"


def test_the_body_and_the_context_are_written_as_they_are() -> None:
    rendered = render("$input.body $context.requestId $context.requestTimeEpoch", body="<b>")

    assert rendered.text == "<b> r-1 1700000000123"


def test_a_value_that_looks_like_a_template_is_not_rendered() -> None:
    assert render("$input.body", body="$context.requestId #set($x=1)").text == "$context.requestId #set($x=1)"


def test_a_response_override_is_handed_back_and_writes_nothing() -> None:
    rendered = render(
        "#set($context.responseOverride.header.Access-Control-Allow-Origin = 'https://a.example')##\n"
        "#set($context.responseOverride.status = 204)##\nbody"
    )

    assert rendered == Rendered(
        text="body", headers={"Access-Control-Allow-Origin": "https://a.example"}, status=204
    )


def test_a_response_override_ends_with_its_rendering() -> None:
    template = MappingTemplate(
        "#set($context.responseOverride.header.X = 'x')$context.responseOverride.header.X"
    )
    template.render(body="", parameters=Parameters(), context=CONTEXT)

    with pytest.raises(MappingTemplateError):
        render("$context.responseOverride.header.X")


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(" ", "+"), ("~", "%7E"), (".-*_", ".-*_"), ("é", "%C3%A9"), ("+", "%2B"), ("a/b", "a%2Fb"), (12, "12")],
)
def test_url_encode_follows_javas_url_encoder(value: object, encoded: str) -> None:
    assert url_encode(value) == encoded


@pytest.mark.parametrize(
    ("value", "escaped"),
    [("it's", r"it\'s"), ('"', r"\""), ("a\nb", r"a\nb"), ("\x01", r"\u0001"), ("é", r"\u00E9")],
)
def test_escape_javascript_escapes_as_commons_lang_does(value: str, escaped: str) -> None:
    assert escape_javascript(value) == escaped


def test_escape_javascript_writes_a_character_beyond_the_first_plane_as_two() -> None:
    assert escape_javascript("🎉") == r"\uD83C\uDF89"


@pytest.mark.parametrize(
    "text",
    [
        "#break",
        "#stop",
        "#evaluate('x')",
        "#macro(m)x#end",
        "#parse('x')",
        "#[[raw]]#",
        "$input.params('a')[0]",
        "${input.body|'other'}",
        "#set($m = {'a': 1})",
        "#foreach($n in ['a'])\n$n#end",
        "#if(1 == 2)a#else\nb#end",
        "a\n  #set($x = 1)b",
        "#if(true)",
        "x" * (300 * 1024 + 1),
    ],
)
def test_what_airspeed_and_velocity_may_read_differently_is_refused_at_once(text: str) -> None:
    with pytest.raises(MappingTemplateError):
        MappingTemplate(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("$nobody", r"\$nobody was never set"),
        ("$input.json('$')", "no method json"),
        ("$util.parseJson('1')", "no method parseJson"),
        ("$input.params('x').upper()", "no method upper"),
        ("$context.nothing", "nothing is not known"),
        ("$input.params().querystring.get('gone')", "is null"),
        ("$input.params().querystring.get('gone').length()", "asked of a null"),
        ("$input.params()", "no text or number"),
        ("#set($a = 'v')#set($b = 'w')$a-$b", r"\$a- was never set"),
        ("#if($input.params('x'))a#end", "condition on an empty value"),
        ("#if(true && $input.params('x'))a#end", "condition on an empty value"),
        ("#foreach($n in $input.params().querystring)$n#end", "needs a list"),
        ("#set($x = 'v')#set($x = $input.params().querystring.get('gone'))", "with a null"),
        ("#set($context.stage = 'x')", "TypeError"),
        ("#set($context.responseOverride.body = 'x')", "has no body"),
    ],
)
def test_what_airspeed_would_render_empty_or_wrong_is_an_error_that_says_where(text: str, names: str) -> None:
    template = MappingTemplate(text)

    with pytest.raises(MappingTemplateError, match=names):
        template.render(body="", parameters=Parameters(), context={"stage": "dev"})


def test_an_error_never_holds_a_value() -> None:
    with pytest.raises(MappingTemplateError) as raised:
        render("#set($a = $input.body)$a.nothing()", body="a visitor's value")

    assert "visitor" not in str(raised.value)


@pytest.mark.parametrize(("text", "written"), [("#if($gone)a#{else}b#end", "b"), ("#if(!$gone)a#end", "a")])
def test_a_null_is_false(text: str, written: str) -> None:
    assert render("#set($gone = $input.params().header.get('gone'))" + text).text == written


def test_a_quiet_reference_to_null_writes_nothing() -> None:
    assert render("<$!input.params().header.get('gone')>").text == "<>"


def test_a_loop_turns_at_most_a_thousand_times() -> None:
    text = "#foreach($n in $input.params().querystring.keySet())x#end"
    names = [f"p{number}" for number in range(MAX_FOREACH_TURNS + 1)]

    assert render(text, querystring=dict.fromkeys(names[:-1], "")).text == "x" * MAX_FOREACH_TURNS
    with pytest.raises(MappingTemplateError, match="1000 times"):
        render(text, querystring=dict.fromkeys(names, ""))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("${a.trim()}|", "x\u00a0|"),
        ('${a.trim().toUpperCase().replaceAll("[A-Z]+", "-")}|', "-\u00a0|"),
    ],
)
def test_a_string_has_javas_methods(text: str, written: str) -> None:
    assert (
        render(f'#set($a = $input.params("a"))##\n{text}', querystring={"a": "\0 x\u00a0\x1f"}).text
        == written
    )


def test_a_replacement_with_groups_is_refused() -> None:
    with pytest.raises(MappingTemplateError, match="groups"):
        render('#set($a = "x")##\n${a.replaceAll("(x)", "\\1")}')
