"""Reads the arguments of `python -m ops`, runs the command, and turns errors into one line."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ops import outputs
from ops.command import Command
from ops.commands import COMMANDS
from ops.context import Context
from ops.errors import FAILED, INTERRUPTED, USAGE_ERROR, FailedError, UsageError
from ops.printable import printable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    context = None
    try:
        options = parser().parse_args(_checked(sys.argv[1:] if arguments is None else arguments))
        context = Context(options)
        return options.command.run(context)
    except UsageError as error:
        return _failed(error, USAGE_ERROR)
    except FailedError as error:
        return _failed(error, FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `| head`.
        _drop_output()
        return FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _drop_output()
        return _failed(FailedError("the output cannot be written: the disk is full"), FAILED)
    finally:
        if context is not None:
            context.close()


def _checked(arguments: Sequence[str]) -> Sequence[str]:
    """Raises UsageError for an argument that is not UTF-8: it can be neither sent nor searched for."""
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"argument {number} is not UTF-8: write it in UTF-8") from None
    return arguments


def _failed(error: Exception, status: int) -> int:
    print(f"error: {printable(str(error))}", file=sys.stderr)
    return status


def _drop_output() -> None:
    """Python would write what is in the buffer once more at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help)")


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    whole = _Parser(
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
