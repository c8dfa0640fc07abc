"""The function as Lambda calls it: takes an SQS event, returns batch item failures.

Pinpoint is the fake and the dead-letter queue is moto's, both over HTTP through botocore.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Barrier
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.session import Session
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import sqs_backends
from werkzeug import Request, Response

from contract.function_time import CLOSING_SECONDS
from handler import aws_calls, processor
from handler.aws_calls import AwsService, CallLimits
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.events import Event
from handler.message_queue import CALL_LIMITS, MessageQueue, Sent
from handler.queue_message import OutgoingMessage
from handler.variables import InvalidEnvironmentError
from local.fakes.pinpoint import PlannedResponse
from local.web.http_server import HttpServer
from tests.handler.conftest import APPLICATION_ID, RECEIVED_MS, Pinpoint
from tests.handler.log_output import LogOutput
from tests.hostile import HOSTILE_VALUES
from tests.pinpoint_ids import in_pinpoint
from tests.ports import NOBODY

Records = Callable[..., dict[str, Any]]

_run = count(1)


class Context:
    """The part of Lambda's context that the function reads."""

    def __init__(self, seconds_left: float) -> None:
        self._seconds_left = seconds_left

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds_left * 1000)


@dataclass(slots=True, kw_only=True)
class Run(LogOutput):
    """The result of one invocation and its log."""

    failed: list[str]


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = HttpServer(DomainDispatcherApplication(create_backend_app)).start()
    yield server.url
    server.stop()


@pytest.fixture
def sqs(aws_environment: pytest.MonkeyPatch, moto_url: str, sdk_session: Session) -> Iterator[Any]:
    aws_environment.setenv("AWS_ENDPOINT_URL_SQS", moto_url)
    client: Any = sdk_session.create_client("sqs")
    yield client
    client.close()


@pytest.fixture
def dead_letter_queue(sqs: Any) -> str:
    return sqs.create_queue(QueueName=f"dead-{next(_run)}")["QueueUrl"]


