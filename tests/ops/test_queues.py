"""What the commands make of SQS's responses to batches."""

from typing import Any, cast

import pytest

from ops import queues
from ops.aws import Aws
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
