"""`ops dead-letters`: lists them by reason, or exports them to a file before SQS deletes them."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from cli.errors import DONE, FAILED, UsageError
from cli.printable import json_text
from ops import dead_letters, durations, queues
from ops.command import Command
from ops.context import Context
from ops.counts import count, counted
from ops.dead_letters import DeadLetter, ReasonCount
from ops.new_file import new_file

_LIST, _EXPORT = "list", "export"
_LISTED: Final = 1000  # messages


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=[_LIST, _EXPORT], default=_LIST, help="default: list")
    parser.add_argument(
        "file", nargs="?", type=Path, help="the file that export writes, one JSON object a line"
    )
    parser.add_argument(
        "--limit",
        type=count,
        metavar="N",
        help=f"look at no more than N messages (default: {_LISTED}; export: all)",
    )
    parser.add_argument(
        "--show-values", action="store_true", help="show each message with its body: PERSONAL DATA"
    )


def _run(context: Context) -> int:
    options = context.options
    if (options.action == _EXPORT) != (options.file is not None):
        raise UsageError("write `dead-letters` to list them, or `dead-letters export FILE`")
    total = queues.depth(context.aws, context.stack.dead_letter_queue_url).total
    if options.action == _EXPORT:
        return _export(context, total)
    return _list(context, total)


def _export(context: Context, total: int) -> int:
    """Messages go to the file as they come: there may be many."""
    screen, limit, file = context.screen, context.options.limit, context.options.file
    with new_file(file) as opened, queues.walk_of(context, expected=total) as walk:
        with screen.progress("reading dead letters", min(total, limit or total)) as advance:
            for batch in walk.batches(limit):
                opened.writelines(json_text(dead_letters.exported(letter)) + "\n" for letter in batch)
                advance(len(batch))
        not_seen = walk.not_seen() if limit is None else 0

    def show() -> None:
        screen.line(
            f"{counted(walk.seen, 'dead letter')} written to {file}. It holds PERSONAL DATA. "
            "What was written is still in the queue."
        )
        if not_seen:
            screen.line(dead_letters.unseen(not_seen), style="red")

    screen.result({"file": str(file), "written": walk.seen, "total": total, "not_seen": not_seen}, show)
    return FAILED if not_seen else DONE


def _list(context: Context, total: int) -> int:
    screen, limit = context.screen, context.options.limit or _LISTED
    letters: list[DeadLetter] = []
    with queues.walk_of(context, expected=total) as walk:
        with screen.progress("reading dead letters", min(total, limit)) as advance:
            for batch in walk.batches(limit):
                letters += batch
                advance(len(batch))
        not_seen = walk.not_seen() if len(letters) < limit else 0
    _show(context, letters, total, not_seen)
    return DONE


def _show(context: Context, letters: Sequence[DeadLetter], total: int, not_seen: int) -> None:
    options, screen = context.options, context.screen
    counts = dead_letters.by_reason(letters)
    summaries = [dead_letters.summary(letter, values=options.show_values) for letter in letters]

    def show() -> None:
        if not letters:
            screen.line(dead_letters.unseen(not_seen) if not_seen else "There are no dead letters.")
            return
        screen.table(
            ["reason", "error code", "lacks it", ">messages", "oldest", "newest", "oldest is deleted in"],
            [_row(one, context.clock()) for one in counts],
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
        if not_seen:
            screen.line(dead_letters.unseen(not_seen))
        elif len(letters) < total:
            screen.line(f"{len(letters):,} of about {total:,} were looked at: --limit {total} looks at all.")
        screen.line("Fix the cause, then: python -m ops redrive --reason REASON")

    screen.result(
        {
            "looked_at": len(letters),
            "total": total,
            "not_seen": not_seen,
            "reasons": list(map(asdict, counts)),
            "messages": summaries,
        },
        show,
    )


def _row(one: ReasonCount, now: float) -> list[str]:
    return [
        one.reason,
        ", ".join(one.codes),
        one.pending,
        str(one.count),
        f"{durations.words(now - one.oldest_at)} ago",
        f"{durations.words(now - one.newest_at)} ago",
        durations.words(one.oldest_at + dead_letters.RETENTION_SECONDS - now),
    ]


COMMAND = Command(
    name="dead-letters",
    summary="list dead letters by reason, or export them to a file",
    run=_run,
    add_arguments=_add_arguments,
)
