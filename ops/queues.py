"""Reads the queue and the dead-letter queue. What is looked at in a dead-letter queue is put back at once."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ops import dead_letters
from ops.aws import Aws
from ops.dead_letters import DeadLetter
from ops.errors import FailedError

_BATCH: Final = 10  # messages of one SQS call

HIDDEN_SECONDS: Final = 300
"""How long a message stays hidden if this program ends before it puts the message back."""

_EMPTY_RECEIVES: Final = 2  # a receive may miss messages that are there; so many in a row mean that none is


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The messages of a queue, as SQS counts them: approximately."""

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.waiting + self.in_flight + self.delayed


def depth(aws: Aws, queue_url: str) -> Depth:
    """Raises CallError."""
    attributes = aws.call(
        *("sqs", "get_queue_attributes"),
        QueueUrl=queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )["Attributes"]
    return Depth(
        waiting=int(attributes["ApproximateNumberOfMessages"]),
        in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        delayed=int(attributes["ApproximateNumberOfMessagesDelayed"]),
    )


def attribute(aws: Aws, queue_url: str, name: str) -> str:
    """An attribute of a queue, or an empty string. Raises CallError."""
    found = aws.call("sqs", "get_queue_attributes", QueueUrl=queue_url, AttributeNames=[name])
    return found.get("Attributes", {}).get(name, "")


@contextmanager
def looked_at(
    aws: Aws, queue_url: str, *, expected: int, limit: int, advance: Callable[[int], None]
) -> Generator[list[DeadLetter]]:
    """Dead letters, hidden from others until the end. Raises CallError."""
    letters: list[DeadLetter] = []
    try:
        for batch in receive(aws, queue_url, expected=expected, limit=limit):
            letters += batch
            advance(len(batch))
        yield letters
    finally:
        put_back(aws, queue_url, letters)


def put_back(aws: Aws, queue_url: str, letters: Sequence[DeadLetter]) -> None:
    """Make messages visible again. Raises CallError."""
    for entries in _batches(letters):
        aws.call(
            *("sqs", "change_message_visibility_batch"),
            QueueUrl=queue_url,
            Entries=[{**entry, "VisibilityTimeout": 0} for entry in entries],
        )


def delete(aws: Aws, queue_url: str, letters: Sequence[DeadLetter]) -> None:
    """Raises CallError, or FailedError if SQS keeps one: it answers 200 then, too."""
    kept = 0
    for entries in _batches(letters):
        response = aws.call("sqs", "delete_message_batch", QueueUrl=queue_url, Entries=entries)
        kept += len(response.get("Failed", []))
    if kept:
        raise FailedError(
            f"SQS did not delete {kept} of {len(letters)} dead letters: they are still there, sent or not"
        )


def receive(aws: Aws, queue_url: str, *, expected: int, limit: int) -> Iterator[list[DeadLetter]]:
    """Batches of messages, each once, until none is left that was not returned. Raises CallError.

    The receiver deletes them or puts them back; otherwise they are visible again after HIDDEN_SECONDS. Only
    if there are fewer than expected, SQS is asked once more, for longer.
    """
    seen: set[str] = set()
    without_new = 0
    while len(seen) < limit and without_new < _EMPTY_RECEIVES:
        received = aws.call(
            *("sqs", "receive_message"),
            QueueUrl=queue_url,
            MaxNumberOfMessages=min(_BATCH, limit - len(seen)),
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
            VisibilityTimeout=HIDDEN_SECONDS,
            # With a wait, SQS asks all of its servers.
            WaitTimeSeconds=0 if without_new == 0 else 1,
        ).get("Messages", [])
        batch = [dead_letters.read(message) for message in received if message["MessageId"] not in seen]
        seen |= {letter.message_id for letter in batch}
        without_new = 0 if batch else without_new + 1
        if batch:
            yield batch
        elif len(seen) >= expected:
            return


def send(aws: Aws, queue_url: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Send at most ten messages; returns the new id of each that was taken, by entry. Raises CallError."""
    response = aws.call("sqs", "send_message_batch", QueueUrl=queue_url, Entries=entries)
    return {one["Id"]: one["MessageId"] for one in response.get("Successful", [])}


def _batches(letters: Sequence[DeadLetter]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(letters), _BATCH):
        yield [
            {"Id": str(number), "ReceiptHandle": letter.receipt_handle}
            for number, letter in enumerate(letters[start : start + _BATCH])
        ]
