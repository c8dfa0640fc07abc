"""`ops profile`: what Customer Profiles has of a customer."""

import argparse
from collections.abc import Sequence
from typing import Any

from cli.errors import DONE, FAILED, UsageError
from ops import profiles
from ops.command import Command
from ops.context import Context
from ops.counts import counted
from ops.profiles import CustomerProfile


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("endpoint", metavar="ENDPOINT", help="the customer's endpoint_id")
    parser.add_argument(
        "--show-values", action="store_true", help="show attributes and events with values: PERSONAL DATA"
    )


def _run(context: Context) -> int:
    options = context.options
    if not options.endpoint.strip():
        # As of a variable of the shell that is not set.
        raise UsageError("ENDPOINT is empty: give the customer's endpoint_id")
    found = profiles.find(context.aws, context.stack, options.endpoint)
    types = profiles.object_types(context.stack)
    result = [described(one, options.endpoint, types, values=options.show_values) for one in found]
    context.screen.result(result, lambda: _show(context, found, types))
    return DONE if found else FAILED


def described(
    profile: CustomerProfile, endpoint_id: str, types: Sequence[str], *, values: bool
) -> dict[str, Any]:
    """A profile as JSON; personal data only with `values`."""
    personal = {"values": dict(profile.values), "objects": [dict(one.content) for one in profile.objects]}
    return {
        "profile_id": profile.profile_id,
        "attributes": sorted(profile.values),
        "counts": {name: profile.count(name) for name in types},
        "other_endpoints": profile.other_endpoints(endpoint_id),
        **(personal if values else {}),
    }


def _show(context: Context, found: Sequence[CustomerProfile], types: Sequence[str]) -> None:
    screen, options = context.screen, context.options
    if not found:
        screen.line("No profile has this endpoint_id.")
    for profile in found:
        screen.line(f"profile {profile.profile_id}", style="bold")
        screen.table(["objects", ">count"], [[name, f"{profile.count(name):,}"] for name in types])
        values = profile.values
        if options.show_values:
            screen.table(["attribute", "value"], [[name, str(values[name])] for name in sorted(values)])
            for one in profile.objects:
                screen.line(f"{one.object_type}: {dict(one.content)}")
        else:
            screen.line(f"attributes: {', '.join(sorted(values)) or 'none'} (--show-values shows them)")
        if others := profile.other_endpoints(options.endpoint):
            screen.line(
                f"The profile also has objects of {counted(others, 'other endpoint_id')}.", style="red"
            )


COMMAND = Command(
    name="profile",
    summary="show what Customer Profiles has of a customer",
    run=_run,
    add_arguments=_add_arguments,
)
