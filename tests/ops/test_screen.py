"""What strangers sent, on a terminal."""

import io
import json
import os
import sys

import pytest

from ops.command_line import main
from ops.screen import Screen
from tests.hostile import FOR_TERMINALS as NASTY


@pytest.mark.parametrize("as_json", [True, False])
def test_no_way_to_the_screen_leaves_anything_to_obey(
    as_json: bool,  # noqa: FBT001 - a parameter of the test
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = Screen(as_json=as_json)

    screen.line(NASTY)
    screen.note(NASTY, style="red")
    screen.table(["column"], [[NASTY], ["[red]x[/red] :smile:"]])
    screen.result({NASTY: NASTY}, lambda: screen.line(NASTY))

    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert text.replace("\n", "").isprintable()
    assert "[red]x[/red] :smile:" in said.out


def test_an_error_is_one_line_that_leaves_nothing_to_obey(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "e1", "--outputs", NASTY[:-1]]) == 2

    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.removesuffix("\n").isprintable()


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_a_reader_who_goes_away_is_nothing_to_talk_about(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        try:
            status = main(["cost", "--events-per-month", "1000", *arguments])
        except SystemExit as ended:
            status = ended.code

        assert status == 1
    # Closing has flushed it, as Python does at the end.
    assert capsys.readouterr().err == ""


def test_json_is_json_whatever_the_terminals_encoding_is(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    screen = Screen(as_json=True)
    screen.result({"city": "Zürich"}, screen.line)

    assert json.loads(written.getvalue()) == {"city": "Zürich"}


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("arguments", [["--json"], []])
def test_a_closed_stream_is_no_error(
    stream: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, stream, None)

    assert main(["cost", "--events-per-month", "1000", *arguments]) == 0
