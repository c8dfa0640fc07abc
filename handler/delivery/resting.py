"""Spares a destination that takes nothing for a moment, so that it does not hold up the others.

While a service is down, each batch would wait for three failures or a timeout. Fewer batches would get
through, new events would queue up behind retried ones, and healthy destinations would get them late. Pure.
"""

from collections.abc import Callable, Mapping

from handler.destinations import Outcome, Retry

# Shorter than the delay before the first retry, so that the first retry reaches the destination.
REST_SECONDS = 3.0
# If nothing of a smaller batch succeeds, its own events may be the cause.
FEWEST_EVENTS = 10


class Resting:
    """The destinations that rest. Each container of the function has its own. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._resting: dict[str, tuple[float, Retry]] = {}

    def outcome(self, destination: str) -> Retry | None:
        """The outcome of events while their destination rests; None if it does not rest."""
        until, outcome = self._resting.get(destination, (0.0, None))
        return outcome if self._clock() < until else None

    def learn(self, destination: str, outcomes: Mapping[str, Outcome]) -> None:
        """Let a destination rest if it has taken nothing of a batch."""
        retries = [outcome for outcome in outcomes.values() if isinstance(outcome, Retry)]
        if len(retries) == len(outcomes) >= FEWEST_EVENTS:
            self._resting[destination] = (self._clock() + REST_SECONDS, retries[0])
