"""`ops incident`: the state of a stack in one file to attach, without a word about customers."""

import argparse
import json
import platform
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from cli.errors import DONE, FAILED
from ops import checks, examined, logs
from ops.attention import attention
from ops.aws import CallError
from ops.command import Command
from ops.context import Context
from ops.logs import LogLine
from ops.new_file import new_file
from ops.status_report import read_status

_MINUTES: Final = 180
_PARTS: Final = 3

_Part = TypeVar("_Part")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the new file to write")


def _run(context: Context) -> int:
    unread: list[CallError] = []
    state = _state(context, unread)
    if len(unread) == _PARTS:
        raise unread[0]
    with new_file(context.options.file) as opened:
        opened.write(json.dumps(state, indent=2, default=str) + "\n")
    result = {
        "file": str(context.options.file),
        "attention": state["attention"],
        "not_read": state["not_read"],
    }

    def show() -> None:
        context.screen.line(f"Written to {context.options.file}: no values, no tokens, no endpoint ids.")
        context.screen.line("It names your account, your queues and your functions.")
        for error in unread:
            context.screen.line(f"A part is missing: {error}", style="red")

    context.screen.result(result, show)
    return FAILED if unread else DONE


def _state(context: Context, unread: list[CallError]) -> dict[str, Any]:
    """The state of the stack. A part that cannot be read is None, and its error is added to `unread`."""
    aws, stack, now = context.aws, context.stack, context.clock()

    def part(read: Callable[[], _Part]) -> _Part | None:
        try:
            return read()
        except CallError as error:
            unread.append(error)
            return None
        finally:
            advance(1)

    with context.screen.progress("reading the state", _PARTS) as advance:
        status = part(lambda: read_status(aws, stack, minutes=_MINUTES, now=now, advance=lambda _: None))
        found = part(lambda: list(checks.findings(aws, examined.of_stack(stack), lambda _: None)))
        lines = part(lambda: _counted(context, since=now - _MINUTES * 60))
    return {
        "written_at": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "stack": asdict(stack),
        "not_read": [str(error) for error in unread],
        "status": status and asdict(status),
        "attention": attention(status) if status else [],
        "checks": found and [asdict(one) for one in found],
        "log_lines": lines,
    }


def _counted(context: Context, *, since: float) -> list[dict[str, Any]]:
    """The functions' log lines by message, reason and error code. Whole lines are left out: they hold ids."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for line in logs.lines(context.aws, context.stack.log_groups, since=since):
        if line.message:
            counts[line.message, _string(line, "reason"), _string(line, "code")] += 1
    return [
        {"message": message, "reason": reason, "code": code, "count": count}
        for (message, reason, code), count in counts.most_common()
    ]


def _string(line: LogLine, field: str) -> str:
    value = line.fields.get(field)
    return value if isinstance(value, str) else ""


COMMAND = Command(
    name="incident",
    summary="write the state of the stack to one file to attach, without personal data",
    run=_run,
    add_arguments=_add_arguments,
)
