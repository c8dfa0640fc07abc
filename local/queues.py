"""The messages in the stack's queues: events to retry, and dead letters."""

from collections.abc import Mapping
from typing import Any

from moto.sqs.models import sqs_backends

from local.deployment.cloud import Cloud

_OUT_OF_RECEIVES = "max_receive_count"
"""The reason of a message that SQS itself moved, after `maxReceiveCount` receives."""


class Queues:
    """The queue and the dead-letter queue that the stack's outputs name."""

    def __init__(self, cloud: Cloud, outputs: Mapping[str, Any]) -> None:
        self._cloud = cloud
        self._outputs = outputs

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

    def _messages(self, output: str) -> list[Any]:
        """The messages of a queue, read inside moto: receiving them would hide them."""
        url = self._outputs.get(output)
        if url is None:
            return []
        queue = sqs_backends[self._cloud.account_id][self._cloud.region].get_queue(url.rpartition("/")[2])
        return list(queue._messages)  # noqa: SLF001 - `messages` lacks those in flight and delayed


def _attribute(message: Any, name: str) -> str | None:
    value = message.message_attributes.get(name)
    return value and value.get("StringValue")
