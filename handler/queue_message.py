"""Reads messages as Lambda delivers them, and writes copies and dead letters as SQS takes them. Pure.

The attributes of a message are trusted. The gateway writes the first three, this program the others on copies
and dead letters. Only an operator can write a wrong one; such a message is dead-lettered. SQS allows ten
attributes a message, so unknown ones are not copied.
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
# The id of the first message: the event id, if its sender gave none.
ORIGINAL_MESSAGE_ID: Final = "original_message_id"
# The destinations that lack the event, joined by commas; without it, all destinations of the stack.
PENDING: Final = "pending"
# The number of the retry, counted from 1, and its reason.
ATTEMPT: Final = "attempt"
RETRY_REASON: Final = "retry_reason"
# Only on dead letters. StartMessageMoveTask keeps it, so it marks a redriven message, whose retries restart.
DEAD_LETTER_REASON: Final = "dead_letter_reason"
# Only on dead letters: the error codes of the services, if they gave any.
DEAD_LETTER_CODE: Final = "dead_letter_code"

Record = Mapping[str, Any]
"""A record of the SQS event that Lambda passes."""

_TYPES: Final = {
    REQUEST_ID: "String",
    REQUEST_TIME: "Number",
    PROVEN_ENDPOINT: "String",
    ORIGINAL_MESSAGE_ID: "String",
    PENDING: "String",
    ATTEMPT: "Number",
    RETRY_REASON: "String",
    DEAD_LETTER_REASON: "String",
    DEAD_LETTER_CODE: "String",
}
_OF_THE_MESSAGE: Final = (REQUEST_ID, REQUEST_TIME, PROVEN_ENDPOINT, ORIGINAL_MESSAGE_ID, PENDING)

# Far more retries than any schedule has.
_ATTEMPT = re.compile(r"[0-9]{1,5}")
_PENDING = re.compile(r"\s*[a-z]+(-[a-z]+)*\s*(,\s*[a-z]+(-[a-z]+)*\s*)*")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,38}")  # Amazon SQS: up to 38 digits
_EPOCH_MILLISECONDS = re.compile(r"[0-9]{1,15}")
# The last moment of the year 9999, the latest that datetime holds, less a day for times a little later.
_LATEST_MS = 253_402_300_799_999 - 24 * 60 * 60 * 1000


class UnreadableReason(StrEnum):
    """Which part of a message is unreadable, as the reason of its dead letter."""

    ATTEMPT = "attempt_unreadable"
    PENDING = "pending_unreadable"
    ORIGINAL_MESSAGE_ID = "original_message_id_unreadable"
    REQUEST_TIME = "request_time_unreadable"
    SENT_TIME = "sent_time_unreadable"


class UnreadableMessageError(Exception):
    """A message has an unreadable attribute."""

    def __init__(self, reason: UnreadableReason) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """A message and the state of its retries."""

    message: Message
    # The number of the retry; 0 for a new message and a redriven one.
    attempt: int
    # The names of the destinations that lack the event; None: all destinations of the stack.
    pending: tuple[str, ...] | None
    # How often the queue has delivered the message, this time included.
    receives: int

    @property
    def original_message_id(self) -> str:
        return self.message.original_message_id or self.message.message_id

    @property
    def received_ms(self) -> int:
        """When the gateway received the event. Copies keep this time."""
        return self.message.received_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message to send in place of a received one."""

    # The id of the received message.
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
                name: {"DataType": _type(name, string), "StringValue": string}
                for name, string in self.attributes.items()
            },
        }

    @property
    def size(self) -> int:
        """Bytes as SQS counts them: the body, and name, type and value of each attribute."""
        attributes = sum(
            len(name) + len(_type(name, string)) + len(string.encode())
            for name, string in self.attributes.items()
        )
        return len(self.body.encode()) + attributes


