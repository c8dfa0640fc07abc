"""Which user attributes an event keeps, and whose, under each policy."""

from collections.abc import Callable

import pytest

from contract.scenario import AuthMode, ProfileUpdates
from handler.events import Event
from handler.update_policy import DenialReason, UpdatePolicy

SENT = {"plan": "gold", "city": "Oslo"}


def policy_of(
    profile_updates: ProfileUpdates, *allowed_names: str, auth_mode: AuthMode = AuthMode.OPEN
) -> UpdatePolicy:
    return UpdatePolicy(
        auth_mode=auth_mode, profile_updates=profile_updates, allowed_names=frozenset(allowed_names)
    )


@pytest.mark.parametrize(
    ("profile_updates", "kept", "denied"),
    [
        (ProfileUpdates.NONE, {}, {DenialReason.PROFILE_UPDATES_NONE: 2}),
        (ProfileUpdates.ALLOWLIST, {"plan": "gold"}, {DenialReason.NOT_IN_ALLOWLIST: 1}),
        (ProfileUpdates.ALL, SENT, {}),
    ],
)
def test_a_policy_keeps_what_it_allows_and_counts_the_rest(
    make_event: Callable[..., Event], profile_updates: ProfileUpdates, kept: dict[str, str], denied: object
) -> None:
    decision = policy_of(profile_updates, "plan", "age").apply(make_event(user_attributes=SENT))
    assert (decision.event.user_attributes, decision.denied) == (kept, denied)


def test_names_on_the_allow_list_are_case_sensitive(make_event: Callable[..., Event]) -> None:
    policy = policy_of(ProfileUpdates.ALLOWLIST, "Plan")
    assert policy.apply(make_event(user_attributes=SENT)).event.user_attributes == {}


@pytest.mark.parametrize("profile_updates", ProfileUpdates)
def test_no_policy_changes_anything_else_of_an_event(
    make_event: Callable[..., Event], profile_updates: ProfileUpdates
) -> None:
    event = make_event(attributes={"plan": "gold"}, metrics={"plan": 1.0})
    assert policy_of(profile_updates).apply(event).event == event


@pytest.mark.parametrize(
    ("proven_endpoint", "reason"),
    [
        *((nobody, DenialReason.WITHOUT_PROOF) for nobody in (None, "")),
        *((other, DenialReason.PROOF_OF_OTHER_ENDPOINT) for other in ("e2", "E1", "e1 ", " e1", "e", "e11")),
    ],
)
@pytest.mark.parametrize("profile_updates", ProfileUpdates)
def test_an_authenticated_stack_denies_every_update_of_an_endpoint_that_is_not_proven(
    make_event: Callable[..., Event],
    profile_updates: ProfileUpdates,
    proven_endpoint: str | None,
    reason: DenialReason,
) -> None:
    policy = policy_of(profile_updates, "plan", auth_mode=AuthMode.AUTHENTICATED)
    event = make_event(endpoint_id="e1", proven_endpoint=proven_endpoint, user_attributes=SENT)
    decision = policy.apply(event)
    assert (decision.event.user_attributes, decision.denied) == ({}, {reason: 2})


@pytest.mark.parametrize("auth_mode", AuthMode)
@pytest.mark.parametrize("profile_updates", ProfileUpdates)
def test_for_a_proven_endpoint_the_stacks_rule_applies_as_in_an_open_stack(
    make_event: Callable[..., Event], profile_updates: ProfileUpdates, auth_mode: AuthMode
) -> None:
    event = make_event(endpoint_id="e1", proven_endpoint="e1", user_attributes=SENT)
    in_open_stack = policy_of(profile_updates, "plan").apply(event)
    assert policy_of(profile_updates, "plan", auth_mode=auth_mode).apply(event) == in_open_stack


def test_an_open_stack_asks_for_no_proof(make_event: Callable[..., Event]) -> None:
    event = make_event(endpoint_id="e1", proven_endpoint="e2", user_attributes=SENT)
    assert policy_of(ProfileUpdates.ALL).apply(event).event.user_attributes == SENT
