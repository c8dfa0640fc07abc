"""Which dead letters to send again, and as which messages. Pure.

A message is sent again as it is, with the attributes that the gateway and the function wrote. They are
trusted, because the message comes out of the stack's own dead-letter queue, and from nowhere else.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract.sqs import BATCH_BYTES
from ops.dead_letters import DeadLetter

_ORIGINAL_ID: Final = "original_message_id"
_MOST_ATTRIBUTES: Final = 10  # of an SQS message
_PARTS: Final = ("DataType", "StringValue", "BinaryValue")  # of an attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which dead letters; by default all. Ages are in seconds."""

    reasons: Collection[str] = ()
    older_than: float | None = None
    newer_than: float | None = None

    def fits(self, letter: DeadLetter, *, now: float) -> bool:
        """Whether to send it again. Not if it was sent after `now`: it may be one that has come back."""
        age = now - letter.sent_at
        return (
            age >= 0
            and (not self.reasons or any(_has_reason(letter, reason) for reason in self.reasons))
            and (self.older_than is None or age >= self.older_than)
            and (self.newer_than is None or age <= self.newer_than)
        )


def _has_reason(letter: DeadLetter, reason: str) -> bool:
    """Whether a reason is the letter's, or one of several that it has, or the beginning of one with a `*`."""
    own = [letter.reason, *letter.reason.split(",")]
    if reason.endswith("*"):
        return any(one.strip().startswith(reason[:-1]) for one in own)
    return reason in (one.strip() for one in own)


def entries(letters: Sequence[DeadLetter]) -> list[dict[str, Any]]:
    """The entries of a SendMessageBatch, in the order of the letters.

    A redrive gives a message a new id. So one that SQS itself moved gets the attribute with its first id: the
    event's id, if its sender gave none.
    """
    return [
        {"Id": str(number), "MessageBody": letter.body, "MessageAttributes": _attributes(letter)}
        for number, letter in enumerate(letters)
    ]


def requests(entries: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """The entries of each SendMessageBatch: together no more bytes than SQS takes."""
    request: list[Mapping[str, Any]] = []
    total = 0
    for entry in entries:
        size = _bytes(entry)
        if request and total + size > BATCH_BYTES:
            yield request
            request, total = [], 0
        request.append(entry)
        total += size
    if request:
        yield request


def _bytes(entry: Mapping[str, Any]) -> int:
    """The size of a message as SQS counts it: the body, and the name, type and value of each attribute."""
    written = [entry["MessageBody"]]
    for name, value in entry["MessageAttributes"].items():
        written += [name, *value.values()]
    return sum(len(one if isinstance(one, bytes) else one.encode()) for one in written)


def _attributes(letter: DeadLetter) -> dict[str, dict[str, Any]]:
    kept = {
        name: {part: value[part] for part in _PARTS if part in value}
        for name, value in letter.attributes.items()
    }
    if _ORIGINAL_ID in kept or len(kept) >= _MOST_ATTRIBUTES:
        return kept
    return {**kept, _ORIGINAL_ID: {"DataType": "String", "StringValue": letter.message_id}}


def is_fed_by(redrive_policy: str, dead_letter_queue_url: str) -> bool:
    """Whether the queue with this RedrivePolicy sends its dead letters to this queue."""
    account, name = dead_letter_queue_url.split("/")[-2:]
    try:
        target = str(json.loads(redrive_policy)["deadLetterTargetArn"])
    except (ValueError, LookupError, TypeError):
        return False
    return target.split(":")[-2:] == [account, name]


def pause_after(count: int, *, rate: float) -> float:
    """Seconds to wait after sending so many, to send no more than `rate` a second."""
    return count / rate
