"""When a message that has to come again does: the delay before each retry.

Seconds at first, because most failures are short and an event trigger of Customer Profiles forgets an event
after 15 minutes; then each delay is twice the one before, up to the longest that SQS knows.
docs/operations.md has the same as a table. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from contract.sqs import LONGEST_DELAY_SECONDS

FIRST_DELAY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """The delays before the retries of a message, in seconds, each the longest that jitter makes of it."""

    delays: tuple[int, ...]

    @classmethod
    def lasting(cls, hours: int) -> "RetrySchedule":
        """As many retries as it takes to go on for so many hours, however short jitter makes the delays."""
        delays: list[int] = []
        at_least = 0
        while at_least < hours * 3600:
            delay = min(FIRST_DELAY_SECONDS * 2 ** len(delays), LONGEST_DELAY_SECONDS)
            delays.append(delay)
            at_least += shortest(delay)
        return cls(tuple(delays))

    @property
    def retries(self) -> int:
        """How often a message comes again before it goes to the dead-letter queue."""
        return len(self.delays)

    def delay_before(self, attempt: int, choose: Callable[[int, int], int]) -> int:
        """The delay before retry `attempt`, the first being 1; after the last one it stays as it is.

        `choose` takes any whole number between two, these included: messages that failed together shall not
        all come back in the same second.
        """
        longest = self.delays[min(attempt, self.retries) - 1]
        return choose(shortest(longest), longest)


def shortest(delay: int) -> int:
    """What jitter leaves at least of a delay: three quarters."""
    return -(-delay * 3 // 4)
