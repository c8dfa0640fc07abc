"""Amazon SQS in memory, with a clock of its own: a queue and its dead-letter queue of thousands of messages.

It does what the API reference says of receipts: a message is deleted with the newest one only, although SQS
responds as if it were, and its visibility cannot be changed once it is visible again.
"""

import heapq
import json
import random
from collections.abc import Callable, Collection, Iterator
from itertools import count
from typing import Any

from tests.ops.examples import SENT_AT

Message = dict[str, Any]

BEGINS_AT = SENT_AT + 3600


def message(number: int, *, body: str = "", sent_at: float = SENT_AT, **attributes: str) -> Message:
    """A dead letter as ReceiveMessage returns it, with string attributes."""
    return {
        "MessageId": f"m-{number}",
        "Body": body or f"event=purchase&endpoint_id=e{number}",
        "Attributes": {"SentTimestamp": str(int(sent_at * 1000))},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }


class DeadLetterQueue:
    """Responds to the calls that `ops.queues` makes, as Aws does."""

    def __init__(self, messages: Collection[Message], *, seconds_a_call: float = 0.02) -> None:
        self.now = BEGINS_AT
        self.sent: list[Message] = []
        self.calls: list[str] = []
        # What each call does beside: presses Ctrl-C, raises an error.
        self.before: Callable[[str, dict[str, Any]], None] = lambda *_: None
        self.after: Callable[[str, dict[str, Any]], None] = lambda *_: None
        # The ids of messages that SQS fails to delete, put back or take.
        self.failing: set[str] = set()
        self.sender_fault = False
        # Whether a redriven message becomes a dead letter again.
        self.fault_lasts = False
        # Whether the counts are late.
        self.counts_nothing = False
        self.most_hidden = 120_000
        self._seconds_a_call = seconds_a_call
        self._messages = {one["MessageId"]: one for one in messages}
        self._receipts: dict[str, str] = {}
        self._visible = list(self._messages)
        self._hidden_until: dict[str, float] = {}
        self._returns: list[tuple[float, str]] = []
        self._numbers = count(1)
        self._random = random.Random(1)  # noqa: S311 - no secret

    def call(self, _service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.calls.append(operation)
        self.now += self._seconds_a_call
        self.before(operation, parameters)
        response: dict[str, Any] = getattr(self, f"_{operation}")(**parameters)
        self.after(operation, parameters)
        return response

    def pages(self, *_: str, **__: Any) -> Iterator[Message]:
        """The log is empty."""
        return iter(())

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def left(self) -> set[str]:
        """The ids of the dead letters."""
        return set(self._messages)

    @property
    def hidden(self) -> set[str]:
        """The ids of those that nobody can receive now."""
        self._show_again()
        return set(self._hidden_until)

    def hide(self, ids: Collection[str], seconds: float) -> None:
        """As another reader does."""
        for id_ in ids:
            self._visible.remove(id_)
            self._hide(id_, seconds)

    def _get_queue_attributes(self, **parameters: Any) -> dict[str, Any]:
        names = parameters["AttributeNames"]
        if names == ["RedrivePolicy"]:
            arn = "arn:aws:sqs:eu-central-1:123456789012:dead-1a2b3c4"
            return {"Attributes": {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn})}}
        if names == ["MessageRetentionPeriod"]:
            return {"Attributes": {"MessageRetentionPeriod": "1209600"}}
        self._show_again()
        is_dead = "/dead-" in parameters["QueueUrl"] and not self.counts_nothing
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(len(self._visible) if is_dead else 0),
                "ApproximateNumberOfMessagesNotVisible": str(len(self._hidden_until) if is_dead else 0),
                "ApproximateNumberOfMessagesDelayed": "0",
            }
        }

    def _receive_message(self, **parameters: Any) -> dict[str, Any]:
        self._show_again()
        if not self._visible:
            self.now += parameters["WaitTimeSeconds"]
            self._show_again()
        if len(self._hidden_until) >= self.most_hidden:
            return {}
        received = [self._any() for _ in range(min(parameters["MaxNumberOfMessages"], len(self._visible)))]
        for id_ in received:
            self._hide(id_, parameters["VisibilityTimeout"])
        return {
            "Messages": [{**self._messages[id_], "ReceiptHandle": self._receipts[id_]} for id_ in received]
        }

    def _delete_message_batch(self, **parameters: Any) -> dict[str, Any]:
        def delete(id_: str, is_newest: bool) -> bool:  # noqa: FBT001 - of a receipt
            if is_newest:
                del self._messages[id_]
                self._hidden_until.pop(id_, None)
                if id_ in self._visible:
                    self._visible.remove(id_)
            return True

        return self._each(parameters["Entries"], delete)

    def _change_message_visibility_batch(self, **parameters: Any) -> dict[str, Any]:
        self._show_again()

        def put_back(id_: str, is_newest: bool) -> bool:  # noqa: FBT001 - of a receipt
            if is_newest and id_ in self._hidden_until:
                del self._hidden_until[id_]
                self._visible.append(id_)
                return True
            return False

        return self._each(parameters["Entries"], put_back)

    def _each(self, entries: list[dict[str, Any]], act: Callable[[str, bool], bool]) -> dict[str, Any]:
        successful, failed = [], []
        for entry in entries:
            id_ = entry["ReceiptHandle"].split()[0]
            if id_ in self.failing:
                failure = {"Code": "InternalError", "SenderFault": self.sender_fault}
                failed.append({"Id": entry["Id"], **failure})
            elif id_ in self._messages and not act(id_, self._receipts[id_] == entry["ReceiptHandle"]):
                failed.append({"Id": entry["Id"], "Code": "InvalidParameterValue", "SenderFault": True})
            else:
                successful.append({"Id": entry["Id"]})
        return {"Successful": successful, "Failed": failed}

    def _send_message_batch(self, **parameters: Any) -> dict[str, Any]:
        taken = []
        for entry in parameters["Entries"]:
            original = entry["MessageAttributes"].get("original_message_id", {}).get("StringValue")
            if original in self.failing:
                continue
            id_ = f"again-{next(self._numbers)}"
            taken.append({"Id": entry["Id"], "MessageId": id_})
            self.sent.append(entry)
            if self.fault_lasts:
                one = {"MessageId": f"dead-{id_}", "Body": entry["MessageBody"]}
                sent_at = {"SentTimestamp": str(int(self.now * 1000))}
                self.add({**one, "Attributes": sent_at, "MessageAttributes": entry["MessageAttributes"]})
        return {"Successful": taken}

    def add(self, new: Message) -> None:
        self._messages[new["MessageId"]] = new
        self._visible.append(new["MessageId"])

    def _any(self) -> str:
        """Any visible message: a standard queue keeps no order."""
        place = self._random.randrange(len(self._visible))
        self._visible[place], self._visible[-1] = self._visible[-1], self._visible[place]
        return self._visible.pop()

    def _hide(self, id_: str, seconds: float) -> None:
        self._receipts[id_] = f"{id_} {next(self._numbers)}"
        self._hidden_until[id_] = self.now + seconds
        heapq.heappush(self._returns, (self.now + seconds, id_))

    def _show_again(self) -> None:
        while self._returns and self._returns[0][0] <= self.now:
            at, id_ = heapq.heappop(self._returns)
            if self._hidden_until.get(id_) == at:
                del self._hidden_until[id_]
                self._visible.append(id_)