@pytest.fixture
def dead_letters(sqs: Any, dead_letter_queue: str) -> Callable[[], list[dict[str, Any]]]:
    """All messages of the dead-letter queue."""

    def read() -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while received := sqs.receive_message(
            QueueUrl=dead_letter_queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            messages += received
        return messages

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of a message, delayed in the queue."""

    body: str
    attributes: dict[str, str]
    delay_seconds: int

    @property
    def pending(self) -> tuple[str, str]:
        """The first message, and the destinations that lack it."""
        return self.attributes["original_message_id"], self.attributes["pending"]


@pytest.fixture
def queue(sqs: Any) -> str:
    return sqs.create_queue(QueueName=f"events-{next(_run)}")["QueueUrl"]


@pytest.fixture
def copies(queue: str) -> Callable[[], list[Copy]]:
    """All messages of the queue, looked at from inside moto: those that are delayed cannot be received."""

    def read() -> list[Copy]:
        messages = sqs_backends["123456789012"]["eu-west-1"].get_queue(queue.rpartition("/")[2])._messages
        return [
            Copy(
                body=message.body,
                attributes={name: value["StringValue"] for name, value in message.message_attributes.items()},
                delay_seconds=round((message.delayed_until - (message.sent_timestamp or 0)) / 1000),
            )
            for message in messages
        ]

    return read


@pytest.fixture
def environment(
    aws_environment: pytest.MonkeyPatch, queue: str, dead_letter_queue: str
) -> Iterator[pytest.MonkeyPatch]:
    """A new container with the stack's environment."""
    variables = {
        "DESTINATIONS": "pinpoint",
        "AUTH_MODE": "open",
        "PROFILE_UPDATES": "all",
        "PROFILE_ATTRIBUTES": "[]",
        "TIMESTAMP_SOURCE": "gateway",
        "IGNORED_ENDPOINT_IDS": "[]",
        "QUEUE_URL": queue,
        "DEAD_LETTER_QUEUE_URL": dead_letter_queue,
        "RETRY_HOURS": "6",
        "MAX_RECEIVE_COUNT": "5",
        "PINPOINT_APPLICATION_ID": APPLICATION_ID,
        "PINPOINT_REGION": "eu-west-1",
        # Powertools keeps one logger a service, with the standard output it first saw.
        "POWERTOOLS_SERVICE_NAME": f"gtm-pixel-{next(_run)}",
        "POWERTOOLS_METRICS_NAMESPACE": "GtmPixel",
    }
    for name, value in variables.items():
        aws_environment.setenv(name, value)
    processor._processor.cache_clear()
    yield aws_environment
    processor._processor.cache_clear()


@pytest.fixture
def invoke(
    environment: pytest.MonkeyPatch, pinpoint: Pinpoint, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Run]:
    """Call the function with records."""

    def invoke(*records: Mapping[str, Any], seconds_left: float = 120) -> Run:
        response = processor.lambda_handler(
            {"Records": list(records)}, cast("LambdaContext", Context(seconds_left))
        )
        failures = response.pop("batchItemFailures")
        assert response == {}
        return Run(failed=[failure["itemIdentifier"] for failure in failures], output=capsys.readouterr().out)

    assert environment
    assert pinpoint
    return invoke


def purchase(**parameters: str) -> dict[str, str]:
    return {"event": "purchase", "endpoint_id": "visitor-1", **parameters}


def test_a_message_becomes_a_recorded_event(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    run = invoke(make_record(purchase(evat_item="book", evmt_price="9.5", usat_plan="gold")))
    assert run.failed == []
    (event,) = pinpoint.recorder.events()
    assert (event.event, event.endpoint_id) == ("purchase", "visitor-1")
    assert event.event_id == in_pinpoint("message-1")
    assert (event.attributes, event.metrics) == ({"item": "book"}, {"price": 9.5})
    assert event.user_attributes == {"plan": ["gold"]}
    assert event.timestamp == "2026-09-21T14:13:20.001Z"


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_a_hostile_value_reaches_the_destination_exactly(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint, value: str
) -> None:
    invoke(make_record(purchase(evat_note=value, usat_note=value)))
    (event,) = pinpoint.recorder.events()
    assert (event.attributes, event.user_attributes) == ({"note": value}, {"note": [value]})


def test_a_policy_of_none_keeps_profile_updates_away_and_records_the_event(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    environment.setenv("PROFILE_UPDATES", "none")
    run = invoke(make_record(purchase(usat_plan="gold", usat_city="Oslo")))
    assert [event.user_attributes for event in pinpoint.recorder.events()] == [{}]
    assert (run.metric("ProfileUpdatesApplied"), run.metric("ProfileUpdatesDenied")) == ([0], [2])


PROOFS: list[tuple[dict[str, str], int]] = [
    ({"proven_endpoint": "visitor-1"}, 1),
    ({"proven_endpoint": "visitor-2"}, 0),
    ({}, 0),
]


@pytest.mark.parametrize(("proof", "applied"), PROOFS)
def test_an_authenticated_stack_records_every_event_and_updates_the_proven_endpoint_only(
    environment: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    proof: dict[str, str],
    applied: int,
) -> None:
    environment.setenv("AUTH_MODE", "authenticated")
    run = invoke(make_record(purchase(usat_plan="gold"), attributes=proof))
    updates = {"plan": ["gold"]} if applied else {}
    assert [event.user_attributes for event in pinpoint.recorder.events()] == [updates]
    assert run.metric("ProfileUpdatesApplied") == [applied]
    assert run.metric("ProfileUpdatesDenied") == [1 - applied]
    reason = "proof_of_other_endpoint" if proof else "without_proof"
    assert run.metric("ProfileUpdatesDenied", reason=reason) == [1] * (1 - applied)


def test_nothing_in_a_url_poses_as_a_proven_endpoint(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    environment.setenv("AUTH_MODE", "authenticated")
    sent = purchase(usat_plan="gold", proven_endpoint="visitor-1", proof="proven", token="visitor-1")
    invoke(make_record(sent))
    assert [event.user_attributes for event in pinpoint.recorder.events()] == [{}]


def test_a_redriven_message_keeps_the_endpoint_that_was_proven(
    environment: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    environment.setenv("AUTH_MODE", "authenticated")
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1", proven=True): 400}))
    invoke(make_record(purchase(), attributes={"proven_endpoint": "visitor-1"}))
    (letter,) = dead_letters()
    proof = {"DataType": "String", "StringValue": "visitor-1"}
    assert letter["MessageAttributes"]["proven_endpoint"] == proof


def test_the_timestamp_of_the_url_is_used_if_the_stack_says_so(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    environment.setenv("TIMESTAMP_SOURCE", "url")
    invoke(make_record(purchase(timestamp=str(RECEIVED_MS - 5000))))
    assert [event.timestamp for event in pinpoint.recorder.events()] == ["2026-09-21T14:13:15.000Z"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("endpoint_id=visitor-1", "event_missing"),
        ("event=purchase&endpoint_id=undefined", "endpoint_id_missing"),
        ("event=%FF", "body_unreadable"),
    ],
)
def test_a_message_without_an_event_is_done_counted_and_logged_by_reason(
    invoke: Callable[..., Run],
    make_record: Records,
    dead_letters: Callable[[], list[Any]],
    body: str,
    reason: str,
) -> None:
    run = invoke(make_record(body))
    assert (run.failed, dead_letters()) == ([], [])
    (line,) = run.logged("message rejected")
    assert (line["level"], line["reason"]) == ("WARNING", reason)
    assert (line["message_id"], line["request_id"]) == ("message-1", "request-1")
    assert (run.metric("Rejected"), run.metric("Rejected", reason=reason)) == ([1], [1])


def attribute(text: str) -> dict[str, str]:
    return {"dataType": "String", "stringValue": text}


def reasons(letters: Sequence[Mapping[str, Any]]) -> list[str]:
    return [letter["MessageAttributes"]["dead_letter_reason"]["StringValue"] for letter in letters]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("request_time", attribute("soon"), "request_time_unreadable"),
        ("request_time", attribute("9" * 20), "request_time_unreadable"),
        ("request_time", attribute("253402300799999"), "request_time_unreadable"),
        ("attempt", attribute("-1"), "attempt_unreadable"),
        ("attempt", attribute("9" * 30), "attempt_unreadable"),
        ("attempt", {"dataType": "Binary", "binaryValue": "MQ=="}, "attempt_unreadable"),
        ("pending", attribute("pinpoint;"), "pending_unreadable"),
        ("pending", attribute("pinpont"), "pending_unreadable"),
        ("pending", attribute("failures"), "pending_unreadable"),
        ("original_message_id", attribute("a b"), "original_message_id_unreadable"),
    ],
)
def test_an_operators_mistake_costs_only_its_own_message(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
    copies: Callable[[], list[Copy]],
    name: str,
    value: dict[str, str],
    reason: str,
) -> None:
    wrong = make_record(purchase())
    wrong["messageAttributes"][name] = value
    run = invoke(wrong, make_record(purchase()))
    assert reasons(dead_letters()) == [reason]
    assert (run.failed, copies(), run.metric("DeadLettered", reason=reason)) == ([], [], [1])
    assert [event.event_id for event in pinpoint.recorder.events()] == [in_pinpoint("message-2")]


@pytest.mark.parametrize(
    "damage", [{"attributes": {}}, {"messageAttributes": {"request_time": None}}, {"attributes": None}]
)
def test_a_message_of_an_unexpected_shape_fails_alone(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[Any]],
    damage: dict[str, Any],
) -> None:
    run = invoke({**make_record(purchase()), **damage}, make_record(purchase()))
    assert len(dead_letters()) + len(run.failed) == 1
    assert [event.event_id for event in pinpoint.recorder.events()] == [in_pinpoint("message-2")]


def test_an_endpoint_id_that_the_stack_ignores_rejects_its_message(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    environment.setenv("IGNORED_ENDPOINT_IDS", '["anonymous"]')
    run = invoke(make_record({**purchase(), "endpoint_id": " Anonymous"}), make_record(purchase()))
    assert run.metric("Rejected", reason="endpoint_id_ignored") == [1]
    assert [event.endpoint_id for event in pinpoint.recorder.events()] == ["visitor-1"]


def test_names_that_were_escaped_as_html_are_read_and_counted(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    sent = purchase(**{"amp;evat_item": "book", "amp;usat_plan": "gold", "amp;gtmcb": "1"})
    run = invoke(make_record(sent), make_record({**sent, "endpoint_id": "undefined"}))
    assert run.metric("EscapedNames") == [2]
    (event,) = pinpoint.recorder.events()
    assert (event.attributes, event.user_attributes) == ({"item": "book"}, {"plan": ["gold"]})


def test_the_text_of_an_unexpected_error_is_not_logged(
    invoke: Callable[..., Run], make_record: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("the-visitors-data")

    monkeypatch.setattr(processor, "parse_event", fail)
    run = invoke(make_record(purchase()))
    assert [line["error"] for line in run.logged("message unreadable")] == ["ValueError"]
    assert run.metric("DeadLettered", reason="unexpected_error") == [1]
    assert "the-visitors-data" not in run.output


@pytest.mark.parametrize("message_id", ["", None])
def test_a_record_without_an_id_fails_the_batch_instead_of_returning_an_empty_id(
    invoke: Callable[..., Run], make_record: Records, message_id: str | None
) -> None:
    with pytest.raises(ValueError, match="messageId"):
        invoke({**make_record(purchase()), "messageId": message_id})


def test_transient_failures_are_retried_as_copies_and_no_others(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[Any]],
    copies: Callable[[], list[Copy]],
) -> None:
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-2"): 500}))
    records = [make_record(purchase(evat_note=f"& ü {number}")) for number in range(3)]
    run = invoke(*records)
    assert (run.failed, dead_letters()) == ([], [])
    (copy,) = copies()
    assert copy.body == records[1]["body"]
    assert copy.attributes == {
        "request_id": "request-2",
        "request_time": str(RECEIVED_MS + 2),
        "original_message_id": "message-2",
        "pending": "pinpoint",
        "attempt": "1",
        "retry_reason": "pinpoint_500",
    }
    assert 4 <= copy.delay_seconds <= 5
    assert (run.metric("Recorded"), run.metric("Retried"), run.metric("RetryAttempt")) == ([2], [1], [1])
    assert run.metric("Retried", destination="pinpoint", reason="pinpoint_500") == [1]
    assert (run.metric("Recorded", destination="pinpoint"), run.metric("LeftInQueue")) == ([2], [0])
    assert run.metric("Retried", destination="pinpoint") == [1]
    (line,) = run.logged("events retried")
    assert (line["level"], line["destination"]) == ("WARNING", "pinpoint")
    assert line["reasons"] == {"pinpoint_500": 1}


def test_a_destination_that_is_not_set_up_is_an_error_in_the_log(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint, copies: Callable[[], list[Copy]]
) -> None:
    pinpoint.fake.plan(PlannedResponse(status=403))
    run = invoke(make_record(purchase()), make_record(purchase()))
    (line,) = run.logged("destination is not set up")
    assert (line["level"], line["events"], line["reasons"]) == ("ERROR", 2, {"pinpoint_403": 2})
    assert line["codes"] == {"ForbiddenException": 2}
    assert (run.failed, len(copies())) == ([], 2)


def again(copy: Copy, make_record: Records) -> dict[str, Any]:
    """The copy as Lambda delivers it: a new message."""
    return make_record(copy.body, attributes=copy.attributes)


def test_a_copy_is_the_same_event_however_often_it_is_retried(
    environment: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    copies: Callable[[], list[Copy]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment.setenv("AUTH_MODE", "authenticated")
    proof = {"proven_endpoint": "visitor-1"}
    record = make_record(purchase(usat_plan="gold"), attributes=proof)
    event_id = in_pinpoint("message-1", proven=True)
    pinpoint.fake.plan(*[PlannedResponse(event_statuses={event_id: 500})] * 5)
    for attempt in range(1, 6):
        invoke(record)
        copy = copies()[-1]
        assert copy.attributes["attempt"] == str(attempt)
        record = again(copy, make_record)
    monkeypatch.setattr(processor.time, "time_ns", lambda: (RECEIVED_MS + 60_001) * 1_000_000)
    run = invoke(record)
    (event,) = pinpoint.recorder.events()
    assert (event.event_id, event.timestamp) == (event_id, "2026-09-21T14:13:20.001Z")
    assert event.user_attributes == {"plan": ["gold"]}
    assert (run.metric("EventAge"), run.metric("Recorded"), len(copies())) == ([60_000], [1], 5)


def test_after_the_last_retry_the_message_is_dead_lettered_with_its_reason(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    copies: Callable[[], list[Copy]],
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    pinpoint.fake.plan(*[PlannedResponse(status=503)] * 4)
    past = {"original_message_id": "first", "pending": "pinpoint"}
    run = invoke(make_record(purchase(), attributes={**past, "attempt": "38"}))
    assert (run.failed, [copy.attributes["attempt"] for copy in copies()]) == ([], ["39"])
    run = invoke(make_record(purchase(), attributes={**past, "attempt": "39"}))
    assert (run.failed, len(copies()), run.metric("Retried")) == ([], 1, [0])
    (letter,) = dead_letters()
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (attributes["dead_letter_reason"], attributes["pending"]) == ("pinpoint_503", "pinpoint")
    assert attributes["original_message_id"] == "first"
    assert attributes.keys().isdisjoint({"attempt", "retry_reason"})


@pytest.mark.parametrize("attempt", ["40", "99999"])
def test_a_copy_of_a_longer_schedule_is_tried_once_more(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    copies: Callable[[], list[Copy]],
    dead_letters: Callable[[], list[dict[str, Any]]],
    attempt: str,
) -> None:
    pinpoint.fake.plan(*[PlannedResponse(status=503)] * 2)
    invoke(make_record(purchase(), attributes={"attempt": attempt}))
    assert (len(dead_letters()), copies()) == (1, [])
    assert invoke(make_record(purchase(), attributes={"attempt": attempt})).metric("Recorded") == [1]


def test_a_redriven_message_has_all_its_retries_again_and_they_come_to_an_end(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint, copies: Callable[[], list[Copy]]
) -> None:
    pinpoint.fake.plan(*[PlannedResponse(status=503)] * 4)
    past = {"dead_letter_reason": "pinpoint_503", "attempt": "39", "pending": "pinpoint"}
    invoke(make_record(purchase(), attributes=past))
    (first,) = copies()
    assert first.attributes["attempt"] == "1"
    invoke(again(first, make_record))
    assert copies()[-1].attributes["attempt"] == "2"


def test_a_destination_that_was_taken_away_is_waited_for_no_longer(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    copies: Callable[[], list[Copy]],
    dead_letters: Callable[[], list[Any]],
) -> None:
    both, gone = {"pending": "pinpoint,firehose"}, {"pending": "firehose"}
    run = invoke(make_record(purchase(), attributes=both), make_record(purchase(), attributes=gone))
    assert [event.event_id for event in pinpoint.recorder.events()] == [in_pinpoint("message-1")]
    assert (run.failed, copies(), dead_letters()) == ([], [], [])
    assert run.metric("DestinationsRemoved") == [2]
    assert [line["destinations"] for line in run.logged("destination removed")] == [["firehose"]] * 2


def test_a_message_is_dead_lettered_with_its_reason(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 400}))
    record = make_record(purchase(evat_name="Doe, John"))
    run = invoke(record, make_record(purchase()))
    assert run.failed == []
    (letter,) = dead_letters()
    assert letter["Body"] == record["body"]
    assert letter["MessageAttributes"] == {
        "request_id": {"DataType": "String", "StringValue": "request-1"},
        "request_time": {"DataType": "Number", "StringValue": str(RECEIVED_MS + 1)},
        "pending": {"DataType": "String", "StringValue": "pinpoint"},
        "dead_letter_reason": {"DataType": "String", "StringValue": "pinpoint_400"},
        "original_message_id": {"DataType": "String", "StringValue": "message-1"},
    }
    (line,) = run.logged("message dead-lettered")
    assert (line["level"], line["reason"], line["message_id"]) == ("ERROR", "pinpoint_400", "message-1")
    assert (run.metric("DeadLettered"), run.metric("DeadLettered", reason="pinpoint_400")) == ([1], [1])


def test_the_error_code_of_the_service_is_in_the_dead_letter_and_in_the_log(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    pinpoint.fake.plan(PlannedResponse(status=400))

    run = invoke(make_record(purchase()))

    (letter,) = dead_letters()
    assert letter["MessageAttributes"]["dead_letter_code"]["StringValue"] == "BadRequestException"
    (line,) = run.logged("message dead-lettered")
    assert (line["reason"], line["code"]) == ("pinpoint_400", "BadRequestException")


def test_the_code_of_an_earlier_dead_letter_is_not_that_of_the_next(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 400}))
    past = {"dead_letter_reason": "pinpoint_400", "dead_letter_code": "BadRequestException"}

    invoke(make_record(purchase(), attributes=past))

    (letter,) = dead_letters()
    assert "dead_letter_code" not in letter["MessageAttributes"]


def test_a_redriven_message_keeps_its_event_id_and_its_first_message_id(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("first"): 400}))
    past = {"original_message_id": "first", "dead_letter_reason": "pinpoint_404"}
    invoke(make_record(purchase(), attributes=past))
    invoke(make_record(purchase(), attributes=past))
    (letter,) = dead_letters()
    assert letter["MessageAttributes"]["original_message_id"]["StringValue"] == "first"
    assert letter["MessageAttributes"]["dead_letter_reason"]["StringValue"] == "pinpoint_400"
    assert [event.event_id for event in pinpoint.recorder.events()] == [in_pinpoint("first")]


def test_many_dead_letters_all_reach_their_queue(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    pinpoint.fake.plan(PlannedResponse(status=405))
    records = [make_record(purchase(evat_number=str(number))) for number in range(25)]
    assert invoke(*records).failed == []
    assert sorted(letter["Body"] for letter in dead_letters()) == sorted(r["body"] for r in records)


def test_large_dead_letters_are_sent_in_requests_that_the_queue_takes(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    pinpoint.fake.plan(PlannedResponse(status=405))
    run = invoke(*(make_record(purchase(evat_large="x" * 250_000)) for _ in range(6)))
    assert run.failed == []
    assert len(dead_letters()) == 6


GONE = f"{NOBODY}/000000000000/gone"


def test_a_message_that_the_dead_letter_queue_does_not_take_is_retried(
    environment: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    copies: Callable[[], list[Copy]],
) -> None:
    environment.setenv("DEAD_LETTER_QUEUE_URL", GONE)
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 400}))
    run = invoke(make_record(purchase()), make_record(purchase()))
    assert (run.failed, [copy.pending for copy in copies()]) == ([], [("message-1", "pinpoint")])
    assert len(run.logged("message not dead-lettered")) == 1
    assert run.metric("DeadLettered") == [0]
    assert run.metric("Retried", destination="pinpoint", reason="dead_letter_failed") == [1]


@pytest.mark.parametrize("receives", [1, 4])
def test_a_message_that_neither_queue_accepts_stays_in_its_queue(
    environment: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    receives: int,
) -> None:
    environment.setenv("QUEUE_URL", GONE)
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 500}))
    record = make_record(purchase())
    record["attributes"]["ApproximateReceiveCount"] = str(receives)
    run = invoke(record, make_record(purchase()))
    assert (run.failed, run.metric("LeftInQueue"), run.metric("Retried")) == (["message-1"], [1], [1])


