"""How a command ends early, and the exit statuses."""

from typing import Final

DONE: Final = 0
FAILED: Final = 1
USAGE_ERROR: Final = 2
INTERRUPTED: Final = 130


class UsageError(Exception):
    """A command cannot run. The message says in one line what to change; more arguments are more lines."""


class FailedError(Exception):
    """Why the command failed, in one line."""
