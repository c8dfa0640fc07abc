"""The URL that GTM calls: parameter names, prefixes and lengths (docs/url.md)."""

from typing import Final

PATH: Final = "/events"
"""The path after the stage."""

EVENT: Final = "event"
ENDPOINT_ID: Final = "endpoint_id"
EVENT_ID: Final = "event_id"
TIMESTAMP: Final = "timestamp"
TOKEN: Final = "token"  # noqa: S105 - the name of a parameter
"""A JWT. Read only in the authenticated scenario."""

EVENT_ATTRIBUTE: Final = "evat_"
EVENT_METRIC: Final = "evmt_"
USER_ATTRIBUTE: Final = "usat_"

LONGEST_ID: Final = 255
"""The most UTF-16 units of an event type, endpoint id or event id.

Amazon Connect Customer Profiles accepts no longer keys and values. The limit holds for every destination, so
that all of them record the same events.
"""

LONGEST_REQUEST_BYTES: Final = 10_240
"""Request line and headers together (Amazon API Gateway quotas, Regional REST API)."""
