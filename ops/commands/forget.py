"""`ops forget`: deletes a customer's profiles and dead letters, and says what remains elsewhere."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from ops import profiles, queues
from ops.command import Command
from ops.context import Context
from ops.dead_letters import DeadLetter
from ops.errors import DONE, FAILED, UsageError
from ops.profiles import CustomerProfile
from ops.remains import Remainder, remains

_LOOKED_AT: Final = 1000  # dead letters
_PATIENCE_SECONDS: Final = 30
_LOOK_AGAIN_SECONDS: Final = 1.0


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("endpoint", metavar="ENDPOINT", help="the customer's endpoint_id")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _run(context: Context) -> int:
    aws, stack, endpoint = context.aws, context.stack, context.options.endpoint
    found = profiles.find(aws, stack, endpoint)
    left = remains(aws, stack)
    total = queues.depth(aws, stack.dead_letter_queue_url).total
    with (
        context.screen.progress("reading dead letters", min(total, _LOOKED_AT)) as advance,
        queues.looked_at(
            aws, stack.dead_letter_queue_url, expected=total, limit=_LOOKED_AT, advance=advance
        ) as letters,
    ):
        own = [letter for letter in letters if letter.parameter("endpoint_id") == endpoint]
        if not context.dry_run and (found or own):
            _confirm(context, found, own)
            for profile in found:
                profiles.delete(aws, stack, profile.profile_id)
            queues.delete(aws, stack.dead_letter_queue_url, own)
            letters[:] = [letter for letter in letters if letter not in own]
    still = [] if context.dry_run or not found else _wait_until_gone(context)
    _show(context, found, own, left, still)
    return FAILED if still else DONE


def _confirm(context: Context, found: Sequence[CustomerProfile], own: Sequence[DeadLetter]) -> None:
    """Raises UsageError unless the person says yes."""
    endpoint = context.options.endpoint
    for profile in found:
        if others := profile.other_endpoints(endpoint):
            context.screen.note(
                f"Profile {profile.profile_id} also has objects of {others} other endpoint_ids. "
                "They go with it.",
                style="red",
            )
    if context.options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to ask: give --yes to delete, or --dry-run to see what would go")
    objects = sum(len(profile.objects) for profile in found)
    context.screen.note(
        f"Delete {len(found)} profiles with {objects} objects, and {len(own)} dead letters? "
        "This cannot be undone. Write yes:"
    )
    if input().strip() != "yes":
        raise UsageError("nothing was deleted: the answer was not yes")


def _wait_until_gone(context: Context) -> list[CustomerProfile]:
    deadline = context.clock() + _PATIENCE_SECONDS
    while still := profiles.find(context.aws, context.stack, context.options.endpoint):
        if context.clock() > deadline:
            break
        context.sleep(_LOOK_AGAIN_SECONDS)
    return still


def _show(
    context: Context,
    found: Sequence[CustomerProfile],
    own: Sequence[DeadLetter],
    left: Sequence[Remainder],
    still: Sequence[CustomerProfile],
) -> None:
    objects = sum(len(profile.objects) for profile in found)
    result = {
        "profiles": [profile.profile_id for profile in found],
        "objects": objects,
        "dead_letters": len(own),
        "still_found": [profile.profile_id for profile in still],
        "remains": list(map(asdict, left)),
    }
    screen = context.screen

    def show() -> None:
        verb = "Would delete" if context.dry_run else "Deleted"
        screen.line(f"{verb} {len(found)} profiles with {objects} objects, and {len(own)} dead letters.")
        if still:
            screen.line(
                "A profile is still found: an event has just made it again, or deletion takes longer. "
                "Run this again.",
                style="red",
            )
        screen.line()
        screen.line("What this command does not delete:", style="bold")
        screen.table(["place", "what", "until"], [[one.place, one.what, one.until] for one in left])

    screen.result(result, show)


COMMAND = Command(
    name="forget",
    summary="delete a customer's profiles and dead letters FOR GOOD, and say what remains elsewhere",
    run=_run,
    add_arguments=_add_arguments,
    changes=True,
)
