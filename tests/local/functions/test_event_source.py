"""The poller: which batches it forms, and which messages it deletes afterwards."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from local.deployment.cloud import Cloud
from local.functions import event_source
from local.functions.event_source import EventSource, Poller, failed_messages
from local.functions.lambda_runtime import FunctionError, Invocation
from local.problems import Problems
from tests.local.conftest import document
from tests.patience import PATIENCE_SECONDS, eventually

ROLE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")

OK = Invocation()
FAILED = Invocation(error=FunctionError(error_type="ValueError", message=""))


class Function:
    """Returns the planned responses, then success, and keeps the events."""

    def __init__(self) -> None:
        self.planned: list[Callable[[list[Mapping[str, Any]]], Invocation]] = []
        self.batches: list[list[Mapping[str, Any]]] = []
        self._changed = threading.Condition()

    def __call__(self, event: Mapping[str, Any]) -> Invocation:
        records = event["Records"]
        response = self.planned.pop(0)(records) if self.planned else OK
        with self._changed:
            self.batches.append(records)
            self._changed.notify_all()
        return response

    def wait_for(self, messages: int) -> None:
        """Wait until this many messages were in batches, including repeated ones."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: sum(map(len, self.batches)) >= messages, timeout=PATIENCE_SECONDS
            )

    def bodies(self) -> list[list[str]]:
        return [sorted(record["body"] for record in batch) for batch in self.batches]


