"""The scenario of a stack: who may send events, which profile updates count, what dates an event."""

from enum import StrEnum


class AuthMode(StrEnum):
    """Whose events may update a profile at all."""

    # Anybody's who knows the URL.
    OPEN = "open"
    # Those of a visitor whose token names the endpoint of the event.
    AUTHENTICATED = "authenticated"


class ProfileUpdates(StrEnum):
    """Which user attributes of a URL may update a customer's profile."""

    NONE = "none"
    ALLOWLIST = "allowlist"
    ALL = "all"


class TimestampSource(StrEnum):
    """What dates an event."""

    # The time of the request, which API Gateway vouches for.
    GATEWAY = "gateway"
    # The parameter `timestamp`.
    URL = "url"
