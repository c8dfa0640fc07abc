"""How objects are delivered: at which rate, what is tried again, and what ends the run."""

import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.customer_profiles import CallError, ItemAnswer
from migrate.delivery import MAX_ATTEMPTS, OK, Deliverer, Delivery, RateLimit

Answer = CallError | Sequence[ItemAnswer]


class Clock:
    """Time that passes only while somebody waits."""

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
    """Answers by a script, then takes everything."""

    def __init__(self, *script: Answer) -> None:
        self._script = list(script)
        self.requests: list[list[str]] = []

    def put(self, objects: Sequence[str]) -> list[ItemAnswer]:
        self.requests.append(list(objects))
        answer = self._script.pop(0) if self._script else items(*[OK] * len(objects))
        if isinstance(answer, CallError):
            raise answer
        return list(answer)


class RefusingService:
    """Refuses a request as wrong when one of its objects is."""

    def __init__(self, *wrong: str) -> None:
        self._wrong = set(wrong)
        self.requests: list[list[str]] = []

    def put(self, objects: Sequence[str]) -> list[ItemAnswer]:
        self.requests.append(list(objects))
        if self._wrong & set(objects):
            raise CallError(400)
        return items(*[OK] * len(objects))


def items(*statuses: int | None) -> list[ItemAnswer]:
    return [ItemAnswer(status=status) for status in statuses]


def deliver(
    service: ScriptedService | RefusingService,
    objects: Sequence[str] = "abc",
    *,
    clock: Clock | None = None,
    wait: Callable[[float], bool] | None = None,
) -> Delivery:
    clock = clock or Clock()
    wait = wait or clock.wait
    rate = RateLimit(1_000, clock=clock, wait=wait)
    return Deliverer(service, rate=rate, wait=wait, jitter=lambda: 1.0).deliver(list(objects))


def test_what_the_service_takes_is_settled_in_one_request() -> None:
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


def test_an_update_at_the_same_time_is_tried_again() -> None:
    busy = ItemAnswer(status=400, concurrent=True)
    service = ScriptedService([busy, busy, *items(OK)], CallError(400, concurrent=True))

    assert deliver(service).statuses == {0: OK, 1: OK, 2: OK}
    assert service.requests == [["a", "b", "c"], ["a", "b"], ["a", "b"]]


def test_waits_between_attempts_grow_to_a_limit() -> None:
    clock = Clock()
    deliver(ScriptedService(*[CallError(500)] * MAX_ATTEMPTS), clock=clock)

    assert [wait for wait in clock.waits if wait >= 0.5] == [1, 2, 4, 8, 8]


def test_every_attempt_takes_a_turn_of_the_rate() -> None:
    clock = Clock()
    rate = RateLimit(0.05, clock=clock, wait=clock.wait)
    service = ScriptedService(CallError(500), CallError(500))
    Deliverer(service, rate=rate, wait=clock.wait, jitter=lambda: 1.0).deliver(["a"])

    assert clock.now - 100.0 == pytest.approx(40)


def test_jitter_halves_a_wait_at_most() -> None:
    clock = Clock()
    rate = RateLimit(1_000, clock=clock, wait=clock.wait)
    service = ScriptedService(CallError(500))
    Deliverer(service, rate=rate, wait=clock.wait, jitter=lambda: 0.0).deliver(["a"])

    assert [wait for wait in clock.waits if wait] == [0.5]


def test_one_wrong_object_is_refused_and_the_others_are_delivered() -> None:
    service = RefusingService("c")

    assert deliver(service, "abcdefghij").statuses == {**dict.fromkeys(range(10), OK), 2: 400}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_request_that_is_refused_whoever_it_is_about_ends_the_run(status: int) -> None:
    delivery = deliver(ScriptedService(CallError(status)))

    assert delivery.statuses == {}
    assert delivery.obstacle is not None
    assert f"status {status}" in delivery.obstacle


@pytest.mark.parametrize("error", [CallError(429), CallError(503), CallError(None)])
def test_a_service_that_takes_nothing_ends_the_run_after_a_bounded_number_of_attempts(
    error: CallError,
) -> None:
    service = ScriptedService(*[error] * MAX_ATTEMPTS)
    delivery = deliver(service)

    assert (delivery.statuses, len(service.requests)) == ({}, MAX_ATTEMPTS)
    assert delivery.obstacle is not None


def test_throttling_to_the_end_says_what_to_change() -> None:
    delivery = deliver(ScriptedService(*[items(429)] * MAX_ATTEMPTS), "a")

    assert delivery.obstacle is not None
    assert "--rate" in delivery.obstacle


@pytest.mark.parametrize("answer", [ItemAnswer(status=500), ItemAnswer(status=400, concurrent=True)])
def test_an_object_on_which_the_service_fails_to_the_end_is_refused(answer: ItemAnswer) -> None:
    delivery = deliver(ScriptedService(*[[answer]] * MAX_ATTEMPTS), "a")

    assert delivery == Delivery(statuses={0: answer.status or 0}, obstacle=None)


def test_what_waits_when_the_run_is_to_stop_stays_unsettled() -> None:
    service = ScriptedService(items(OK, 500, 500))
    delivery = deliver(service, wait=lambda _: bool(service.requests))

    assert delivery == Delivery(statuses={0: OK}, obstacle=None)
    assert len(service.requests) == 1


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([OK, 400, 403, 404, 413, 429, 500, 503, None]), max_size=30), st.integers(1, 10)
)
def test_no_object_is_sent_again_after_it_was_taken(statuses: list[int | None], count: int) -> None:
    script: list[Answer] = [
        CallError(status) if index % 3 == 0 and status != OK else items(status)
        for index, status in enumerate(statuses)
    ]
    taken: list[str] = []

    class Service:
        def put(self, objects: Sequence[str]) -> list[ItemAnswer]:
            answer = script.pop(0) if script else items(OK)
            if isinstance(answer, CallError):
                raise answer
            answers = [*answer, *items(*[OK] * len(objects))][: len(objects)]
            taken.extend(one for one, said in zip(objects, answers, strict=True) if said.status == OK)
            return answers

    clock = Clock()
    rate = RateLimit(1_000, clock=clock, wait=clock.wait)
    objects = [str(number) for number in range(count)]
    delivery = Deliverer(Service(), rate=rate, wait=clock.wait, jitter=lambda: 0.5).deliver(objects)

    assert sorted(taken) == sorted(
        objects[place] for place, status in delivery.statuses.items() if status == OK
    )
    assert len(delivery.statuses) == count or delivery.obstacle is not None


def test_calls_are_as_far_apart_as_the_rate_says() -> None:
    clock = Clock()
    rate = RateLimit(4, clock=clock, wait=clock.wait)
    turns: list[float] = []
    for _ in range(5):
        rate.take()
        turns.append(clock.now)

    assert turns == [100.0, 100.25, 100.5, 100.75, 101.0]


def test_a_pause_is_not_made_up_for() -> None:
    clock = Clock()
    rate = RateLimit(4, clock=clock, wait=clock.wait)
    rate.take()
    clock.now += 60
    rate.take()
    before = clock.now
    rate.take()

    assert clock.now - before == 0.25


def test_threads_share_one_rate() -> None:
    waits: list[float] = []
    rate = RateLimit(10, clock=lambda: 0.0, wait=lambda seconds: bool(waits.append(seconds)))
    threads = [threading.Thread(target=rate.take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(waits) == pytest.approx([turn / 10 for turn in range(20)])


def test_a_turn_is_not_taken_when_the_run_is_to_stop() -> None:
    assert not RateLimit(10, clock=lambda: 0.0, wait=lambda _: True).take()
