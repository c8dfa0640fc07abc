"""`ops blocked`: how many addresses AWS WAF blocks now, and which."""

import argparse
from typing import Any

from cli.errors import DONE, UsageError
from ops import blocked_addresses
from ops.command import Command
from ops.context import Context
from ops.counts import counted


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--show-values", action="store_true", help="list the addresses: PERSONAL DATA")


def _run(context: Context) -> int:
    addresses = blocked_addresses.read(context.aws, context.stack)
    if addresses is None:
        raise UsageError(
            "this stack blocks no addresses: set rateLimitPerIpPer5Minutes (docs/protection.md); what a web "
            "ACL of your own (webAclArn) blocks is in the console of AWS WAF"
        )
    screen, with_values = context.screen, context.options.show_values

    def show() -> None:
        if not addresses:
            screen.line("No address sends more than rateLimitPerIpPer5Minutes: none is blocked.")
            return
        limit = "more than rateLimitPerIpPer5Minutes"
        one, several = f"address sends {limit}, and is blocked", f"addresses send {limit}, and are blocked"
        screen.line(f"{counted(len(addresses), one, several)}.")
        if with_values:
            for address in addresses:
                screen.line(address)
        else:
            screen.line("--show-values lists them. One of yours? Add it to rateLimitExemptCidrs.")

    result: dict[str, Any] = {"blocked": len(addresses)}
    screen.result({**result, "addresses": addresses} if with_values else result, show)
    return DONE


COMMAND = Command(
    name="blocked",
    summary="count the addresses that AWS WAF blocks now, or list them",
    run=_run,
    add_arguments=_add_arguments,
)
