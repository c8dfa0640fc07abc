"""`ops redrive`: sends dead letters to the queue again, and says what became of them."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from cli.errors import DONE, FAILED, FailedError, UsageError
from ops import dead_letters, durations, interrupts, logs, queues, redrive
from ops.command import Command
from ops.context import Context
from ops.counts import count, counted
from ops.dead_letters import DeadLetter
from ops.queues import Walk

_LOOK_AGAIN_SECONDS: Final = 1.0
_COUNTED_LATE_SECONDS: Final = 5  # until then, SQS may count the queue as it was before

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
    parser.add_argument("--limit", type=count, metavar="N", help="no more than N messages")
    parser.add_argument(
        "--rate",
        type=count,
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


@dataclass(slots=True)
class _Done:
    """What was done so far."""

    chosen: list[DeadLetter] = field(default_factory=list[DeadLetter])
    # By the id that a redriven message has in the queue.
    redriven: dict[str, DeadLetter] = field(default_factory=dict[str, DeadLetter])
    not_taken: int = 0
    # Those that were left alone and, of them, those that became dead letters after the redrive began.
    left: int = 0
    newer: int = 0
    not_seen: int = 0


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
        became = _follow(context, started, done) if done.redriven and options.follow else {}
    except (FailedError, KeyboardInterrupt):
        if done.redriven:
            _show(context, done, {})
        raise
    _show(context, done, became)
    return FAILED if done.not_taken or done.not_seen or became.get("complaints") else DONE


def _redrive_all(context: Context, choice: redrive.Choice, started: float, done: _Done) -> None:
    options = context.options
    total = queues.depth(context.aws, context.stack.dead_letter_queue_url).total
    # An event has a letter for each group of destinations that gave it up.
    handled: set[tuple[str, str]] = set()
    with queues.walk_of(context, expected=total) as walk:
        with context.screen.progress("redriving", total) as advance:
            # What comes back meanwhile is met, too. It is left alone, or this would never end.
            for batch in walk.batches():
                fitting = [
                    letter
                    for letter in batch
                    if choice.fits(letter, now=started)
                    and (letter.original_message_id, letter.pending) not in handled
                ]
                done.left += len(batch) - len(fitting)
                if options.limit is not None:
                    fitting = fitting[: options.limit - len(done.chosen)]
                handled |= {(letter.original_message_id, letter.pending) for letter in fitting}
                done.chosen += fitting
                done.newer += sum(letter.sent_at > started for letter in batch)
                if fitting and not context.dry_run:
                    _redrive(context, walk, fitting, done)
                advance(len(batch))
                if len(done.chosen) == options.limit:
                    return
        done.not_seen = walk.not_seen()


def _redrive(context: Context, walk: Walk, letters: Sequence[DeadLetter], done: _Done) -> None:
    """Send at most ten messages again, and then delete them from the dead-letter queue."""
    for request in redrive.requests(redrive.entries(letters)):
        # If Ctrl-C came between sending and deleting, the next redrive would send them twice.
        with interrupts.deferred():
            taken = queues.send(context.aws, context.stack.queue_url, request)
            done.redriven |= {id_: letters[int(number)] for number, id_ in taken.items()}
            done.not_taken += len(request) - len(taken)
            kept = walk.delete([letters[int(number)] for number in taken])
        if kept:
            raise FailedError(
                f"SQS did not delete {len(kept)} of the dead letters that are sent again: the next redrive "
                "sends them twice, as the same events"
            )
    context.sleep(redrive.pause_after(len(letters), rate=context.options.rate))


def _follow(context: Context, started: float, done: _Done) -> dict[str, Any]:
    """Wait until the queue is empty but for retries; returns what the function says of the messages."""
    sent_at = context.clock()
    counted_late = 0 if context.is_local else _COUNTED_LATE_SECONDS
    with context.screen.progress("waiting for the function"):
        while True:
            depth, now = queues.depth(context.aws, context.stack.queue_url), context.clock()
            is_empty = not depth.waiting + depth.in_flight
            if now > sent_at + context.options.follow or (is_empty and now >= sent_at + counted_late):
                break
            context.sleep(_LOOK_AGAIN_SECONDS)
    # A message can come twice, and so be complained about twice: the last complaint counts.
    complaints: dict[str, str] = {}
    groups = {"processor": context.stack.log_group}
    for complaint in _COMPLAINTS:
        for line in logs.lines(context.aws, groups, since=started - 1, containing=complaint):
            message_id = line.fields.get("message_id")
            if line.message == complaint and message_id in done.redriven:
                reason = line.fields.get("reason", "")
                complaints[message_id] = f"{complaint.removeprefix('message ')}: {reason}"
    return {
        "still_waiting": depth.waiting + depth.in_flight,
        "delayed_retries": depth.delayed,
        "complaints": dict(Counter(complaints.values())),
        "without_complaint": len(done.redriven) - len(complaints),
    }


def _show(context: Context, done: _Done, became: dict[str, Any]) -> None:
    screen = context.screen
    counts = dead_letters.by_reason(done.chosen if context.dry_run else done.redriven.values())
    verb = "would be redriven" if context.dry_run else "redriven"
    result = {
        "chosen": len(done.chosen),
        "redriven": len(done.redriven),
        "not_taken": done.not_taken,
        "left": done.left,
        "newer": done.newer,
        "not_seen": done.not_seen,
        "reasons": list(map(asdict, counts)),
        "became": became,
    }

    def show() -> None:
        if done.chosen:
            screen.table(
                ["reason", "goes to", f">{verb}"],
                [[one.reason, one.pending, str(one.count)] for one in counts],
            )
        else:
            screen.line("No dead letter fits: python -m ops dead-letters lists them.")
        if done.not_taken:
            screen.line(
                f"{done.not_taken} were not taken by the queue, and are still dead letters.", style="red"
            )
        if became:
            _show_became(context, became)
        if others := done.left - done.newer:
            screen.line(f"{counted(others, 'other was left as it is', 'others were left as they are')}.")
        if done.newer:
            newer = counted(
                done.newer,
                "became a dead letter meanwhile, and was",
                "became dead letters meanwhile, and were",
            )
            screen.line(f"{newer} left alone.")
        if done.not_seen:
            screen.line(dead_letters.unseen(done.not_seen), style="red")

    screen.result(result, show)


def _show_became(context: Context, became: dict[str, Any]) -> None:
    screen = context.screen
    for complaint, messages in became["complaints"].items():
        screen.line(f"{messages} {complaint}", style="red")
    if became["without_complaint"]:
        ways = "recorded, still waiting, or" if became["still_waiting"] else "recorded, or"
        screen.line(f"{became['without_complaint']} without a complaint in the log: {ways} to be retried")
    if became["still_waiting"]:
        screen.line(
            f"{counted(became['still_waiting'], 'message is', 'messages are')} still waiting in the queue: "
            "python -m ops status"
        )
    if became["delayed_retries"]:
        delayed = counted(became["delayed_retries"], "retry is", "retries are")
        screen.line(f"{delayed} delayed in the queue: python -m ops status")


COMMAND = Command(
    name="redrive",
    summary="send dead letters to the queue again: REAL EVENTS, which can start campaigns",
    run=_run,
    add_arguments=_add_arguments,
    changes=True,
)
