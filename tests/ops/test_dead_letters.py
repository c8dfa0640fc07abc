"""Dead letters: what each says about itself, and many by reason."""

import pytest

from ops import dead_letters
from tests.ops.examples import SENT_AT, letter


def test_a_letter_says_why_and_which_destinations_lack_the_event() -> None:
    one = letter(dead_letter_reason="firehose_400", pending="firehose", original_message_id="m-0")

    assert (one.reason, one.pending, one.original_message_id) == ("firehose_400", "firehose", "m-0")


def test_a_message_that_sqs_itself_moved_has_no_reason_and_goes_to_all() -> None:
    one = letter(3)

    assert (one.reason, one.pending, one.original_message_id) == (
        "max_receive_count",
        "all destinations",
        "m-3",
    )


def test_it_is_deleted_14_days_after_it_was_sent() -> None:
    assert letter().deleted_at - SENT_AT == 14 * 24 * 3600


def test_reasons_are_counted_by_destination_the_most_frequent_first() -> None:
    letters = [
        letter(1, dead_letter_reason="pinpoint_400", pending="pinpoint"),
        letter(2, dead_letter_reason="firehose_400", pending="firehose", sent_at=SENT_AT - 60),
        letter(3, dead_letter_reason="firehose_400", pending="firehose"),
    ]

    counts = dead_letters.by_reason(letters)

    assert [(one.reason, one.pending, one.count) for one in counts] == [
        ("firehose_400", "firehose", 2),
        ("pinpoint_400", "pinpoint", 1),
    ]
    assert (counts[0].oldest_at, counts[0].newest_at) == (SENT_AT - 60, SENT_AT)


def test_reasons_have_the_error_codes_of_their_letters_each_once() -> None:
    codes = ("ValidationException", "BadRequestException", "ValidationException")
    letters = [letter(n, dead_letter_reason="a_400", dead_letter_code=code) for n, code in enumerate(codes)]

    (count,) = dead_letters.by_reason([*letters, letter(9, dead_letter_reason="a_400")])

    assert (count.count, count.codes) == (4, ("BadRequestException", "ValidationException"))
    assert dead_letters.summary(letters[0], values=False)["code"] == "ValidationException"


def test_a_list_has_personal_data_only_where_it_was_asked_for() -> None:
    one = letter(body="event=purchase&endpoint_id=alice&usat_plan=gold", request_id="q")

    without = dead_letters.summary(one, values=False)
    assert "alice" not in str(without)
    assert "gold" not in str(without)
    assert dead_letters.summary(one, values=True) == {
        **without,
        "event": "purchase",
        "endpoint_id": "alice",
        "body": "event=purchase&endpoint_id=alice&usat_plan=gold",
    }


@pytest.mark.parametrize(
    ("body", "is_hers"),
    [
        ("event=a&endpoint_id=alice", True),
        ("event=a&amp;endpoint_id=alice", True),
        ("event=a&endpoint_id=bob&endpoint_id=alice", True),
        ("event=a&endpoint_id=alice&endpoint_id=bob", False),
        ("event=a&endpoint_id=bob&amp;endpoint_id=alice", False),
        ("event=alice&endpoint_id=alice%20", False),
        ("", False),
        ('{"endpoint_id": "alice"}', False),
    ],
)
def test_a_letter_is_of_the_endpoint_that_the_function_reads(body: str, is_hers: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert letter(body=body).is_of("alice") == is_hers


def test_a_letter_is_also_of_the_endpoint_that_a_token_proves() -> None:
    assert letter(body="event=a&endpoint_id=bob", proven_endpoint="alice").is_of("alice")


def test_a_message_of_another_tool_is_read_and_exported_as_it_is() -> None:
    one = dead_letters.read(
        {
            "MessageId": "m",
            "ReceiptHandle": "r",
            "Body": "\ufffd no query",
            "MessageAttributes": {"pending": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}},
        }
    )

    assert (one.reason, one.pending, one.sent_at) == ("max_receive_count", "all destinations", 0)
    assert dead_letters.summary(one, values=True)["endpoint_id"] == ""
    assert dead_letters.exported(one)["attributes"] == {"pending": "AP8="}


def test_an_export_holds_all_that_a_message_says() -> None:
    assert dead_letters.exported(letter(pending="firehose", request_time="5")) == {
        "message_id": "m-1",
        "sent_at": SENT_AT,
        "reason": "max_receive_count",
        "body": "event=purchase&endpoint_id=e1",
        "attributes": {"pending": "firehose", "request_time": "5"},
    }
