"""Which messages are the same event, and which of them counts."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.event_identity import EventKey, first_of_each
from handler.events import Event

SAME: dict[str, Any] = {"endpoint_id": "e1", "event_type": "purchase", "event_id": "T-1001"}


def test_a_message_that_was_sent_twice_is_one_event(make_event: Callable[..., Event]) -> None:
    first, second = make_event(**SAME, attributes={"a": "1"}), make_event(**SAME, attributes={"a": "2"})

    assert EventKey.of(first) == EventKey.of(second)


@pytest.mark.parametrize(
    "other",
    [
        {"endpoint_id": "e2"},
        {"event_type": "refund"},  # Google Analytics repeats the purchase's transaction_id
        {"event_id": "T-1002"},
        {"proven_endpoint": "e1"},
    ],
)
def test_another_endpoint_type_id_or_proof_is_another_event(
    make_event: Callable[..., Event], other: dict[str, str]
) -> None:
    assert EventKey.of(make_event(**SAME)) != EventKey.of(make_event(**{**SAME, **other}))


def test_a_token_for_another_endpoint_proves_nothing(make_event: Callable[..., Event]) -> None:
    assert EventKey.of(make_event(**SAME, proven_endpoint="e2")) == EventKey.of(make_event(**SAME))


@pytest.mark.parametrize("order", list(itertools.permutations(["early", "late", "latest"])))
def test_among_equals_the_one_received_first_counts_whatever_its_place(
    make_event: Callable[..., Event], order: list[str]
) -> None:
    messages = {name: make_event(**SAME, message_id=name) for name in ("early", "late", "latest")}

    (counts,) = first_of_each(messages[name] for name in order).values()

    assert counts.message_id == "early"


def test_of_two_received_in_the_same_millisecond_the_same_one_counts_each_time(
    make_event: Callable[..., Event],
) -> None:
    both = [make_event(**SAME, message_id=id_, received_ms=7) for id_ in ("a", "b")]

    assert first_of_each(both) == first_of_each(reversed(both))


@pytest.mark.parametrize("forged_first", [True, False])
def test_an_unproven_event_does_not_replace_one_with_proof(
    make_event: Callable[..., Event], *, forged_first: bool
) -> None:
    forged = make_event(**SAME, received_ms=1 if forged_first else 3)
    genuine = make_event(**SAME, received_ms=2, proven_endpoint="e1")

    assert set(first_of_each([forged, genuine])) == {EventKey.of(forged), EventKey.of(genuine)}
    assert first_of_each([forged, genuine])[EventKey.of(genuine)] is genuine


KEYS = st.builds(EventKey, st.text(), st.text(), st.text(), st.booleans())


@given(KEYS, KEYS)
def test_two_events_have_one_hash_only_if_they_are_one_event(one: EventKey, other: EventKey) -> None:
    assert (one.hashed() == other.hashed()) == (one == other)


@given(KEYS)
def test_a_hash_fits_any_service(key: EventKey) -> None:
    assert len(key.hashed()) == 64
    assert set(key.hashed()) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b", "c"), ("a", "b\x00c", "")), (('a", "b', "c", "d"), ("a", "b", 'c", "d'))],
)
def test_strings_that_would_be_the_same_when_joined_are_two_events(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert EventKey(*one, proven=False).hashed() != EventKey(*other, proven=False).hashed()
