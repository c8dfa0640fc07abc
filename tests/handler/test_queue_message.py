"""Messages with their attributes: as they are read, and as they are sent again."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.queue_message import (
    OutgoingMessage,
    UnreadableMessageError,
    UnreadableReason,
    dead_letter,
    read_message,
    retry_copy,
    unreadable_dead_letter,
)

SENT_MS = 1_790_000_000_000


def record(*, strings: Mapping[str, str] | None = None, **more: str) -> dict[str, Any]:
    return {
        "messageId": "m1",
        "body": "event=purchase",
        "attributes": {"SentTimestamp": str(SENT_MS), "ApproximateReceiveCount": "1"},
        "messageAttributes": {
            name: {"dataType": "String", "stringValue": text}
            for name, text in {**(strings or {}), **more}.items()
        },
    }


def delivered(message: OutgoingMessage, message_id: str) -> dict[str, Any]:
    """A message as SQS and Lambda would deliver it, a while later."""
    return {
        "messageId": message_id,
        "body": message.body,
        "attributes": {"SentTimestamp": str(SENT_MS + 900_000), "ApproximateReceiveCount": "1"},
        "messageAttributes": {
            name: {"dataType": "String", "stringValue": text} for name, text in message.attributes.items()
        },
    }


def test_a_message_of_the_gateway_is_at_its_first_try_for_every_destination() -> None:
    queued = read_message(record(request_id="r", request_time="1790000000001", proven_endpoint="e1"))

    assert (queued.attempt, queued.pending, queued.original_message_id) == (0, None, "m1")
    assert (queued.message.request_id, queued.message.proven_endpoint) == ("r", "e1")
    assert queued.received_ms == 1_790_000_000_001


def test_a_copy_is_the_same_event_for_the_destinations_that_miss_it() -> None:
    queued = read_message(record(request_id="r", request_time="1790000000001", proven_endpoint="e1"))
    copy = retry_copy(queued, attempt=3, pending=["firehose", "pinpoint"], reason="x_503", delay_seconds=15)
    again = read_message(delivered(copy, "m2"))

    assert copy.delay_seconds == 15
    assert (again.attempt, again.pending) == (3, ("firehose", "pinpoint"))
    assert (again.message.message_id, again.original_message_id) == ("m2", "m1")
    assert (again.message.body, again.received_ms) == ("event=purchase", 1_790_000_000_001)
    assert (again.message.request_id, again.message.proven_endpoint) == ("r", "e1")


def test_a_copy_of_a_copy_names_the_first_message() -> None:
    first = retry_copy(read_message(record()), attempt=1, pending=["a"], reason="x", delay_seconds=5)
    second = retry_copy(
        read_message(delivered(first, "m2")), attempt=2, pending=["a"], reason="x", delay_seconds=10
    )

    assert read_message(delivered(second, "m3")).original_message_id == "m1"


def test_an_event_without_a_gateways_time_keeps_that_of_its_first_message() -> None:
    copy = retry_copy(read_message(record()), attempt=1, pending=["a"], reason="x", delay_seconds=5)

    assert read_message(delivered(copy, "m2")).received_ms == SENT_MS


def test_a_redriven_dead_letter_starts_again_with_the_destinations_that_miss_it() -> None:
    copy = retry_copy(read_message(record()), attempt=39, pending=["a", "b"], reason="x", delay_seconds=5)
    letter = dead_letter(read_message(delivered(copy, "m2")), pending=["b"], reason="b_503")
    redriven = read_message(delivered(letter, "m3"))

    assert letter.attributes["dead_letter_reason"] == "b_503"
    assert (redriven.attempt, redriven.pending, redriven.original_message_id) == (0, ("b",), "m1")


def test_a_copy_that_the_queue_moved_after_crashes_continues_where_it_was() -> None:
    copy = retry_copy(
        read_message(record()), attempt=7, pending=["firehose"], reason="firehose_throttled", delay_seconds=5
    )
    redriven = read_message(delivered(copy, "m9"))

    assert (redriven.attempt, redriven.pending, redriven.original_message_id) == (7, ("firehose",), "m1")


def test_the_copies_of_a_redriven_dead_letter_count_their_retries() -> None:
    """With the reason of a dead letter on them, each would be a first one."""
    redriven = read_message(record(dead_letter_reason="b_503", attempt="7"))
    copy = retry_copy(redriven, attempt=1, pending=["b"], reason="b_503", delay_seconds=5)

    assert redriven.attempt == 0
    assert read_message(delivered(copy, "m3")).attempt == 1


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        *(("attempt", text, UnreadableReason.ATTEMPT) for text in ("-1", "1.5", "1e3", "", "x", "9" * 6)),
        *(
            ("pending", text, UnreadableReason.PENDING)
            for text in ("", ",", "a,", "A", "a b", "a;b", "../x", "a" + ",a" * 9 + "!")
        ),
        *(
            ("request_time", text, UnreadableReason.REQUEST_TIME)
            for text in ("soon", "-1", "1.5", "1e12", "", "9" * 15, "9" * 40, "253402300799999")
        ),
        *(
            ("original_message_id", text, UnreadableReason.ORIGINAL_MESSAGE_ID)
            for text in ("", "a b", "x" * 101)
        ),
    ],
)
def test_an_invalid_attribute_makes_the_message_unreadable(
    name: str, text: str, reason: UnreadableReason
) -> None:
    with pytest.raises(UnreadableMessageError) as caught:
        read_message(record(strings={name: text}))

    assert caught.value.reason is reason


def test_an_unreadable_message_is_kept_as_it_came_and_redriven_from_its_start() -> None:
    letter = unreadable_dead_letter(record(attempt="-1", pending="a", request_id="r"), "attempt_unreadable")

    assert letter.attributes == {
        "request_id": "r",
        "pending": "a",
        "original_message_id": "m1",
        "dead_letter_reason": "attempt_unreadable",
    }
    assert read_message(delivered(letter, "m2")).attempt == 0


@pytest.mark.parametrize(
    ("text", "type_"), [("soon", "String"), ("1.5.", "String"), ("9" * 39, "String"), ("9" * 20, "Number")]
)
def test_sqs_accepts_a_dead_letter_whose_number_is_invalid(text: str, type_: str) -> None:
    letter = unreadable_dead_letter(record(strings={"request_time": text}), "request_time_unreadable")

    attributes: Any = letter.entry("0")["MessageAttributes"]
    assert attributes["request_time"] == {"DataType": type_, "StringValue": text}
    with pytest.raises(UnreadableMessageError):
        read_message(delivered(letter, "m2"))


@given(attributes=st.dictionaries(st.text(min_size=1), st.text(), max_size=10))
def test_no_message_has_more_than_the_ten_attributes_of_sqs(attributes: dict[str, str]) -> None:
    everything = dict.fromkeys(
        ("request_id", "proven_endpoint", "dead_letter_reason", "original_message_id"), "a"
    )
    queued = read_message(record(strings={**attributes, **everything, "request_time": "1", "pending": "a"}))
    copy = retry_copy(queued, attempt=1, pending=["a"], reason="x", delay_seconds=5)
    letter = dead_letter(queued, pending=["a"], reason="x")

    assert max(len(copy.attributes), len(letter.attributes)) <= 10
    assert all([*copy.attributes.values(), *letter.attributes.values()])
