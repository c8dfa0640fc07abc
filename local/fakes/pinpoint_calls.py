"""Reads single events in a call of PutEvents, for traces."""

from collections.abc import Iterator

from local.fakes import Call, EventPart

_ACCEPTED = 202


def read_call(call: Call) -> Iterator[EventPart]:
    """The events of PutEvents."""
    results = (call.response or {}).get("Results", {})
    for endpoint_id, item in call.request.get("BatchItem", {}).items():
        result = results.get(endpoint_id, {})
        attributes = item["Endpoint"].get("User", {}).get("UserAttributes", {})
        for event_key, event in item["Events"].items():
            response_item = result.get("EventsItemResponse", {}).get(event_key)
            own = {**result, "EventsItemResponse": {event_key: response_item} if response_item else {}}
            yield EventPart(
                event_key=event_key,
                endpoint_id=endpoint_id,
                user_attributes=attributes,
                operation="PutEvents",
                parameters={
                    "ApplicationId": call.path.split("/")[3],
                    "EventsRequest": {
                        "BatchItem": {
                            endpoint_id: {"Endpoint": item["Endpoint"], "Events": {event_key: event}}
                        }
                    },
                },
                response=None if call.response is None else {"Results": {endpoint_id: own}},
                is_accepted=bool(response_item) and response_item["StatusCode"] == _ACCEPTED,
            )
