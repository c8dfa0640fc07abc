"""Waits for a condition: long enough for a busy machine, but no longer than needed."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 60


def eventually(condition: Callable[[], Any]) -> Any:
    """Call `condition` until it returns something true, and return that. Fails after PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value
