"""Dead letters: what a message says about itself, and many of them by reason. Pure."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from contract.url import ENDPOINT_ID, EVENT
from ops.counts import counted

RETENTION_SECONDS: Final = 14 * 86_400
"""How long the queue keeps a message, counted from when it was first sent."""

OUT_OF_RECEIVES: Final = "max_receive_count"
"""The reason of a message that SQS itself moved: the function crashed with it, again and again."""

_ALL: Final = "all destinations"

_ESCAPED_AMPERSANDS: Final = re.compile(r"(?:amp;)+", re.IGNORECASE)  # docs/url.md, "Escaped names"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message of the dead-letter queue. Times are epoch seconds."""

    message_id: str
    receipt_handle: str
    body: str
    # As SQS takes them: DataType with StringValue or, only from other tools, BinaryValue.
    attributes: Mapping[str, Mapping[str, Any]]
    sent_at: float

    @property
    def reason(self) -> str:
        return self.string("dead_letter_reason") or OUT_OF_RECEIVES

    @property
    def code(self) -> str | None:
        """The services' error codes, joined by commas, if they gave any."""
        return self.string("dead_letter_code")

    @property
    def pending(self) -> str:
        """The destinations that lack the event."""
        return self.string("pending") or _ALL

    @property
    def original_message_id(self) -> str:
        return self.string("original_message_id") or self.message_id

    @property
    def deleted_at(self) -> float:
        return self.sent_at + RETENTION_SECONDS

    def string(self, name: str) -> str | None:
        return self.attributes.get(name, {}).get("StringValue")

    def parameter(self, name: str) -> str:
        """A parameter of the sender's URL, as the function reads it: the last of several."""
        sent = dict(parse_qsl(self.body, keep_blank_values=True))
        escaped = (value for key, value in sent.items() if _ESCAPED_AMPERSANDS.sub("", key, count=1) == name)
        return sent.get(name, next(escaped, ""))

    def is_of(self, endpoint_id: str) -> bool:
        """Whether it names an endpoint: as the event's, or as the one that the sender's token proves."""
        return endpoint_id in (self.parameter(ENDPOINT_ID), self.string("proven_endpoint"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """The dead letters with one reason that the same destinations lack."""

    reason: str
    pending: str
    # The services' error codes, each once.
    codes: tuple[str, ...]
    count: int
    oldest_at: float
    newest_at: float


def read(message: Mapping[str, Any]) -> DeadLetter:
    """A message as ReceiveMessage returns it."""
    return DeadLetter(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message["Body"],
        attributes=message.get("MessageAttributes", {}),
        sent_at=int(message.get("Attributes", {}).get("SentTimestamp", "0")) / 1000,
    )


def by_reason(letters: Iterable[DeadLetter]) -> list[ReasonCount]:
    """The most frequent first."""
    groups: dict[tuple[str, str], list[DeadLetter]] = {}
    for letter in letters:
        groups.setdefault((letter.reason, letter.pending), []).append(letter)
    counts = [
        ReasonCount(
            reason=reason,
            pending=pending,
            codes=tuple(sorted({letter.code for letter in group if letter.code})),
            count=len(group),
            oldest_at=min(letter.sent_at for letter in group),
            newest_at=max(letter.sent_at for letter in group),
        )
        for (reason, pending), group in groups.items()
    ]
    return sorted(counts, key=lambda one: (-one.count, one.reason, one.pending))


def unseen(count: int) -> str:
    """What to say of dead letters that a walk through the queue did not meet."""
    return (
        f"About {counted(count, 'dead letter was', 'dead letters were')} not seen: another command is "
        "reading, or there are too many to read at once. Run this again later."
    )


def exported(letter: DeadLetter) -> dict[str, Any]:
    """A line of an export."""
    return {
        "message_id": letter.message_id,
        "sent_at": letter.sent_at,
        "reason": letter.reason,
        "body": letter.body,
        "attributes": {name: _written(value) for name, value in letter.attributes.items()},
    }


def _written(value: Mapping[str, Any]) -> str:
    """The value of an attribute; a binary one in base64."""
    if "StringValue" in value:
        return value["StringValue"]
    return base64.b64encode(value.get("BinaryValue", b"")).decode()


def summary(letter: DeadLetter, *, values: bool) -> dict[str, Any]:
    """What a list says of a dead letter; personal data only with `values`."""
    personal = {
        "event": letter.parameter(EVENT),
        "endpoint_id": letter.parameter(ENDPOINT_ID),
        "body": letter.body,
    }
    return {
        "message_id": letter.message_id,
        "request_id": letter.string("request_id"),
        "reason": letter.reason,
        "code": letter.code,
        "pending": letter.pending,
        "sent_at": letter.sent_at,
        **(personal if values else {}),
    }
