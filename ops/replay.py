"""Which records of the event bucket to replay, and as which messages. Pure.

A message says what the gateway's would: the same event, its id, the time of its request and its proof. The
attribute `pending` names one destination, so that the others do not get the event again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

from contract.url import (
    ENDPOINT_ID,
    EVENT,
    EVENT_ATTRIBUTE,
    EVENT_ID,
    EVENT_METRIC,
    TIMESTAMP,
    USER_ATTRIBUTE,
)
from ops import event_bucket

_WRITTEN_LATE_SECONDS: Final = 86_400
"""Up to when the record of an event that had to be retried is looked for."""


class UnreadableRecordError(Exception):
    """A line of a file is no record of this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Times are epoch seconds: when the gateway received the event, `until` not included."""

    since: float
    until: float
    destination: str
    # Whether the event also updates the profile again, which sets newer values back.
    with_user_attributes: bool = False

    def folders(self) -> list[str]:
        """The folders that can hold such events."""
        return event_bucket.folders(self.since, self.until + _WRITTEN_LATE_SECONDS)

    def entry(self, line: str) -> dict[str, Any] | None:
        """The entry of a SendMessageBatch, without its Id; None if the event is of another time.

        Raises UnreadableRecordError.
        """
        try:
            if not line.isascii():
                raise UnreadableRecordError  # the function writes ASCII
            record: Any = json.loads(line)
            received_ms = int(record["arrival_timestamp"])
            if not self.since * 1000 <= received_ms < self.until * 1000:
                return None
            return self._entry(record, received_ms)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise UnreadableRecordError from None

    def _entry(self, record: Mapping[str, Any], received_ms: int) -> dict[str, Any]:
        endpoint_id = str(record["client"]["client_id"])
        groups = {EVENT_ATTRIBUTE: record["attributes"], EVENT_METRIC: record["metrics"]}
        if self.with_user_attributes:
            groups[USER_ATTRIBUTE] = record["user_attributes"]
        pairs = [
            (ENDPOINT_ID, endpoint_id),
            (EVENT, str(record["event_type"])),
            (EVENT_ID, str(record["event_id"])),
            (TIMESTAMP, str(int(record["event_timestamp"]))),
            *(
                (f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value))
                for prefix, group in groups.items()
                for name, value in cast("Mapping[str, Any]", group).items()
            ),
        ]
        attributes = {
            "request_time": ("Number", str(received_ms)),
            "pending": ("String", self.destination),
            **({"proven_endpoint": ("String", endpoint_id)} if record["proven"] is True else {}),
        }
        return {
            "MessageBody": urlencode(pairs, quote_via=quote),
            "MessageAttributes": {
                name: {"DataType": kind, "StringValue": value} for name, (kind, value) in attributes.items()
            },
        }
