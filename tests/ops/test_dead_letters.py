"""Dead letters: what each says about itself, and many by reason."""

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


def test_an_export_holds_all_that_a_message_says() -> None:
    assert dead_letters.exported(letter(pending="firehose", request_time="5")) == {
        "message_id": "m-1",
        "sent_at": SENT_AT,
        "reason": "max_receive_count",
        "body": "event=purchase&endpoint_id=e1",
        "attributes": {"pending": "firehose", "request_time": "5"},
    }
