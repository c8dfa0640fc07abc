"""The messages in the stack's queues: events to retry, and dead letters."""

from collections.abc import Collection, Mapping
from typing import Any

from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from local.deployment.cloud import Cloud
from local.deployment.message_moves import move_message

_OUT_OF_RECEIVES = "max_receive_count"
"""The reason of a message that SQS itself moved, after `maxReceiveCount` receives."""


class Queues:
    """The queue and the dead-letter queue that the stack's outputs name."""

    def __init__(self, cloud: Cloud, outputs: Mapping[str, Any]) -> None:
        self._cloud = cloud
        self._outputs = outputs

    @property
    def names(self) -> tuple[str, str]:
        """The names of the queue and of the dead-letter queue."""
        return self._queue("queue_url").name, self._queue("dead_letter_queue_url").name

    def retries(self) -> list[dict[str, Any]]:
        """The copies in the queue that the function sent to retry an event later."""
        return [
            {
                "message_id": message.id,
                "reason": _attribute(message, "retry_reason"),
                "pending": _attribute(message, "pending"),
                "attempt": int(attempt),
                "original_message_id": _attribute(message, "original_message_id"),
            }
            for message in self._messages("queue_url")
            if (attempt := _attribute(message, "attempt"))
        ]

    def dead_letters(self) -> list[dict[str, Any]]:
        """The messages in the dead-letter queue."""
        return [
            {
                "message_id": message.id,
                "reason": _attribute(message, "dead_letter_reason") or _OUT_OF_RECEIVES,
                "pending": _attribute(message, "pending"),
                "original_message_id": _attribute(message, "original_message_id") or message.id,
            }
            for message in self._messages("dead_letter_queue_url")
        ]

    def redrive(self, ids: Collection[str] | None = None) -> int:
        """Move dead letters back to the queue, as StartMessageMoveTask does; how many it moved.

        `ids` are those of the dead letters or of the messages that they replaced; None moves all.
        """

        def is_wanted(message: Message) -> bool:
            return ids is None or not {message.id, _attribute(message, "original_message_id")}.isdisjoint(ids)

        source, destination = self._queue("dead_letter_queue_url"), self._queue("queue_url")
        moved = 0
        while move_message(self._backend, source, destination, is_wanted=is_wanted):
            moved += 1
        return moved

    def _messages(self, output: str) -> list[Any]:
        """The messages of a queue, read inside moto: receiving them would hide them."""
        if output not in self._outputs:
            return []
        # `messages` lacks those in flight and delayed.
        return list(self._queue(output)._messages)  # noqa: SLF001

    def _queue(self, output: str) -> Queue:
        return self._backend.get_queue(self._outputs[output].rpartition("/")[2])

    @property
    def _backend(self) -> SQSBackend:
        return sqs_backends[self._cloud.account_id][self._cloud.region]


def _attribute(message: Any, name: str) -> str | None:
    value = message.message_attributes.get(name)
    return value and value.get("StringValue")