def test_at_the_last_receive_it_is_dead_lettered_with_its_reason(
    environment: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    dead_letters: Callable[[], list[dict[str, Any]]],
) -> None:
    """Then the queue would move it, and know none."""
    environment.setenv("QUEUE_URL", GONE)
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 500}))
    record = make_record(purchase())
    record["attributes"]["ApproximateReceiveCount"] = "5"
    run = invoke(record, make_record(purchase()))
    assert (run.failed, reasons(dead_letters())) == ([], ["pinpoint_500"])


@Request.application
def refuses_the_first_entry(request: Request) -> Response:
    """An SQS whose SendMessageBatch refuses the first entry."""
    first, *others = (entry["Id"] for entry in request.get_json(force=True)["Entries"])
    failure = {"Id": first, "SenderFault": True, "Code": "InvalidMessageContents"}
    response = {"Successful": [{"Id": other} for other in others], "Failed": [failure]}
    return Response(json.dumps(response), content_type="application/x-amz-json-1.0")


def test_only_the_entry_that_the_dead_letter_queue_refuses_stays_in_the_queue(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    server = HttpServer(refuses_the_first_entry).start()
    environment.setenv("AWS_ENDPOINT_URL_SQS", server.url)
    pinpoint.fake.plan(
        PlannedResponse(event_statuses={in_pinpoint("message-1"): 400, in_pinpoint("message-2"): 400})
    )
    run = invoke(make_record(purchase()), make_record(purchase()))
    server.stop()
    assert run.failed == ["message-1"]
    assert [line["message_id"] for line in run.logged("message dead-lettered")] == ["message-2"]
    # Without its dead letter it is retried, and this SQS refuses the copy as well.
    assert [(one["queue"], one["code"], one["messages"]) for one in run.logged("messages not taken")] == [
        ("dead-letter queue", "InvalidMessageContents", 1),
        ("queue", "InvalidMessageContents", 1),
    ]


@Request.application
def may_not_use_the_key(_: Request) -> Response:
    """An SQS whose queues are encrypted with a key that denies."""
    said = {"__type": "com.amazonaws.sqs#KmsAccessDenied", "message": "visitor-1 may not"}
    code = {"x-amzn-query-error": "KMS.AccessDeniedException;Sender"}
    return Response(json.dumps(said), 400, code, content_type="application/x-amz-json-1.0")


def test_the_log_says_why_a_queue_took_nothing(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    server = HttpServer(may_not_use_the_key).start()
    environment.setenv("AWS_ENDPOINT_URL_SQS", server.url)
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 500}))
    run = invoke(make_record(purchase()), make_record(purchase()))
    server.stop()
    (line,) = run.logged("messages not taken")
    assert (line["queue"], line["code"], line["messages"]) == ("queue", "KMS.AccessDeniedException", 1)
    assert "visitor-1" not in json.dumps(run.lines)


