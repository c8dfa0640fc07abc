"""Messages of the queue with their attributes: read as Lambda delivers them, written as SQS takes them.

The attributes are what may be trusted of a message. The gateway writes the first three; this program writes
the others on copies and dead letters. Only an operator can write one wrongly, and that costs the message.
A message has at most ten attributes (Amazon SQS), so what is not known here does not travel on.
Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from handler.events import Message

REQUEST_ID: Final = "request_id"
REQUEST_TIME: Final = "request_time"
PROVEN_ENDPOINT: Final = "proven_endpoint"
# The id under which the event first entered the queue: that of the event where its sender gave none.
ORIGINAL_MESSAGE_ID: Final = "original_message_id"
# The destinations that lack the event, joined by commas; without it, all that the stack has.
PENDING: Final = "pending"
# Which retry a copy is, the first being 1, and why there is one.
ATTEMPT: Final = "attempt"
RETRY_REASON: Final = "retry_reason"
# Only on dead letters. StartMessageMoveTask keeps it, so it tells a redriven message, which starts again.
DEAD_LETTER_REASON: Final = "dead_letter_reason"

Record = Mapping[str, Any]
"""A record of the event with which Lambda is called."""

_TYPES: Final = {
    REQUEST_ID: "String",
    REQUEST_TIME: "Number",
    PROVEN_ENDPOINT: "String",
    ORIGINAL_MESSAGE_ID: "String",
    PENDING: "String",
    ATTEMPT: "Number",
    RETRY_REASON: "String",
    DEAD_LETTER_REASON: "String",
}
_OF_THE_MESSAGE: Final = (REQUEST_ID, REQUEST_TIME, PROVEN_ENDPOINT, ORIGINAL_MESSAGE_ID, PENDING)

# Far more than any schedule has.
_ATTEMPT = re.compile(r"[0-9]{1,5}")
_PENDING = re.compile(r"\s*[a-z]+(-[a-z]+)*\s*(,\s*[a-z]+(-[a-z]+)*\s*)*")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,38}")  # Amazon SQS: up to 38 digits
_EPOCH_MILLISECONDS = re.compile(r"[0-9]{1,15}")
# The last moment that a date has (in the year 9999), less a day: times of an event may be a little later.
_LATEST_MS = 253_402_300_799_999 - 24 * 60 * 60 * 1000


class UnreadableReason(StrEnum):
    """What of a message cannot be understood, as the reason of its dead letter."""

    ATTEMPT = "attempt_unreadable"
    PENDING = "pending_unreadable"
    ORIGINAL_MESSAGE_ID = "original_message_id_unreadable"
    REQUEST_TIME = "request_time_unreadable"
    SENT_TIME = "sent_time_unreadable"


class UnreadableMessageError(Exception):
    """A message with an attribute that says nothing."""

    def __init__(self, reason: UnreadableReason) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """A message, and where it stands among its retries."""

    message: Message
    # Which retry it is; 0 for the first time, and for a dead letter that is redriven.
    attempt: int
    # The names of the destinations that lack the event; None: all that the stack has.
    pending: tuple[str, ...] | None
    # How often the queue has handed it out, this time included.
    receives: int

    @property
    def original_message_id(self) -> str:
        return self.message.original_message_id or self.message.message_id

    @property
    def received_ms(self) -> int:
        """When the gateway took the event; kept by copies, whose own time in the queue says nothing."""
        return self.message.received_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message to send in place of one that was received."""

    # Of the received one.
    message_id: str
    body: str
    attributes: Mapping[str, str]
    delay_seconds: int = 0

    def entry(self, id_: str) -> dict[str, object]:
        """An entry of SendMessageBatch."""
        return {
            "Id": id_,
            "MessageBody": self.body,
            "DelaySeconds": self.delay_seconds,
            "MessageAttributes": {
                name: {"DataType": _type(name, text), "StringValue": text}
                for name, text in self.attributes.items()
            },
        }

    @property
    def size(self) -> int:
        """Bytes as SQS counts them: the body, and of each attribute its name, type and value."""
        attributes = sum(
            len(name) + len(_type(name, text)) + len(text.encode()) for name, text in self.attributes.items()
        )
        return len(self.body.encode()) + attributes


