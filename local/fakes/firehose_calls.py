"""Reads single events in a call of PutRecordBatch, for traces."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.fakes import Call, EventPart


def read_call(call: Call) -> Iterator[EventPart]:
    """The events of PutRecordBatch."""
    entries = (call.response or {}).get("RequestResponses", [])
    for position, sent in enumerate(call.request.get("Records", [])):
        record = json.loads(base64.b64decode(sent["Data"]))
        entry = entries[position] if position < len(entries) else {}
        yield EventPart(
            event_key=event_key(record),
            endpoint_id=record["client"]["client_id"],
            user_attributes=record["user_attributes"],
            operation="PutRecordBatch",
            parameters={
                "DeliveryStreamName": call.request["DeliveryStreamName"],
                # The service gets the data in base64; this is easier to read.
                "Records": [{"Data": record}],
            },
            response=None
            if call.response is None
            else {"FailedPutCount": int("ErrorCode" in entry), "RequestResponses": [entry]},
            is_accepted="RecordId" in entry,
        )


def event_key(record: Mapping[str, Any]) -> str:
    """The key that the event of a record has in the other destinations."""
    key = [record["client"]["client_id"], record["event_type"], record["event_id"], record["proven"]]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()