def test_the_log_says_that_a_queue_cannot_be_reached(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    environment.setenv("AWS_ENDPOINT_URL_SQS", NOBODY)
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 500}))
    (line,) = invoke(make_record(purchase())).logged("messages not taken")
    assert (line["queue"], line["code"]) == ("queue", "unreachable")


def test_without_time_for_the_dead_letter_queue_nothing_is_sent_to_it(
    dead_letter_queue: str, dead_letters: Callable[[], list[Any]]
) -> None:
    limits = CallLimits(connect_seconds=1, read_seconds=1, attempts=1)
    queue = MessageQueue(queue_url=dead_letter_queue, service=AwsService("sqs", region=None, limits=limits))
    letter = OutgoingMessage(message_id="m", body="b", attributes={"dead_letter_reason": "r"})
    assert queue.send([letter], time_left=lambda: 1.9) == Sent(frozenset(), {"m": "out_of_time"})
    assert queue.send([letter], time_left=lambda: 2.0) == Sent(frozenset({"m"}), {})
    assert len(dead_letters()) == 1


def test_the_time_kept_back_is_enough_for_the_queues_and_the_metrics() -> None:
    unanswered = processor.UNANSWERED_CALLS * CALL_LIMITS.worst_case_seconds
    needed = unanswered + processor.ANSWERED_CALLS_SECONDS + processor.METRICS_SECONDS
    assert needed <= CLOSING_SECONDS


