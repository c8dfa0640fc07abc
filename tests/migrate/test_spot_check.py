"""The spot check of imported profiles."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from migrate.customer_profiles import CallError, FoundProfile, SetupError
from migrate.delivery import Calls, RateLimiter
from migrate.profiles import Kind, ProfileObject
from migrate.spot_check import WAITS_SECONDS, spot_check
from migrate.summary import SpotCheck


def a_profile(key: str, **fields: Any) -> ProfileObject:
    values: dict[str, Any] = {
        "email": f"{key}@example.com",
        "phone": None,
        "opt_out": "NONE",
        "withdrawn": frozenset[Kind](),
        **fields,
    }
    return ProfileObject(key=key, user_id=None, user_attributes={}, endpoints=1, dropped={}, **values)


def found(key: str, email: str | None = None, opt_out: str | None = "NONE") -> FoundProfile:
    addresses = {Kind.EMAIL: email or f"{key}@example.com"} if email != "" else {}
    return FoundProfile(profile_id=key, keys=frozenset({key}), addresses=addresses, opt_out=opt_out)


class Target:
    """Finds one more of its profiles in each round of searches."""

    def __init__(self, *rounds: Sequence[FoundProfile] | Exception) -> None:
        self._rounds = list(rounds)
        self.searches: list[list[str]] = []

    def search(self, keys: Sequence[str]) -> list[FoundProfile]:
        self.searches.append(list(keys))
        held = self._rounds.pop(0) if len(self._rounds) > 1 else self._rounds[0]
        if isinstance(held, Exception):
            raise held
        return [one for one in held if one.keys & set(keys)]

    def remove_addresses(self, profile_id: str, kinds: Sequence[Kind]) -> None:  # noqa: ARG002
        raise AssertionError("a look-up changes nothing")


def looked_up(
    made: Sequence[ProfileObject], target: Target, *, wait: Callable[[float], bool] | None = None
) -> tuple[SpotCheck, list[float]]:
    waits: list[float] = []

    def waited(seconds: float) -> bool:
        if seconds >= 1:
            waits.append(seconds)
        return False

    rate = RateLimiter(1_000, clock=lambda: 0.0, wait=lambda _: False)
    calls = Calls(rate=rate, wait=lambda _: False, jitter=lambda: 0.0, permission="profile:SearchProfiles")
    return spot_check(made, target, searches=calls, wait=wait or waited), waits


def test_profiles_that_are_as_they_were_sent_are_searched_once() -> None:
    keys = [f"e{number}" for number in range(12)]
    target = Target([found(key) for key in keys])

    assert looked_up([a_profile(key) for key in keys], target) == (
        SpotCheck(count=12, missing=0, different=0, against_consent=0),
        [],
    )
    assert [len(search) for search in target.searches] == [5, 5, 2]


def test_profiles_that_take_their_time_are_waited_for() -> None:
    target = Target([found("a")], [found("b", opt_out=None)], [found("b")])

    assert looked_up([a_profile("a"), a_profile("b")], target) == (
        SpotCheck(count=2, missing=0, different=0, against_consent=0),
        list(WAITS_SECONDS[:2]),
    )
    assert target.searches == [["a", "b"], ["b"], ["b"]]


@pytest.mark.parametrize(
    ("made", "held", "expected"),
    [
        (a_profile("a"), [], (1, 0, 0)),
        (a_profile("a"), [found("a", "other@example.com")], (0, 1, 0)),
        (a_profile("a", email=None, withdrawn=frozenset({Kind.EMAIL})), [found("a")], (0, 0, 1)),
        (a_profile("a", email=None, opt_out="EMAIL"), [found("a", "")], (0, 0, 1)),
        # The import does not know this address, and no customer opted out.
        (a_profile("a", email=None), [found("a", "other@example.com")], (0, 0, 0)),
    ],
)
def test_profiles_that_stay_different_are_counted(
    made: ProfileObject, held: list[FoundProfile], expected: tuple[int, int, int]
) -> None:
    result, waits = looked_up([made], Target(held))

    assert (result.missing, result.different, result.against_consent) == expected
    assert waits == (list(WAITS_SECONDS) if any(expected) else [])


@pytest.mark.parametrize("error", [CallError(403), CallError(400), SetupError("the session has expired")])
def test_a_service_that_does_not_respond_is_reported(error: Exception) -> None:
    unanswered = SpotCheck(count=1, missing=0, different=0, against_consent=0, failed=True)

    assert looked_up([a_profile("a")], Target(error)) == (unanswered, [])


def test_a_person_need_not_wait() -> None:
    result, _ = looked_up([a_profile("a")], Target([]), wait=lambda _: True)

    assert result == SpotCheck(count=1, missing=1, different=0, against_consent=0)


def test_an_empty_sample_is_not_searched() -> None:
    target = Target([])

    assert looked_up([], target)[0] == SpotCheck(count=0, missing=0, different=0, against_consent=0)
    assert target.searches == []
