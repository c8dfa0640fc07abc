"""Which dead letters are sent again, and as which messages."""

import json

import pytest

from ops import dead_letters
from ops.redrive import Choice, entries, is_fed_by, pause_after, requests
from tests.ops.examples import OUTPUTS, SENT_AT, letter

DEAD_LETTER_QUEUE: str = OUTPUTS["dead_letter_queue_url"]


@pytest.mark.parametrize(
    ("reason", "fits"),
    [
        ("firehose_400", True),
        ("pinpoint_404", True),
        ("firehose*", True),
        ("firehose", False),
        ("firehose_400,pinpoint_404", True),
        ("pinpoint_400", False),
        ("*", True),
    ],
)
def test_a_reason_is_the_whole_one_of_several_or_the_beginning_of_one(reason: str, fits: bool) -> None:  # noqa: FBT001 - a parameter of the test
    one = letter(dead_letter_reason="firehose_400,pinpoint_404")

    assert Choice(reasons=[reason]).fits(one, now=SENT_AT + 1) == fits


def test_ages_are_counted_from_when_the_message_was_sent() -> None:
    one = letter()

    assert Choice(older_than=60).fits(one, now=SENT_AT + 61)
    assert not Choice(older_than=60).fits(one, now=SENT_AT + 59)
    assert Choice(newer_than=60).fits(one, now=SENT_AT + 59)
    assert not Choice(newer_than=60).fits(one, now=SENT_AT + 61)


def test_a_letter_that_came_back_meanwhile_is_left_alone() -> None:
    assert not Choice().fits(letter(sent_at=SENT_AT + 1), now=SENT_AT)


def test_a_message_is_sent_again_with_every_attribute_and_its_type() -> None:
    one = letter(
        body="event=a&endpoint_id=ü",
        request_id="q",
        request_time="1795838400000",
        proven_endpoint="e1",
        pending="firehose",
        dead_letter_reason="firehose_400",
        original_message_id="m-0",
    )

    (entry,) = entries([one])

    assert entry["MessageBody"] == one.body
    assert entry["MessageAttributes"] == one.attributes
    assert entry["MessageAttributes"]["request_time"]["DataType"] == "Number"


def test_a_message_that_sqs_moved_keeps_its_id_as_the_original_one() -> None:
    assert entries([letter(4)])[0]["MessageAttributes"] == {
        "original_message_id": {"DataType": "String", "StringValue": "m-4"}
    }


def test_a_binary_attribute_goes_along() -> None:
    binary = {"DataType": "Binary", "BinaryValue": b"\xff"}
    one = dead_letters.read(
        {"MessageId": "m", "ReceiptHandle": "r", "Body": "b", "MessageAttributes": {"other": binary}}
    )

    assert entries([one])[0]["MessageAttributes"]["other"] == binary


@pytest.mark.parametrize(
    ("sizes", "divided"),
    [
        ([500_000, 500_000, 500_000], [2, 1]),
        ([1_048_520, 20], [1, 1]),  # the attributes count, too
        ([10] * 10, [10]),
        ([], []),
    ],
)
def test_requests_are_no_larger_than_sqs_takes(sizes: list[int], divided: list[int]) -> None:
    found = entries([letter(n, body="x" * size) for n, size in enumerate(sizes)])

    assert [len(request) for request in requests(found)] == divided


def test_entries_are_numbered_in_the_order_of_the_letters() -> None:
    assert [entry["Id"] for entry in entries([letter(n) for n in (5, 6, 7)])] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("policy", "is_fed"),
    [
        (json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:123456789012:dead-1a2b3c4"}), True),
        (json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:123456789012:other"}), False),
        (json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:210987654321:dead-1a2b3c4"}), False),
        ("", False),
        ("[]", False),
    ],
)
def test_only_the_stacks_own_dead_letter_queue_is_trusted(policy: str, is_fed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert is_fed_by(policy, DEAD_LETTER_QUEUE) == is_fed


def test_a_rate_is_kept_by_pauses() -> None:
    assert pause_after(10, rate=100) == 0.1
