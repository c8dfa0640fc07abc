"""Puts objects at a bounded rate, takes addresses away, and tries again what may succeed later.

Knows no clock, thread or AWS client by itself: they are passed in.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from migrate.customer_profiles import MAX_SEARCH_KEYS, CallError, FoundProfile, ItemAnswer
from migrate.profiles import Kind, ProfileObject

_Answer = TypeVar("_Answer")

MAX_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 8.0

OK = 200
_THROTTLED = 429


class Service(Protocol):
    """What takes objects: an answer for each; raises CallError."""

    def put(self, objects: Sequence[str]) -> list[ItemAnswer]: ...


class Profiles(Protocol):
    """What has profiles; raises CallError."""

    def search(self, keys: Sequence[str]) -> list[FoundProfile]: ...

    def remove_addresses(self, profile_id: str, kinds: Sequence[Kind]) -> None: ...


class ObstacleError(Exception):
    """Why going on makes no sense, in one line."""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What became of some objects.

    `statuses` has the settled ones by their place: 200, or the status with which the service refused. What is
    absent may be sent again. `obstacle` is why the rest is not settled and going on makes no sense, in one
    line.
    """

    statuses: dict[int, int] = field(default_factory=dict[int, int])
    obstacle: str | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of some profiles: of their objects, and of the addresses that they may not have.

    By place: how many addresses were taken off a profile, and the status with which the service refused that.
    """

    delivery: Delivery
    removed: dict[int, int] = field(default_factory=dict[int, int])
    kept: dict[int, int] = field(default_factory=dict[int, int])


class RateLimit:
    """At most so many calls a second, evenly, from any number of threads.

    `wait` waits for some seconds and says whether the run is to stop (`threading.Event.wait`).
    """

    def __init__(
        self, per_second: float, *, clock: Callable[[], float], wait: Callable[[float], bool]
    ) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._wait = wait
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Wait for the next call's turn; False where the run is to stop instead."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._interval
        return not self._wait(turn - now)


class Deliverer:
    """Delivers to one service.

    `jitter` gives a number from 0 to 1: of calls that were throttled together, not all return at once.
    """

    def __init__(
        self,
        service: Service,
        *,
        rate: RateLimit,
        wait: Callable[[float], bool],
        jitter: Callable[[], float],
    ) -> None:
        self._service = service
        self._rate = rate
        self._wait = wait
        self._jitter = jitter

    def deliver(self, objects: Sequence[str]) -> Delivery:
        """Put 1 to 10 objects, each until the service takes or refuses it, in at most MAX_ATTEMPTS calls.

        Where a whole request is refused as wrong, its halves are sent, so that one object takes none along.
        """
        delivery = Delivery()
        self._deliver(dict(enumerate(objects)), delivery)
        return delivery

    def _deliver(self, pending: dict[int, str], delivery: Delivery) -> None:
        last: dict[int, int | None] = {}
        for attempt in range(MAX_ATTEMPTS):
            if (attempt and self._wait(_pause(attempt, self._jitter()))) or not self._rate.take():
                return
            try:
                answers = self._service.put(list(pending.values()))
            except CallError as error:
                if error.status in (400, 413) and not error.concurrent:
                    self._divide(pending, error.status, delivery)
                    return
                if not _may_succeed_later(error.status, concurrent=error.concurrent):
                    delivery.obstacle = _obstacle(error.status)
                    return
                # Of a whole request: no object is at fault.
                last = dict.fromkeys(pending, _THROTTLED if error.status == _THROTTLED else None)
                continue
            for place, answer in zip(list(pending), answers, strict=True):
                last[place] = answer.status
                if answer.status is not None and not _may_succeed_later(
                    answer.status, concurrent=answer.concurrent
                ):
                    delivery.statuses[place] = answer.status
                    del pending[place]
            if not pending:
                return
        self._give_up(pending, last, delivery)

    def _divide(self, pending: dict[int, str], status: int, delivery: Delivery) -> None:
        places = list(pending)
        if len(places) == 1:
            delivery.statuses[places[0]] = status
            return
        for half in (places[: len(places) // 2], places[len(places) // 2 :]):
            if delivery.obstacle is None:
                self._deliver({place: pending[place] for place in half}, delivery)

    def _give_up(self, pending: dict[int, str], last: dict[int, int | None], delivery: Delivery) -> None:
        """What the service fails on counts as refused; a service that takes nothing ends the run."""
        for place in pending:
            status = last.get(place)
            if status is None:
                delivery.obstacle = f"the service gave no good answer to {MAX_ATTEMPTS} attempts"
            elif status == _THROTTLED:
                delivery.obstacle = f"the service throttled {MAX_ATTEMPTS} attempts: give a lower --rate"
            else:
                delivery.statuses[place] = status


class Calls:
    """Single calls of one operation, at its own rate, tried again like a request that puts objects."""

    def __init__(
        self,
        *,
        rate: RateLimit,
        wait: Callable[[float], bool],
        jitter: Callable[[], float],
        permission: str,
    ) -> None:
        self._rate = rate
        self._wait = wait
        self._jitter = jitter
        self._permission = permission

    def try_call(self, call: Callable[[], _Answer]) -> _Answer | None:
        """The answer; None where the run is to stop instead.

        Raises CallError where the service refuses this call, and ObstacleError where it refuses every one or
        gives no good answer.
        """
        for attempt in range(MAX_ATTEMPTS):
            if (attempt and self._wait(_pause(attempt, self._jitter()))) or not self._rate.take():
                return None
            try:
                return call()
            except CallError as error:
                if error.status in (401, 403):
                    raise ObstacleError(
                        f"the service refuses {self._permission} (status {error.status}): it is needed to "
                        "take addresses off profiles of customers who opted out"
                    ) from None
                if not _may_succeed_later(error.status, concurrent=error.concurrent):
                    raise
        raise ObstacleError(f"the service gave no good answer to {MAX_ATTEMPTS} attempts: {self._permission}")


class ProfileDeliverer:
    """Delivers profiles, and takes off them the addresses that they may not have.

    An object without an address leaves what an earlier import wrote: an absent source changes nothing.
    """

    def __init__(self, deliverer: Deliverer, profiles: Profiles, *, searches: Calls, updates: Calls) -> None:
        self._deliverer = deliverer
        self._profiles = profiles
        self._searches = searches
        self._updates = updates

    def deliver(self, made: Sequence[ProfileObject]) -> Outcome:
        """Deliver 1 to 10 profiles. One is settled when its object is, and its addresses are gone.

        They go also where the object was refused: what the target has is what a customer would get.
        """
        delivery = self._deliverer.deliver([one.json_text() for one in made])
        outcome = Outcome(delivery=delivery)
        closed = [place for place in sorted(delivery.statuses) if made[place].withdrawn]
        for start in range(0, len(closed), MAX_SEARCH_KEYS):
            places = {made[place].key: place for place in closed[start : start + MAX_SEARCH_KEYS]}
            try:
                withdrawn = {key: made[place].withdrawn for key, place in places.items()}
                if not self._take_away(withdrawn, places, outcome):
                    self._unsettle(places.values(), delivery)
            except ObstacleError as obstacle:
                self._unsettle(closed[start:], delivery)
                delivery.obstacle = delivery.obstacle or str(obstacle)
                break
        return outcome

    def _take_away(
        self, withdrawn: Mapping[str, Collection[Kind]], places: Mapping[str, int], outcome: Outcome
    ) -> bool:
        """Whether it went to its end; raises ObstacleError."""
        try:
            found = self._searches.try_call(lambda: self._profiles.search(list(withdrawn)))
        except CallError as error:
            outcome.kept.update(dict.fromkeys(places.values(), error.status or 0))
            return True
        if found is None:
            return False
        for profile in found:
            for key in profile.keys & withdrawn.keys():
                kinds = sorted(withdrawn[key] & profile.addresses.keys())
                if not kinds:
                    continue
                try:
                    done = self._updates.try_call(
                        lambda profile=profile, kinds=kinds: (
                            self._profiles.remove_addresses(profile.profile_id, kinds),
                            True,
                        )
                    )
                except CallError as error:
                    outcome.kept[places[key]] = error.status or 0
                    continue
                if done is None:
                    return False
                outcome.removed[places[key]] = outcome.removed.get(places[key], 0) + len(kinds)
        return True

    def _unsettle(self, places: Iterable[int], delivery: Delivery) -> None:
        for place in places:
            delivery.statuses.pop(place, None)


def _pause(attempt: int, jitter: float) -> float:
    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**attempt)
    return longest * (0.5 + jitter / 2)


def _may_succeed_later(status: int | None, *, concurrent: bool) -> bool:
    """Throttling, failures of the service, no answer, and an update of the same profile at the same time."""
    return status is None or status == _THROTTLED or status >= 500 or concurrent


def _obstacle(status: int | None) -> str:
    match status:
        case 401 | 403:
            why = "may these credentials do profile:PutProfileObject there, and are they still valid?"
        case 404:
            why = "are domain, object type and Region right, and is the stack deployed?"
        case _:
            why = "see the status in the API reference of Customer Profiles"
    return f"the service refuses every request (status {status}): {why}"
