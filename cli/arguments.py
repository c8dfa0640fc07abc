"""The arguments of a command: their parser, and names of files among them."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from cli.errors import UsageError
from cli.output import say


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line, and help that cannot be written."""

    def error(self, message: str) -> NoReturn:
        argument, _, wrong = message.partition(": ")
        if wrong == "expected one argument":
            # argparse takes such a value for an option. One request id in 64 begins so.
            option = argument.split()[-1].rpartition("/")[-1]
            message += f"; if its value begins with a hyphen, write {option}=VALUE"
        raise UsageError(f"{message} ({self.prog} --help)")

    def print_help(self, file: Any = None) -> None:
        if file is not None:
            super().print_help(file)
            return
        for line in self.format_help().splitlines():
            say(line)


def file_name(text: str) -> str:
    """The type of an argument that names a file.

    An empty one is what a shell makes of a variable that is not set, and the system takes it for the current
    directory.
    """
    if not text:
        raise argparse.ArgumentTypeError("'' names no file: give a name")
    return text


def path(text: str) -> Path:
    """The same, as a path."""
    return Path(file_name(text))


def in_utf_8(arguments: Sequence[str]) -> Sequence[str]:
    """Raises UsageError for an argument that is not UTF-8: it can be neither sent nor searched for."""
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"argument {number} is not UTF-8: {_fix(argument)}") from None
    return arguments


def _fix(argument: str) -> str:
    try:
        os.fsencode(argument).decode()
    except UnicodeError:
        return "write it in UTF-8"
    return "set a locale of UTF-8 (LC_ALL=C.UTF-8), and do not set PYTHONUTF8"
