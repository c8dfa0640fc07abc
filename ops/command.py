"""A command of `python -m ops`."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from ops.context import Context


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """The command has the common options only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`run` returns the exit status, or raises UsageError or FailedError."""

    name: str
    # One line for `python -m ops --help`.
    summary: str
    run: Callable[[Context], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments
    # Whether it changes something, and so has --dry-run.
    changes: bool = False
    # Whether it works on a stack, and so has --stack, --outputs and --local.
    has_stack: bool = True
