"""How long tests wait for what has to happen: long, because machines are shared, and seldom to the end."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 60


def eventually(condition: Callable[[], Any]) -> Any:
    """What `condition` gives as soon as it is true; fails when patience is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value
