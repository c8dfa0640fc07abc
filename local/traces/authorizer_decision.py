"""Says what the authorizer decided about a request, and why. Pure."""

from collections.abc import Mapping
from typing import Any

from contract import reasons
from local.traces.log_lines import entries, lines
from local.traces.store import AuthorizerRun

_PROVEN = "proven"
_OTHER = "proof_of_other_endpoint"


def decision(run: AuthorizerRun, endpoint_id: str) -> dict[str, Any]:
    """The `authorizer` of a gateway hop."""
    outcome, why = _outcome(run, endpoint_id)
    return {
        "function": run.function,
        "request_id": run.invocation.request_id,
        "at": run.invocation.at,
        "ms": round(run.invocation.ms),
        "outcome": outcome,
        "why": sentence(why),
        "log_lines": lines(run.invocation.log),
    }


def problem(run: AuthorizerRun, endpoint_id: str) -> str | None:
    """What is wrong with the request's token; None if it proves the endpoint."""
    outcome, why = _outcome(run, endpoint_id)
    return None if outcome == _PROVEN else why


def _outcome(run: AuthorizerRun, endpoint_id: str) -> tuple[str, str]:
    if run.invocation.error is not None:
        return "failed", f"the authorizer failed with {run.invocation.error.error_type}"
    context: Mapping[str, Any] = (run.invocation.payload or {}).get("context") or {}
    if (proven := context.get("proven_endpoint")) is not None:
        return (_PROVEN, reasons.PROVEN) if proven == endpoint_id else (_OTHER, reasons.DENIED[_OTHER])
    logged = entries(run.invocation.log)
    for message, words in (
        ("token invalid", reasons.INVALID_TOKENS),
        ("authorizer failed", reasons.INVALID_TOKENS),
        ("cookie ignored", reasons.IGNORED_COOKIES),
    ):
        for entry in logged:
            if entry.get("message") == message:
                reason = str(entry.get("reason", ""))
                return reason, words.get(reason, reason)
    return "no_token", reasons.TOKEN_ABSENT


def sentence(words: str) -> str:
    """The words as a sentence. A parameter such as endpoint_id keeps its spelling."""
    first = words.partition(" ")[0]
    return f"{words if '_' in first else words[:1].upper() + words[1:]}." if words else ""
