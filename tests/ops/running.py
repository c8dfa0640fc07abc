"""Runs commands on an account in memory."""

import json
from typing import Any, Literal, Protocol

import pytest

from ops.command_line import parser
from ops.context import Context
from ops.outputs import Source
from ops.stack import Stack
from tests.ops.examples import OUTPUTS, stack


class InMemory(Protocol):
    """Responds as Aws does, with a clock of its own (epoch seconds)."""

    now: float

    def call(self, _service: str, operation: str, **parameters: Any) -> dict[str, Any]: ...

    def sleep(self, seconds: float) -> None: ...


def run(
    account: InMemory,
    *arguments: str,
    deployed: Stack | None = None,
    output: Literal["json", "text"] = "json",
) -> int:
    """Run a command on a stack in this account; returns its exit status."""
    options = parser().parse_args([*arguments, *(["--json"] if output == "json" else [])])
    context = Context(options, clock=lambda: account.now, sleep=account.sleep)
    vars(context).update(stack=deployed or stack(), aws=account, _source=Source(outputs=OUTPUTS))
    return options.command.run(context)


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the command has printed as its result."""
    return json.loads(capsys.readouterr().out)
