"""How the event processor divides its time. The settings are checked against the same numbers."""

from typing import Final

SHORTEST_TIMEOUT_SECONDS: Final = 40
"""The shortest function timeout. It leaves the destinations 25 s, however large the batch is."""

CLOSING_SECONDS: Final = 15
"""Reserved at the end, to move messages to the queues and to write metrics."""

MESSAGES_HANDED_OVER_IN_A_SECOND: Final = 500
"""A large batch needs another second, beyond CLOSING_SECONDS, for each 500 messages."""

CUSTOMER_PROFILES_REQUEST_SECONDS: Final = 5
"""The longest that one request to Customer Profiles can take."""
