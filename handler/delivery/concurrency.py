"""Calls a function for several items at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def map_concurrently(
    function: Callable[[_Item], _Result], items: Sequence[_Item], *, at_once: int
) -> list[_Result]:
    """The results in the order of the items, of at most `at_once` calls at a time."""
    if len(items) < 2:  # no thread needed
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(at_once, len(items))) as threads:
        return list(threads.map(function, items))
