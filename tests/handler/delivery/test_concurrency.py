"""Calls run at the same time, and their results keep the order."""

from threading import Barrier, Lock

import pytest

from handler.delivery.concurrency import map_concurrently
from tests.patience import PATIENCE_SECONDS


@pytest.mark.parametrize("items", [[], [1], [1, 2, 3]])
def test_results_keep_the_order_of_the_items(items: list[int]) -> None:
    assert map_concurrently(lambda item: item * 2, items, at_once=2) == [item * 2 for item in items]


def test_as_many_calls_as_allowed_run_at_once_and_no_more() -> None:
    barrier, lock, running, most = Barrier(3), Lock(), 0, 0

    def call(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(PATIENCE_SECONDS)
        with lock:
            running -= 1

    map_concurrently(call, range(6), at_once=3)

    assert most == 3
