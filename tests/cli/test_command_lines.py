"""What holds for every command line, in a process of its own."""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_SECONDS

PROJECT = Path(__file__).parents[2]

Start = Callable[..., "subprocess.Popen[str]"]

_MORE_THAN_A_PIPE_HOLDS = "x" * 1_000_000


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `python -m` with these arguments."""
    with ExitStack() as stack:

        def start_it(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=PROJECT,
                env={**os.environ, **variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start_it


@pytest.mark.parametrize(
    ("package", "ended"),
    [
        ("gtm", (130, "interrupted\n")),
        ("migrate", (130, "interrupted\n")),
        ("ops", (130, "interrupted\n")),
        ("local", (0, "")),
    ],
)
def test_ctrl_c_while_modules_are_imported_ends_without_a_traceback(
    package: str, ended: tuple[int, str], start: Start, tmp_path: Path
) -> None:
    # In place of the first module that each imports, one that never ends. Its sleeps are short: Python
    # handles a signal that arrives just before a sleep only after it.
    (tmp_path / "argparse.py").write_text(
        "import time\nprint('importing', flush=True)\nwhile True:\n    time.sleep(0.05)\n"
    )
    process = start(package, "--help", PYTHONPATH=str(tmp_path))
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, errors) == ended


@pytest.mark.parametrize(
    "command",
    [
        ("gtm", "inspect", "-"),
        ("migrate", "check-domain", "--outputs", "-"),
    ],
)
def test_ctrl_c_while_a_pipe_is_read_ends_without_a_traceback(command: tuple[str, ...], start: Start) -> None:
    process = start(*command)
    assert process.stdin is not None
    process.stdin.write(_MORE_THAN_A_PIPE_HOLDS)  # returns once most of it is read

    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE_SECONDS) == 130
    assert process.stderr is not None
    assert process.stderr.read() == "interrupted\n"


@pytest.mark.parametrize("package", ["gtm", "local"])
def test_help_is_shown_where_the_terminal_knows_ascii_only(package: str, start: Start) -> None:
    variables: Mapping[str, Any] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = start(package, "--help", **variables)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, errors) == (0, "")
    assert output.startswith(f"usage: python -m {package}")


@pytest.mark.parametrize("package", ["gtm", "migrate", "local", "ops"])
def test_only_the_shared_module_prints(package: str) -> None:
    """It escapes what a terminal would obey."""
    # Tables for the documentation, and what runs within a function's own process.
    apart = {"capacity_tables.py", "cost_tables.py", "lambda_bootstrap.py"}

    def writes(node: ast.AST) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="print")):
                return True
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr")):
                return node.attr in ("write", "writelines")
            case _:
                return False

    printing = {
        file.name
        for file in (PROJECT / package).rglob("*.py")
        if any(writes(node) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    }
    assert printing - apart == set()
