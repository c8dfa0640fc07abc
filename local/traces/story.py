"""Tells the way of one request, hop by hop, as the JSON of `/traces`. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contract import reasons
from local.traces import log_lines
from local.traces.authorizer_decision import decision, problem, sentence
from local.traces.destination_hops import WITHOUT_VALUE, Fate, destination_hops, event_keys, parameters
from local.traces.state import state
from local.traces.store import Entry, Exchange, FunctionRun, Journey, QueuedMessage

# A JSON Web Token is a secret, even of a demo user: its beginning is enough to tell it from others.
_TOKEN = re.compile(r"(eyJ[A-Za-z0-9_-]{8})[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

_DEAD_LETTER_REASON = "dead_letter_reason"
_GAVE_UP = "max_receive_count"
_LEFT_IN_QUEUE = "left_in_queue"


class Story:
    """One request of a stack with these destinations."""

    def __init__(self, request_id: str, journey: Journey, *, destinations: Sequence[str]) -> None:
        assert journey.exchange is not None  # noqa: S101 - the store gives no other
        self._id = request_id
        self._exchange: Exchange = journey.exchange
        self._journey = journey
        self._destinations = destinations
        self._sent = parameters(self._exchange.url.partition("?")[2])

    def summary(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "at": self._exchange.at,
            "event": self._sent.get("event"),
            "endpoint_id": self._sent.get("endpoint_id"),
            "gtmcb": self._sent.get("gtmcb"),
            "event_key": self._event_key(),
            "state": state(self._journey),
        }

    def trace(self) -> dict[str, Any]:
        return {**self.summary(), "hops": list(self._hops())}

    def _event_key(self) -> str | None:
        """The key under which a destination got the event; None before."""
        for message in self._messages():
            for run in self._runs():
                for key in event_keys(message):
                    if any(key in call.parts for call in run.calls):
                        return key
        return None

    def _messages(self) -> list[QueuedMessage]:
        return [entry for entry in self._journey.entries if isinstance(entry, QueuedMessage)]

    def _runs(self) -> list[FunctionRun]:
        return [entry for entry in self._journey.entries if isinstance(entry, FunctionRun)]

    def _hops(self) -> Iterator[dict[str, Any]]:
        yield self._gateway_hop()
        before: list[Entry] = []
        for entry in self._journey.entries:
            if isinstance(entry, QueuedMessage):
                yield _queue_hop(entry, before)
            elif entry.invocation is not None:
                for message in before:
                    if isinstance(message, QueuedMessage) and message.message_id in entry.message_ids:
                        fate = self._fate(entry, message)
                        yield _function_hop(fate)
                        yield from destination_hops(fate)
                        break
            before.append(entry)

    def _fate(self, run: FunctionRun, message: QueuedMessage) -> Fate:
        sent = [one for one in self._messages() if one.sent_by is run]
        pending, authorizer = message.attributes.get("pending"), self._journey.authorizer
        return Fate(
            run=run,
            message=message,
            pending=self._destinations if pending is None else pending.split(","),
            copies=[
                one for one in sent if not one.is_dead_letter and _DEAD_LETTER_REASON not in one.attributes
            ],
            dead_letters=[one for one in sent if one.is_dead_letter],
            is_left=message.message_id in run.left,
            token_problem=authorizer and problem(authorizer, self._sent.get("endpoint_id", "")),
        )

    def _gateway_hop(self) -> dict[str, Any]:
        exchange, authorizer = self._exchange, self._journey.authorizer
        endpoint_id = self._sent.get("endpoint_id", "")
        return {
            "hop": "gateway",
            "at": exchange.at,
            "ms": round(exchange.ms),
            "status": exchange.status,
            "why": reasons.GATEWAY_STATUSES.get(exchange.status),
            "request": {
                "method": exchange.method,
                "url": without_tokens(exchange.url),
                "headers": _headers(exchange.headers),
            },
            "authorizer": None if authorizer is None else decision(authorizer, endpoint_id),
            "response": {
                "status": exchange.status,
                "headers": _headers(exchange.response_headers),
                "body": exchange.response_body.decode(errors="replace"),
            },
        }


def without_tokens(text: str) -> str:
    """A text in which every JSON Web Token is cut to its beginning."""
    return _TOKEN.sub(r"\1…", text)


def _headers(headers: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[name, without_tokens(value)] for name, value in headers]


def _queue_hop(message: QueuedMessage, before: Sequence[Entry]) -> dict[str, Any]:
    earlier = [one for one in before if isinstance(one, QueuedMessage) and one.is_dead_letter]
    is_redriven = not message.is_dead_letter and any(one.attributes == message.attributes for one in earlier)
    attempt = 0 if is_redriven or message.is_dead_letter else int(message.attributes.get("attempt", 0))
    reason = message.attributes.get(_DEAD_LETTER_REASON if message.is_dead_letter else "retry_reason")
    if message.is_dead_letter and reason is None:
        reason = _GAVE_UP
    return {
        "hop": "queue",
        "queue": "dead_letter_queue" if message.is_dead_letter else "queue",
        "at": message.at,
        "message_id": message.message_id,
        "body": message.body,
        "attributes": dict(message.attributes),
        "attempt": attempt,
        "delay_seconds": message.delay_seconds,
        "is_redriven": is_redriven,
        "reason": reason,
        "why": sentence(reasons.undelivered(reason)) if reason else None,
    }


def _function_hop(fate: Fate) -> dict[str, Any]:
    run, invocation = fate.run, fate.run.invocation
    assert invocation is not None  # noqa: S101 - it has ended
    outcome, reason, why = _outcome(fate)
    return {
        "hop": "function",
        "at": invocation.at,
        "ms": round(invocation.ms),
        "function": run.function,
        "request_id": invocation.request_id,
        "messages_in_batch": len(run.messages),
        "duplicates": fate.duplicates,
        "outcome": outcome,
        "reason": reason,
        "why": why,
        "lost": _lost(run) if outcome == "recorded" else None,
        "log_lines": log_lines.lines(invocation.log),
        "metrics": log_lines.metrics(invocation.log),
    }


def _outcome(fate: Fate) -> tuple[str, str | None, str | None]:
    run = fate.run
    if run.invocation and (error := run.invocation.error):
        return (
            "failed",
            error.error_type,
            f"The function failed with {error.error_type}. The message returns.",
        )
    if reason := run.rejected.get(fate.message.message_id):
        return "rejected", reason, sentence(reasons.REJECTED.get(reason, reason))
    replaced: Mapping[str, tuple[Sequence[QueuedMessage], str]] = {
        "retried": (fate.copies, "retry_reason"),
        "dead_lettered": (fate.dead_letters, _DEAD_LETTER_REASON),
    }
    for outcome, (messages, name) in replaced.items():
        if messages:
            reason = messages[-1].attributes.get(name, "")
            lacking = messages[-1].attributes.get("pending", "").replace(",", ", ")
            words = sentence(reasons.undelivered(reason))
            return outcome, reason, f"Not in {lacking}. {words}" if lacking else words
    if fate.is_left:
        return "retried", _LEFT_IN_QUEUE, sentence(reasons.undelivered(_LEFT_IN_QUEUE))
    found = (_duplicates(fate.duplicates), _left_out(run))
    return "recorded", None, " ".join(words for words in found if words) or None


def _duplicates(others: int) -> str | None:
    """Whose values the timeline shows, where messages of a batch are the same event."""
    if not others:
        return None
    times = "twice" if others == 1 else f"{others + 1} times"
    return f"The batch had this event {times}: it was sent once, with the values of one message."


def _left_out(run: FunctionRun) -> str | None:
    """What was left out of the events of the batch; None if nothing was."""
    found = [
        *_dropped(run).values(),
        *_counted(run, "profile_updates_denied", "denied", reasons.DENIED).values(),
    ]
    batch = "" if len(run.messages) == 1 else f" of its {len(run.messages)} messages"
    return f"Left out{batch}: {'; '.join(found)}." if found else None


def _lost(run: FunctionRun) -> str | None:
    """What the event lacks although it had a value, if the batch has no other event.

    User attributes are not in it: the hop of the profile says more about them.
    """
    lost = [
        words
        for reason, words in _dropped(run).items()
        if reason != WITHOUT_VALUE and "user_attribute" not in reason
    ]
    return f"Left out: {'; '.join(lost)}." if lost and len(run.messages) == 1 else None


def _dropped(run: FunctionRun) -> dict[str, str]:
    return _counted(run, "attributes_dropped", "dropped", reasons.DROPPED)


def _counted(run: FunctionRun, field: str, outcome: str, words: Mapping[str, str]) -> dict[str, str]:
    """How many values of the batch had an outcome, in words, by reason."""
    return {
        reason: f"{number} {outcome}, {words.get(reason, reason)}"
        for entry in run.log_entries
        if isinstance(counts := entry.get(field), Mapping)
        for reason, number in counts.items()
    }
