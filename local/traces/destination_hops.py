"""Tells what an invocation sent to each destination for one event, and what came of it. Pure."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from contract import reasons
from local.fakes import EventPart
from local.traces.authorizer_decision import sentence
from local.traces.store import FunctionRun, Message, QueuedMessage, ServiceCall

_ESCAPED_AMPERSANDS = re.compile(r"^(?:amp;)+", re.IGNORECASE)

_WITHOUT_PROOF = "without_proof"
WITHOUT_VALUE = "value_undefined"
"""The reason of what GTM writes for a variable without a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one message in one invocation."""

    run: FunctionRun
    message: QueuedMessage
    # The destinations that lacked the event before.
    pending: Sequence[str]
    copies: Sequence[QueuedMessage]
    dead_letters: Sequence[QueuedMessage]
    # Whether the message stays in the queue.
    is_left: bool
    # What the authorizer says of the request's token, unless it proves the endpoint.
    token_problem: str | None = None

    @property
    def calls(self) -> list[tuple[ServiceCall, EventPart]]:
        """The calls with this event in the order in which they began, each with the part of it."""
        keys = event_keys(self.message)
        calls = sorted(self.run.calls, key=lambda call: call.exchange.at)
        return [(call, call.parts[key]) for call in calls for key in keys if key in call.parts]

    @property
    def duplicates(self) -> int:
        """How many other messages of the batch hold the same event, which is sent once for all of them."""
        sent = {part.event_key for _, part in self.calls}
        others = (one for one in self.run.messages if one.message_id != self.message.message_id)
        return sum(not sent.isdisjoint(event_keys(other)) for other in others)

    def undelivered(self, destination: str) -> tuple[str, str] | None:
        """Outcome and reason where the destination still lacks the event; None if it has it."""
        for outcome, messages, name in (
            ("dead_lettered", self.dead_letters, "dead_letter_reason"),
            ("retried", self.copies, "retry_reason"),
        ):
            for message in messages:
                pending = message.attributes.get("pending")
                if pending is None or destination in pending.split(","):
                    return outcome, _reason_of(destination, message.attributes.get(name, ""))
        return ("retried", "left_in_queue") if self.is_left else None


def event_keys(message: Message) -> list[str]:
    """The keys that the event of a message may have: with the sender's own id, or the message's."""
    sent = parameters(message.body)
    endpoint_id = sent.get("endpoint_id", "")
    proven = message.attributes.get("proven_endpoint") == endpoint_id
    ids = [sent.get("event_id"), message.attributes.get("original_message_id") or message.message_id]
    return [
        hashlib.sha256(json.dumps([endpoint_id, sent.get("event", ""), id_, proven]).encode()).hexdigest()
        for id_ in dict.fromkeys(ids)
        if id_ is not None
    ]


def parameters(query: str) -> dict[str, str]:
    """The parameters of a query by name; of a repeated one the last value counts."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return {_ESCAPED_AMPERSANDS.sub("", name): value for name, value in pairs}


def destination_hops(fate: Fate) -> Iterator[dict[str, Any]]:
    """The calls in order, each followed by the profile that it changed; then what was not called."""
    calls = fate.calls
    last = {call.destination: call for call, _ in calls}
    first = {call.destination: call for call, _ in reversed(calls)}
    for call, part in calls:
        is_last = call is last[call.destination]
        yield _call_hop(fate, call, part, is_last=is_last)
        if is_last and part.is_accepted and part.endpoint_id in call.after:
            yield _profile_hop(fate, first[call.destination], call, part)
    if fate.run.invocation is None or fate.run.invocation.error is not None:
        return  # a function that failed says nothing of the others
    for destination in fate.pending:
        if destination not in last and (undelivered := fate.undelivered(destination)):
            _, reason = undelivered
            yield {
                "hop": "destination",
                "destination": destination,
                "at": _ended_at(fate.run),
                "ms": 0,
                "request": None,
                "response": None,
                "outcome": "waiting" if fate.copies or fate.is_left else "dead_lettered",
                "reason": reason,
                "why": "The function did not call it: " + reasons.undelivered(reason) + ".",
            }


