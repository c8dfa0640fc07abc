"""Arguments that are wrong for every command, and help that cannot be shown."""

import os
import sys

import pytest

from cli.arguments import Parser, in_utf_8, path
from cli.ending import run
from cli.errors import UsageError


def test_a_wrong_argument_is_an_error_that_names_the_help() -> None:
    with pytest.raises(UsageError, match=r"unrecognized arguments: --x \(python -m one --help\)"):
        Parser(prog="python -m one").parse_args(["--x"])


def test_a_value_that_looks_like_an_option_is_told_how_to_be_written() -> None:
    parser = Parser(prog="python -m one")
    parser.add_argument("-r", "--request-id")

    with pytest.raises(UsageError, match="begins with a hyphen, write --request-id=VALUE"):
        parser.parse_args(["--request-id", "-EtROm1OqFvQ3WI="])
    assert parser.parse_args(["--request-id=-EtROm1OqFvQ3WI="]).request_id == "-EtROm1OqFvQ3WI="


def test_an_empty_argument_is_not_the_current_directory() -> None:
    parser = Parser(prog="python -m one")
    parser.add_argument("file", type=path)

    with pytest.raises(UsageError, match="argument file: '' names no file: give a name"):
        parser.parse_args([""])


def test_an_argument_in_utf_8_is_taken_as_it_is() -> None:
    assert in_utf_8(["a", "ü"]) == ["a", "ü"]


def test_an_argument_in_utf_8_is_no_fault_of_its_own_where_the_locale_is_another() -> None:
    with pytest.raises(UsageError, match=r"^argument 2 is not UTF-8: set a locale of UTF-8"):
        in_utf_8(["a", os.fsencode("ü").decode("ascii", "surrogateescape")])


def test_help_that_nobody_reads_is_not_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)

        assert run(lambda: len(vars(Parser().parse_args(["--help"])))) == 1
    assert capsys.readouterr().err == ""
