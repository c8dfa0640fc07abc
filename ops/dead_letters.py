"""Dead letters: what a message says about itself, and many of them by reason. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

RETENTION_SECONDS: Final = 14 * 86_400
"""How long the queue keeps a message, counted from when it was first sent."""

OUT_OF_RECEIVES: Final = "max_receive_count"
"""The reason of a message that SQS itself moved: the function crashed with it, again and again."""

_ALL: Final = "all destinations"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message of the dead-letter queue. Times are epoch seconds."""

    message_id: str
    receipt_handle: str
    body: str
    # As SQS takes them: DataType and StringValue by name.
    attributes: Mapping[str, Mapping[str, str]]
    sent_at: float

    @property
    def reason(self) -> str:
        return self.string("dead_letter_reason") or OUT_OF_RECEIVES

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
        """A parameter of the sender's URL; the last of several."""
        return dict(parse_qsl(self.body, keep_blank_values=True)).get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """The dead letters with one reason that the same destinations lack."""

    reason: str
    pending: str
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
    groups: dict[tuple[str, str], list[float]] = {}
    for letter in letters:
        groups.setdefault((letter.reason, letter.pending), []).append(letter.sent_at)
    counts = [
        ReasonCount(
            reason=reason, pending=pending, count=len(times), oldest_at=min(times), newest_at=max(times)
        )
        for (reason, pending), times in groups.items()
    ]
    return sorted(counts, key=lambda one: (-one.count, one.reason, one.pending))


def exported(letter: DeadLetter) -> dict[str, Any]:
    """A line of an export."""
    return {
        "message_id": letter.message_id,
        "sent_at": letter.sent_at,
        "reason": letter.reason,
        "body": letter.body,
        "attributes": {name: value.get("StringValue", "") for name, value in letter.attributes.items()},
    }


def summary(letter: DeadLetter, *, values: bool) -> dict[str, Any]:
    """What a list says of a dead letter; personal data only with `values`."""
    personal = {
        "event": letter.parameter("event"),
        "endpoint_id": letter.parameter("endpoint_id"),
        "body": letter.body,
    }
    return {
        "message_id": letter.message_id,
        "request_id": letter.string("request_id"),
        "reason": letter.reason,
        "pending": letter.pending,
        "sent_at": letter.sent_at,
        **(personal if values else {}),
    }
