"""How a command ends early, and the exit statuses."""

from cli.errors import DONE, FAILED, INTERRUPTED, USAGE_ERROR, FailedError, UsageError

__all__ = ["DONE", "FAILED", "INTERRUPTED", "USAGE_ERROR", "FailedError", "UsageError"]
