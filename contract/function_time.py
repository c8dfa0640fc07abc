"""How the event processor divides its time. The settings are checked against what the processor does."""

from typing import Final

SHORTEST_TIMEOUT_SECONDS: Final = 40
"""The shortest function timeout: leaves 25 s to the destinations, however large the batch."""

CLOSING_SECONDS: Final = 15
"""Kept back from the destinations to hand messages over to the queues and to write metrics."""

MESSAGES_HANDED_OVER_IN_A_SECOND: Final = 500
"""A large batch needs a second more than CLOSING_SECONDS for each of these."""

CUSTOMER_PROFILES_REQUEST_SECONDS: Final = 5
"""The longest that one request to Customer Profiles can take."""
