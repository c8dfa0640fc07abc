"""Halves a request that a service refuses as a whole, so that one bad item does not cost the others. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from handler.aws_calls import CallError
from handler.destinations import DeadLetter, Item, Outcome, Retry, same_outcome

_ItemT = TypeVar("_ItemT", bound=Item)

# Bad request and request too large: the two that can be about a single item.
_REFUSED_AS_A_WHOLE = frozenset({400, 413})


def send_or_split(
    items: Sequence[_ItemT],
    send: Callable[[Sequence[_ItemT]], Mapping[str, Outcome]],
    *,
    failure_of: Callable[[CallError], Retry | DeadLetter],
) -> dict[str, Outcome]:
    """Send items in one request, and in halves where the service refuses it; outcomes by message id.

    `send` makes one request and raises CallError if all of it failed. `failure_of` says what that means.
    """
    try:
        return dict(send(items))
    except CallError as error:
        outcome = failure_of(error)
        is_refused = isinstance(outcome, DeadLetter) and error.status in _REFUSED_AS_A_WHOLE
    if not is_refused or len(items) == 1:
        return same_outcome(items, outcome)
    middle = len(items) // 2
    return {
        **send_or_split(items[:middle], send, failure_of=failure_of),
        **send_or_split(items[middle:], send, failure_of=failure_of),
    }
