"""Mapping templates: what a template can do, and that everything else is refused by name.

That what is rendered is what Apache Velocity renders is tests/velocity's part.
"""

from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

from components.openapi import api_document
from local.apigateway.java_text import escape_javascript, url_encode
from local.apigateway.velocity import (
    MAX_FOREACH_TURNS,
    MappingTemplate,
    MappingTemplateError,
    Parameters,
    Rendered,
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
    text = "${input.params('a')}${input.params('b')}${input.params('c')}|${input.params('d')}|"

    rendered = render(
        text,
        path={"a": "path"},
        querystring={"a": "query", "b": "query"},
        header={"a": "header", "b": "header", "c": "header"},
    )

    assert rendered.text == "pathqueryheader||"


def test_the_body_and_the_context_are_written_as_they_are() -> None:
    rendered = render("${input.body} ${context.requestId} ${context.requestTimeEpoch}", body="<b>")

    assert rendered.text == "<b> r-1 1700000000123"


def test_a_value_that_looks_like_a_template_is_not_rendered() -> None:
    assert (
        render("${input.body}", body="$context.requestId #set($x=1)").text == "$context.requestId #set($x=1)"
    )


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
        "#if($input.body == 'first')#set($context.responseOverride.header.X = 'x')#end"
    )
    template.render(body="first", parameters=Parameters(), context=CONTEXT)

    assert template.render(body="second", parameters=Parameters(), context=CONTEXT).headers == {}


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(" ", "+"), ("~", "%7E"), (".-*_", ".-*_"), ("é", "%C3%A9"), ("+", "%2B"), ("a/b", "a%2Fb")],
)
def test_url_encode_follows_javas_url_encoder(value: str, encoded: str) -> None:
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
    ("text", "reason"),
    [
        # Directives, comments and unparsed content that our templates do without.
        ("#break", "after # only"),
        ("#stop", "after # only"),
        ("#evaluate('x')", "after # only"),
        ("#macro(m)x#end", "after # only"),
        ("#parse('x')", "after # only"),
        ("#[[raw]]#", "after # only"),
        ("a #* comment *# b", "after # only"),
        ("&#39;", "after # only"),
        ("#elseb", "after # only"),
        # What Velocity 1.7 reads in a surprising way.
        ("$context.requestTimeEpoch##\n", "in braces"),
        ("$a-$b", "in braces"),
        ("$!input.body", "in braces"),
        ("$!{input.body}", "in braces"),
        ("costs 5 $", "in braces"),
        ("\\${input.body}", "backslash"),
        ("${input.params('a')[0]}", "expected }"),
        ("${input.body|'other'}", "expected }"),
        ("${ input }", "expected a name"),
        ("${input.}", "expected a name"),
        ("${input.body.length( )}", "expected a reference"),
        ("${input.body", "expected }"),
        ("${foreach.count}", "Velocity's own names"),
        ("${velocityCount}", "Velocity's own names"),
        # Expressions.
        ("#set($m = {'a': 1})", "expected a reference"),
        ("#set($m = ['a'])", "expected a reference"),
        ("#set($m = [1..3])", "expected a reference"),
        ("a #set($m = 1)", "space before #set"),
        ("#set\t($m = 1)", "after # only"),
        ("a ## costs $", "end the line of a comment"),
        ("#set($m = 1.5)", "expected a reference"),
        ("#set($m = 1 + 1)", r"expected \)"),
        ("#set($m = 'it''s')", "quote inside"),
        ("#set($m = 'a\\'b')", "quote inside"),
        ('#set($m = "${input.body}")', "single quotes"),
        ('#set($m = "a #if")', "single quotes"),
        ('#set($m = "\\u0041")', "single quotes"),
        ("#set($m = 'a\nb')", "a string ends"),
        ("#set($m = null)", "expected a reference"),
        ("#set(${m} = 1)", "without braces"),
        ("#set($m.n = 1)", "#set assigns to"),
        ("#set($context.stage = 'x')", "#set assigns to"),
        ("#set($context.responseOverride.body = 'x')", "#set assigns to"),
        ("#set($input = 'x')", "#set assigns to"),
        ("#if(1 > 0)a#end", r"expected \)"),
        ("#if(not true)a#end", "expected a reference"),
        ("#if(true and true)a#end", r"expected \)"),
        ("#if(true\n)a#end", r"expected \)"),
        ("#foreach($n in ['a'])$n#end", "expected \\$"),
        ("#foreach(${n} in $input)#end", "a name of your own"),
        ("#foreach($input in $names)#end", "a name of your own"),
        # Blocks.
        ("#if(true)", "no #end"),
        ("#foreach($n in $names)", "no #end"),
        ("#foreach($n in $names)#else#end", "no #end"),
        ("a#end", "without #if"),
        ("#else", "without #if"),
        ("#if(true)#else#else#end", "after #else"),
        ("x" * (300 * 1024 + 1), "larger than"),
    ],
)
def test_unsupported_syntax_is_refused_when_it_is_read(text: str, reason: str) -> None:
    with pytest.raises(MappingTemplateError, match=reason):
        MappingTemplate(text)


