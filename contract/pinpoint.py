"""Amazon Pinpoint: limits of PutEvents (Amazon Pinpoint quotas)."""

from typing import Final

EVENTS_IN_REQUEST: Final = 100

# The documentation says 4 MB and 15 KB. The smaller reading of each is safe.
REQUEST_BYTES: Final = 4_000_000
ENDPOINT_BYTES: Final = 15_000

KEYS_OF_EVENT: Final = 40
"""Attributes and metrics together."""

KEY_CHARACTERS: Final = 50
VALUE_CHARACTERS: Final = 200

USER_ATTRIBUTES: Final = 250
"""User attributes of an endpoint."""

USER_ATTRIBUTE_NAME_CHARACTERS: Final = 50
USER_ATTRIBUTE_VALUE_CHARACTERS: Final = 100

AVOIDED_IN_USER_ATTRIBUTE_NAME: Final = "#:?\\/"
"""Pinpoint's console does not show names with these characters, so no segment can use them."""
