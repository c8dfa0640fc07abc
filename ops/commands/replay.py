"""`ops replay`: sends recorded events to one destination that was added later, through the queue."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cli.errors import DONE, FAILED, FailedError, UsageError
from contract.sqs import MESSAGES_IN_BATCH
from ops import durations, event_bucket, interrupts, queues, redrive, replay_position
from ops.command import Command
from ops.context import Context
from ops.counts import count, counted
from ops.event_bucket import DamagedFileError
from ops.replay import Choice, UnreadableRecordError
from ops.replay_position import Position

_MOST_IN_QUEUE: Final = 10_000  # messages: beyond, new events would wait behind old ones for too long
_LOOK_AGAIN_SECONDS: Final = 5.0
_LOOK_EVERY: Final = 1_000  # messages

_SOURCE: Final = "firehose"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("destination", help="the one destination that gets the events")
    parser.add_argument(
        "--since",
        type=_time,
        required=True,
        metavar="TIME",
        help="events that were received since, such as 2026-11-01 or 2026-11-01T12:00:00 (UTC)",
    )
    parser.add_argument(
        "--until",
        type=_time,
        metavar="TIME",
        help="and before: when the destination was added (default: now)",
    )
    parser.add_argument(
        "--rate", type=count, default=50, metavar="N", help="no more than N a second (default: 50)"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keeps the position; a second run goes on from there"
    )
    parser.add_argument(
        "--user-attributes",
        action="store_true",
        help="also update profiles: SETS THEM BACK to what they were",
    )


def _time(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 2026-11-01T12:00:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@dataclass(slots=True)
class _Counts:
    files: int = 0
    events: int = 0
    sent: int = 0
    other_times: int = 0
    unreadable: int = 0
    damaged_files: int = 0


def _run(context: Context) -> int:
    options = context.options
    choice = _choice(context)
    position = replay_position.read(options.state, _what(context), until=choice.until)
    choice = replace(choice, until=position.until)
    if not context.dry_run:
        context.screen.note("This delivers real events, which can start real campaigns.", style="bold")
    counts = _Counts()
    with context.screen.progress("counting" if context.dry_run else "replaying") as advance:
        for batch in _batches(context, choice, position, counts):
            counts.events += len(batch)
            if not context.dry_run:
                _send(context, batch, counts, position)
            advance(len(batch))
    _show(context, counts)
    return FAILED if counts.unreadable or counts.damaged_files else DONE


def _what(context: Context) -> str:
    """Names the replay: another one does not go on from its position."""
    options = context.options
    until = "" if options.until is None else f" until {options.until:.0f}"
    attributes = " with user attributes" if options.user_attributes else ""
    return (
        f"{context.stack.event_bucket} to {options.destination} since {options.since:.0f}{until}{attributes}"
    )


def _choice(context: Context) -> Choice:
    """Raises UsageError."""
    options, stack = context.options, context.stack
    if stack.event_bucket is None:
        raise UsageError("this stack has no bucket of its own: only its records can be replayed")
    if options.destination == _SOURCE or options.destination not in stack.destinations:
        others = ", ".join(name for name in stack.destinations if name != _SOURCE) or "none yet"
        raise UsageError(
            f"{options.destination} cannot get a replay: name a destination of the stack ({others})"
        )
    until = context.clock() if options.until is None else options.until
    if until <= options.since:
        raise UsageError("--until is not after --since: nothing lies between them")
    return Choice(
        since=options.since,
        until=until,
        destination=options.destination,
        with_user_attributes=options.user_attributes,
    )


def _batches(
    context: Context, choice: Choice, position: Position, counts: _Counts
) -> Iterator[list[dict[str, Any]]]:
    """Batches of entries to send. When one is yielded, `position` is just after it."""
    batch: list[dict[str, Any]] = []
    bucket = context.stack.event_bucket
    assert bucket is not None  # noqa: S101 - a choice is of a stack with a bucket
    for file in event_bucket.files(context.aws, bucket, choice.folders(), since=choice.since):
        key = file.key
        if position.is_behind(key):
            continue
        counts.files += 1
        try:
            lines = event_bucket.lines(context.aws, bucket, key)
        except DamagedFileError as error:
            counts.damaged_files += 1
            context.screen.note(str(error), style="red")
            continue
        first = position.first_line(key)
        for number, line in enumerate(lines[first:], start=first + 1):
            entry = _entry(choice, line, counts)
            if entry is not None:
                batch.append({"Id": str(len(batch)), **entry})
            if len(batch) == MESSAGES_IN_BATCH:
                position.key, position.lines = key, number
                yield batch
                batch = []
        if batch:
            position.key, position.lines = key, len(lines)
            yield batch
            batch = []


def _entry(choice: Choice, line: str, counts: _Counts) -> dict[str, Any] | None:
    try:
        entry = choice.entry(line)
    except UnreadableRecordError:
        counts.unreadable += 1
        return None
    counts.other_times += entry is None
    return entry


def _send(context: Context, batch: list[dict[str, Any]], counts: _Counts, position: Position) -> None:
    """Raises FailedError if the queue does not take all of them: the position stays before them."""
    url = context.stack.queue_url
    if counts.sent % _LOOK_EVERY < MESSAGES_IN_BATCH:
        _wait_for_room(context, url)
    with interrupts.deferred():
        taken = queues.send(context.aws, url, batch)
        counts.sent += len(taken)
        if len(taken) < len(batch):
            raise FailedError(
                f"the queue took {len(taken)} of the last {len(batch)} messages, {counts.sent:,} in "
                "all: run it again with the same --state. Events that come twice keep their ids"
            )
        replay_position.write(context.options.state, position)
    context.sleep(redrive.pause_after(len(batch), rate=context.options.rate))


def _wait_for_room(context: Context, url: str) -> None:
    waited = False
    while (waiting := queues.depth(context.aws, url).waiting) > _MOST_IN_QUEUE:
        if not waited:
            context.screen.note(
                f"{waiting:,} messages wait in the queue: going on below {_MOST_IN_QUEUE:,}. "
                "If they do not become fewer, see python -m ops status."
            )
        waited = True
        context.sleep(_LOOK_AGAIN_SECONDS)


def _show(context: Context, counts: _Counts) -> None:
    screen, rate = context.screen, context.options.rate

    def show() -> None:
        if context.dry_run:
            takes = durations.words(counts.events / rate)
            what = f"{counted(counts.events, 'event')} in {counted(counts.files, 'file')}"
            screen.line(f"{what} would be sent, in {takes}.")
        else:
            sent = counted(counts.sent, "event is", "events are")
            screen.line(f"{sent} in the queue. python -m ops status shows what arrives.")
        if counts.unreadable:
            lines = counted(counts.unreadable, "line is no record, and was", "lines are no records, and were")
            screen.line(f"{lines} left out.", style="red")
        if counts.damaged_files:
            files = counted(counts.damaged_files, "file is damaged, and was", "files are damaged, and were")
            screen.line(f"{files} left out.", style="red")

    screen.result(asdict(counts), show)


COMMAND = Command(
    name="replay",
    summary="send recorded events to a destination that was added later: REAL EVENTS",
    run=_run,
    add_arguments=_add_arguments,
    changes=True,
)