def _call_hop(fate: Fate, call: ServiceCall, part: EventPart, *, is_last: bool) -> dict[str, Any]:
    undelivered = fate.undelivered(call.destination)
    if not is_last and not part.is_accepted:
        outcome, reason, why = "repeated", None, "The function tried again at once."
    elif undelivered and is_last:
        outcome, reason = undelivered
        why = sentence(reasons.undelivered(reason))
    else:
        outcome, reason, why = "recorded", None, None
    exchange = call.exchange
    return {
        "hop": "destination",
        "destination": call.destination,
        "at": exchange.at,
        "ms": round(exchange.ms),
        "request": {
            "operation": part.operation,
            "parameters": part.parameters,
            # How many events the request had in all.
            "events": len(call.parts),
        },
        "response": {
            "status": exchange.status,
            "body": exchange.response if part.response is None else part.response,
        },
        "outcome": outcome,
        "reason": reason,
        "why": why,
    }


def _profile_hop(fate: Fate, first: ServiceCall, last: ServiceCall, part: EventPart) -> dict[str, Any]:
    before, after = first.before[part.endpoint_id], last.after[part.endpoint_id]
    update, why = _update(fate, last.destination, part, has_profile=after is not None)
    if update == "applied" and before == after:
        why = "The profile had these values already." + (f" {why}" if why else "")
    return {
        "hop": "profile",
        "destination": last.destination,
        "at": last.exchange.at + round(last.exchange.ms),
        "before": before,
        "after": after,
        "update": update,
        "why": why,
    }


def _update(fate: Fate, destination: str, part: EventPart, *, has_profile: bool) -> tuple[str, str | None]:
    prefix = "usat_"
    sent = {name.removeprefix(prefix) for name in parameters(fate.message.body) if name.startswith(prefix)}
    if not has_profile:
        return "none", "There is no profile, and the setting customerProfilesCreate is off."
    if not sent:
        return "none", "The request has no usat_ parameter."
    # A dot in a name is an underscore in Customer Profiles.
    written = {
        name for name in sent if not part.user_attributes.keys().isdisjoint((name, name.replace(".", "_")))
    }
    missing = ", ".join(sorted(sent - written))
    if not missing:
        return "applied", None
    why = f"Not updated: {missing}. {_why_not(fate, destination)}"
    return ("applied" if written else "denied"), why


def _why_not(fate: Fate, destination: str) -> str:
    """The reasons that the function logged for the batch. Of several messages, each may have its own."""
    found: list[str] = []
    for entry in fate.run.log_entries:
        denied, dropped = entry.get("profile_updates_denied"), entry.get("attributes_dropped")
        if isinstance(denied, Mapping):
            found += [_denial(fate, reason) for reason in denied if _may_concern(fate.message, reason)]
        if isinstance(dropped, Mapping):
            own = f"{destination.replace('-', '_')}_user_attribute"
            found += [reasons.DROPPED.get(reason, reason) for reason in dropped if reason.startswith(own)]
            if not found and WITHOUT_VALUE in dropped:
                found.append(reasons.DROPPED[WITHOUT_VALUE])
    if not found and fate.duplicates:
        return "Another message of the batch, which is the same event, was sent in its place."
    if not found:
        return "A newer event of the same batch writes this attribute."
    return sentence("; or ".join(dict.fromkeys(found)))


def _denial(fate: Fate, reason: str) -> str:
    """Without proof, what the authorizer said about the token is the reason."""
    if reason == _WITHOUT_PROOF and fate.token_problem:
        return fate.token_problem
    return reasons.DENIED.get(reason, reason)


def _may_concern(message: QueuedMessage, reason: str) -> bool:
    """Whether a denial of the batch can be one of this message, as far as its proof goes."""
    proven = message.attributes.get("proven_endpoint")
    match reason:
        case "without_proof":
            return proven is None
        case "proof_of_other_endpoint":
            return proven is not None and proven != parameters(message.body).get("endpoint_id")
        case _:
            return True


def _reason_of(destination: str, joined: str) -> str:
    """The reason of one destination among those of all that are joined by commas."""
    listed = joined.split(",")
    own = [reason for reason in listed if reason.startswith(destination.replace("-", "_"))]
    return own[0] if own else listed[0]


def _ended_at(run: FunctionRun) -> int:
    return run.invocation.at + round(run.invocation.ms) if run.invocation else 0
