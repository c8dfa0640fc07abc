"""Sends messages to a queue: copies that come again, and dead letters."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter

from contract.sqs import BATCH_BYTES, MESSAGES_IN_BATCH
from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.batching import fill_batches
from handler.queue_message import OutgoingMessage

# One attempt: what a request left unsent is sent again here, as far as time allows.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=3, attempts=1)
ROUNDS = 2

CONCURRENT_REQUESTS = 8


class MessageQueue:
    """A queue that this function may send to."""

    def __init__(self, *, queue_url: str, service: AwsService) -> None:
        self._queue_url = queue_url
        self._service = service

    @classmethod
    def at(cls, queue_url: str) -> "MessageQueue":
        return cls(queue_url=queue_url, service=AwsService("sqs", region=None, limits=CALL_LIMITS))

    def send(self, messages: Sequence[OutgoingMessage], *, time_left: Callable[[], float]) -> frozenset[str]:
        """Send messages; the ids of the received ones whose place the queue has taken over.

        What the queue has not taken is sent once more. `time_left` is in seconds.
        """
        taken: set[str] = set()
        for _ in range(ROUNDS):
            batches = list(
                fill_batches(
                    (one for one in messages if one.message_id not in taken),
                    max_items=MESSAGES_IN_BATCH,
                    max_bytes=BATCH_BYTES,
                    size_of=attrgetter("size"),
                )
            )
            if not batches:
                break

            def send_in_time(batch: Sequence[OutgoingMessage]) -> Sequence[str]:
                in_time = time_left() >= self._service.limits.worst_case_seconds
                return list(self._send_batch(batch)) if in_time else []

            with ThreadPoolExecutor(min(CONCURRENT_REQUESTS, len(batches))) as threads:
                for ids in threads.map(send_in_time, batches):
                    taken.update(ids)
        return frozenset(taken)

    def _send_batch(self, messages: Sequence[OutgoingMessage]) -> Iterator[str]:
        entries = [message.entry(str(position)) for position, message in enumerate(messages)]
        try:
            answer = self._service.call("send_message_batch", QueueUrl=self._queue_url, Entries=entries)
        except CallError:
            return
        for success in answer.get("Successful", []):
            yield messages[int(success["Id"])].message_id