def read_message(record: Record) -> QueuedMessage:
    """Read a record of a Lambda event; raises UnreadableMessageError."""
    strings = attribute_strings(record)
    request_time = _matching(strings, REQUEST_TIME, _EPOCH_MILLISECONDS, UnreadableReason.REQUEST_TIME)
    if request_time is not None and int(request_time) > _LATEST_MS:
        raise UnreadableMessageError(UnreadableReason.REQUEST_TIME)
    pending = _matching(strings, PENDING, _PENDING, UnreadableReason.PENDING)
    is_redriven = DEAD_LETTER_REASON in strings
    attempt = None if is_redriven else _matching(strings, ATTEMPT, _ATTEMPT, UnreadableReason.ATTEMPT)
    system: Mapping[str, str] = record.get("attributes") or {}
    sent_at = _matching(
        {"SentTimestamp": "", **system}, "SentTimestamp", _EPOCH_MILLISECONDS, UnreadableReason.SENT_TIME
    )
    message = Message(
        message_id=record["messageId"],
        body=record["body"],
        sent_at_ms=int(sent_at or 0),
        request_id=strings.get(REQUEST_ID),
        request_time_ms=None if request_time is None else int(request_time),
        proven_endpoint=strings.get(PROVEN_ENDPOINT),
        original_message_id=_matching(
            strings, ORIGINAL_MESSAGE_ID, _MESSAGE_ID, UnreadableReason.ORIGINAL_MESSAGE_ID
        ),
    )
    return QueuedMessage(
        message=message,
        attempt=int(attempt or 0),
        pending=None if pending is None else tuple(name.strip() for name in pending.split(",")),
        receives=int(system.get("ApproximateReceiveCount", "1")),
    )


def attribute_strings(record: Record) -> dict[str, str]:
    """The known message attributes. One that is no string counts as empty."""
    attributes: Mapping[str, Mapping[str, object]] = record.get("messageAttributes") or {}
    return {name: str(attributes[name].get("stringValue") or "") for name in _TYPES if name in attributes}


def retry_copy(
    queued: QueuedMessage, *, attempt: int, pending: Sequence[str], reason: str, delay_seconds: int
) -> OutgoingMessage:
    """The copy of a message, to retry it in the destinations that lack the event.

    It has no dead-letter reason: with one, its retries would start again each time and never end.
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


def dead_letter(
    queued: QueuedMessage, *, pending: Sequence[str], reason: str, code: str | None = None
) -> OutgoingMessage:
    """The dead letter of a message, with its reason and the destinations that lack the event.

    `code` has the services' error codes, if they gave any.
    """
    return OutgoingMessage(
        message_id=queued.message.message_id,
        body=queued.message.body,
        attributes={
            **_kept_attributes(queued),
            PENDING: ",".join(pending),
            DEAD_LETTER_REASON: reason,
            **({DEAD_LETTER_CODE: code} if code else {}),
        },
    )


def unreadable_dead_letter(record: Record, reason: str) -> OutgoingMessage:
    """The dead letter of an unreadable message. Its attributes stay as they are, without the attempt."""
    strings = attribute_strings(record)
    kept = {name: strings[name] for name in _OF_THE_MESSAGE if strings.get(name)}
    if not _MESSAGE_ID.fullmatch(kept.get(ORIGINAL_MESSAGE_ID, "")):
        kept[ORIGINAL_MESSAGE_ID] = record["messageId"]
    return OutgoingMessage(
        message_id=record["messageId"],
        body=record["body"],
        attributes={**kept, DEAD_LETTER_REASON: reason},
    )


def _type(name: str, string: str) -> str:
    """The type of an attribute. SQS refuses a Number that is none, so that becomes a String."""
    return _TYPES[name] if _TYPES[name] != "Number" or _NUMBER.fullmatch(string) else "String"


def _kept_attributes(queued: QueuedMessage) -> dict[str, str]:
    message = queued.message
    optional = {REQUEST_ID: message.request_id, PROVEN_ENDPOINT: message.proven_endpoint}
    return {
        **{name: string for name, string in optional.items() if string},
        # Even if the gateway gave none: the copy's own sending time would make the event look new.
        REQUEST_TIME: str(queued.received_ms),
        ORIGINAL_MESSAGE_ID: queued.original_message_id,
    }


def _matching(
    strings: Mapping[str, str], name: str, pattern: re.Pattern[str], reason: UnreadableReason
) -> str | None:
    string = strings.get(name)
    if string is not None and not pattern.fullmatch(string):
        raise UnreadableMessageError(reason)
    return string
