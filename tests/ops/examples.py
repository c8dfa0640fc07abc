"""Outputs and dead letters for the tests of operator commands."""

from typing import Any

from ops import dead_letters
from ops.aws import CallError
from ops.dead_letters import DeadLetter
from ops.stack import Stack, stack_of

OUTPUTS: dict[str, Any] = {
    "project_stack": "gtm-pixel-live",
    "region": "eu-central-1",
    "auth_mode": "open",
    "destinations": ["customer-profiles", "firehose"],
    "events_url": "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1/events",
    "api_name": "gtm-pixel-api-1a2b3c4",
    "stage_name": "v1",
    "queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/events-1a2b3c4",
    "dead_letter_queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-1a2b3c4",
    "function_name": "processor-1a2b3c4",
    "log_group": "processor-logs",
    "event_source_id": "0bcf2d9a-dec7-4097-8045-5aaaf1d217fd",
}

SENT_AT = 1_795_838_400.0


def stack(**outputs: Any) -> Stack:
    return stack_of({**OUTPUTS, **outputs})


def letter(
    number: int = 1,
    *,
    sent_at: float = SENT_AT,
    body: str = "event=purchase&endpoint_id=e1",
    **attributes: str,
) -> DeadLetter:
    """A dead letter with these message attributes."""
    return dead_letters.read(
        {
            "MessageId": f"m-{number}",
            "ReceiptHandle": f"r-{number}",
            "Body": body,
            "Attributes": {"SentTimestamp": str(int(sent_at * 1000))},
            "MessageAttributes": {
                name: {"DataType": "Number" if name == "request_time" else "String", "StringValue": value}
                for name, value in attributes.items()
            },
        }
    )


class Account:
    """Responds to calls of reading operations; one that it does not know fails."""

    def __init__(self, **responses: Any) -> None:
        self._responses = responses

    def call(self, _service: str, operation: str, **_: Any) -> dict[str, Any]:
        response = self._responses.get(operation, CallError("not here", code="NotImplemented"))
        if isinstance(response, Exception):
            raise response
        return response
