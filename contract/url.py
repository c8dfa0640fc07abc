"""The URL that GTM calls: names of parameters, prefixes and lengths (docs/url.md)."""

from typing import Final

PATH: Final = "/events"
"""The path after the stage."""

EVENT: Final = "event"
ENDPOINT_ID: Final = "endpoint_id"
EVENT_ID: Final = "event_id"
TIMESTAMP: Final = "timestamp"
TOKEN: Final = "token"  # noqa: S105 - the name of a parameter
"""A JWT, read in the authenticated scenario only."""

EVENT_ATTRIBUTE: Final = "evat_"
EVENT_METRIC: Final = "evmt_"
USER_ATTRIBUTE: Final = "usat_"

LONGEST_ID: Final = 255
"""UTF-16 units of an event type, endpoint id or event id.

Amazon Connect Customer Profiles takes no longer keys and values. Every destination has the same limit, so
that all of them record the same events.
"""

LONGEST_REQUEST_BYTES: Final = 10_240
"""Request line and headers together (Amazon API Gateway quotas, Regional REST API)."""
