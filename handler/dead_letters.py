"""Sends messages that a service refused for good to the dead-letter queue, with the reason.

Messages that keep failing for other causes get there by the queue's own redrive policy. Imports
`aws_calls`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from handler.aws_calls import AwsService, CallError, CallLimits

CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=3, attempts=2)

# Limits of SendMessageBatch: entries, and bytes of all bodies and attributes together.
_MAX_ENTRIES = 10
_MAX_BATCH_BYTES = 1_048_576

# Names of the message attributes that a dead letter has beyond its own.
DEAD_LETTER_REASON = "dead_letter_reason"
ORIGINAL_MESSAGE_ID = "original_message_id"

# In the form of the SQS API: {"DataType": …, "StringValue": …}.
MessageAttribute = Mapping[str, str | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A refused message: what was in the queue, and why it is not recorded."""

    message_id: str
    # The id under which the message first entered the queue.
    original_message_id: str
    request_id: str | None
    reason: str
    body: str
    attributes: Mapping[str, MessageAttribute]

    def entry_attributes(self) -> dict[str, MessageAttribute]:
        """The message's own attributes, with what a person or a redrive needs to know of its past."""
        return {
            **self.attributes,
            DEAD_LETTER_REASON: _text_attribute(self.reason),
            ORIGINAL_MESSAGE_ID: _text_attribute(self.original_message_id),
        }


class DeadLetterQueue:
    """The stack's dead-letter queue."""

    def __init__(self, *, queue_url: str, service: AwsService) -> None:
        self._queue_url = queue_url
        self._service = service

    @classmethod
    def at(cls, queue_url: str) -> "DeadLetterQueue":
        return cls(queue_url=queue_url, service=AwsService("sqs", region=None, limits=CALL_LIMITS))

    @property
    def worst_case_seconds(self) -> float:
        """The longest that sending up to ten letters can take."""
        return self._service.limits.worst_case_seconds

    def send(self, letters: Sequence[DeadLetter], *, time_left: Callable[[], float]) -> frozenset[str]:
        """Send letters; the message ids of those the queue has taken. `time_left` is in seconds."""
        taken: set[str] = set()
        for batch in _batches(letters):
            if time_left() >= self.worst_case_seconds:
                taken.update(self._send_batch(batch))
        return frozenset(taken)

    def _send_batch(self, letters: Sequence[DeadLetter]) -> Iterator[str]:
        entries = [
            {
                "Id": str(position),
                "MessageBody": letter.body,
                "MessageAttributes": letter.entry_attributes(),
            }
            for position, letter in enumerate(letters)
        ]
        try:
            answer = self._service.call("send_message_batch", QueueUrl=self._queue_url, Entries=entries)
        except CallError:
            return
        for success in answer.get("Successful", []):
            yield letters[int(success["Id"])].message_id


def _batches(letters: Sequence[DeadLetter]) -> Iterator[Sequence[DeadLetter]]:
    filling: list[DeadLetter] = []
    room = _MAX_BATCH_BYTES
    for letter in letters:
        size = _size(letter)
        if filling and (len(filling) == _MAX_ENTRIES or size > room):
            yield filling
            filling, room = [], _MAX_BATCH_BYTES
        filling.append(letter)
        room -= size
    if filling:
        yield filling


def _size(letter: DeadLetter) -> int:
    """Bytes as SQS counts them: the body, and of each attribute its name, type and value."""
    size = len(letter.body.encode())
    for name, attribute in letter.entry_attributes().items():
        size += len(name.encode())
        size += sum(len(part if isinstance(part, bytes) else part.encode()) for part in attribute.values())
    return size


def _text_attribute(text: str) -> MessageAttribute:
    return {"DataType": "String", "StringValue": text}
