"""`ops pause` and `ops resume`: whether the function takes messages from the queue."""

from collections.abc import Collection
from typing import Final

from cli.errors import DONE, FailedError
from ops import durations, functions, queues
from ops.command import Command
from ops.context import Context
from ops.counts import counted

_PATIENCE_SECONDS: Final = 120
_LOOK_AGAIN_SECONDS: Final = 1.0

_RETENTION: Final = "MessageRetentionPeriod"

_ENABLED: Final = "Enabled"
_DISABLED: Final = "Disabled"


def _pause(context: Context) -> int:
    return _switch(context, enabled=False)


def _resume(context: Context) -> int:
    return _switch(context, enabled=True)


def _switch(context: Context, *, enabled: bool) -> int:
    wanted = _ENABLED if enabled else _DISABLED
    before = state(context)
    if before != wanted and not context.dry_run:
        # Lambda refuses a change during another, as that of `pulumi up` or of a second operator.
        if _wait(context, {_ENABLED, _DISABLED}) != wanted:
            context.aws.call(
                *("lambda", "update_event_source_mapping"),
                UUID=context.stack.event_source_id,
                Enabled=enabled,
            )
        _wait(context, {wanted})
    after = before if context.dry_run else wanted
    depth = queues.depth(context.aws, context.stack.queue_url)
    kept = int(queues.attribute(context.aws, context.stack.queue_url, _RETENTION) or 0)
    result = {"before": before, "after": after, "waiting": depth.total}

    def show() -> None:
        done = "would be" if context.dry_run and before != wanted else "is"
        if enabled:
            waiting = counted(depth.total, "message is", "messages are")
            context.screen.line(f"The event source {done} on: {waiting} waiting.")
        else:
            context.screen.line(
                f"The event source {done} off. Events go on arriving, and wait in the queue for at most "
                f"{durations.words(kept)}. Event triggers forget an event after 15 minutes. "
                "Turn it on again: python -m ops resume"
            )

    context.screen.result(result, show)
    return DONE


def state(context: Context) -> str:
    """`Enabled`, `Disabled`, or a state on the way to one. Raises CallError."""
    return functions.event_source(context.aws, context.stack)["State"]


def _wait(context: Context, wanted: Collection[str]) -> str:
    """Wait for one of these states; returns it."""
    deadline = context.clock() + _PATIENCE_SECONDS
    with context.screen.progress(f"waiting until it is {' or '.join(sorted(wanted))}") as advance:
        while (now := state(context)) not in wanted:
            if context.clock() > deadline:
                raise FailedError(
                    f"the event source is still {now} after {_PATIENCE_SECONDS} s; "
                    "look again: python -m ops status"
                )
            advance(1)
            context.sleep(_LOOK_AGAIN_SECONDS)
    return now


PAUSE = Command(
    name="pause",
    summary="stop taking events from the queue; they wait there",
    run=_pause,
    changes=True,
)
RESUME = Command(
    name="resume",
    summary="take events from the queue again",
    run=_resume,
    changes=True,
)
