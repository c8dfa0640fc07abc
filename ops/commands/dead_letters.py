"""`ops dead-letters`: lists them by reason, or exports them to a file before SQS deletes them."""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ops import dead_letters, durations, queues
from ops.command import Command
from ops.context import Context
from ops.dead_letters import DeadLetter, ReasonCount
from ops.errors import DONE, FailedError, UsageError

_LIST, _EXPORT = "list", "export"
_ONLY_THE_OWNER = 0o600


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=[_LIST, _EXPORT], default=_LIST, help="default: list")
    parser.add_argument(
        "file", nargs="?", type=Path, help="the file that export writes, one JSON object a line"
    )
    parser.add_argument(
        "--limit", type=int, default=1000, metavar="N", help="look at no more than N messages (default: 1000)"
    )
    parser.add_argument(
        "--show-values", action="store_true", help="show each message with its body: PERSONAL DATA"
    )


def _run(context: Context) -> int:
    options = context.options
    if (options.action == _EXPORT) != (options.file is not None):
        raise UsageError("write `dead-letters` to list them, or `dead-letters export FILE`")
    if options.limit < 1:
        raise UsageError(f"--limit {options.limit}: look at 1 message or more")
    aws, url = context.aws, context.stack.dead_letter_queue_url
    total = queues.depth(aws, url).total
    limit = total + 1000 if options.action == _EXPORT else options.limit
    with (
        context.screen.progress("reading dead letters", min(total, limit)) as advance,
        queues.looked_at(aws, url, expected=total, limit=limit, advance=advance) as letters,
    ):
        if options.action == _EXPORT:
            _export(options.file, letters)
    if options.action == _EXPORT:
        context.screen.note(
            f"{len(letters)} dead letters written to {options.file}. It holds PERSONAL DATA. "
            "They are still in the queue."
        )
        return DONE
    _show(context, letters, total)
    return DONE


def _export(file: Path, letters: Sequence[DeadLetter]) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_THE_OWNER)
    except OSError as error:
        raise FailedError(f"{file} cannot be written ({error.strerror}); name a new file") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        for letter in letters:
            opened.write(json.dumps(dead_letters.exported(letter), ensure_ascii=False) + "\n")


def _show(context: Context, letters: Sequence[DeadLetter], total: int) -> None:
    options, screen = context.options, context.screen
    counts = dead_letters.by_reason(letters)
    summaries = [dead_letters.summary(letter, values=options.show_values) for letter in letters]

    def show() -> None:
        if not letters:
            screen.line("There are no dead letters.")
            return
        screen.table(
            ["reason", "lacks it", ">messages", "oldest", "newest", "oldest is deleted in"],
            [_row(count, context.clock()) for count in counts],
        )
        if options.show_values:
            screen.line()
            screen.table(
                ["message", "event", "endpoint", "reason", "body"],
                [
                    [one[key] for key in ("message_id", "event", "endpoint_id", "reason", "body")]
                    for one in summaries
                ],
            )
        if len(letters) < total:
            screen.line(f"{len(letters)} of about {total} were looked at: --limit {total} looks at all.")
        screen.line("Fix the cause, then: python -m ops redrive --reason REASON")

    screen.result(
        {
            "looked_at": len(letters),
            "total": total,
            "reasons": list(map(asdict, counts)),
            "messages": summaries,
        },
        show,
    )


def _row(count: ReasonCount, now: float) -> list[str]:
    return [
        count.reason,
        count.pending,
        str(count.count),
        f"{durations.words(now - count.oldest_at)} ago",
        f"{durations.words(now - count.newest_at)} ago",
        durations.words(count.oldest_at + dead_letters.RETENTION_SECONDS - now),
    ]


COMMAND = Command(
    name="dead-letters",
    summary="list dead letters by reason, or export them to a file",
    run=_run,
    add_arguments=_add_arguments,
)
