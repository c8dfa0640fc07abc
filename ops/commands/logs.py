"""`ops logs`: what the functions have logged, by request, message or reason."""

import argparse
from datetime import UTC, datetime

from cli.errors import DONE, FAILED, UsageError
from ops import durations, logs
from ops.command import Command
from ops.context import Context
from ops.counts import count
from ops.logs import LogLine

_IDS = ("request_id", "message_id")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group()
    one.add_argument(
        "--request-id",
        metavar="ID",
        help="lines about one request: its response header x-amz-apigw-id (=ID, if it begins with a hyphen)",
    )
    one.add_argument("--message-id", metavar="ID", help="lines about one message of the queue")
    one.add_argument("--reason", metavar="REASON", help="lines with a reason, such as event_missing")
    parser.add_argument("--function", choices=["processor", "authorizer"], help="default: both")
    parser.add_argument(
        "--since",
        type=durations.seconds,
        default=3600,
        metavar="TIME",
        help="how far back: 90s, 15m, 2h (default: 1h)",
    )
    parser.add_argument("--metrics", action="store_true", help="also lines that only publish metrics")
    parser.add_argument(
        "--limit", type=count, default=200, metavar="N", help="no more than the last N lines (default: 200)"
    )


def _run(context: Context) -> int:
    options = context.options
    groups = context.stack.log_groups
    if options.function is not None and options.function not in groups:
        raise UsageError("--function authorizer: this stack has none, because authMode is open")
    chosen = {name: group for name, group in groups.items() if options.function in (None, name)}
    sought = options.request_id or options.message_id or options.reason
    found = logs.lines(context.aws, chosen, since=context.clock() - options.since, containing=sought)
    lines = sorted((line for line in found if options.metrics or not line.is_metric), key=lambda one: one.at)
    last = lines[-options.limit :]
    context.screen.result(
        [{"at": line.at, "function": line.function, "line": line.fields or line.text} for line in last],
        lambda: _show(context, last, len(lines)),
    )
    return DONE if last or sought is None else FAILED


def _show(context: Context, lines: list[LogLine], total: int) -> None:
    screen, options = context.screen, context.options
    for line in lines:
        at = datetime.fromtimestamp(line.at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        said = (
            f"{line.level:<7} {line.message}  {line.shown_fields()}"
            if line.message
            else " ".join(line.text.split())
        )
        screen.line(f"{at}  {line.function:<10} {said}", style=_STYLES.get(line.level, ""))
    if len(lines) < total:
        screen.note(f"The last {len(lines)} of {total} lines: --limit {total} shows all.")
    if not lines:
        back = durations.words(options.since)
        screen.note(
            f"No such line in the last {back}. A recorded event has none of its own: see docs/ops.md."
        )


_STYLES = {"ERROR": "red", "WARNING": "yellow"}

COMMAND = Command(
    name="logs",
    summary="show what the functions logged, by request, message or reason",
    run=_run,
    add_arguments=_add_arguments,
)
