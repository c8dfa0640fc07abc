"""Sending objects: the rate, retries, and reasons to end the run."""

import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.customer_profiles import CallError, FoundProfile, ItemResponse
from migrate.delivery import (
    MAX_ATTEMPTS,
    OK,
    AbortError,
    Calls,
    Deliverer,
    Delivery,
    Outcome,
    ProfileDeliverer,
    RateLimiter,
)
from migrate.profiles import Kind, ProfileObject

Planned = CallError | Sequence[ItemResponse]


class Clock:
    """A clock that advances only while something waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


class ScriptedService:
    """Responds as scripted, then accepts everything."""

    def __init__(self, *script: Planned) -> None:
        self._script = list(script)
        self.requests: list[list[str]] = []

    def put(self, objects: Sequence[str]) -> list[ItemResponse]:
        self.requests.append(list(objects))
        response = self._script.pop(0) if self._script else items(*[OK] * len(objects))
        if isinstance(response, CallError):
            raise response
        return list(response)


class RefusingService:
    """Refuses a whole request if one of its objects is invalid."""

    def __init__(self, *wrong: str) -> None:
        self._wrong = set(wrong)
        self.requests: list[list[str]] = []

    def put(self, objects: Sequence[str]) -> list[ItemResponse]:
        self.requests.append(list(objects))
        if self._wrong & set(objects):
            raise CallError(400)
        return items(*[OK] * len(objects))


def items(*statuses: int | None) -> list[ItemResponse]:
    return [ItemResponse(status=status) for status in statuses]


def deliver(
    service: ScriptedService | RefusingService,
    objects: Sequence[str] = "abc",
    *,
    clock: Clock | None = None,
    wait: Callable[[float], bool] | None = None,
) -> Delivery:
    clock = clock or Clock()
    wait = wait or clock.wait
    rate = RateLimiter(1_000, clock=clock, wait=wait)
    return Deliverer(service, rate=rate, wait=wait, jitter=lambda: 1.0).deliver(list(objects))


def test_accepted_objects_are_settled_in_one_request() -> None:
    service = ScriptedService()

    assert deliver(service).statuses == {0: OK, 1: OK, 2: OK}
    assert service.requests == [["a", "b", "c"]]


@pytest.mark.parametrize("status", [429, 500, 503, None])
def test_only_objects_that_may_succeed_later_are_sent_again(status: int | None) -> None:
    service = ScriptedService(items(OK, status, 400))

    assert deliver(service).statuses == {0: OK, 1: OK, 2: 400}
    assert service.requests == [["a", "b", "c"], ["b"]]


@pytest.mark.parametrize("error", [CallError(429), CallError(500), CallError(None)])
def test_a_request_that_may_succeed_later_is_sent_again(error: CallError) -> None:
    service = ScriptedService(error)

    assert deliver(service).statuses == {0: OK, 1: OK, 2: OK}
    assert service.requests == [["a", "b", "c"]] * 2


def test_a_concurrent_update_is_tried_again() -> None:
    busy = ItemResponse(status=400, concurrent=True)
    service = ScriptedService([busy, busy, *items(OK)], CallError(400, concurrent=True))

    assert deliver(service).statuses == {0: OK, 1: OK, 2: OK}
    assert service.requests == [["a", "b", "c"], ["a", "b"], ["a", "b"]]


def test_waits_between_attempts_grow_to_a_limit() -> None:
    clock = Clock()
    deliver(ScriptedService(*[CallError(500)] * MAX_ATTEMPTS), clock=clock)

    assert [wait for wait in clock.waits if wait >= 0.5] == [1, 2, 4, 8, 8]


def test_every_attempt_takes_a_turn_of_the_rate() -> None:
    clock = Clock()
    rate = RateLimiter(0.05, clock=clock, wait=clock.wait)
    service = ScriptedService(CallError(500), CallError(500))
    Deliverer(service, rate=rate, wait=clock.wait, jitter=lambda: 1.0).deliver(["a"])

    assert clock.now - 100.0 == pytest.approx(40)


def test_jitter_halves_a_wait_at_most() -> None:
    clock = Clock()
    rate = RateLimiter(1_000, clock=clock, wait=clock.wait)
    service = ScriptedService(CallError(500))
    Deliverer(service, rate=rate, wait=clock.wait, jitter=lambda: 0.0).deliver(["a"])

    assert [wait for wait in clock.waits if wait] == [0.5]


def test_one_wrong_object_is_refused_and_the_others_are_delivered() -> None:
    service = RefusingService("c")

    assert deliver(service, "abcdefghij").statuses == {**dict.fromkeys(range(10), OK), 2: 400}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_that_depends_on_no_object_ends_the_run(status: int) -> None:
    delivery = deliver(ScriptedService(CallError(status)))

    assert delivery.statuses == {}
    assert delivery.abort_reason is not None
    assert f"status {status}" in delivery.abort_reason


@pytest.mark.parametrize("error", [CallError(429), CallError(503), CallError(None)])
def test_a_service_that_accepts_nothing_ends_the_run_after_a_bounded_number_of_attempts(
    error: CallError,
) -> None:
    service = ScriptedService(*[error] * MAX_ATTEMPTS)
    delivery = deliver(service)

    assert (delivery.statuses, len(service.requests)) == ({}, MAX_ATTEMPTS)
    assert delivery.abort_reason is not None


def test_an_import_that_ends_throttled_says_what_to_change() -> None:
    delivery = deliver(ScriptedService(*[items(429)] * MAX_ATTEMPTS), "a")

    assert delivery.abort_reason is not None
    assert "--rate" in delivery.abort_reason


@pytest.mark.parametrize("response", [ItemResponse(status=500), ItemResponse(status=400, concurrent=True)])
def test_an_object_that_fails_on_every_attempt_is_refused(response: ItemResponse) -> None:
    delivery = deliver(ScriptedService(*[[response]] * MAX_ATTEMPTS), "a")

    assert delivery == Delivery(statuses={0: response.status or 0}, abort_reason=None)


def test_waiting_objects_stay_unsettled_when_the_run_stops() -> None:
    service = ScriptedService(items(OK, 500, 500))
    delivery = deliver(service, wait=lambda _: bool(service.requests))

    assert delivery == Delivery(statuses={0: OK}, abort_reason=None)
    assert len(service.requests) == 1


@given(
    st.lists(st.sampled_from([OK, 400, 403, 404, 413, 429, 500, 503, None]), max_size=30), st.integers(1, 10)
)
def test_no_object_is_sent_again_after_it_was_accepted(statuses: list[int | None], count: int) -> None:
    script: list[Planned] = [
        CallError(status) if index % 3 == 0 and status != OK else items(status)
        for index, status in enumerate(statuses)
    ]
    taken: list[str] = []

    class Service:
        def put(self, objects: Sequence[str]) -> list[ItemResponse]:
            response = script.pop(0) if script else items(OK)
            if isinstance(response, CallError):
                raise response
            responses = [*response, *items(*[OK] * len(objects))][: len(objects)]
            taken.extend(one for one, said in zip(objects, responses, strict=True) if said.status == OK)
            return responses

    clock = Clock()
    rate = RateLimiter(1_000, clock=clock, wait=clock.wait)
    objects = [str(number) for number in range(count)]
    delivery = Deliverer(Service(), rate=rate, wait=clock.wait, jitter=lambda: 0.5).deliver(objects)

    assert sorted(taken) == sorted(
        objects[place] for place, status in delivery.statuses.items() if status == OK
    )
    assert len(delivery.statuses) == count or delivery.abort_reason is not None


def test_calls_are_spaced_by_the_rate() -> None:
    clock = Clock()
    rate = RateLimiter(4, clock=clock, wait=clock.wait)
    turns: list[float] = []
    for _ in range(5):
        rate.take()
        turns.append(clock.now)

    assert turns == [100.0, 100.25, 100.5, 100.75, 101.0]


def test_a_pause_is_not_followed_by_a_burst() -> None:
    clock = Clock()
    rate = RateLimiter(4, clock=clock, wait=clock.wait)
    rate.take()
    clock.now += 60
    rate.take()
    before = clock.now
    rate.take()

    assert clock.now - before == 0.25


def test_threads_share_one_rate() -> None:
    waits: list[float] = []
    rate = RateLimiter(10, clock=lambda: 0.0, wait=lambda seconds: bool(waits.append(seconds)))
    threads = [threading.Thread(target=rate.take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(waits) == pytest.approx([turn / 10 for turn in range(20)])


def test_no_turn_is_taken_once_the_run_stops() -> None:
    assert not RateLimiter(10, clock=lambda: 0.0, wait=lambda _: True).take()


def a_profile(key: str, *withdrawn: Kind) -> ProfileObject:
    return ProfileObject(
        key=key,
        user_id=None,
        email=None,
        phone=None,
        opt_out="NONE",
        withdrawn=frozenset(withdrawn),
        user_attributes={},
        endpoints=1,
        dropped={},
    )


class Target:
    """Profiles with addresses, by key. Fails as scripted, then works."""

    def __init__(self, addresses: dict[str, set[Kind]], *, errors: Sequence[CallError | None] = ()) -> None:
        self.addresses = addresses
        self._errors = list(errors)
        self.searches: list[list[str]] = []

    def search(self, keys: Sequence[str]) -> list[FoundProfile]:
        self.searches.append(list(keys))
        self._fail()
        return [
            FoundProfile(
                profile_id=key,
                keys=frozenset({key}),
                addresses=dict.fromkeys(self.addresses[key], "an address"),
                opt_out=None,
            )
            for key in keys
            if key in self.addresses
        ]

    def remove_addresses(self, profile_id: str, kinds: Sequence[Kind]) -> None:
        self._fail()
        self.addresses[profile_id] -= set(kinds)

    def _fail(self) -> None:
        if self._errors and (error := self._errors.pop(0)) is not None:
            raise error


def deliver_profiles(
    made: Sequence[ProfileObject],
    target: Target,
    *,
    service: ScriptedService | None = None,
    wait: Callable[[float], bool] | None = None,
) -> Outcome:
    clock = Clock()
    wait = wait or clock.wait
    rate = RateLimiter(1_000, clock=clock, wait=wait)
    calls = Calls(rate=rate, wait=wait, jitter=lambda: 1.0, permission="profile:X")
    deliverer = Deliverer(service or ScriptedService(), rate=rate, wait=wait, jitter=lambda: 1.0)
    return ProfileDeliverer(deliverer, target, searches=calls, updates=calls).deliver(made)


BOTH = {Kind.EMAIL, Kind.PHONE}


def test_addresses_that_a_profile_may_not_have_are_removed_and_others_stay() -> None:
    target = Target({"a": set(BOTH), "b": set(BOTH), "c": set(BOTH)})
    made = [a_profile("a", Kind.EMAIL), a_profile("b"), a_profile("c", *BOTH)]
    outcome = deliver_profiles(made, target)

    assert target.addresses == {"a": {Kind.PHONE}, "b": BOTH, "c": set()}
    assert (outcome.delivery.statuses, outcome.removed, outcome.kept) == (
        dict.fromkeys(range(3), OK),
        {0: 1, 2: 2},
        {},
    )


def test_profiles_that_may_have_their_addresses_are_not_searched_for() -> None:
    target = Target({})
    deliver_profiles([a_profile("a"), a_profile("b")], target)

    assert target.searches == []


def test_five_profiles_are_searched_for_at_once() -> None:
    target = Target({})
    deliver_profiles([a_profile(key, Kind.EMAIL) for key in "abcdefg"], target)

    assert target.searches == [["a", "b", "c", "d", "e"], ["f", "g"]]


def test_addresses_are_removed_even_if_the_object_was_refused() -> None:
    target = Target({"a": set(BOTH)})
    outcome = deliver_profiles([a_profile("a", *BOTH)], target, service=ScriptedService(items(400)))

    assert (target.addresses, outcome.delivery.statuses) == ({"a": set()}, {0: 400})


def test_unsettled_profiles_are_not_searched_for() -> None:
    target = Target({"a": set(BOTH)})
    deliver_profiles([a_profile("a", *BOTH)], target, service=ScriptedService(CallError(403)))

    assert target.searches == []


@pytest.mark.parametrize("errors", [[CallError(429)], [None, CallError(500)], [None, CallError(None)]])
def test_transient_failures_are_tried_again(errors: list[CallError | None]) -> None:
    target = Target({"a": {Kind.EMAIL}}, errors=errors)
    outcome = deliver_profiles([a_profile("a", Kind.EMAIL)], target)

    assert (target.addresses, outcome.removed) == ({"a": set()}, {0: 1})


@pytest.mark.parametrize("errors", [[CallError(400)], [None, CallError(400)]])
def test_an_address_that_cannot_be_removed_is_reported(errors: list[CallError | None]) -> None:
    outcome = deliver_profiles([a_profile("a", Kind.EMAIL)], Target({"a": {Kind.EMAIL}}, errors=errors))

    assert (outcome.delivery.statuses, outcome.kept) == ({0: OK}, {0: 400})


@pytest.mark.parametrize(
    "errors", [[CallError(403)], [None, CallError(403)], [CallError(503)] * MAX_ATTEMPTS]
)
def test_without_the_permission_nothing_is_settled_and_the_run_ends(errors: list[CallError | None]) -> None:
    made = [a_profile("a", Kind.EMAIL), a_profile("b")]
    outcome = deliver_profiles(made, Target({"a": {Kind.EMAIL}}, errors=errors))

    assert outcome.delivery.statuses == {1: OK}
    assert outcome.delivery.abort_reason is not None
    assert "profile:X" in outcome.delivery.abort_reason


def test_a_profile_interrupted_before_its_address_is_removed_comes_next_time() -> None:
    target = Target({"a": {Kind.EMAIL}})
    outcome = deliver_profiles([a_profile("a", Kind.EMAIL)], target, wait=lambda _: bool(target.searches))

    assert outcome.delivery == Delivery(statuses={}, abort_reason=None)


def test_a_permanently_refused_call_is_not_tried_again() -> None:
    clock = Clock()
    rate = RateLimiter(1_000, clock=clock, wait=clock.wait)
    calls = Calls(rate=rate, wait=clock.wait, jitter=lambda: 1.0, permission="profile:X")
    target = Target({}, errors=[CallError(404)])

    with pytest.raises(CallError, match="status 404"):
        calls.try_call(lambda: target.search(["a"]))
    assert len(target.searches) == 1


def test_a_service_that_keeps_failing_aborts_the_import() -> None:
    clock = Clock()
    rate = RateLimiter(1_000, clock=clock, wait=clock.wait)
    calls = Calls(rate=rate, wait=clock.wait, jitter=lambda: 1.0, permission="profile:X")
    target = Target({}, errors=[CallError(500)] * MAX_ATTEMPTS)

    with pytest.raises(AbortError, match="profile:X"):
        calls.try_call(lambda: target.search(["a"]))
