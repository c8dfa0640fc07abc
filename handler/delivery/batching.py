"""Fills requests with items, up to the number of items and bytes that a service takes. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def fill_batches(
    items: Iterable[_Item],
    *,
    max_items: int,
    max_bytes: int | None = None,
    size_of: Callable[[_Item], int] = lambda _: 0,
) -> Iterator[Sequence[_Item]]:
    """Divide items into as few batches as the limits allow, in their order.

    `size_of` says how many bytes an item adds to a request. An item larger than `max_bytes` gets a batch of
    its own.
    """
    batch: list[_Item] = []
    batch_bytes = 0
    for item in items:
        size = size_of(item)
        is_over = max_bytes is not None and batch_bytes + size > max_bytes
        if batch and (len(batch) == max_items or is_over):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(item)
        batch_bytes += size
    if batch:
        yield batch
