"""Batches are filled in order, up to their limits."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from handler.delivery.batching import fill_batches


def test_a_batch_is_filled_before_the_next_is_begun() -> None:
    assert list(fill_batches("abcde", max_items=2)) == [["a", "b"], ["c", "d"], ["e"]]


def test_a_batch_may_be_exactly_as_large_as_its_limit() -> None:
    batches = fill_batches([4, 6, 1, 10], max_items=9, max_bytes=10, size_of=lambda size: size)

    assert list(batches) == [[4, 6], [1], [10]]


def test_an_item_over_the_limit_gets_its_own_batch() -> None:
    batches = fill_batches([1, 11, 1], max_items=9, max_bytes=10, size_of=lambda size: size)

    assert list(batches) == [[1], [11], [1]]


def test_no_items_make_no_batch() -> None:
    assert list(fill_batches([], max_items=9)) == []


@given(sizes=st.lists(st.integers(0, 10)), max_items=st.integers(1, 5), max_bytes=st.integers(10, 30))
def test_no_item_could_have_gone_into_the_batch_before(
    sizes: list[int], max_items: int, max_bytes: int
) -> None:
    batches = list(fill_batches(sizes, max_items=max_items, max_bytes=max_bytes, size_of=lambda size: size))

    assert [size for batch in batches for size in batch] == sizes
    assert all(0 < len(batch) <= max_items and sum(batch) <= max_bytes for batch in batches)
    for batch, following in pairwise(batches):
        assert len(batch) == max_items or sum(batch) + following[0] > max_bytes
