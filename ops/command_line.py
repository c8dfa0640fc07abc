"""Reads the arguments of `python -m ops`, runs the command, and turns errors into one line."""

import argparse
import sys
from collections.abc import Sequence

from cli import ending
from cli.arguments import Parser, in_utf_8
from ops import outputs
from ops.command import Command
from ops.commands import COMMANDS
from ops.context import Context


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    return ending.run(lambda: _run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    context = None
    try:
        options = parser().parse_args(in_utf_8(arguments))
        context = Context(options)
        return options.command.run(context)
    finally:
        if context is not None:
            context.close()


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    whole = Parser(
        prog="python -m ops",
        description="Operate a stack of gtm-pixel (docs/ops.md).",
        epilog=(
            "Exit status: 0 done; 1 failed, or something is not as it should be; 2 wrong usage; "
            "130 interrupted."
        ),
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        _add(commands.add_parser(command.name, help=command.summary, description=command.summary), command)
    return whole


def _add(one: argparse.ArgumentParser, command: Command) -> None:
    one.set_defaults(command=command)
    command.add_arguments(one)
    if command.changes:
        one.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    one.add_argument("--json", action="store_true", help="print the result as JSON")
    if command.has_stack:
        outputs.add_arguments(one)
