"""The command line: arguments, where outputs come from, errors of one line, exit statuses."""

import io
import json
from pathlib import Path

import pytest

from cli.errors import UsageError
from ops.command_line import main, parser
from ops.commands import COMMANDS
from ops.outputs import read_source
from ops.stack import stack_of
from tests.documents import read, section
from tests.ops.examples import OUTPUTS, stack
from tests.ports import NOBODY


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a command that is used wrongly."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    return said.err.removeprefix("error: ")


def test_each_command_has_a_section_in_the_documentation() -> None:
    page = read("docs/ops.md")

    for command in COMMANDS:
        assert f"python -m ops {command.name}" in section(page, command.name)


@pytest.mark.parametrize("arguments", [["--help"], *([command.name, "--help"] for command in COMMANDS)])
def test_help_is_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 0
    assert "usage: python -m ops" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["stats"], "argument COMMAND: invalid choice: 'stats'"),
        (["status", "--minutes", "0"], "argument --minutes: '0' is not a whole number from 1 to 20160"),
        (["status", "--stack", "a", "--local"], "argument --local: not allowed with argument --stack"),
        (["redrive", "--rate", "0"], "argument --rate: '0' is not a whole number from 1"),
        (["redrive", "--older-than", "1"], "argument --older-than: '1' is not a duration: write 90s"),
        (["send", "--metric", "value"], "argument --metric: 'value' is not NAME=VALUE"),
        (["status", "--local", "https://example.com"], "--local https://example.com: a local run is on this"),
        (["status", "--outputs", "absent.json"], "--outputs: absent.json cannot be read (No such file"),
        (["dead-letters", "export"], "write `dead-letters` to list them, or `dead-letters export FILE`"),
        (["logs", "--limit", "0"], "argument --limit: '0' is not a whole number from 1"),
        (["dead-letters", "--limit", "0"], "argument --limit: '0' is not a whole number from 1"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_change(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert error_of(capsys, *arguments).startswith(said)


def test_a_local_run_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    said = error_of(capsys, "status", "--local", NOBODY)
    assert said.startswith(f"no local run answers at {NOBODY}: start one")


def test_outputs_come_from_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(OUTPUTS).encode())))

    for name in (str(file), "-"):
        source = read_source(parser().parse_args(["status", "--outputs", name]))
        assert stack_of(source.outputs) == stack()
        assert source.variables is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_outputs_that_powershell_wrote_are_read(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS), encoding=encoding)

    assert read_source(parser().parse_args(["status", "--outputs", str(file)])).outputs == OUTPUTS


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"[" * 100_000, b"{"])
def test_outputs_that_are_no_json_object_are_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "outputs.json"
    file.write_bytes(content)

    assert error_of(capsys, "status", "--outputs", str(file)).startswith(f"{file} is no JSON object; give")


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"[" * 10_000, b"config: []", b"{"])
def test_settings_that_are_no_settings_are_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Pulumi.live.yaml"
    file.write_bytes(content)

    assert error_of(capsys, "doctor", "--settings", str(file)).endswith("name the file Pulumi.STACK.yaml\n")


@pytest.mark.parametrize("text", ["", "two tokens", "line\nbreak", "€"])
def test_what_cannot_be_a_token_is_not_sent_and_not_repeated(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs, token = tmp_path / "outputs.json", tmp_path / "token.txt"
    outputs.write_text(json.dumps(OUTPUTS))
    token.write_text(text, encoding="utf-8")

    said = error_of(capsys, "send", "--token-file", str(token), "--outputs", str(outputs))

    assert said == "--token-file must hold one token and nothing else: name such a text file\n"


@pytest.mark.parametrize("command", [["token"], ["send", "--token-file", "-"]])
def test_outputs_and_token_do_not_both_come_from_standard_input(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {**OUTPUTS, "authorizer_function_name": "authorizer-1"}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(outputs).encode())))

    assert error_of(capsys, *command, "--outputs", "-").startswith("standard input holds the outputs: give")


@pytest.mark.parametrize("url", ["ftp://x/events", "https://a b/events", "https://[::1/events", "https:///e"])
def test_an_events_url_that_is_none_is_one_line(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**OUTPUTS, "events_url": url}))

    assert main(["send", "--outputs", str(file)]) == 2
    assert "error: the output events_url is no https URL: check --outputs" in capsys.readouterr().err


def test_an_argument_that_is_not_utf_8_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, "send", "--event", "\udcff") == "argument 3 is not UTF-8: write it in UTF-8\n"


def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a Pulumi CLI of one line in front of the PATH."""
    file = tmp_path / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [([], "stack output --json"), (["--stack", "live"], "stack output --json --stack live")],
)
def test_without_a_file_the_pulumi_cli_is_asked(
    arguments: list[str], asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi(tmp_path, monkeypatch, 'echo "{\\"asked\\": \\"$*\\"}"')

    assert read_source(parser().parse_args(["status", *arguments])).outputs == {"asked": asked}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'error: no stack selected' >&2; exit 255", "pulumi stack output failed: no stack selected"),
        ("exit 1", "pulumi stack output failed: it gave no reason"),
        ("echo []", "pulumi stack output is no JSON object"),
        ("echo '{}'", "these outputs have no project_stack: select the stack of gtm-pixel"),
    ],
)
def test_what_the_pulumi_cli_cannot_say_is_one_line(
    script: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pulumi(tmp_path, monkeypatch, script)

    assert error_of(capsys, "status").startswith(said)


def test_without_a_pulumi_cli_the_other_ways_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert error_of(capsys, "status").startswith(
        "the Pulumi CLI is not installed here: give the outputs with"
    )


def test_an_open_stack_has_one_function_and_an_authenticated_one_two() -> None:
    authorizer = {"authorizer_function_name": "authorizer-1", "authorizer_log_group": "authorizer-logs"}

    assert stack().functions == {"processor": "processor-1a2b3c4"}
    assert stack(**authorizer).functions == {"processor": "processor-1a2b3c4", "authorizer": "authorizer-1"}
    assert stack(**authorizer).log_groups == {"processor": "processor-logs", "authorizer": "authorizer-logs"}


@pytest.mark.parametrize("missing", ["project_stack", "queue_url", "event_source_id", "destinations"])
def test_outputs_of_another_program_or_an_older_one_are_refused(missing: str) -> None:
    outputs = {name: value for name, value in OUTPUTS.items() if name != missing}

    with pytest.raises(UsageError, match=f"have no {missing}"):
        stack_of(outputs)


_NEEDED = {"forget": ["endpoint-1"], "replay": ["eventbridge", "--since", "2026-11-01"]}


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.changes])
def test_what_changes_something_can_be_tried_first(command: object) -> None:
    name: str = command.name  # type: ignore[attr-defined]
    arguments = _NEEDED.get(name, [])

    assert parser().parse_args([name, *arguments, "--dry-run"]).dry_run


@pytest.mark.parametrize("url", ["x", "https://sqs.eu-central-1.amazonaws.com/events", "https://a/1/b"])
def test_a_queue_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="the output queue_url is no URL of a queue"):
        stack(queue_url=url)
