"""`python -m local` as a terminal sees it: one line where it cannot start, and nothing left at the end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local import __main__ as local_main
from local.__main__ import main
from local.run import PROJECT_DIR
from tests.patience import PATIENCE_SECONDS, eventually
from tests.processes import children_of, is_running

Start = Callable[..., "subprocess.Popen[str]"]

# It takes one to two seconds, and five at the most where the machine is not busy with something else.


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `python -m local` with these arguments, as a background job of a shell would be."""
    with ExitStack() as stack:

        def start_it(*arguments: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen(
                [sys.executable, "-m", "local", *arguments],
                cwd=PROJECT_DIR,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start_it


def test_it_says_outputs_and_what_is_emulated_and_then_that_it_is_ready(start: Start) -> None:
    # Settings can follow one flag or several; of two, the later counts.
    settings = ["--config", "stageName=a", "batchSize=5", "--config", "stageName=b"]
    process = start("--port", "0", *settings)
    lines = until_ready(process)
    url = lines[-1].removeprefix("ready ")
    assert ["events_url", f"{url}/b/events"] in [line.split() for line in lines]
    assert "What is emulated:" in lines
    exported = [line.split()[1].partition("=")[0] for line in lines if line.startswith("  export ")]
    assert exported == ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"]
    with urllib.request.urlopen(f"{url}/outputs") as response:
        assert json.load(response)["events_url"] == f"{url}/b/events"

    it_ends_soon_and_without_a_word(process, signal.SIGINT)


def test_sigterm_ends_everything_soon_and_without_a_word(start: Start) -> None:
    process = start("--stack", "pinpoint", "--port", "0")
    until_ready(process)

    it_ends_soon_and_without_a_word(process, signal.SIGTERM)


def test_a_signal_while_it_starts_ends_it_without_a_word(start: Start) -> None:
    process = start("--stack", "pinpoint", "--port", "0")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("warning:")  # the program is running

    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, "Traceback" in errors, "ready" in output) == (0, False, False)


def test_a_run_that_is_killed_leaves_no_process(start: Start) -> None:
    process = start("--stack", "pinpoint", "--port", "0")
    until_ready(process)
    children = children_of(process.pid)
    assert children
    process.kill()
    process.wait()
    eventually(lambda: not any(is_running(child) for child in children))


def test_a_port_in_use_is_an_error_of_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, output) == (2, "")
    assert errors == (
        f"error: port {port} cannot be used (Address already in use): choose another, with make local "
        "PORT=NUMBER or with --port NUMBER; 0 picks a free one\n"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--stack", "none"], "error: there is no stack 'none': the stacks here are dev"),
        (["--config", "stageNam=v2"], "error: gtm-pixel:stageNam: there is no such setting. Did you mean"),
        (["--config", "batchSize=many"], "error: gtm-pixel:batchSize: 'many' is not a whole"),
        (["--config", "profileUpdates=some"], "error: gtm-pixel:profileUpdates: 'some'"),
        (
            ["--config", "authMode=authenticated", "oidcAudiences=a"],
            "error: gtm-pixel:oidcIssuer: it is not set.",
        ),
        (["--port", "70000"], "error: port 70000 cannot be used"),
        (["--port", "-1"], "error: port -1 cannot be used (ports are numbers from 0 to 65535)"),
        (
            ["--port", "http"],
            "error: argument --port: 'http' is not a port: set it, or PORT of make local, to",
        ),
        (["prod"], "error: unrecognized arguments: prod (python -m local --help)"),
        (["--config-line", "a='x"], "error: CONFIG: a quote (') is never closed, near 'a=x': close it."),
        (["--config-line", "a=[[]"], "error: CONFIG: a bracket is never closed, near 'a=[[]': close it."),
    ],
)
def test_a_wrong_argument_is_an_error_of_one_line(
    arguments: list[str], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # those of the test process stay
    try:
        code = main(["--port", "0", *arguments])
    except SystemExit as exit_:  # argparse's own way
        code = exit_.code
    printed = capsys.readouterr()
    said = [text for text in printed.err.splitlines() if not text.startswith("warning:")]
    assert (code, printed.out, len(said)) == (2, "", 1)
    assert said[0].startswith(line)


def test_every_problem_is_reported_in_one_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    assert main(["--config", "aws:region=eu-centrl-1", "authMode=opne", "--port", "0"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: aws:region: 'eu-centrl-1' is not an AWS Region that this version knows. "
        "Did you mean eu-central-1?",
        "error: gtm-pixel:authMode: 'opne' is not open or authenticated. Did you mean open?",
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("a=1  b=x,y", ["a=1", "b=x,y"]),
        ("a='x y' b=\"'\"", ["a=x y", "b='"]),
        ('a=["x y", "]\'"] b={"c": [1, 2]}', ['a=["x y", "]\'"]', 'b={"c": [1, 2]}']),
        ('a=["\\" ]"] b=1', ['a=["\\" ]"]', "b=1"]),
        ("a=] b=1", ["a=]", "b=1"]),
    ],
)
def test_settings_in_one_line_may_hold_json(line: str, words: list[str]) -> None:
    assert local_main._words(line) == words


def test_make_refuses_a_variable_that_does_not_exist() -> None:
    done = make("-n", "local", "stack=prod")

    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no variable stack; there are STACK PORT CONFIG" in done.stderr


def test_make_refuses_a_target_that_does_not_exist_before_it_starts_another() -> None:
    done = make("-n", "local", "prod")

    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no target prod; there are local gtm" in done.stderr


def test_make_passes_config_on_as_it_was_written(tmp_path: Path) -> None:
    """$ would start an expansion of make's, and a hyphen an argument of the run's."""
    config = f"--a=$(shell touch {tmp_path}/made) $HOME $$ `x` \"y\" 'z' #"
    done = make("-n", "-p", "help", f"CONFIG={config}")

    printed = config.replace("$", "$$")  # as make prints a $ that it keeps
    assert f"\nCONFIG := {printed}\n" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_make_help_lists_the_targets() -> None:
    assert re.findall(r"^make (\S+)", make("help").stdout, re.MULTILINE)[:4] == [
        "local",
        "gtm",
        "ops",
        "test",
    ]


def make(*arguments: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", *arguments],  # noqa: S607 - whichever make there is
        cwd=PROJECT_DIR,
        # As from a shell, also under `make test`.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def it_ends_soon_and_without_a_word(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    children = children_of(process.pid)
    assert children

    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0
    assert [line for line in errors.splitlines() if not line.startswith("warning:")] == []
    assert not [child for child in children if is_running(child)]


def until_ready(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    while not (lines and lines[-1].startswith("ready ")):
        line = process.stdout.readline()
        assert line, "it ended before it was ready"
        lines.append(line.rstrip("\n"))
    return lines
