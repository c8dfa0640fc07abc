"""Which user attributes an event keeps under each policy."""

from collections.abc import Callable

import pytest

from handler.events import Event
from handler.update_policy import ProfileUpdates, UpdatePolicy

SENT = {"plan": "gold", "city": "Oslo"}


@pytest.mark.parametrize(
    ("profile_updates", "kept", "refused"),
    [
        (ProfileUpdates.NONE, {}, 2),
        (ProfileUpdates.ALLOWLIST, {"plan": "gold"}, 1),
        (ProfileUpdates.ALL, SENT, 0),
    ],
)
def test_a_policy_keeps_what_it_allows_and_counts_the_rest(
    make_event: Callable[..., Event], profile_updates: ProfileUpdates, kept: dict[str, str], refused: int
) -> None:
    policy = UpdatePolicy(profile_updates=profile_updates, allowed_names=frozenset({"plan", "age"}))
    decision = policy.apply(make_event(user_attributes=SENT))
    assert (decision.event.user_attributes, decision.refused) == (kept, refused)


def test_names_on_the_allow_list_are_case_sensitive(make_event: Callable[..., Event]) -> None:
    policy = UpdatePolicy(profile_updates=ProfileUpdates.ALLOWLIST, allowed_names=frozenset({"Plan"}))
    assert policy.apply(make_event(user_attributes=SENT)).event.user_attributes == {}


@pytest.mark.parametrize("profile_updates", ProfileUpdates)
def test_no_policy_changes_anything_else_of_an_event(
    make_event: Callable[..., Event], profile_updates: ProfileUpdates
) -> None:
    event = make_event(attributes={"plan": "gold"}, metrics={"plan": 1.0})
    assert UpdatePolicy(profile_updates=profile_updates).apply(event).event == event
