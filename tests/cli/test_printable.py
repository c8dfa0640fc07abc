"""What strangers sent, for a terminal."""

import json
from typing import Any

import pytest

from cli.printable import json_text, printable
from tests.hostile import FOR_TERMINALS as NASTY


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain: Ünï → 日本 🙂 [bold]x[/]", "plain: Ünï → 日本 🙂 [bold]x[/]"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b\x7f", r"\x9b\x7f"),
        ("\u202e\u2028", r"\u202e\u2028"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_written_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("value", [NASTY, {"a": [NASTY, "Ü"]}])
def test_json_stays_the_same_value(value: Any) -> None:
    text = json_text(value, indent=2)

    assert json.loads(text) == value
    assert text.replace("\n", "").isprintable()
    assert "Ü" in text or value == NASTY