class Queues:
    """A queue with a dead-letter queue behind it; a message is tried twice, the second time when told to."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._sqs = cloud.client("sqs")
        self.dead_letter_url = self._sqs.create_queue(QueueName="dead-letter")["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{cloud.account_id}:queue"
        redrive = f'{{"deadLetterTargetArn":"{self.arn[:-5]}dead-letter","maxReceiveCount":2}}'
        attributes = {"VisibilityTimeout": "3600", "RedrivePolicy": redrive}
        self.url = self._sqs.create_queue(QueueName="queue", Attributes=attributes)["QueueUrl"]

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def send_later(self, body: str) -> None:
        self._sqs.send_message_batch(
            QueueUrl=self.url, Entries=[{"Id": "0", "MessageBody": body, "DelaySeconds": 900}]
        )

    def end_waits(self) -> None:
        """End the delay and the visibility timeout of every message."""
        for message in self._cloud._queue(self.url)._messages:
            message.delayed_until = message.visible_at = 0.0

    def left(self, url: str | None = None) -> int:
        """Messages in a queue, those in flight included."""
        return self._count(url or self.url, "ApproximateNumberOfMessages") + self.in_flight(url)

    def in_flight(self, url: str | None = None) -> int:
        return self._count(url or self.url, "ApproximateNumberOfMessagesNotVisible")

    def _count(self, url: str, name: str) -> int:
        response = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return int(response["Attributes"][name])


@pytest.fixture
def queues(cloud: Cloud) -> Queues:
    return Queues(cloud)


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def poll(
    cloud: Cloud,
    queues: Queues,
    function: Function,
    make_role: Callable[..., str],
    problems: Problems,
) -> Iterator[Callable[..., Poller]]:
    """Starts the poller of an event source."""
    with ExitStack() as stack:

        def start(
            *,
            batch_size: int = 10,
            batch_window: float = 0,
            reports: bool = True,
            actions: tuple[str, ...] = ROLE_ACTIONS,
            service: str = "lambda.amazonaws.com",
        ) -> Poller:
            source = EventSource(
                queue_arn=queues.arn,
                batch_size=batch_size,
                batch_window=batch_window,
                reports_batch_item_failures=reports,
            )
            role = make_role("poller", service=service, allowed=[(action, queues.arn) for action in actions])
            poller = Poller(cloud, source, role_arn=role, invoke=function, problems=problems)
            stack.callback(poller.stop)
            return poller.start()

        yield start


def failing(*bodies: str) -> Callable[[list[Mapping[str, Any]]], Invocation]:
    """A response that reports the messages with these bodies as failed."""
    return lambda records: Invocation(
        payload={
            "batchItemFailures": [
                {"itemIdentifier": record["messageId"]} for record in records if record["body"] in bodies
            ]
        }
    )


@pytest.mark.parametrize(
    ("payload", "failed"),
    [
        pytest.param(None, set(), id="null"),
        pytest.param({}, set(), id="empty response"),
        pytest.param({"batchItemFailures": None}, set(), id="null list"),
        pytest.param({"batchItemFailures": []}, set(), id="empty list"),
        pytest.param({"other": 1}, set(), id="no list"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}, id="one"),
        pytest.param(
            {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}, {"a", "b"}, id="all"
        ),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "c"}]}, {"a", "b"}, id="unknown id"),
        pytest.param(
            {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": ""}]},
            {"a", "b"},
            id="empty id",
        ),
        pytest.param({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}, id="null id"),
        pytest.param({"batchItemFailures": [{"identifier": "a"}]}, {"a", "b"}, id="another key"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": ["a"]}]}, {"a", "b"}, id="a list as id"),
        pytest.param({"batchItemFailures": 1}, {"a", "b"}, id="a number as list"),
        pytest.param("text", {"a", "b"}, id="text"),
    ],
)
def test_a_partial_batch_response_is_read_as_lambda_reads_it(payload: object, failed: set[str]) -> None:
    assert failed_messages(Invocation(payload=payload), {"a", "b"}, reports=True) == failed


def test_a_function_error_fails_the_whole_batch() -> None:
    assert failed_messages(FAILED, {"a", "b"}, reports=True) == {"a", "b"}


def test_without_the_response_type_a_response_fails_nothing() -> None:
    response = Invocation(payload={"batchItemFailures": [{"itemIdentifier": "a"}]})
    assert failed_messages(response, {"a", "b"}, reports=False) == set()


def test_the_mapping_says_how_batches_are_made() -> None:
    mapping = {
        "EventSourceArn": "arn",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    assert EventSource.from_mapping(mapping) == EventSource(
        queue_arn="arn", batch_size=100, batch_window=5, reports_batch_item_failures=True
    )


def test_a_message_arrives_as_a_lambda_record(
    poll: Callable[..., Poller], cloud: Cloud, queues: Queues, function: Function
) -> None:
    attributes = {
        "request_id": {"DataType": "String", "StringValue": "r1"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00"},
    }
    sent = cloud.client("sqs").send_message(
        QueueUrl=queues.url, MessageBody="a=%C3%A9", MessageAttributes=attributes
    )
    poll()
    function.wait_for(1)
    record = function.batches[0][0]
    assert (record["messageId"], record["body"]) == (sent["MessageId"], "a=%C3%A9")
    assert (record["md5OfBody"], record["md5OfMessageAttributes"]) == (
        sent["MD5OfMessageBody"],
        sent["MD5OfMessageAttributes"],
    )
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", queues.arn)
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["request_id"] == {
        "stringValue": "r1",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert record["messageAttributes"]["raw"]["binaryValue"] == "AA=="


def test_messages_that_succeed_are_deleted(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send("a", "b")
    poll()
    function.wait_for(2)
    eventually(lambda: queues.left() == 0)


def test_only_failed_messages_come_again(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send("good", "bad")
    function.planned = [failing("bad")]
    poll()
    eventually(lambda: function.batches and queues.left() == 1)
    queues.end_waits()
    function.wait_for(3)
    assert function.bodies() == [["bad", "good"], ["bad"]]


def test_a_message_that_fails_too_often_goes_to_the_dead_letter_queue(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send("bad")
    function.planned = [failing("bad")] * 3
    poll()
    for time in (1, 2):
        function.wait_for(time)
        queues.end_waits()
    eventually(lambda: queues.left(queues.dead_letter_url) == 1)
    assert (function.bodies(), queues.left()) == ([["bad"], ["bad"]], 0)


def test_a_function_that_fails_loses_no_message(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send("a", "b")
    function.planned = [lambda _: FAILED]
    poll()
    function.wait_for(2)
    assert function.bodies()[0] == ["a", "b"]
    queues.end_waits()
    function.wait_for(4)
    eventually(lambda: queues.left() == 0)


def test_a_batch_gathers_more_messages_than_one_receive_call(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send(*map(str, range(25)))
    poll(batch_size=25, batch_window=5)
    function.wait_for(25)
    assert [len(batch) for batch in function.batches] == [25]


def test_a_delayed_message_arrives_when_its_delay_is_over(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send_later("copy")
    queues.send("first")
    poll()
    function.wait_for(1)
    queues.end_waits()
    function.wait_for(2)
    assert function.bodies() == [["first"], ["copy"]]


def test_a_batch_is_never_over_its_size(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send(*map(str, range(7)))
    poll(batch_size=3)
    function.wait_for(7)
    assert [len(batch) for batch in function.batches] == [3, 3, 1]


def test_a_full_batch_does_not_wait_for_its_window(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send("a", "b")
    poll(batch_size=2, batch_window=300)
    function.wait_for(2)


def test_a_batch_waits_for_its_window(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send("a")
    poll(batch_size=2, batch_window=300)
    eventually(lambda: queues.in_flight() == 1)  # the batch has begun
    assert function.batches == []
    queues.send("b")
    function.wait_for(2)
    assert function.bodies() == [["a", "b"]]


def test_a_batch_ends_with_its_window(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    queues.send("a")
    poll(batch_size=2, batch_window=0.3)
    function.wait_for(1)
    assert function.bodies() == [["a"]]


def test_a_batch_is_never_over_the_size_of_an_invocation(
    poll: Callable[..., Poller], queues: Queues, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_source, "INVOCATION_BYTES", 5_000)
    queues.send(*(letter * 1_000 for letter in "abcdef"))
    poll(batch_window=1)
    function.wait_for(6)
    sizes = [len(batch) for batch in function.batches]
    assert max(sizes) < 4
    assert sum(sizes) == 6


@pytest.mark.parametrize(
    ("missing", "operation"),
    [
        ("sqs:GetQueueAttributes", "GetQueueAttributes"),
        ("sqs:ReceiveMessage", "ReceiveMessage"),
        ("sqs:DeleteMessage", "DeleteMessageBatch"),
    ],
)
def test_a_missing_permission_is_reported_once(
    poll: Callable[..., Poller],
    queues: Queues,
    problems: Problems,
    said: list[str],
    missing: str,
    operation: str,
) -> None:
    queues.send("a")
    poll(actions=tuple(action for action in ROLE_ACTIONS if action != missing))
    eventually(lambda: queues.end_waits() or len(problems.lines) >= 2)
    assert said == [f"error: the event source failed: AccessDenied ({operation})"]


def test_a_role_that_lambda_cannot_assume_is_reported(poll: Callable[..., Poller], said: list[str]) -> None:
    poll(service="apigateway.amazonaws.com")
    eventually(lambda: said)
    assert "does not let lambda.amazonaws.com assume it" in said[0]


def test_a_refused_poller_continues_once_it_has_permission(
    poll: Callable[..., Poller], cloud: Cloud, queues: Queues, function: Function, said: list[str]
) -> None:
    queues.send("a")
    poll(actions=("sqs:GetQueueAttributes",))
    eventually(lambda: said)
    cloud.client("iam").put_role_policy(
        RoleName="poller",
        PolicyName="more",
        PolicyDocument=document({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}),
    )
    function.wait_for(1)


def test_a_stopped_poller_receives_nothing(
    poll: Callable[..., Poller], queues: Queues, function: Function
) -> None:
    poll().stop()
    queues.send("a")
    assert (queues.left(), function.batches) == (1, [])


def test_a_stop_does_not_wait_for_the_poll(
    poll: Callable[..., Poller], queues: Queues, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_source, "_LONG_POLL_SECONDS", 3600)
    monkeypatch.setattr(event_source, "_STOP_SECONDS", PATIENCE_SECONDS)
    poller = poll()
    queues.send("an event")
    function.wait_for(1)

    poller.stop()

    assert not poller._thread.is_alive()


def test_a_stop_does_not_wait_for_the_window(
    poll: Callable[..., Poller], queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_source, "_STOP_SECONDS", PATIENCE_SECONDS)
    queues.send("an event")
    poller = poll(batch_window=300)
    eventually(lambda: queues.in_flight() == 1)  # the batch has begun

    poller.stop()

    assert not poller._thread.is_alive()