@pytest.mark.parametrize(("seconds_left", "failed", "copied"), [(20, [], 1), (4.5, ["message-1"], 0)])
def test_with_little_time_left_messages_are_retried(
    invoke: Callable[..., Run],
    make_record: Records,
    pinpoint: Pinpoint,
    copies: Callable[[], list[Copy]],
    seconds_left: float,
    failed: list[str],
    copied: int,
) -> None:
    run = invoke(make_record(purchase()), make_record("no event"), seconds_left=seconds_left)
    assert (run.failed, len(copies())) == (failed, copied)
    assert pinpoint.fake.requests == []
    assert run.metric("Retried", destination="pinpoint", reason="out_of_time") == [1]


def test_a_large_batch_is_not_cut_off_after_it_was_handed_over(
    invoke: Callable[..., Run], make_record: Records, copies: Callable[[], list[Copy]]
) -> None:
    """Otherwise each message would be delivered again, in addition to its copy."""
    assert invoke(make_record(purchase()), seconds_left=5.5).failed == []
    assert len(copies()) == 1
    run = invoke(*(make_record(purchase()) for _ in range(2_000)), seconds_left=5.5)
    assert (len(run.failed), len(copies())) == (2_000, 1)


def test_a_thousand_messages_take_ten_requests_and_stay_within_the_metric_formats_limit(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    run = invoke(*(make_record({**purchase(), "endpoint_id": f"v{n % 700}"}) for n in range(1000)))
    assert run.failed == []
    assert len(pinpoint.fake.requests) == 10
    assert len(run.metric("EventAge")) == 1000
    assert (run.metric("Received"), run.metric("Recorded")) == ([1000], [1000])
    sizes = [len(value) for line in run.lines for value in line.values() if isinstance(value, list)]
    assert max(sizes) == 100


def test_the_age_of_an_event_is_counted_from_the_gateway_to_the_record(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records
) -> None:
    monkeypatch.setattr(processor.time, "time_ns", lambda: (RECEIVED_MS + 1501) * 1_000_000)
    assert invoke(make_record(purchase())).metric("EventAge") == [1500]


def test_what_is_dropped_and_repeated_is_counted(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    repeated = purchase(event_id="same", evmt_a="x", evat_b="y" * 201, usat_plan="gold")
    run = invoke(make_record(repeated), make_record(repeated))
    assert len(pinpoint.recorder.events()) == 1
    assert run.metric("AttributesDropped") == [2]
    assert run.metric("AttributesDropped", reason="metric_not_a_number") == [1]
    assert run.metric("AttributesDropped", reason="pinpoint_value_too_long") == [1]
    assert (run.metric("DuplicateEvents"), run.metric("ProfileUpdatesApplied")) == ([1], [1])


def test_dropped_attributes_of_a_retried_event_count_once(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 429}))
    assert invoke(make_record(purchase(evmt_a="x"))).metric("AttributesDropped") == [0]


