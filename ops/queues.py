"""Reads the queue and the dead-letter queue. What is looked at in a dead-letter queue is put back at once."""

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Final

from cli.errors import FailedError
from contract.sqs import MESSAGES_IN_BATCH
from ops import dead_letters, interrupts
from ops.aws import Aws, CallError
from ops.context import Context
from ops.counts import counted
from ops.dead_letters import DeadLetter

_WAITS_SECONDS: Final = (0, 1, 4)
"""WaitTimeSeconds of a receive, by how many in a row before it returned nothing.

Without a wait, SQS asks only some of its servers. During the last, another reader has time to put messages
back.
"""

_LONGEST_HIDDEN_SECONDS: Final = 12 * 3600  # Amazon SQS quotas
_OVER_LIMIT: Final = "OverLimit"  # how the code ends if about 120,000 messages of a queue are hidden

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""`Screen.progress`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The messages of a queue, as SQS counts them: approximately, and late by a minute or more."""

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


def send(aws: Aws, queue_url: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Send at most ten messages; returns the new id of each that was taken, by entry. Raises CallError."""
    response = aws.call("sqs", "send_message_batch", QueueUrl=queue_url, Entries=entries)
    return {one["Id"]: one["MessageId"] for one in response.get("Successful", [])}


class Walk:
    """A walk through a queue that meets each message once, and hides it from others until the end.

    `expected` is how many there are, as far as SQS knows. With `trusts_counts`, the walk may end because SQS
    counts no more. That saves a second, but can miss messages of the last minute, except in a local run.
    """

    def __init__(self, aws: Aws, queue_url: str, *, expected: int, trusts_counts: bool) -> None:
        self._aws = aws
        self._queue_url = queue_url
        self._expected = expected
        self._trusts_counts = trusts_counts
        self._seen: set[str] = set()
        # What is to be put back, by message id, with the newest receipt: SQS ignores older ones.
        self._held: dict[str, DeadLetter] = {}

    @property
    def seen(self) -> int:
        """How many messages it has met so far."""
        return len(self._seen)

    def batches(self, limit: int | None = None) -> Iterator[list[DeadLetter]]:
        """At most ten messages at a time, until none or `limit` is reached. Raises CallError.

        On a long walk, messages become visible before its end: they are hidden again, and not returned.
        """
        hidden_seconds = _hidden_seconds(self._expected if limit is None else min(limit, self._expected))
        empty, known = 0, 0  # receives in a row that brought nothing, or nothing new
        while limit is None or self.seen < limit:
            room = MESSAGES_IN_BATCH if limit is None else min(MESSAGES_IN_BATCH, limit - self.seen)
            received = self._receive(room, hidden_seconds=hidden_seconds, wait_seconds=_WAITS_SECONDS[empty])
            if received is None:
                return
            new = [letter for letter in received if letter.message_id not in self._seen]
            self._seen |= {letter.message_id for letter in new}
            if new:
                empty, known = 0, 0
                yield new
            elif received:
                known += 1
                if known > len(self._held):
                    return  # they become visible faster than they can be received
            else:
                empty += 1
                if empty == len(_WAITS_SECONDS) or self._has_all(every_server_asked=empty > 1):
                    return

    def delete(self, letters: Collection[DeadLetter]) -> list[DeadLetter]:
        """Delete messages; returns those that SQS kept. Raises CallError."""
        kept: list[DeadLetter] = []
        for batch in _batches(list(letters)):
            failed = self._failed("delete_message_batch", batch)
            if failed:
                failed = self._failed("delete_message_batch", [letter for letter, _ in failed])
            kept += [letter for letter, _ in failed]
        for letter in letters:
            if letter not in kept:
                self._held.pop(letter.message_id, None)
        return kept

    def not_seen(self) -> int:
        """About how many messages it could not receive: others hide them, or SQS hides no more.

        Call it after the last batch. SQS counts deleted messages for a while, so no more are reported than
        were expected at first. Raises CallError.
        """
        lacking = self._expected - self.seen
        if lacking <= 0:
            return 0
        return max(0, min(lacking, depth(self._aws, self._queue_url).total - len(self._held)))

    def put_back(self, progress: Progress) -> None:
        """Make all that were not deleted visible again. Raises CallError, and FailedError if SQS did not."""
        held, hidden = list(self._held.values()), 0
        if not held:
            return
        with progress("putting dead letters back", len(held)) as advance:
            for batch in _batches(held):
                failed = self._to_put_back(batch)
                hidden += len(self._to_put_back(failed)) if failed else 0
                for letter in batch:
                    del self._held[letter.message_id]
                advance(len(batch))
        if hidden:
            raise FailedError(
                f"SQS did not put {hidden} of {counted(len(held), 'dead letter')} back: it shows what "
                f"is hidden again by itself within {_hidden_seconds(self._expected) // 60} minutes"
            )

    def _to_put_back(self, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
        """Try to put them back; returns those that stay hidden."""
        failed = self._failed("change_message_visibility_batch", letters, VisibilityTimeout=0)
        # SenderFault: the message is visible again, or deleted.
        return [letter for letter, failure in failed if not failure.get("SenderFault")]

    def _failed(
        self, operation: str, letters: Sequence[DeadLetter], **parameters: Any
    ) -> list[tuple[DeadLetter, Mapping[str, Any]]]:
        """Call an operation for at most ten messages; SQS responds with 200 even if it failed for some."""
        response = self._aws.call(
            *("sqs", operation),
            QueueUrl=self._queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": letter.receipt_handle, **parameters}
                for number, letter in enumerate(letters)
            ],
        )
        return [(letters[int(failure["Id"])], failure) for failure in response.get("Failed", [])]

    def _receive(self, most: int, *, hidden_seconds: int, wait_seconds: int) -> list[DeadLetter] | None:
        """Some messages, which are held from then on; None if SQS cannot hide more."""
        # If Ctrl-C cut a response off, nobody could put its messages back.
        with nullcontext() if wait_seconds else interrupts.deferred():
            try:
                response = self._aws.call(
                    *("sqs", "receive_message"),
                    QueueUrl=self._queue_url,
                    MaxNumberOfMessages=most,
                    MessageAttributeNames=["All"],
                    MessageSystemAttributeNames=["SentTimestamp"],
                    VisibilityTimeout=hidden_seconds,
                    WaitTimeSeconds=wait_seconds,
                )
            except CallError as error:
                if error.code.endswith(_OVER_LIMIT):
                    return None
                raise
            received = [dead_letters.read(message) for message in response.get("Messages", [])]
            self._held |= {letter.message_id: letter for letter in received}
        return received

    def _has_all(self, *, every_server_asked: bool) -> bool:
        if self.seen < self._expected:
            return False
        if every_server_asked:
            return True
        return self._trusts_counts and depth(self._aws, self._queue_url).waiting == 0


