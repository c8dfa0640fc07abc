"""One Java process for all tests that hold something to Apache Velocity."""

from collections.abc import Iterator

import pytest

from tests.velocity.engine import Velocity, missing, running_velocity


@pytest.fixture(scope="session")
def velocity() -> Iterator[Velocity]:
    """Apache Velocity 1.7; skips the test where it cannot run."""
    if reason := missing():
        pytest.skip(f"Apache Velocity cannot run here: {reason}")
    with running_velocity() as velocity:
        yield velocity
