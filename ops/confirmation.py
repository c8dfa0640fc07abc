"""Asks the person before something that cannot be undone."""

import sys

from cli.errors import UsageError
from ops.screen import Screen


def confirm(screen: Screen, question: str, *, if_nobody: str, if_declined: str) -> None:
    """Raises UsageError unless somebody is there and writes yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"nobody is here to ask: {if_nobody}")
    screen.note(f"{question} Write yes:")
    try:
        answer = input()
    except EOFError:  # Ctrl-D
        answer = ""
    if answer.strip() != "yes":
        raise UsageError(f"{if_declined}: the answer was not yes")
