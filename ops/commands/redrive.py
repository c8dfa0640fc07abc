"""`ops redrive`: sends dead letters to the queue again, and says what became of them."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from ops import dead_letters, durations, logs, queues, redrive
from ops.command import Command
from ops.context import Context
from ops.dead_letters import DeadLetter
from ops.errors import DONE, FAILED, FailedError, UsageError

_LOOK_AGAIN_SECONDS: Final = 1.0

# What the function logs of a message that it does not record.
_COMPLAINTS: Final = ("message dead-lettered", "message not dead-lettered", "message rejected")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reason",
        action="append",
        default=[],
        metavar="REASON",
        help="only with this reason, such as firehose_503, or firehose* for all that begin so; repeatable",
    )
    parser.add_argument(
        "--older-than", type=durations.seconds, metavar="TIME", help="only those older than 15m, 2h, 3d"
    )
    parser.add_argument(
        "--newer-than", type=durations.seconds, metavar="TIME", help="only those newer than 15m, 2h, 3d"
    )
    parser.add_argument("--limit", type=_positive, metavar="N", help="no more than N messages")
    parser.add_argument(
        "--rate",
        type=_positive,
        default=100,
        metavar="N",
        help="no more than N messages a second (default: 100)",
    )
    parser.add_argument(
        "--follow",
        type=durations.seconds,
        default=30,
        metavar="TIME",
        help="how long to watch what becomes of them (default: 30s; 0s does not)",
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


@dataclass(slots=True)
class _Done:
    """What was done so far."""

    chosen: list[DeadLetter] = field(default_factory=list[DeadLetter])
    # By the id that a redriven message has in the queue.
    redriven: dict[str, DeadLetter] = field(default_factory=dict[str, DeadLetter])
    not_taken: int = 0
    passed_over: list[DeadLetter] = field(default_factory=list[DeadLetter])


def _run(context: Context) -> int:
    options, stack = context.options, context.stack
    choice = redrive.Choice(
        reasons=options.reason, older_than=options.older_than, newer_than=options.newer_than
    )
    policy = queues.attribute(context.aws, stack.queue_url, "RedrivePolicy")
    if not redrive.is_fed_by(policy, stack.dead_letter_queue_url):
        raise UsageError(
            f"{stack.queue_name} does not send its dead letters to {stack.dead_letter_queue_name}: these "
            "outputs are of two stacks, and only a stack's own dead letters can be trusted"
        )
    if not context.dry_run:
        context.screen.note("This delivers real events, which can start real campaigns.", style="bold")
    started = context.clock()
    done = _Done()
    try:
        _redrive_all(context, choice, started, done)
    finally:
        queues.put_back(context.aws, stack.dead_letter_queue_url, done.passed_over)
    became = _follow(context, started, done) if done.redriven and options.follow else {}
    _show(context, done, became)
    return FAILED if done.not_taken else DONE


def _redrive_all(context: Context, choice: redrive.Choice, started: float, done: _Done) -> None:
    options, url = context.options, context.stack.dead_letter_queue_url
    total = queues.depth(context.aws, url).total
    # An event has a letter for each group of destinations that gave it up.
    handled: set[tuple[str, str]] = set()
    with context.screen.progress("redriving", min(total, options.limit or total)) as advance:
        # What comes back meanwhile is received, too, so this ends only because it is passed over.
        for batch in queues.receive(context.aws, url, expected=total, limit=total + 10_000):
            room = len(batch) if options.limit is None else options.limit - len(done.chosen)
            fitting = [
                letter
                for letter in batch
                if choice.fits(letter, now=started)
                and (letter.original_message_id, letter.pending) not in handled
            ][:room]
            chosen = {letter.message_id for letter in fitting}
            done.chosen += fitting
            done.passed_over += [letter for letter in batch if letter.message_id not in chosen]
            if fitting:
                handled |= {(letter.original_message_id, letter.pending) for letter in fitting}
                _redrive(context, fitting, done)
                advance(len(fitting))
            if options.limit is not None and len(done.chosen) >= options.limit:
                return


def _redrive(context: Context, letters: Sequence[DeadLetter], done: _Done) -> None:
    """Send a batch again, and then delete it from the dead-letter queue."""
    if context.dry_run:
        done.passed_over += letters
        return
    try:
        taken = queues.send(context.aws, context.stack.queue_url, redrive.entries(letters))
    except FailedError:
        done.passed_over += letters
        raise
    sent = [letters[int(number)] for number in taken]
    refused = [letter for number, letter in enumerate(letters) if str(number) not in taken]
    done.redriven.update({id_: letters[int(number)] for number, id_ in taken.items()})
    done.not_taken += len(refused)
    done.passed_over += refused
    queues.delete(context.aws, context.stack.dead_letter_queue_url, sent)
    context.sleep(redrive.pause_after(len(letters), rate=context.options.rate))


def _follow(context: Context, started: float, done: _Done) -> dict[str, Any]:
    """Wait until the queue is empty but for retries; returns what the function says of the messages."""
    deadline = context.clock() + context.options.follow
    with context.screen.progress("waiting for the function"):
        while (depth := queues.depth(context.aws, context.stack.queue_url)).waiting + depth.in_flight:
            if context.clock() > deadline:
                break
            context.sleep(_LOOK_AGAIN_SECONDS)
    complaints: Counter[str] = Counter()
    ids = set(done.redriven)
    groups = {"processor": context.stack.log_group}
    for complaint in _COMPLAINTS:
        for line in logs.lines(context.aws, groups, since=started - 1, containing=complaint):
            if line.message == complaint and line.fields.get("message_id") in ids:
                complaints[f"{complaint.removeprefix('message ')}: {line.fields.get('reason', '')}"] += 1
    return {
        "still_waiting": depth.waiting + depth.in_flight,
        "delayed_retries": depth.delayed,
        "complaints": dict(complaints),
        "without_complaint": len(ids) - complaints.total(),
    }


def _show(context: Context, done: _Done, became: dict[str, Any]) -> None:
    screen = context.screen
    counts = dead_letters.by_reason(done.chosen)
    verb = "would be redriven" if context.dry_run else "redriven"
    result = {
        "chosen": len(done.chosen),
        "redriven": len(done.redriven),
        "not_taken": done.not_taken,
        "reasons": list(map(asdict, counts)),
        "became": became,
    }

    def show() -> None:
        if not done.chosen:
            screen.line("No dead letter fits: python -m ops dead-letters lists them.")
            return
        screen.table(
            ["reason", "goes to", f">{verb}"], [[one.reason, one.pending, str(one.count)] for one in counts]
        )
        if done.not_taken:
            screen.line(
                f"{done.not_taken} were not taken by the queue, and are still dead letters.", style="red"
            )
        if became:
            _show_became(context, became)

    screen.result(result, show)


def _show_became(context: Context, became: dict[str, Any]) -> None:
    screen = context.screen
    for complaint, count in became["complaints"].items():
        screen.line(f"{count} {complaint}", style="red")
    if became["without_complaint"]:
        screen.line(
            f"{became['without_complaint']} without a complaint in the log: recorded, or to be retried"
        )
    if became["still_waiting"]:
        screen.line(
            f"{became['still_waiting']} messages are still waiting in the queue: python -m ops status"
        )
    if became["delayed_retries"]:
        screen.line(f"{became['delayed_retries']} retries are delayed in the queue: python -m ops status")


COMMAND = Command(
    name="redrive",
    summary="send dead letters to the queue again: REAL EVENTS, which can start campaigns",
    run=_run,
    add_arguments=_add_arguments,
    changes=True,
)
