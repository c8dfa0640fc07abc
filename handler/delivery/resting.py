"""Leaves a destination alone for a moment that takes nothing, so that it does not hold up the others.

While one is away, each batch would wait for it to fail, three times or by time-out: fewer batches come by,
new events wait in the queue behind those that come again, and the healthy destinations get them late.
Pure.
"""

from collections.abc import Callable, Mapping

from handler.destinations import Outcome, Retry

# Shorter than the delay before the first retry, so that this one is a real try.
REST_SECONDS = 3.0
# A smaller batch in which nothing succeeds may have failed by its own events.
FEWEST_EVENTS = 10


class Resting:
    """Which destinations rest, and the outcome of their events until they are asked again.

    For one copy of the function. `clock` counts seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._resting: dict[str, tuple[float, Retry]] = {}

    def outcome(self, destination: str) -> Retry | None:
        """What becomes of an event while its destination rests; None where it does not."""
        until, outcome = self._resting.get(destination, (0.0, None))
        return outcome if self._clock() < until else None

    def learn(self, destination: str, outcomes: Mapping[str, Outcome]) -> None:
        """Let a destination rest that has taken nothing of a batch."""
        retries = [outcome for outcome in outcomes.values() if isinstance(outcome, Retry)]
        if len(retries) == len(outcomes) >= FEWEST_EVENTS:
            self._resting[destination] = (self._clock() + REST_SECONDS, retries[0])
