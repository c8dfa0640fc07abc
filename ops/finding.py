"""What a check of `doctor` has found."""

from dataclasses import dataclass
from enum import StrEnum

from ops.aws import CallError


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`fix` is one line; empty if it is ok."""

    check: str
    state: State
    detail: str
    fix: str = ""


def ok(check: str, detail: str) -> Finding:
    return Finding(check=check, state=State.OK, detail=detail)


def warning(check: str, detail: str, fix: str) -> Finding:
    return Finding(check=check, state=State.WARNING, detail=detail, fix=fix)


def failed(check: str, detail: str, fix: str) -> Finding:
    return Finding(check=check, state=State.FAILED, detail=detail, fix=fix)


def unreadable(check: str, error: CallError) -> Finding:
    """What cannot be looked at is a warning."""
    fix = "allow what policies/operator.json has" if error.is_denied else "look at it in the console"
    return warning(check, f"cannot be looked at ({error.code})", fix)
