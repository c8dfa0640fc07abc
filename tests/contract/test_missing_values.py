"""Which strings mean no value, and which mean no identity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.missing_values import (
    BLANKS,
    STRINGS_WITHOUT_IDENTITY,
    STRINGS_WITHOUT_VALUE,
    IgnoredIds,
    is_without_identity,
    is_without_value,
)
from tests.missing_values import IDENTITIES, WITHOUT_IDENTITY, WITHOUT_VALUE


@pytest.mark.parametrize("text", WITHOUT_VALUE)
def test_a_string_without_value_is_recognized(text: str) -> None:
    assert is_without_value(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "0", "false", "true", "None", "(not set)", "Null", "UNDEFINED", "nan", " null", ","),
        *("a,[object Object]", "[object Object] b", "[object", "{{x}}", "invalid date"),
    ],
)
def test_an_attribute_may_be_anything_else(text: str) -> None:
    assert not is_without_value(text)


@pytest.mark.parametrize("text", WITHOUT_IDENTITY)
def test_a_string_without_identity_is_recognized(text: str) -> None:
    assert is_without_identity(text)


@pytest.mark.parametrize("text", IDENTITIES)
def test_an_identity_may_be_anything_else(text: str) -> None:
    assert not is_without_identity(text)


@given(st.sampled_from(sorted(STRINGS_WITHOUT_IDENTITY)), st.text(st.sampled_from(BLANKS)))
def test_case_and_blanks_make_no_identity(text: str, blanks: str) -> None:
    for letters in (text, text.upper(), text.title(), text.swapcase()):
        assert is_without_identity(f"{blanks}{letters}{blanks[::-1]}")


def test_a_string_without_value_has_no_identity_either() -> None:
    assert {text.lower() for text in STRINGS_WITHOUT_VALUE} <= STRINGS_WITHOUT_IDENTITY


@given(st.text())
def test_no_string_makes_it_raise(text: str) -> None:
    assert {is_without_identity(text), is_without_value(text), text in IgnoredIds.of([text])} <= {True, False}
