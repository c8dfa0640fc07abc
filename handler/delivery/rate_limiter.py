"""Spaces requests evenly, so that several threads together stay within a quota of requests a second."""

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """Gives out turns, never closer together than the quota allows.

    `clock` counts seconds and never goes back. `sleep` waits for seconds.
    """

    def __init__(
        self,
        requests_per_second: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / requests_per_second
        self._clock = clock
        self._sleep = sleep
        self._next_turn = clock()
        self._taking = threading.Lock()

    def take_turn(self, *, within: float) -> bool:
        """Wait for the next turn. If that is more than `within` seconds away, take none and return False."""
        with self._taking:
            now = self._clock()
            wait = max(0.0, self._next_turn - now)
            if wait > within:
                return False
            self._next_turn = now + wait + self._interval
        if wait:
            self._sleep(wait)
        return True
