"""Sends messages to a queue: copies to retry, and dead letters."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from contract.sqs import BATCH_BYTES, MESSAGES_IN_BATCH
from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.batching import fill_batches
from handler.delivery.concurrency import map_concurrently
from handler.queue_message import OutgoingMessage

# One attempt: the queue itself says which messages failed, and only those are sent again.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=3, attempts=1)
ROUNDS = 2

CONCURRENT_REQUESTS = 8


class MessageQueue:
    """A queue that this function may send to."""

    def __init__(self, *, queue_url: str, service: AwsService) -> None:
        self._queue_url = queue_url
        self._service = service

    def send(self, messages: Sequence[OutgoingMessage], *, time_left: Callable[[], float]) -> frozenset[str]:
        """Send messages, and once more what the queue has not taken. `time_left` is in seconds.

        Returns the ids of the received messages whose replacement the queue has taken.
        """

        def send_in_time(batch: Sequence[OutgoingMessage]) -> Sequence[str]:
            in_time = time_left() >= self._service.limits.worst_case_seconds
            return list(self._send_batch(batch)) if in_time else []

        taken: set[str] = set()
        for _ in range(ROUNDS):
            batches = fill_batches(
                (one for one in messages if one.message_id not in taken),
                max_items=MESSAGES_IN_BATCH,
                max_bytes=BATCH_BYTES,
                size_of=attrgetter("size"),
            )
            for ids in map_concurrently(send_in_time, list(batches), at_once=CONCURRENT_REQUESTS):
                taken.update(ids)
        return frozenset(taken)

    def _send_batch(self, messages: Sequence[OutgoingMessage]) -> Iterator[str]:
        entries = [message.entry(str(position)) for position, message in enumerate(messages)]
        try:
            response = self._service.call("send_message_batch", QueueUrl=self._queue_url, Entries=entries)
        except CallError:
            return
        for success in response.get("Successful", []):
            yield messages[int(success["Id"])].message_id
