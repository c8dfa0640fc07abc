"""A string is as long as it is in UTF-16."""

import pytest

from contract.string_length import utf16_length


@pytest.mark.parametrize(
    ("string", "length"), [("", 0), ("abc", 3), ("é", 1), ("日本", 2), ("🎉", 2), ("\ud800", 1)]
)
def test_characters_are_utf_16_code_units(string: str, length: int) -> None:
    assert utf16_length(string) == length
