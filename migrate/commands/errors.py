"""How a command ends early, and the exit statuses."""

FAILED = 1
USAGE_ERROR = 2
INTERRUPTED = 130


class UsageError(Exception):
    """What the caller must change, in one line (the missing --key takes three)."""


class FailedError(Exception):
    """Why the command failed, in one line."""
