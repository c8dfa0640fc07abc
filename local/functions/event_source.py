"""Feeds a function from a queue, as an SQS event source mapping does on AWS.

It takes batch size, window and response types from the deployed mapping, uses the credentials of the
function's role, and deletes the messages that the function has processed. One batch at a time.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.deployment.cloud import AssumeRoleDenied, Cloud, error_code
from local.functions.lambda_runtime import Invocation
from local.problems import Problems

INVOCATION_BYTES = 6 * 1024 * 1024
"""The largest payload of a synchronous invocation (Lambda quotas)."""

_RECEIVE = 10  # the most messages of a ReceiveMessage or DeleteMessageBatch
_LONG_POLL_SECONDS = 1
_STOP_SECONDS = 3  # how long a stop waits for a request in progress
_RETRY_SECONDS = 0.5
_LOOK_AGAIN_SECONDS = 0.05  # how late a paused poller notices that it may go on

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """An event source mapping. The window is in seconds."""

    queue_arn: str
    batch_size: int
    batch_window: float
    reports_batch_item_failures: bool

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "EventSource":
        """From a response of GetEventSourceMapping."""
        return cls(
            queue_arn=mapping["EventSourceArn"],
            batch_size=mapping["BatchSize"],
            batch_window=mapping.get("MaximumBatchingWindowInSeconds", 0),
            reports_batch_item_failures="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []),
        )


class Poller:
    """Feeds a function from a queue, in its own thread, until stopped."""

    def __init__(
        self,
        cloud: Cloud,
        source: EventSource,
        *,
        role_arn: str,
        invoke: Callable[[Mapping[str, Any]], Invocation],
        problems: Problems,
        is_enabled: Callable[[], bool] = lambda: True,
    ) -> None:
        """While `is_enabled` is false, it takes no further batch: an operator has paused the event source."""
        self._is_enabled = is_enabled
        self._cloud = cloud
        self._source = source
        self._role_arn = role_arn
        self._invoke = invoke
        self._problems = problems
        self._queue_url = ""
        self._sqs: Any = None
        self._held: list[Message] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-source", daemon=True)

    def start(self) -> "Poller":
        # Lambda knows the queue by its ARN: the role needs no permission for GetQueueUrl.
        name = self._source.queue_arn.rpartition(":")[2]
        self._queue_url = self._cloud.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        self._thread.start()
        return self

    def request_stop(self) -> None:
        """Let the poller take no further batch, and return at once."""
        self._stopping.set()
        self._cloud.end_wait_for_messages(self._queue_url)

    def stop(self) -> None:
        """Stop, and wait for the batch in progress."""
        self.request_stop()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_SECONDS)

    def _run(self) -> None:
        connected = False
        while not self._stopping.is_set():
            if not self._is_enabled():
                self._stopping.wait(_LOOK_AGAIN_SECONDS)
                continue
            try:
                if not connected:
                    self._connect()
                    connected = True
                batch = self._gather()
                if batch:
                    self._process(batch)
            except (ClientError, BotoCoreError, AssumeRoleDenied) as error:
                if not self._stopping.is_set():
                    reason = str(error) if isinstance(error, AssumeRoleDenied) else error_code(error)
                    self._problems.report(f"error: the event source failed: {reason}")
                self._stopping.wait(_RETRY_SECONDS)

    def _connect(self) -> None:
        credentials = self._cloud.assume_role(self._role_arn, service="lambda.amazonaws.com")
        self._sqs = self._cloud.client_as(credentials, "sqs")
        # Lambda needs this permission to see how full the queue is.
        self._sqs.get_queue_attributes(
            QueueUrl=self._queue_url, AttributeNames=["ApproximateNumberOfMessages"]
        )

    def _gather(self) -> list[Message]:
        """The next batch: full by count or size, or what arrived before the window closed.

        Messages that are already waiting are taken even then, because moto takes longer per call than SQS.
        """
        batch: list[Message] = []
        size = 0
        received, self._held = self._held or self._poll(), []
        closes = time.monotonic() + self._source.batch_window
        while True:
            for position, message in enumerate(received):
                size += len(json.dumps(event_record(message, self._source.queue_arn, self._cloud.region)))
                if batch and size > INVOCATION_BYTES:
                    self._held = received[position:]
                    return batch
                batch.append(message)
            room = self._source.batch_size - len(batch)
            if not batch or room <= 0 or self._stopping.is_set():
                return batch
            if len(received) < _RECEIVE:
                left = closes - time.monotonic()
                if left <= 0:
                    return batch
                self._wait_for_messages(left)
            received = self._receive(min(room, _RECEIVE))

    def _poll(self) -> list[Message]:
        """The messages that a long poll would receive. It waits in this process, where a stop can end it."""
        self._wait_for_messages(_LONG_POLL_SECONDS)
        is_over = self._stopping.is_set() or not self._is_enabled()
        return [] if is_over else self._receive(_RECEIVE)

    def _wait_for_messages(self, timeout: float) -> None:
        self._cloud.wait_for_messages(self._queue_url, timeout=timeout, stopping=self._stopping.is_set)

    def _receive(self, count: int) -> list[Message]:
        response = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(count, self._source.batch_size),
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return response.get("Messages", [])

    def _process(self, batch: Sequence[Message]) -> None:
        records = [event_record(message, self._source.queue_arn, self._cloud.region) for message in batch]
        invocation = self._invoke({"Records": records})
        sent = {message["MessageId"] for message in batch}
        failed = failed_messages(invocation, sent, reports=self._source.reports_batch_item_failures)
        # A message that failed stays hidden until its visibility timeout ends, and is then received again.
        self._delete([message for message in batch if message["MessageId"] not in failed])

    def _delete(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), _RECEIVE):
            self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages[start : start + _RECEIVE])
                ],
            )


def failed_messages(invocation: Invocation, sent: Collection[str], *, reports: bool) -> set[str]:
    """The ids of the messages that stay in the queue.

    All of them if the function failed, or if its partial batch response is malformed or names a message that
    was not sent; none if it names none (Lambda, "Handling errors for an SQS event source").
    """
    if invocation.error is not None:
        return set(sent)
    if not reports or not invocation.payload:
        return set()
    if not isinstance(invocation.payload, dict):
        return set(sent)
    failures = invocation.payload.get("batchItemFailures")
    if failures is None:
        return set()
    try:
        failed = {failure["itemIdentifier"] for failure in failures}
    except (KeyError, TypeError):
        return set(sent)
    return failed if failed <= set(sent) else set(sent)


def event_record(message: Message, queue_arn: str, region: str) -> dict[str, Any]:
    """A received message as a record of a Lambda event."""
    record: dict[str, Any] = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _message_attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _message_attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
        **(
            {"binaryValue": base64.b64encode(value["BinaryValue"]).decode()} if "BinaryValue" in value else {}
        ),
    }
    return {**given, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
