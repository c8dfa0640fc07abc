"""The scenario of a stack: who may update profiles, which updates count, and what dates an event."""

from enum import StrEnum


class AuthMode(StrEnum):
    """Who may update a customer's profile."""

    # Anyone who knows the URL.
    OPEN = "open"
    # Only a visitor whose token names the endpoint of the event.
    AUTHENTICATED = "authenticated"


class ProfileUpdates(StrEnum):
    """Which user attributes of a URL may update a customer's profile."""

    NONE = "none"
    ALLOWLIST = "allowlist"
    ALL = "all"


class TimestampSource(StrEnum):
    """Where the time of an event comes from."""

    # The time at which API Gateway received the request.
    GATEWAY = "gateway"
    # The `timestamp` parameter.
    URL = "url"
