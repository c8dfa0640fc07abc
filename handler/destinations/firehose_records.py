"""Turns events into records of the analytics stream and divides them into requests. Pure.

A record has the shape of Amazon Pinpoint's event stream, so that queries on that keep working. Sessions and
devices are absent; `event_id`, `proven` and `user_attributes` are additional.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contract import firehose as limits
from handler.delivery.batching import fill_batches
from handler.events import Event

# Bytes that a record takes in a request besides its base64, and that a request takes without any record.
_RECORD_FRAME_BYTES = len('{"Data": ""}, ')
_REQUEST_FRAME_BYTES = len('{"DeliveryStreamName": "", "Records": []}') + 64

EVENT_VERSION = "3.1"
"""The version in Pinpoint's records of custom events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """The record of one event."""

    message_id: str
    data: bytes

    @property
    def is_too_large(self) -> bool:
        """Whether the record exceeds the limit of a single one. Smaller records always fit into a request."""
        return len(self.data) > limits.RECORD_BYTES


def as_record(event: Event, *, app_id: str) -> EventRecord:
    """An event as one line of JSON with its newline, which Firehose does not add.

    Times are epoch milliseconds. Queries filter on `app_id` as `application.app_id`. The line is ASCII,
    because readers disagree on which other characters end a line.
    """
    record = {
        "event_type": event.event_type,
        "event_timestamp": event.timestamp_ms,
        "arrival_timestamp": event.received_ms,
        "event_version": EVENT_VERSION,
        "event_id": event.event_id,
        "proven": event.proven,
        "application": {"app_id": app_id},
        "client": {"client_id": event.endpoint_id},
        "attributes": dict(event.attributes),
        "metrics": dict(event.metrics),
        "user_attributes": dict(event.user_attributes),
    }
    data = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    return EventRecord(message_id=event.message_id, data=data)


def divide(records: Iterable[EventRecord]) -> list[Sequence[EventRecord]]:
    """As few requests as the limits allow, in the order of the records. None may be too large."""
    batches = fill_batches(
        records,
        max_items=limits.RECORDS_IN_REQUEST,
        max_bytes=limits.REQUEST_BYTES - _REQUEST_FRAME_BYTES,
        size_of=_size_in_request,
    )
    return list(batches)


def _size_in_request(record: EventRecord) -> int:
    """Bytes that botocore sends for a record: its data in base64, in JSON."""
    return 4 * ((len(record.data) + 2) // 3) + _RECORD_FRAME_BYTES
