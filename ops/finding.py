"""What a check of `doctor` has found."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ops.aws import CallError

_IN_THE_CONSOLE: Final = "look at it in the console"


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
    fix = "allow what policies/operator.json has" if error.is_denied else _IN_THE_CONSOLE
    return warning(check, f"cannot be looked at ({error.code})", fix)


def of_local_run(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of a local run, which has no console and not everything that AWS has."""
    here = "nothing: a local run does not have it, and AWS does"
    return [replace(one, fix=here) if one.fix == _IN_THE_CONSOLE else one for one in findings]