def test_a_batch_is_summed_up_in_one_line(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    pinpoint.fake.plan(PlannedResponse(event_statuses={in_pinpoint("message-1"): 429}))
    run = invoke(*(make_record(purchase()) for _ in range(3)), make_record("none"))
    (line,) = run.logged("batch processed")
    assert line["level"] == "INFO"
    assert (line["received"], line["recorded"]) == (4, 2)
    assert (line["retried"], line["rejected"]) == ({"pinpoint": {"pinpoint_429": 1}}, {"event_missing": 1})


def test_nothing_of_an_event_is_logged(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    secrets = {
        "event": "secret-type",
        "endpoint_id": "secret-endpoint",
        "event_id": "secret-event-id",
        "evat_secret-name": "secret-value",
        "evmt_price": "secret-number",
        "usat_secret-trait": "secret-plan",
        "token": "secret-token",
    }
    unnamed = {**secrets, "endpoint_id": "undefined"}
    retried = {**secrets, "event_id": "secret-second"}
    ids = {"secret-event-id": 400, "secret-second": 500}
    statuses = {
        in_pinpoint(id_, endpoint_id="secret-endpoint", event_type="secret-type"): status
        for id_, status in ids.items()
    }
    pinpoint.fake.plan(PlannedResponse(event_statuses=statuses))
    run = invoke(make_record(secrets), make_record(unnamed), make_record(retried))
    written = ("message dead-lettered", "message rejected", "events retried")
    assert [len(run.logged(text)) for text in written] == [1, 1, 1]
    assert "secret" not in run.output


def test_an_empty_batch_has_no_failures(invoke: Callable[..., Run]) -> None:
    assert invoke().failed == []


def test_a_wrong_environment_fails_the_invocation_and_names_the_variable(
    environment: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records
) -> None:
    environment.delenv("PINPOINT_APPLICATION_ID")
    with pytest.raises(InvalidEnvironmentError, match="PINPOINT_APPLICATION_ID is not set"):
        invoke(make_record(purchase()))


def test_the_clients_are_made_once_a_container(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records, sdk_session: Session
) -> None:
    made: list[str] = []

    class CountingSession:
        def create_client(self, service: str, **options: Any) -> Any:
            made.append(service)
            return sdk_session.create_client(service, **options)

    monkeypatch.setattr(aws_calls, "_session", CountingSession)
    invoke(make_record(purchase()))
    invoke(make_record(purchase()))
    assert made == ["sqs", "pinpoint"]


@pytest.mark.parametrize("module", ["handler.processor", "handler.destinations.pinpoint"])
def test_importing_needs_no_environment(module: str) -> None:
    program = f"import sys; sys.path[:0] = {sys.path!r}; import {module}"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], env={}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def start(program: str, **changes: str | None) -> str:
    """What a program prints in the environment of this test, as Lambda sets it in init."""
    variables = {**os.environ, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", **changes}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.usefixtures("environment")
def test_lambda_makes_the_clients_in_init() -> None:
    """An invocation has less CPU (docs/adr/0031)."""
    program = "from handler import processor; print(processor._processor.cache_info().currsize)"
    assert start(program) == "1"


@pytest.mark.usefixtures("environment")
def test_a_wrong_environment_does_not_fail_init() -> None:
    """Lambda would repeat init, and the error would not be that of an invocation."""
    program = "from handler import processor; print(processor._processor.cache_info().currsize)"
    assert start(program, PINPOINT_APPLICATION_ID=None) == "0"


class Scripted:
    """A destination with scripted outcomes."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = outcomes

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        assert time_left() > 0
        return {event.message_id: one for event, one in zip(events, self._outcomes, strict=False)}


class Raising:
    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        raise RuntimeError(f"{len(events)} secret values, {time_left()}")


def with_destinations(monkeypatch: pytest.MonkeyPatch, *destinations: Any) -> None:
    """Destinations under the names of the real ones."""
    names = ("pinpoint", "firehose", "customer-profiles")
    original = processor._processor()
    monkeypatch.setattr(original, "_destinations", dict(zip(names, destinations, strict=False)))


@pytest.mark.parametrize(
    ("first", "second", "copied", "dead_lettered"),
    [
        (Recorded(), Recorded(), [], []),
        (Recorded(), Retry("later"), ["firehose"], []),
        (Retry("later"), Retry("later"), ["pinpoint,firehose"], []),
        (DeadLetter("never"), Recorded(), [], ["pinpoint"]),
        (DeadLetter("never"), DeadLetter("never"), [], ["pinpoint,firehose"]),
        (DeadLetter("never"), Retry("later"), ["firehose"], ["pinpoint"]),
        (Retry("later"), DeadLetter("never"), ["pinpoint"], ["firehose"]),
    ],
)
def test_each_destination_gets_its_missing_events_and_none_twice(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
    dead_letters: Callable[[], list[dict[str, Any]]],
    first: Outcome,
    second: Outcome,
    copied: list[str],
    dead_lettered: list[str],
) -> None:
    with_destinations(monkeypatch, Scripted(first), Scripted(second))
    run = invoke(make_record(purchase()))
    assert run.failed == []
    assert [copy.attributes["pending"] for copy in copies()] == copied
    assert [
        letter["MessageAttributes"]["pending"]["StringValue"] for letter in dead_letters()
    ] == dead_lettered


def test_a_copy_is_recorded_only_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records
) -> None:
    with_destinations(monkeypatch, Raising(), Scripted(Recorded()))
    run = invoke(make_record(purchase(), attributes={"pending": "firehose", "attempt": "1"}))
    assert (run.failed, run.metric("Recorded"), run.logged("destination failed")) == ([], [1], [])


def test_one_event_in_two_messages_is_recorded_once(
    invoke: Callable[..., Run], make_record: Records, pinpoint: Pinpoint
) -> None:
    run = invoke(make_record(purchase(event_id="same")), make_record(purchase(event_id="same")))
    assert run.failed == []
    assert (run.metric("Recorded"), run.metric("DuplicateEvents")) == ([1], [1])
    assert len(pinpoint.recorder.events()) == 1


@pytest.mark.parametrize(
    ("outcome", "copied", "dead_lettered"), [(Retry("later"), 1, 0), (DeadLetter("never"), 0, 1)]
)
def test_of_one_event_in_two_messages_the_first_is_retried_or_dead_lettered(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
    outcome: Outcome,
    copied: int,
    dead_lettered: int,
) -> None:
    with_destinations(monkeypatch, Scripted(outcome))
    run = invoke(make_record(purchase(event_id="same")), make_record(purchase(event_id="same")))
    assert (run.failed, len(copies()), run.metric("DeadLettered")) == ([], copied, [dead_lettered])
    assert run.metric("DuplicateEvents") == [1]


def test_the_other_of_two_messages_stays_as_long_as_the_one_that_counts_has_no_copy(
    environment: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
) -> None:
    environment.setenv("QUEUE_URL", GONE)
    with_destinations(monkeypatch, Scripted(Retry("later")))
    run = invoke(make_record(purchase(event_id="same")), make_record(purchase(event_id="same")))
    assert (run.failed, run.metric("DuplicateEvents")) == (["message-1", "message-2"], [0])


def test_one_event_in_two_messages_is_recorded_once_wherever_one_is_missing(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records
) -> None:
    """A copy that waits for one destination, and the sender's repetition of the event."""
    with_destinations(monkeypatch, Scripted(Recorded(), DeadLetter("twice")), Scripted(Recorded()))
    run = invoke(
        make_record(purchase(event_id="same"), attributes={"pending": "pinpoint", "attempt": "1"}),
        make_record(purchase(event_id="same")),
    )
    assert (run.failed, run.metric("Recorded"), run.metric("DeadLettered")) == ([], [2], [0])
    assert run.metric("Recorded", destination="pinpoint") == [1]
    assert run.metric("Recorded", destination="firehose") == [1]


def test_a_destination_that_takes_nothing_has_a_count_of_recorded_events_too(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records
) -> None:
    """The share of retried events needs both numbers, above all during an outage."""
    with_destinations(monkeypatch, Scripted(Retry("later")), Scripted(Recorded()))
    run = invoke(make_record(purchase()))
    assert (
        run.metric("Recorded", destination="pinpoint"),
        run.metric("Retried", destination="pinpoint"),
    ) == (
        [0],
        [1],
    )
    assert (
        run.metric("Recorded", destination="firehose"),
        run.metric("Retried", destination="firehose"),
    ) == (
        [1],
        [0],
    )


def test_a_profile_update_counts_once_in_two_destinations(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records
) -> None:
    with_destinations(
        monkeypatch, Scripted(Recorded(profile_updates=2)), Scripted(Recorded(profile_updates=1))
    )
    assert invoke(make_record(purchase())).metric("ProfileUpdatesApplied") == [2]


@pytest.mark.parametrize("place", ["first", "last"])
def test_of_one_event_in_two_messages_the_one_received_first_counts_whatever_its_place(
    pinpoint: Pinpoint, invoke: Callable[..., Run], make_record: Records, place: str
) -> None:
    early = make_record(purchase(event_id="same", evat_value="99"))
    late = make_record(purchase(event_id="same", evat_value="0", usat_plan="gold"))
    run = invoke(*([early, late] if place == "first" else [late, early]))
    assert (run.failed, run.metric("DuplicateEvents")) == ([], [1])
    assert [event.attributes for event in pinpoint.recorder.events()] == [{"value": "99"}]


def test_a_refund_with_the_id_of_its_purchase_is_a_separate_event(
    pinpoint: Pinpoint, invoke: Callable[..., Run], make_record: Records
) -> None:
    order = purchase(event_id="T-1001")
    run = invoke(make_record(order), make_record({**order, "event": "refund"}))
    assert (run.metric("Recorded"), run.metric("DuplicateEvents")) == ([2], [0])
    assert [event.event for event in pinpoint.recorder.events()] == ["purchase", "refund"]


@pytest.mark.parametrize("first", ["genuine", "forged"])
def test_an_unproven_event_does_not_replace_the_same_event_with_proof(
    environment: pytest.MonkeyPatch,
    pinpoint: Pinpoint,
    invoke: Callable[..., Run],
    make_record: Records,
    first: str,
) -> None:
    """An event id can be guessed: an order number, say."""
    environment.setenv("AUTH_MODE", "authenticated")
    order = purchase(event_id="order-1001")
    records = {
        "genuine": make_record({**order, "evat_value": "99"}, attributes={"proven_endpoint": "visitor-1"}),
        "forged": make_record({**order, "evat_value": "0", "usat_plan": "gold"}),
    }
    run = invoke(*(records[name] for name in sorted(records, key=lambda name: name != first)))
    assert (run.failed, run.metric("Recorded"), run.metric("DuplicateEvents")) == ([], [2], [0])
    recorded = {event.event_id: event.attributes for event in pinpoint.recorder.events()}
    assert recorded == {
        in_pinpoint("order-1001", proven=True): {"value": "99"},
        in_pinpoint("order-1001", proven=False): {"value": "0"},
    }


def updates(*values: str) -> Iterator[dict[str, str]]:
    """Events of one endpoint that each set the same user attribute."""
    return (purchase(usat_plan=value) for value in values)


WRITTEN = Recorded(profile_updates=1)


def test_a_later_update_is_retried_with_an_earlier_one_and_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
) -> None:
    with_destinations(monkeypatch, Scripted(Retry("later"), WRITTEN, Retry("later")))
    one, another = updates("silver", "gold")
    late = {"attempt": "8", "original_message_id": "first"}
    run = invoke(
        make_record(one), make_record(another), make_record(purchase(endpoint_id="other"), attributes=late)
    )
    assert run.failed == []
    assert sorted(copy.attributes["original_message_id"] for copy in copies()) == [
        "first",
        "message-1",
        "message-2",
    ]
    delays = {copy.attributes["original_message_id"]: copy.delay_seconds for copy in copies()}
    assert delays["message-1"] == delays["message-2"] <= 5
    assert run.metric("Retried", destination="pinpoint", reason="after_earlier_update") == [1]


def test_updates_that_have_to_keep_their_order_have_the_longest_delay_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
) -> None:
    with_destinations(monkeypatch, Scripted(*[Retry("later")] * 5))
    invoke(
        make_record(purchase(usat_plan="silver"), attributes={"attempt": "8"}),
        make_record(purchase(usat_plan="gold", usat_city="Oslo")),
        make_record(purchase(usat_city="Bergen")),
        make_record(purchase(usat_age="30")),
        make_record({**purchase(usat_plan="gold"), "endpoint_id": "other"}),
    )
    delays = [
        copy.delay_seconds for copy in sorted(copies(), key=lambda copy: copy.attributes["request_time"])
    ]
    assert delays[0] == delays[1] == delays[2] >= 675
    assert max(delays[3:]) <= 5


