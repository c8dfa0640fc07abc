"""The ids of events in requests to Amazon Pinpoint."""

from handler.event_identity import EventKey


def in_pinpoint(
    event_id: str, *, endpoint_id: str = "visitor-1", event_type: str = "purchase", proven: bool = False
) -> str:
    """Pinpoint's id of the event with this `event_id`."""
    return EventKey(endpoint_id, event_type, event_id, proven).hashed()
