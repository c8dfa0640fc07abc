"""The parser of a command's arguments."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from cli.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help)")


def in_utf_8(arguments: Sequence[str]) -> Sequence[str]:
    """Raises UsageError for an argument that is not UTF-8: it can be neither sent nor searched for."""
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"argument {number} is not UTF-8: write it in UTF-8") from None
    return arguments