def silently(_what: str, _total: int) -> AbstractContextManager[Callable[[int], None]]:
    def advance(_count: int) -> None:
        """Nobody looks."""

    return nullcontext(advance)


@contextmanager
def walk(
    aws: Aws, queue_url: str, *, expected: int, trusts_counts: bool, progress: Progress = silently
) -> Generator[Walk]:
    """A walk through a queue. At its end, what was not deleted is put back. Raises FailedError."""
    one = Walk(aws, queue_url, expected=expected, trusts_counts=trusts_counts)
    try:
        yield one
        one.put_back(progress)
    except BaseException:
        # Report what ended the walk, and not this: messages become visible by themselves. A second Ctrl-C
        # ends this, too.
        with suppress(FailedError):
            one.put_back(progress)
        raise


def walk_of(context: Context, *, expected: int) -> AbstractContextManager[Walk]:
    """A walk through the dead-letter queue of a command's stack, with progress on its screen."""
    return walk(
        context.aws,
        context.stack.dead_letter_queue_url,
        expected=expected,
        trusts_counts=context.is_local,
        progress=context.screen.progress,
    )


def _hidden_seconds(count: int) -> int:
    """How long a message stays hidden if the program is killed before it puts so many back.

    Long enough to receive them all, ten in half a second.
    """
    return min(300 + count // 20, _LONGEST_HIDDEN_SECONDS)


def _batches(letters: Sequence[DeadLetter]) -> Iterator[Sequence[DeadLetter]]:
    for start in range(0, len(letters), MESSAGES_IN_BATCH):
        yield letters[start : start + MESSAGES_IN_BATCH]
