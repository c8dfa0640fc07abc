"""`ops forget`: deletes a customer's profiles and dead letters, and says what remains elsewhere."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from cli.errors import DONE, FAILED, FailedError, UsageError
from ops import dead_letters, profiles, queues
from ops.command import Command
from ops.confirmation import confirm
from ops.context import Context
from ops.counts import counted
from ops.profiles import CustomerProfile
from ops.remains import Remainder, remains

_PATIENCE_SECONDS: Final = 30
_LOOK_AGAIN_SECONDS: Final = 1.0


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("endpoint", metavar="ENDPOINT", help="the customer's endpoint_id")
    parser.add_argument("--yes", action="store_true", help="do not ask")


@dataclass(slots=True)
class _Done:
    """What was deleted so far or, in a dry run, would be."""

    profiles: list[CustomerProfile] = field(default_factory=list[CustomerProfile])
    dead_letters: int = 0
    dead_letters_kept: int = 0
    dead_letters_not_seen: int = 0
    still_found: list[CustomerProfile] = field(default_factory=list[CustomerProfile])

    @property
    def is_complete(self) -> bool:
        return not (self.dead_letters_kept or self.dead_letters_not_seen or self.still_found)


def _run(context: Context) -> int:
    aws, stack = context.aws, context.stack
    if not context.options.endpoint.strip():
        # As of a variable of the shell that is not set. Dead letters without an endpoint_id would match.
        raise UsageError("ENDPOINT is empty: give the customer's endpoint_id")
    found = _profiles(context)
    left = remains(aws, stack)
    letters = queues.depth(aws, stack.dead_letter_queue_url).total
    if not context.dry_run:
        # Before anything is hidden: the answer may take longer than messages stay hidden.
        _confirm(context, found, letters)
    done = _Done()
    try:
        for profile in found:
            if not context.dry_run:
                profiles.delete(aws, stack, profile.profile_id)
            done.profiles.append(profile)
        _forget_letters(context, letters, done)
        if found and not context.dry_run:
            done.still_found = _wait_until_gone(context)
    except (FailedError, KeyboardInterrupt):
        if done.profiles or done.dead_letters:
            _show(context, done, left)
        raise
    _show(context, done, left)
    return DONE if done.is_complete else FAILED


def _profiles(context: Context) -> list[CustomerProfile]:
    """None in a stack without Customer Profiles: it may have dead letters."""
    if context.stack.customer_profiles_domain is None:
        return []
    return profiles.find(context.aws, context.stack, context.options.endpoint)


def _confirm(context: Context, found: Sequence[CustomerProfile], letters: int) -> None:
    """Raises UsageError unless the person says yes."""
    endpoint = context.options.endpoint
    for profile in found:
        if others := profile.other_endpoints(endpoint):
            context.screen.note(
                f"Profile {profile.profile_id} also has objects of {counted(others, 'other endpoint_id')}. "
                "Deleting it deletes them, too.",
                style="red",
            )
    if context.options.yes:
        return
    objects = sum(len(profile.objects) for profile in found)
    confirm(
        context.screen,
        f"Delete {counted(len(found), 'profile')} with {counted(objects, 'object')}, and the customer's dead "
        f"letters among about {letters:,}? This cannot be undone.",
        if_nobody="give --yes to delete, or --dry-run to see what would go",
        if_declined="nothing was deleted",
    )


def _forget_letters(context: Context, letters: int, done: _Done) -> None:
    """Delete the customer's dead letters, of all."""
    with queues.walk_of(context, expected=letters) as walk:
        with context.screen.progress("reading dead letters", letters) as advance:
            for batch in walk.batches():
                own = [letter for letter in batch if letter.is_of(context.options.endpoint)]
                kept = walk.delete(own) if own and not context.dry_run else []
                done.dead_letters += len(own) - len(kept)
                done.dead_letters_kept += len(kept)
                advance(len(batch))
        done.dead_letters_not_seen = walk.not_seen()


def _wait_until_gone(context: Context) -> list[CustomerProfile]:
    deadline = context.clock() + _PATIENCE_SECONDS
    while still := profiles.find(context.aws, context.stack, context.options.endpoint):
        if context.clock() > deadline:
            break
        context.sleep(_LOOK_AGAIN_SECONDS)
    return still


def _show(context: Context, done: _Done, left: Sequence[Remainder]) -> None:
    objects = sum(len(profile.objects) for profile in done.profiles)
    result = {
        "profiles": [profile.profile_id for profile in done.profiles],
        "objects": objects,
        "dead_letters": done.dead_letters,
        "dead_letters_kept": done.dead_letters_kept,
        "dead_letters_not_seen": done.dead_letters_not_seen,
        "still_found": [profile.profile_id for profile in done.still_found],
        "remains": list(map(asdict, left)),
    }
    screen = context.screen

    def show() -> None:
        verb = "Would delete" if context.dry_run else "Deleted"
        screen.line(
            f"{verb} {counted(len(done.profiles), 'profile')} with {counted(objects, 'object')}, "
            f"and {counted(done.dead_letters, 'dead letter')}."
        )
        if done.still_found:
            screen.line(
                "A profile is still found: an event has just made it again, or deletion takes longer. "
                "Run this again.",
                style="red",
            )
        if done.dead_letters_kept:
            screen.line(
                f"SQS did not delete {counted(done.dead_letters_kept, 'dead letter')}. Run this again.",
                style="red",
            )
        if done.dead_letters_not_seen:
            screen.line(dead_letters.unseen(done.dead_letters_not_seen), style="red")
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
