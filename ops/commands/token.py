"""`ops token`: what would become of a token, and why. Nothing of the token is shown or sent anywhere."""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from cli.errors import DONE, FAILED, UsageError
from cli.files import STREAM
from ops import functions, token_check, token_file
from ops.command import Command
from ops.context import Context
from ops.token_check import Verdict


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        default=STREAM,
        metavar="FILE",
        help="holds one token; default: standard input. A token as an argument would stay in shell histories",
    )
    parser.add_argument("--endpoint-id", metavar="ID", help="whose event it is to be sent with")
    parser.add_argument(
        "--show-values", action="store_true", help="show the endpoint that the token proves: PERSONAL DATA"
    )


def _run(context: Context) -> int:
    options, stack = context.options, context.stack
    if stack.authorizer_function_name is None:
        raise UsageError(f"this stack reads no tokens: its authMode is {stack.auth_mode}")
    if options.file == STREAM and sys.stdin is not None and sys.stdin.isatty():
        context.screen.note("Paste one token, then press Enter and Ctrl-D:")
    text = token_file.read(options.file, option="FILE", outputs=options.outputs)
    deployed = functions.configuration(context.aws, stack.authorizer_function_name)
    environment = token_check.settings(deployed["Environment"]["Variables"], is_local=context.is_local)
    verdict = token_check.judge(text, environment, endpoint_id=options.endpoint_id)
    checked_against = {
        "issuer": environment.issuer,
        "clients": ", ".join(sorted(environment.audiences)),
        "claim": environment.endpoint_claim,
        "cookie": environment.token_cookie,
    }
    _show(context, verdict, checked_against)
    return DONE if verdict.is_proven else FAILED


def _show(context: Context, verdict: Verdict, checked_against: Mapping[str, object]) -> None:
    screen, with_values = context.screen, context.options.show_values
    result: dict[str, Any] = {"outcome": verdict.outcome, "why": verdict.why, "detail": verdict.detail}
    if with_values:
        result["endpoint_id"] = verdict.endpoint

    def show() -> None:
        screen.line(f"{verdict.outcome}: {verdict.why}", style="green" if verdict.is_proven else "red")
        if verdict.detail:
            screen.line(verdict.detail)
        if with_values and verdict.endpoint is not None:
            screen.line(f"endpoint_id {verdict.endpoint}")
        screen.line(
            "With it, an event may update that endpoint's profile."
            if verdict.is_proven
            else "An event with it is recorded, and updates no profile."
        )
        screen.table(
            ["checked against", ""],
            [[name, "none" if value is None else str(value)] for name, value in checked_against.items()],
        )

    screen.result({**result, "checked_against": checked_against}, show)


COMMAND = Command(
    name="token",
    summary="say what would become of a token, and why, without sending it anywhere",
    run=_run,
    add_arguments=_add_arguments,
)
