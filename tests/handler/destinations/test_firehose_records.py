"""Records of the analytics stream: their shape, and how they are divided into requests."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.firehose import RECORD_BYTES, RECORDS_IN_REQUEST, REQUEST_BYTES
from handler.destinations.firehose_records import (
    EventRecord,
    as_record,
    divide,
)
from handler.events import Event
from tests.hostile import HOSTILE_VALUES

APP_ID = "a1b2c3"


def written(event: Event) -> dict[str, Any]:
    return json.loads(as_record(event, app_id=APP_ID).data)


def request_bytes(records: Any, stream: str = "s" * 64) -> int:
    """The body that botocore sends: base64 in JSON, with json.dumps's default separators."""
    data = [{"Data": "x" * (4 * -(-len(record.data) // 3))} for record in records]
    return len(json.dumps({"DeliveryStreamName": stream, "Records": data}))


def test_an_event_is_written_in_the_shape_of_pinpoints_event_stream(make_event: Callable[..., Event]) -> None:
    event = make_event(
        attributes={"item": "book"},
        metrics={"price": 9.5},
        user_attributes={"plan": "gold"},
        timestamp_ms=1_790_000_000_001,
        received_ms=1_790_000_000_007,
    )
    assert written(event) == {
        "event_type": "purchase",
        "event_timestamp": 1_790_000_000_001,
        "arrival_timestamp": 1_790_000_000_007,
        "event_version": "3.1",
        "event_id": event.event_id,
        "proven": False,
        "application": {"app_id": APP_ID},
        "client": {"client_id": "e1"},
        "attributes": {"item": "book"},
        "metrics": {"price": 9.5},
        "user_attributes": {"plan": "gold"},
    }


@pytest.mark.parametrize(("proven_endpoint", "proven"), [("e1", True), ("e2", False), (None, False)])
def test_a_record_says_whether_the_customer_was_proven(
    make_event: Callable[..., Event], proven_endpoint: str | None, *, proven: bool
) -> None:
    assert written(make_event(proven_endpoint=proven_endpoint))["proven"] is proven


@pytest.mark.parametrize("event_id", ["#4711/2 & more", "é 🎉", "x" * 255])
def test_a_record_keeps_the_event_id_as_the_sender_wrote_it(
    make_event: Callable[..., Event], event_id: str
) -> None:
    assert written(make_event(event_id=event_id))["event_id"] == event_id


def test_missing_parts_of_an_event_are_empty_and_not_absent(make_event: Callable[..., Event]) -> None:
    record = written(make_event())
    assert [record[name] for name in ("attributes", "metrics", "user_attributes")] == [{}, {}, {}]


def test_a_record_is_one_line_of_ascii_whatever_it_holds(make_event: Callable[..., Event]) -> None:
    line_ends = "\n\r\x0b\x0c\x1c\x85\u2028\u2029"
    values = [*HOSTILE_VALUES, line_ends, "\ud800", "\0"]
    event = make_event(event_type=line_ends, endpoint_id=line_ends, attributes={v: v for v in values})
    data = as_record(event, app_id=APP_ID).data
    assert data.isascii()
    assert data.decode().splitlines(keepends=True) == [data.decode()]
    assert json.loads(data)["attributes"] == event.attributes


@given(
    attributes=st.dictionaries(st.text(), st.text()),
    metrics=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)),
    endpoint_id=st.text(min_size=1),
)
def test_a_record_reads_back_as_it_was_sent(
    attributes: dict[str, str], metrics: dict[str, float], endpoint_id: str
) -> None:
    event = Event(
        message_id="m",
        event_id="e",
        event_type="purchase",
        endpoint_id=endpoint_id,
        received_ms=1,
        timestamp_ms=1,
        attributes=attributes,
        metrics=metrics,
        user_attributes=attributes,
        proven_endpoint=None,
        dropped={},
    )
    record = written(event)
    assert (record["attributes"], record["metrics"]) == (attributes, metrics)
    assert (record["user_attributes"], record["client"]["client_id"]) == (attributes, endpoint_id)


@pytest.mark.parametrize(("length", "too_large"), [(RECORD_BYTES, False), (RECORD_BYTES + 1, True)])
def test_a_record_has_at_most_a_thousand_kibibytes(length: int, *, too_large: bool) -> None:
    assert EventRecord(message_id="m", data=b"x" * length).is_too_large is too_large


def test_the_largest_record_fits_into_a_request() -> None:
    assert request_bytes([EventRecord(message_id="m", data=b"x" * RECORD_BYTES)]) <= REQUEST_BYTES


def test_nothing_to_send_is_no_request() -> None:
    assert divide([]) == []


def test_a_request_is_filled_before_the_next_is_begun() -> None:
    records = [EventRecord(message_id=str(number), data=b"{}\n") for number in range(1001)]
    assert [len(request) for request in divide(records)] == [500, 500, 1]


@given(st.lists(st.integers(1, 400_000), max_size=30))
def test_requests_keep_every_record_in_its_order_within_the_limits(lengths: list[int]) -> None:
    records = [
        EventRecord(message_id=str(number), data=b"x" * length) for number, length in enumerate(lengths)
    ]
    requests = divide(records)
    assert [record for request in requests for record in request] == records
    for request in requests:
        assert 0 < len(request) <= RECORDS_IN_REQUEST
        assert request_bytes(request) <= REQUEST_BYTES


@pytest.mark.parametrize(
    ("lengths", "counts"),
    [
        # 500 times 7,996 bytes of base64 would fit, but not with the JSON around each of them.
        pytest.param([5_997] * 500, [499, 1], id="around each record"),
        # With that exactly four million, but not with the JSON around all of them.
        pytest.param([749_991, 749_988, 749_991, 749_988], [3, 1], id="around all records"),
    ],
)
def test_the_json_around_records_counts(lengths: list[int], counts: list[int]) -> None:
    records = [
        EventRecord(message_id=str(number), data=b"x" * length) for number, length in enumerate(lengths)
    ]
    assert request_bytes(records) > REQUEST_BYTES
    assert [len(request) for request in divide(records)] == counts


def test_large_records_share_a_request_as_far_as_they_fit() -> None:
    # Base64 makes 600,000 bytes 800,000, and the fifth exceeds four million with what is around them.
    records = [EventRecord(message_id=str(number), data=b"x" * 600_000) for number in range(6)]
    assert [len(request) for request in divide(records)] == [4, 2]