def read_message(record: Record) -> QueuedMessage:
    """Read a record of a Lambda event; raises UnreadableMessageError."""
    texts = attribute_texts(record)
    request_time = _matching(texts, REQUEST_TIME, _EPOCH_MILLISECONDS, UnreadableReason.REQUEST_TIME)
    if request_time is not None and int(request_time) > _LATEST_MS:
        raise UnreadableMessageError(UnreadableReason.REQUEST_TIME)
    pending = _matching(texts, PENDING, _PENDING, UnreadableReason.PENDING)
    is_redriven = DEAD_LETTER_REASON in texts
    attempt = None if is_redriven else _matching(texts, ATTEMPT, _ATTEMPT, UnreadableReason.ATTEMPT)
    system: Mapping[str, str] = record.get("attributes") or {}
    sent_at = _matching(
        {"SentTimestamp": "", **system}, "SentTimestamp", _EPOCH_MILLISECONDS, UnreadableReason.SENT_TIME
    )
    message = Message(
        message_id=record["messageId"],
        body=record["body"],
        sent_at_ms=int(sent_at or 0),
        request_id=texts.get(REQUEST_ID),
        request_time_ms=None if request_time is None else int(request_time),
        proven_endpoint=texts.get(PROVEN_ENDPOINT),
        original_message_id=_matching(
            texts, ORIGINAL_MESSAGE_ID, _MESSAGE_ID, UnreadableReason.ORIGINAL_MESSAGE_ID
        ),
    )
    return QueuedMessage(
        message=message,
        attempt=int(attempt or 0),
        pending=None if pending is None else tuple(name.strip() for name in pending.split(",")),
        receives=int(system.get("ApproximateReceiveCount", "1")),
    )


def attribute_texts(record: Record) -> dict[str, str]:
    """The message attributes that are known here; one that is no text is an empty one."""
    attributes: Mapping[str, Mapping[str, object]] = record.get("messageAttributes") or {}
    return {name: str(attributes[name].get("stringValue") or "") for name in _TYPES if name in attributes}


def retry_copy(
    queued: QueuedMessage, *, attempt: int, pending: Sequence[str], reason: str, delay_seconds: int
) -> OutgoingMessage:
    """The message as it comes again, for the destinations that lack it.

    It has no reason of a dead letter: with one, it would start again each time, and never come to an end.
    """
    return OutgoingMessage(
        message_id=queued.message.message_id,
        body=queued.message.body,
        attributes={
            **_kept_attributes(queued),
            PENDING: ",".join(pending),
            ATTEMPT: str(attempt),
            RETRY_REASON: reason,
        },
        delay_seconds=delay_seconds,
    )


def dead_letter(queued: QueuedMessage, *, pending: Sequence[str], reason: str) -> OutgoingMessage:
    """The message as a person finds it: with its reason, and the destinations that lack it."""
    return OutgoingMessage(
        message_id=queued.message.message_id,
        body=queued.message.body,
        attributes={
            **_kept_attributes(queued),
            PENDING: ",".join(pending),
            DEAD_LETTER_REASON: reason,
        },
    )


def unreadable_dead_letter(record: Record, reason: str) -> OutgoingMessage:
    """A message as it came, but for its attempt: what is wrong with it is for a person to see."""
    texts = attribute_texts(record)
    kept = {name: texts[name] for name in _OF_THE_MESSAGE if texts.get(name)}
    if not _MESSAGE_ID.fullmatch(kept.get(ORIGINAL_MESSAGE_ID, "")):
        kept[ORIGINAL_MESSAGE_ID] = record["messageId"]
    return OutgoingMessage(
        message_id=record["messageId"],
        body=record["body"],
        attributes={**kept, DEAD_LETTER_REASON: reason},
    )


def _type(name: str, text: str) -> str:
    """The type of an attribute: SQS refuses a message with a Number that is none, so that becomes a text."""
    return _TYPES[name] if _TYPES[name] != "Number" or _NUMBER.fullmatch(text) else "String"


def _kept_attributes(queued: QueuedMessage) -> dict[str, str]:
    message = queued.message
    optional = {REQUEST_ID: message.request_id, PROVEN_ENDPOINT: message.proven_endpoint}
    return {
        **{name: text for name, text in optional.items() if text},
        # Also where the gateway gave none: the copy's own time of sending would make the event young again.
        REQUEST_TIME: str(queued.received_ms),
        ORIGINAL_MESSAGE_ID: queued.original_message_id,
    }


def _matching(
    texts: Mapping[str, str], name: str, pattern: re.Pattern[str], reason: UnreadableReason
) -> str | None:
    text = texts.get(name)
    if text is not None and not pattern.fullmatch(text):
        raise UnreadableMessageError(reason)
    return text
