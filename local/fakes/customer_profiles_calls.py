"""Reads single events in a call that puts objects, for traces."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.fakes import Call, EventPart


def read_call(call: Call) -> Iterator[EventPart]:
    """The events of BatchPutProfileObject."""
    successful = _by_id(call.response, "Successful")
    failed = _by_id(call.response, "Failed")
    for item in call.request.get("Items", []):
        content = json.loads(item["Object"])
        if "event_key" not in content:
            continue  # an imported endpoint
        result = {
            "Successful": [one for one in [successful.get(item["Id"])] if one],
            "Failed": [one for one in [failed.get(item["Id"])] if one],
        }
        yield EventPart(
            event_key=content["event_key"],
            endpoint_id=content["endpoint_id"],
            user_attributes=content.get("user_attributes", {}),
            operation="BatchPutProfileObject",
            parameters={
                "DomainName": call.path.split("/")[2],
                "ObjectTypeName": call.request["ObjectTypeName"],
                # The service gets the object as a string; this is easier to read.
                "Items": [{"Id": item["Id"], "Object": content}],
            },
            response=None if call.response is None else result,
            is_accepted=item["Id"] in successful,
        )


def _by_id(response: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    return {item["Id"]: item for item in (response or {}).get(name, [])}
