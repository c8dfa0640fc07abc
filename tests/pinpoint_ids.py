"""The ids that events have in requests to Amazon Pinpoint."""

from handler.event_identity import EventKey


def in_pinpoint(
    event_id: str, *, endpoint_id: str = "visitor-1", event_type: str = "purchase", proven: bool = False
) -> str:
    """The id of an event whose sender, or whose message, calls it `event_id`."""
    return EventKey(endpoint_id, event_type, event_id, proven).hashed()
