"""Turns events into entries of PutEvents requests to Amazon EventBridge. Pure.

docs/destinations.md has the schema of `detail`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from contract.string_length import utf16_length
from handler.delivery.batching import fill_batches
from handler.event_identity import EventKey
from handler.events import Event
from handler.timestamps import iso_8601

MAX_ENTRIES_IN_REQUEST = 10
# AWS raised the limit of an entry to 1 MB in 2026; the limit of a request is documented as 256 KB. An event
# comes from a URL of at most 10 KB, so the smaller limit costs nothing.
MAX_REQUEST_BYTES = 256_000
MAX_DETAIL_TYPE_LENGTH = 128

DETAIL_VERSION = "1"
"""The version of the shape of `detail`; a change that breaks a rule's pattern gets the next one."""

DETAIL_TYPE_CUT = "eventbridge_detail_type_cut"
"""The reason under which a shortened detail type is counted; `detail.event_type` holds the whole."""

_TIME_BYTES = 14  # what the service counts for Time, whatever it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as an entry of a request."""

    message_id: str
    source: str
    detail_type: str
    detail: str
    time_ms: int
    is_detail_type_cut: bool

    @property
    def size(self) -> int:
        """Bytes as EventBridge counts an entry ("Calculating PutEvents event entry size")."""
        return _TIME_BYTES + sum(len(text.encode()) for text in (self.source, self.detail_type, self.detail))

    def as_request_entry(self, bus: str) -> dict[str, object]:
        """The entry as botocore takes it."""
        return {
            "EventBusName": bus,
            "Source": self.source,
            "DetailType": self.detail_type,
            "Detail": self.detail,
            "Time": datetime.fromtimestamp(self.time_ms / 1000, UTC),
        }


def as_entry(event: Event, *, source: str) -> Entry:
    """An event as an entry. `source` is what rules match on; it must not begin with `aws.`.

    The detail is ASCII, so that receivers need not agree on an encoding.
    """
    detail = {
        "version": DETAIL_VERSION,
        "event_type": event.event_type,
        "event_id": event.event_id,
        "event_key": EventKey.of(event).hashed(),
        "endpoint_id": event.endpoint_id,
        "proven": event.proven,
        "timestamp": iso_8601(event.timestamp_ms),
        "received": iso_8601(event.received_ms),
        "attributes": dict(event.attributes),
        "metrics": dict(event.metrics),
        "user_attributes": dict(event.user_attributes),
    }
    is_cut = utf16_length(event.event_type) > MAX_DETAIL_TYPE_LENGTH
    return Entry(
        message_id=event.message_id,
        source=source,
        detail_type=_cut(event.event_type) if is_cut else event.event_type,
        detail=json.dumps(detail, ensure_ascii=True, allow_nan=False, separators=(",", ":")),
        time_ms=event.timestamp_ms,
        is_detail_type_cut=is_cut,
    )


def divide(entries: Iterable[Entry]) -> list[Sequence[Entry]]:
    """As few requests as the limits allow, the entries in their order."""
    return list(
        fill_batches(
            entries,
            max_items=MAX_ENTRIES_IN_REQUEST,
            max_bytes=MAX_REQUEST_BYTES,
            size_of=lambda entry: entry.size,
        )
    )


def _cut(text: str) -> str:
    """The first 128 UTF-16 units, without half a surrogate pair at the end."""
    return text.encode("utf-16-le")[: 2 * MAX_DETAIL_TYPE_LENGTH].decode("utf-16-le", errors="ignore")
