"""Throttling of a method: a token bucket, as API Gateway describes it."""

import threading
from collections.abc import Callable, Mapping
from typing import Any


class TokenBucket:
    """Lets `burst` requests through at once, refilled at `rate` a second; api-gateway-request-throttling."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = burst
        self._filled_at = clock()

    def take(self) -> bool:
        """Whether one more request may pass now."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def method_throttle(
    stage: Mapping[str, Any],
    account: Mapping[str, Any],
    path: str,
    http_method: str,
    clock: Callable[[], float],
) -> TokenBucket:
    """The method's own limits, otherwise the stage's, otherwise the account's; -1 means not set."""
    settings = stage.get("methodSettings") or {}
    # The key of a method is its path without the first slash, as the AWS provider writes and reads it.
    own = settings.get(f"{path.lstrip('/')}/{http_method}") or settings.get("*/*") or {}
    rate, burst = own.get("throttlingRateLimit", -1), own.get("throttlingBurstLimit", -1)
    return TokenBucket(
        rate=rate if rate >= 0 else account["rateLimit"],
        burst=burst if burst >= 0 else account["burstLimit"],
        clock=clock,
    )
