"""What the commands make of SQS's responses to batches."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ops import queues
from ops.aws import Aws
from ops.commands import redrive
from ops.context import Context
from ops.dead_letters import DeadLetter
from ops.errors import FailedError


class _KeepsTheSecond:
    """SQS as it responds if it deletes all of a batch but one."""

    def call(self, _service: str, _operation: str, **parameters: Any) -> dict[str, Any]:
        first, second = parameters["Entries"]
        return {
            "Successful": [{"Id": first["Id"]}],
            "Failed": [{"Id": second["Id"], "Code": "InternalError"}],
        }


def test_a_dead_letter_that_sqs_keeps_is_not_said_to_be_deleted() -> None:
    letters = [
        DeadLetter(message_id=id_, receipt_handle=id_, body="event=a", attributes={}, sent_at=0.0)
        for id_ in ("one", "two")
    ]
    with pytest.raises(FailedError, match="did not delete 1 of 2 dead letters"):
        queues.delete(cast(Aws, _KeepsTheSecond()), "https://sqs/1/dead", letters)


class _OneLetterAReceive:
    """A dead-letter queue that gives one message to each receive."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self._messages = messages

    def call(self, _service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        match operation:
            case "get_queue_attributes" if parameters["AttributeNames"] == ["RedrivePolicy"]:
                return {"Attributes": {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:r:1:dead"}'}}
            case "get_queue_attributes":
                names = parameters["AttributeNames"]
                return {"Attributes": dict.fromkeys(names, "0") | {names[0]: str(len(self._messages))}}
            case "receive_message":
                return {"Messages": [self._messages.pop(0)] if self._messages else []}
            case _:
                return {}


def test_every_letter_of_an_event_is_redriven() -> None:
    messages = [
        {
            "MessageId": id_,
            "ReceiptHandle": id_,
            "Body": "event=a",
            "MessageAttributes": {
                "original_message_id": {"DataType": "String", "StringValue": "first"},
                "pending": {"DataType": "String", "StringValue": pending},
            },
        }
        for id_, pending in (("one", "firehose"), ("two", "customer-profiles"))
    ]
    stack = SimpleNamespace(
        queue_url="https://sqs/1/queue",
        dead_letter_queue_url="https://sqs/1/dead",
        queue_name="queue",
        dead_letter_queue_name="dead",
    )
    options = SimpleNamespace(reason=[], older_than=None, newer_than=None, limit=None, rate=100, follow=0)
    results: list[dict[str, Any]] = []
    screen = SimpleNamespace(
        progress=lambda *_: nullcontext(lambda _: None), result=lambda result, _: results.append(result)
    )
    context = SimpleNamespace(
        options=options,
        stack=stack,
        aws=_OneLetterAReceive(messages),
        screen=screen,
        dry_run=True,
        clock=lambda: 100.0,
    )
    redrive.COMMAND.run(cast(Context, context))
    assert results[0]["chosen"] == 2
