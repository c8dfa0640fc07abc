"""Spaces requests evenly, so that a quota in requests per second is kept by several threads together."""

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """Gives out turns; two of them are never closer together than the quota allows.

    `clock` says seconds of any epoch and never goes back; `sleep` waits for seconds.
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
        """Wait for the next turn; False at once, taking none, where it is over `within` seconds away."""
        with self._taking:
            now = self._clock()
            wait = max(0.0, self._next_turn - now)
            if wait > within:
                return False
            self._next_turn = now + wait + self._interval
        if wait:
            self._sleep(wait)
        return True
