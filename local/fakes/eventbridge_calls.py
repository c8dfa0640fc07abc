"""Reads single events in a call of PutEvents, for traces."""

import json
from collections.abc import Iterator

from local.fakes import Call, EventPart


def read_call(call: Call) -> Iterator[EventPart]:
    """The events of PutEvents."""
    results = (call.response or {}).get("Entries", [])
    for position, entry in enumerate(call.request.get("Entries", [])):
        detail = json.loads(entry["Detail"])
        result = results[position] if position < len(results) else {}
        yield EventPart(
            event_key=detail["event_key"],
            endpoint_id=detail["endpoint_id"],
            user_attributes=detail["user_attributes"],
            operation="PutEvents",
            # The service gets the detail as a string; this is easier to read.
            parameters={"Entries": [{**entry, "Detail": detail}]},
            response=None
            if call.response is None
            else {"FailedEntryCount": int("ErrorCode" in result), "Entries": [result]},
            is_accepted="EventId" in result,
        )