def test_a_refusal_quotes_the_line_and_the_source() -> None:
    with pytest.raises(MappingTemplateError, match=r"line 2, at '\$b c'"):
        MappingTemplate("a\n$b c\nd")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${nobody}", r"\$nobody was never set"),
        ("#if($a- == 'v')#end", r"\$a- was never set"),
        ("${input.json('$')}", "no method json"),
        ("${util.parseJson('1')}", "no method parseJson"),
        ("${input.params('x').upper()}", "no method upper"),
        ("${input.params('x').trim('x')}", "no method trim"),
        ("${input.params().querystring.keySet().get('x')}", "no method get"),
        ("${input.params('x').length().length()}", "no method length"),
        ("${context.get('stage')}", "no method get"),
        ("${context.nothing}", "nothing is not known"),
        ("${context.class}", "class is not known"),
        ("${input.params().querystring.x}", "x is not known"),
        ("${input.params().cookie}", "cookie is not known"),
        ("${input.params('x').empty}", "empty is not known"),
        ("${input.params().querystring.get('gone')}", "gives a null"),
        ("#set($a = $input.params().querystring.get('gone'))", "gives a null"),
        ("${input.params()}", "is no string"),
        ("${util.urlEncode($context.epoch)}", "takes strings"),
        ("${input.body.replaceAll('a', 'b$1')}", "a replacement with"),
        ("${input.body.replaceAll('a*', '')}", "matches the empty"),
        ("${input.body.matches('.*')}", "regular expression"),
        ("${input.body.matches('a$')}", "regular expression"),
        ("${input.body.matches('[[:alpha:]]')}", "regular expression"),
        ("${input.body.matches('(?i)a')}", "regular expression"),
        ("${input.body.matches('(a)*')}", "from its character 4"),
        ("${input.body.matches('(?:a)+?')}", "from its character 6"),
        ("${input.body.matches($input.body)}", "from its character 1"),
        ("${input.body.matches('(a')}", "regular expression"),
        ("#if($input.body)a#end", "a condition must be true or false"),
        ("#if(true && $input.body)a#end", "a condition must be true or false"),
        ("#if(!$context.epoch)a#end", "a condition must be true or false"),
        ("#if($context.epoch == '1')a#end", "can be compared"),
        ("#if($input == $input)a#end", "can be compared"),
        ("#foreach($n in $input.params().querystring)${n}#end", "#foreach only loops over names"),
        ("#foreach($n in $input.body)${n}#end", "#foreach only loops over names"),
        ("#set($context.responseOverride.status = '204')", "takes a number"),
        ("#set($context.responseOverride.header.X = 1)", "takes a string"),
    ],
)
def test_what_velocity_would_render_by_accident_is_an_error_that_says_where(text: str, reason: str) -> None:
    template = MappingTemplate(text)

    with pytest.raises(MappingTemplateError, match=reason):
        template.render(body="*", parameters=Parameters(), context={"stage": "dev", "epoch": 1, "class": "x"})


def test_an_error_never_holds_a_value() -> None:
    with pytest.raises(MappingTemplateError) as raised:
        render("#set($a = $input.body)${a.nothing()}", body="a visitor's value")

    assert "visitor" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a#if(true)b#{else}c#{end}d", "abd"),
        ("#if(false)a#elseif($input.body == 'x')b#elseif(true)c#else d#end", "b"),
        ("#if(!false && ('a' != 'b' || 1 == 2))a#end", "a"),
        ("#if(true)\n  a\n#end  \nb", "  a\nb"),
        ("#set($a = -1)\n${a}## comment\n.", "-1."),
        ("#set($a = true)${a}", "true"),
        ("#set($name = 'x')#foreach($name in $input.params().header.keySet())${name}#end${name}", "ABx"),
    ],
)
def test_directives_do_what_they_do_in_velocity(text: str, written: str) -> None:
    assert render(text, body="x", header={"A": "1", "B": "2"}).text == written


def test_a_loop_variable_ends_with_its_loop() -> None:
    with pytest.raises(MappingTemplateError, match="never set"):
        render("#foreach($name in $input.params().header.keySet())${name}#end${name}", header={"A": "1"})


def test_a_loop_runs_at_most_a_thousand_times() -> None:
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
    with pytest.raises(MappingTemplateError, match="a replacement"):
        render('#set($a = "x")##\n${a.replaceAll("(x)", "\\1")}')