def test_a_later_update_is_written_again_only_where_the_earlier_one_is_missing(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
) -> None:
    with_destinations(monkeypatch, Scripted(Retry("later"), WRITTEN), Scripted(WRITTEN, WRITTEN))
    invoke(*map(make_record, updates("silver", "gold")))
    assert [copy.attributes["pending"] for copy in copies()] == ["pinpoint", "pinpoint"]


def test_a_destination_that_keeps_no_profile_gets_no_later_update_again(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
) -> None:
    with_destinations(monkeypatch, Scripted(Retry("later"), Recorded()))
    invoke(*map(make_record, updates("silver", "gold")))
    assert [copy.attributes["original_message_id"] for copy in copies()] == ["message-1"]


def test_a_later_update_goes_on_as_long_as_an_earlier_one_does(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
    dead_letters: Callable[[], list[Any]],
) -> None:
    """For example when the earlier one was redriven. A recorded event is never dead-lettered."""
    with_destinations(monkeypatch, Scripted(Retry("later"), WRITTEN))
    one, another = updates("silver", "gold")
    invoke(make_record(one), make_record(another, attributes={"attempt": "39"}))
    assert sorted(copy.attributes["attempt"] for copy in copies()) == ["1", "39"]
    assert dead_letters() == []


def test_a_later_update_is_retried_with_one_that_the_dead_letter_queue_has_not_taken(
    environment: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
) -> None:
    environment.setenv("DEAD_LETTER_QUEUE_URL", GONE)
    with_destinations(monkeypatch, Scripted(DeadLetter("never"), WRITTEN))
    run = invoke(*map(make_record, updates("silver", "gold")))
    assert (run.failed, len(copies())) == ([], 2)
    assert run.metric("Retried", destination="pinpoint", reason="dead_letter_failed") == [1]
    assert run.metric("Retried", destination="pinpoint", reason="after_earlier_update") == [1]


