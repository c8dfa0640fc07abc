"""Functions on strings do the same as in Java."""

import unicodedata
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.apigateway import java_text
from tests.velocity.engine import Velocity

# Old characters of Unicode: the case of newer ones depends on the versions of Java and Python.
CHARACTERS: Final = [
    character
    for character in map(chr, [*range(0xD800), *range(0xE000, 0x10000), *range(0x10400, 0x10450), 0x1F389])
    if unicodedata.ucd_3_2_0.category(character) not in ("Cn", "Co")
]
CASED: Final = [c for c in CHARACTERS if c not in (c.lower(), c.upper())] + [
    c for c in CHARACTERS if c.lower() != c.upper()
]
SETTINGS: Final = settings(max_examples=100)
strings = st.text(st.sampled_from(CHARACTERS), max_size=20)


def in_java(velocity: Velocity, call: str, body: str, **arguments: str) -> str | None:
    """The output of a call such as `input.body.trim()`."""
    rendered = velocity.mapping_template(
        f"#set($query = $input.params().querystring)${{{call}}}", body=body, querystring=arguments
    )
    return rendered.text if rendered.error is None else None


@pytest.mark.parametrize(
    ("call", "function"),
    [
        ("util.urlEncode($input.body)", java_text.url_encode),
        ("util.escapeJavaScript($input.body)", java_text.escape_javascript),
        ("input.body.toLowerCase()", str.lower),
        ("input.body.toUpperCase()", str.upper),
        ("input.body.length()", lambda text: str(java_text.length(text))),
    ],
)
def test_every_character_is_encoded_as_in_java(call: str, function: object, velocity: Velocity) -> None:
    assert callable(function)
    every = ".".join(CHARACTERS)

    assert function(every) == in_java(velocity, call, every)


@given(text=strings)
@SETTINGS
def test_case_of_any_string_changes_as_in_java(text: str, velocity: Velocity) -> None:
    assert text.lower() == in_java(velocity, "input.body.toLowerCase()", text)
    assert text.upper() == in_java(velocity, "input.body.toUpperCase()", text)


def test_trim_removes_what_java_removes(velocity: Velocity) -> None:
    for character in [*CHARACTERS[:0x400], "\u2003", "\u3000", "\ufeff"]:
        text = f"{character}a{character}"

        assert java_text.trim(text) == in_java(velocity, "input.body.trim()", text)


def test_case_is_ignored_where_java_ignores_it(velocity: Velocity) -> None:
    template = (
        "#set($query = $input.params().querystring)##\n"
        "#foreach($name in $query.keySet())#if($name.equalsIgnoreCase($input.body))${name}#end#end"
    )
    letters = dict.fromkeys(CASED, "")
    for other in [*map(chr, range(ord("a"), ord("z") + 1)), "ß", "\u03c3", "ǆ", "ᾳ", "µ"]:
        in_java = velocity.mapping_template(template, body=other, querystring=letters).text

        assert "".join(c for c in letters if java_text.equals_ignore_case(c, other)) == in_java


pieces = st.sampled_from(
    [*"ab-^$.*+?|()[]\\{}, \né", "(?:", ")++", ")*+", "[^a-b]", "[ab]", r"\x20", "a+", "b*?"]
)


@given(
    pattern=st.lists(pieces, max_size=8).map("".join),
    replacement=st.sampled_from(["", "-", "a b"]),
    text=st.text("ab -^*\n é🎉", max_size=8),
)
@SETTINGS
def test_a_regular_expression_means_what_it_means_in_java_or_is_refused(
    pattern: str, replacement: str, text: str, velocity: Velocity
) -> None:
    arguments = {"pattern": pattern, "replacement": replacement}
    try:
        matches = java_text.matches(text, pattern)
    except java_text.UnknownPattern:
        return
    call = "input.body.matches($query.get('pattern'))"
    assert in_java(velocity, call, text, **arguments) == str(matches).lower()

    try:
        replaced = java_text.replace_all(text, pattern, replacement)
    except java_text.UnknownPattern:
        return
    call = "input.body.replaceAll($query.get('pattern'), $query.get('replacement'))"
    assert in_java(velocity, call, text, **arguments) == replaced
