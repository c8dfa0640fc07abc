"""`ops traffic`: which events come so often, and whether one endpoint sends them."""

import argparse
from dataclasses import asdict
from typing import Final

from cli.errors import DONE, UsageError
from ops import durations, event_bucket
from ops.command import Command
from ops.context import Context
from ops.counts import count, counted
from ops.traffic import OfType, Traffic, shown

_SHOWN_TYPES: Final = 10


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        type=durations.seconds,
        default=3600,
        metavar="TIME",
        help="how far back: 15m, 2h, 1d (default: 1h)",
    )
    parser.add_argument(
        "--limit",
        type=count,
        default=100_000,
        metavar="N",
        help="stop after the last N events or a few more (default: 100,000)",
    )
    parser.add_argument(
        "--show-values", action="store_true", help="name the busiest endpoints: PERSONAL DATA"
    )


def _run(context: Context) -> int:
    options = context.options
    bucket = context.stack.event_bucket
    if bucket is None:
        raise UsageError(
            "this stack keeps no events that can be counted: add firehose to the setting destinations"
        )
    traffic = Traffic(since=context.clock() - options.since)
    # A file is written after its events were received.
    folders = event_bucket.folders(traffic.since, context.clock())
    files = event_bucket.files(context.aws, bucket, folders, since=traffic.since)
    newest_first = sorted(files, key=lambda one: one.written_at, reverse=True)
    read = 0
    with context.screen.progress("reading files", len(newest_first)) as advance:
        for file in newest_first:
            if traffic.events >= options.limit:
                break
            for line in event_bucket.lines(context.aws, bucket, file.key):
                traffic.add(line)
            read += 1
            advance(1)
    _show(context, traffic, unread=len(newest_first) - read)
    return DONE


def _show(context: Context, traffic: Traffic, *, unread: int) -> None:
    screen, with_values = context.screen, context.options.show_values
    types = traffic.by_type()

    def show() -> None:
        columns = ["event type", ">events", ">share", ">endpoints", ">of the busiest"]
        screen.table(
            [*columns, "the busiest"] if with_values else columns,
            [_row(one, traffic.events, with_values=with_values) for one in types[:_SHOWN_TYPES]],
        )
        back = durations.words(context.options.since)
        more = (
            f", {counted(len(types) - _SHOWN_TYPES, 'more event type')}" if len(types) > _SHOWN_TYPES else ""
        )
        of = f"{counted(traffic.events, 'event')} of {counted(traffic.endpoints(), 'endpoint')}"
        screen.line(f"{of} recorded in the last {back}{more}.")
        if unread:
            files = counted(unread, "older file was", "older files were")
            screen.note(f"{files} not read: --limit {traffic.events * 10} reads more.")
        if traffic.unreadable:
            lines = counted(
                traffic.unreadable, "line is no record, and was", "lines are no records, and were"
            )
            screen.note(f"{lines} left out.")

    result = [asdict(one) for one in types]
    if not with_values:
        result = [{key: value for key, value in one.items() if key != "busiest"} for one in result]
    screen.result(
        {
            "events": traffic.events,
            "endpoints": traffic.endpoints(),
            "unread_files": unread,
            "types": result,
        },
        show,
    )


def _row(one: OfType, events: int, *, with_values: bool) -> list[str]:
    row = [
        shown(one.event_type),
        f"{one.events:,}",
        f"{one.events / events:.0%}",
        f"{one.endpoints:,}",
        f"{one.of_busiest / one.events:.0%}",
    ]
    return [*row, shown(one.busiest)] if with_values else row


COMMAND = Command(
    name="traffic",
    summary="count recorded events by event type, and find what comes too often",
    run=_run,
    add_arguments=_add_arguments,
)