@pytest.mark.parametrize("attempt", ["0", "39"])
def test_a_later_update_is_left_to_the_queue_with_an_earlier_one_that_is(
    environment: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    attempt: str,
) -> None:
    """Otherwise it would come first, and the earlier one last."""
    server = HttpServer(refuses_the_first_entry).start()
    environment.setenv("AWS_ENDPOINT_URL_SQS", server.url)
    with_destinations(monkeypatch, Scripted(Retry("later"), WRITTEN, WRITTEN))
    one, another, third = updates("silver", "gold", "copper")
    run = invoke(
        make_record(one, attributes={"attempt": attempt}),
        make_record(another),
        make_record({**third, "endpoint_id": "other"}),
    )
    server.stop()
    assert run.failed == ["message-1", "message-2"]


def test_a_later_update_that_is_dead_lettered_is_not_retried_as_well(
    environment: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
) -> None:
    server = HttpServer(refuses_the_first_entry).start()
    environment.setenv("AWS_ENDPOINT_URL_SQS", server.url)
    with_destinations(monkeypatch, Scripted(DeadLetter("never"), DeadLetter("never")))
    run = invoke(*map(make_record, updates("silver", "gold")))
    server.stop()
    assert run.failed == ["message-1"]
    assert run.metric("DeadLettered") == [1]


class Down:
    """A destination that records nothing and counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        assert time_left() > 0
        self.calls += 1
        return dict.fromkeys((event.message_id for event in events), Retry("down_503"))


def test_a_destination_that_records_nothing_rests_and_its_events_are_retried(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
) -> None:
    down = Down()
    with_destinations(monkeypatch, down, Scripted(*[Recorded()] * 10))
    for _ in range(2):
        run = invoke(*(make_record(purchase()) for _ in range(10)))
        assert run.metric("Recorded", destination="firehose") == [10]
        assert run.metric("Retried", destination="pinpoint", reason="down_503") == [10]
    assert (down.calls, len(copies())) == (1, 20)


class Waiting:
    """A destination that records nothing before the others have begun."""

    def __init__(self, all_have_begun: Barrier) -> None:
        self._all_have_begun = all_have_begun

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        self._all_have_begun.wait(timeout=time_left())
        return {event.message_id: Recorded() for event in events}


def test_destinations_record_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., Run], make_record: Records
) -> None:
    all_have_begun = Barrier(3)
    with_destinations(monkeypatch, *(Waiting(all_have_begun) for _ in range(3)))
    assert invoke(make_record(purchase())).failed == []


@pytest.mark.parametrize("broken", [Raising(), Scripted()])
def test_a_destination_that_breaks_its_promise_loses_no_message(
    monkeypatch: pytest.MonkeyPatch,
    invoke: Callable[..., Run],
    make_record: Records,
    copies: Callable[[], list[Copy]],
    broken: Any,
) -> None:
    with_destinations(monkeypatch, broken)
    run = invoke(make_record(purchase()))
    assert [copy.pending for copy in copies()] == [("message-1", "pinpoint")]
    assert run.metric("Retried", destination="pinpoint", reason="unexpected_error") == [1]
    assert "secret" not in run.output
