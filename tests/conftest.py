"""What tests of whole runs share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.embedded import Runs


@pytest.fixture(scope="module")
def runs() -> Iterator["Runs"]:
    """Embedded runs for the tests of a module; the last one ends with it."""
    from tests.embedded import Runs  # moto takes a second, which other tests need not wait

    runs = Runs()
    yield runs
    runs.stop()
