"""`ops doctor`: checks an account before the first deployment, and a stack after it."""

import argparse
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from cli.errors import DONE, FAILED, UsageError
from ops import checks, durations, examined, one_event
from ops.aws import Aws
from ops.command import Command
from ops.confirmation import confirm
from ops.context import Context
from ops.finding import Finding, State, of_local_run

_STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "red"}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="before the first deployment: the stack's settings, Pulumi.NAME.yaml",
    )
    parser.add_argument(
        "--send", action="store_true", help="also send one event: A REAL EVENT, which creates a real profile"
    )
    parser.add_argument("--yes", action="store_true", help="with --send: do not ask")
    parser.add_argument(
        "--wait", type=durations.seconds, default=60, metavar="TIME", help="how long to follow it (60s)"
    )


def _run(context: Context) -> int:
    options = context.options
    if options.settings is not None:
        if options.send:
            raise UsageError("--send needs a deployed stack: leave out --settings")
        what = examined.of_settings(options.settings)
        with closing(Aws(what.region, context.variables)) as aws:
            found = _look(context, aws, what)
    else:
        if options.send and not options.yes:
            confirm(
                context.screen,
                "This records a real event and creates a real profile.",
                if_nobody="give --yes to send a real event, or leave out --send",
                if_declined="nothing was sent",
            )
        found = _look(context, context.aws, examined.of_stack(context.stack))
        if options.send:
            with context.screen.progress("following the event") as advance:
                found += one_event.findings(context, seconds=options.wait, advance=advance)
    context.screen.result([asdict(one) for one in found], lambda: _show(context, found))
    return FAILED if any(one.state is State.FAILED for one in found) else DONE


def _look(context: Context, aws: Aws, what: examined.Examined) -> list[Finding]:
    with context.screen.progress("looking", checks.COUNT) as advance:
        found = list(checks.findings(aws, what, advance))
    return found if context.options.local is None else of_local_run(found)


def _show(context: Context, found: list[Finding]) -> None:
    screen = context.screen
    screen.table(["check", "state", "detail"], [[one.check, one.state, one.detail] for one in found])
    screen.line()
    for one in found:
        if one.fix:
            screen.line(f"{one.state}: {one.check}: {one.fix}", style=_STYLES[one.state])
    if not context.options.send and context.options.settings is None:
        screen.line("No event was sent: --send sends one and looks at what arrives.")


COMMAND = Command(
    name="doctor",
    summary="check an account before the first deployment, and a stack after it",
    run=_run,
    add_arguments=_add_arguments,
)
