"""The error of a plan that would be invalid, and how values are shown in it."""

from typing import Final

_LONGEST_SHOWN: Final = 60


class PlanError(ValueError):
    """A plan would be invalid; the message is one line."""


def shown(text: str) -> str:
    """A value for a message: in quotes, on one line, shortened."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")
