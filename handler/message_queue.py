"""Sends messages to a queue: copies to retry, and dead letters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from contract.sqs import BATCH_BYTES, MESSAGES_IN_BATCH
from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.batching import fill_batches
from handler.delivery.concurrency import map_concurrently
from handler.delivery.failures import code_of
from handler.queue_message import OutgoingMessage

# One attempt: the queue itself says which messages failed, and only those are sent again.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=3, attempts=1)
ROUNDS = 2

CONCURRENT_REQUESTS = 8

_OUT_OF_TIME = "out_of_time"


@dataclass(frozen=True, slots=True)
class Sent:
    """`taken`: the ids of the received messages whose replacement the queue has taken. `refused`: the others.

    Those have the error code of Amazon SQS, or None if it gave none. Where there was no response or no time,
    it is a word of this program (`no_response`, `out_of_time`).
    """

    taken: frozenset[str]
    refused: Mapping[str, str | None]


class MessageQueue:
    """A queue that this function may send to."""

    def __init__(self, *, queue_url: str, service: AwsService) -> None:
        self._queue_url = queue_url
        self._service = service

    def send(self, messages: Sequence[OutgoingMessage], *, time_left: Callable[[], float]) -> Sent:
        """Send messages, and once more what the queue has not taken. `time_left` is in seconds."""

        def send_in_time(batch: Sequence[OutgoingMessage]) -> Mapping[str, str | None]:
            in_time = time_left() >= self._service.limits.worst_case_seconds
            if in_time:
                return self._send_batch(batch)
            return {one.message_id: refused[one.message_id] or _OUT_OF_TIME for one in batch}

        refused: dict[str, str | None] = {one.message_id: None for one in messages}
        for _ in range(ROUNDS):
            batches = fill_batches(
                (one for one in messages if one.message_id in refused),
                max_items=MESSAGES_IN_BATCH,
                max_bytes=BATCH_BYTES,
                size_of=attrgetter("size"),
            )
            refused = {
                id_: code or refused[id_]
                for still in map_concurrently(send_in_time, list(batches), at_once=CONCURRENT_REQUESTS)
                for id_, code in still.items()
            }
        return Sent(frozenset(one.message_id for one in messages if one.message_id not in refused), refused)

    def _send_batch(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, str | None]:
        """Send messages in one request; returns those that the queue has not taken, with the error code."""
        entries = [message.entry(str(position)) for position, message in enumerate(messages)]
        try:
            response = self._service.call("send_message_batch", QueueUrl=self._queue_url, Entries=entries)
        except CallError as error:
            code = error.cause if error.status is None else code_of(error.code)
            return {message.message_id: code for message in messages}
        taken = {success["Id"] for success in response.get("Successful", [])}
        codes: dict[Any, Any] = {one.get("Id"): one.get("Code") for one in response.get("Failed", [])}
        return {
            message.message_id: code_of(codes.get(entry["Id"]))
            for message, entry in zip(messages, entries, strict=True)
            if entry["Id"] not in taken
        }
