"""The delay before each retry of a message.

Delays start at seconds, because most failures are short and an event trigger of Customer Profiles forgets an
event after 15 minutes. Each is twice the one before, up to the longest that SQS allows. docs/operations.md
has them as a table. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from contract.sqs import LONGEST_DELAY_SECONDS

FIRST_DELAY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """The longest delay before each retry of a message, in seconds. Jitter shortens them."""

    delays: tuple[int, ...]

    @classmethod
    def lasting(cls, hours: int) -> "RetrySchedule":
        """As many retries as fill the hours, even with the shortest delays that jitter draws."""
        delays: list[int] = []
        total = 0
        while total < hours * 3600:
            delay = min(FIRST_DELAY_SECONDS * 2 ** len(delays), LONGEST_DELAY_SECONDS)
            delays.append(delay)
            total += shortest(delay)
        return cls(tuple(delays))

    @property
    def retries(self) -> int:
        """How often a message is retried before it is dead-lettered."""
        return len(self.delays)

    def delay_before(self, attempt: int, choose: Callable[[int, int], int]) -> int:
        """The delay in seconds before retry `attempt`, which counts from 1. Past the last, it stays the same.

        `choose` draws a whole number between two, both included, so that messages that failed together do
        not all return in the same second.
        """
        longest = self.delays[min(attempt, self.retries) - 1]
        return choose(shortest(longest), longest)


def shortest(delay: int) -> int:
    """The shortest delay that jitter draws: three quarters of the longest."""
    return -(-delay * 3 // 4)
