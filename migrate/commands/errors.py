"""How a command ends early, and the exit statuses."""

FAILED = 1
USAGE_ERROR = 2
INTERRUPTED = 130


class UsageError(Exception):
    """A command cannot run. The message says in one line (three for a missing --key) what to change."""


class FailedError(Exception):
    """Why the command failed, in one line."""
