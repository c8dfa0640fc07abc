"""The shortest function timeout that settings take, against the calls that the handler makes."""

import pkgutil
from importlib import import_module

import pytest

from contract.function_time import CLOSING_SECONDS, SHORTEST_TIMEOUT_SECONDS
from handler import destinations


@pytest.mark.parametrize("module", [one.name for one in pkgutil.iter_modules(destinations.__path__)])
def test_a_call_to_a_destination_fits_into_the_shortest_time(module: str) -> None:
    limits = getattr(import_module(f"{destinations.__name__}.{module}"), "CALL_LIMITS", None)

    assert limits is None or limits.worst_case_seconds <= SHORTEST_TIMEOUT_SECONDS - CLOSING_SECONDS
