"""Sends profile objects at a limited rate, removes addresses, and retries transient failures.

The clock, the waits and the AWS client are passed in. Pacing, retrying and splitting are similar in
handler.delivery, but migrate may not import the handler, and here a run stops for a person or a hopeless
error, where the handler returns messages to a queue.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from migrate.customer_profiles import MAX_SEARCH_KEYS, CallError, FoundProfile, ItemResponse
from migrate.profiles import Kind, ProfileObject

_Response = TypeVar("_Response")

MAX_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 8.0

OK = 200
_THROTTLED = 429


class Service(Protocol):
    """Accepts objects: one response for each. Raises CallError."""

    def put(self, objects: Sequence[str]) -> list[ItemResponse]: ...


class Profiles(Protocol):
    """Holds profiles. Raises CallError."""

    def search(self, keys: Sequence[str]) -> list[FoundProfile]: ...

    def remove_addresses(self, profile_id: str, kinds: Sequence[Kind]) -> None: ...


class AbortError(Exception):
    """Why the import cannot continue, in one line."""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """The result of sending some objects.

    `statuses` holds the settled ones by their position: 200, or the status with which the service refused.
    Objects without a status may be sent again. If `abort_reason` is set, the import cannot continue.
    """

    statuses: dict[int, int] = field(default_factory=dict[int, int])
    abort_reason: str | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The result of sending some profiles and removing their withdrawn addresses.

    By position: `removed` counts the addresses removed; `kept` holds the status with which the service
    refused to remove one.
    """

    delivery: Delivery
    removed: dict[int, int] = field(default_factory=dict[int, int])
    kept: dict[int, int] = field(default_factory=dict[int, int])


class RateLimiter:
    """Allows a number of calls a second, evenly spaced, from any number of threads.

    `wait` waits for some seconds and returns True if the run is to stop (`threading.Event.wait`).
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
        """Wait for the next turn. False if the run is to stop instead."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._interval
        return not self._wait(turn - now)


class Deliverer:
    """Sends objects to one service.

    `jitter` returns a number from 0 to 1, so that calls throttled together do not all return at once.
    """

    def __init__(
        self,
        service: Service,
        *,
        rate: RateLimiter,
        wait: Callable[[float], bool],
        jitter: Callable[[], float],
    ) -> None:
        self._service = service
        self._rate = rate
        self._wait = wait
        self._jitter = jitter

    def deliver(self, objects: Sequence[str]) -> Delivery:
        """Send 1 to 10 objects until the service accepts or refuses each, in at most MAX_ATTEMPTS calls.

        If the service refuses a whole request as invalid, its halves are sent, so that one bad object does
        not fail the others.
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
                responses = self._service.put(list(pending.values()))
            except CallError as error:
                if error.status in (400, 413) and not error.concurrent:
                    self._divide(pending, error.status, delivery)
                    return
                if not _may_succeed_later(error.status, concurrent=error.concurrent):
                    delivery.abort_reason = _abort_reason(error.status)
                    return
                # The whole request failed; no single object is to blame.
                last = dict.fromkeys(pending, _THROTTLED if error.status == _THROTTLED else None)
                continue
            for position, response in zip(list(pending), responses, strict=True):
                last[position] = response.status
                if response.status is not None and not _may_succeed_later(
                    response.status, concurrent=response.concurrent
                ):
                    delivery.statuses[position] = response.status
                    del pending[position]
            if not pending:
                return
        self._give_up(pending, last, delivery)

    def _divide(self, pending: dict[int, str], status: int, delivery: Delivery) -> None:
        positions = list(pending)
        if len(positions) == 1:
            delivery.statuses[positions[0]] = status
            return
        for half in (positions[: len(positions) // 2], positions[len(positions) // 2 :]):
            if delivery.abort_reason is None:
                self._deliver({position: pending[position] for position in half}, delivery)

    def _give_up(self, pending: dict[int, str], last: dict[int, int | None], delivery: Delivery) -> None:
        """An object on which the service keeps failing counts as refused. If nothing works, the run ends."""
        for position in pending:
            status = last.get(position)
            if status is None:
                delivery.abort_reason = f"the service failed {MAX_ATTEMPTS} times in a row; try again later"
            elif status == _THROTTLED:
                delivery.abort_reason = (
                    f"the service throttled {MAX_ATTEMPTS} attempts in a row; set a lower --rate"
                )
            else:
                delivery.statuses[position] = status


class Calls:
    """Single calls of one operation, at their own rate, with the retries of Deliverer."""

    def __init__(
        self,
        *,
        rate: RateLimiter,
        wait: Callable[[float], bool],
        jitter: Callable[[], float],
        permission: str,
    ) -> None:
        self._rate = rate
        self._wait = wait
        self._jitter = jitter
        self._permission = permission

    def try_call(self, call: Callable[[], _Response]) -> _Response | None:
        """The response; None if the run is to stop instead.

        Raises CallError if the service refuses this call, and AbortError if it refuses all of them or keeps
        failing.
        """
        for attempt in range(MAX_ATTEMPTS):
            if (attempt and self._wait(_pause(attempt, self._jitter()))) or not self._rate.take():
                return None
            try:
                return call()
            except CallError as error:
                if error.status in (401, 403):
                    raise AbortError(
                        f"the service denies {self._permission} (status {error.status}), which is needed to "
                        "remove addresses of customers who opted out; add the permission"
                    ) from None
                if not _may_succeed_later(error.status, concurrent=error.concurrent):
                    raise
        raise AbortError(
            f"the service failed {MAX_ATTEMPTS} times in a row ({self._permission}); try again later"
        )


class ProfileDeliverer:
    """Sends profiles, and removes the addresses that they must not have.

    Sending an object without an address does not remove the one from an earlier import: the service ignores
    absent fields.
    """

    def __init__(self, deliverer: Deliverer, profiles: Profiles, *, searches: Calls, updates: Calls) -> None:
        self._deliverer = deliverer
        self._profiles = profiles
        self._searches = searches
        self._updates = updates

    def deliver(self, profiles: Sequence[ProfileObject]) -> Outcome:
        """Send 1 to 10 profiles. One is settled when its object is, and its withdrawn addresses are gone.

        They are removed even if the object was refused, because a campaign would use the profile's addresses.
        """
        delivery = self._deliverer.deliver([profile.json_text() for profile in profiles])
        outcome = Outcome(delivery=delivery)
        withdrawn = [position for position in sorted(delivery.statuses) if profiles[position].withdrawn]
        for start in range(0, len(withdrawn), MAX_SEARCH_KEYS):
            positions = {
                profiles[position].key: position for position in withdrawn[start : start + MAX_SEARCH_KEYS]
            }
            try:
                kinds = {key: profiles[position].withdrawn for key, position in positions.items()}
                if not self._remove(kinds, positions, outcome):
                    self._unsettle(positions.values(), delivery)
            except AbortError as error:
                self._unsettle(withdrawn[start:], delivery)
                delivery.abort_reason = delivery.abort_reason or str(error)
                break
        return outcome

    def _remove(
        self, withdrawn: Mapping[str, Collection[Kind]], positions: Mapping[str, int], outcome: Outcome
    ) -> bool:
        """Whether it finished. Raises AbortError."""
        try:
            found = self._searches.try_call(lambda: self._profiles.search(list(withdrawn)))
        except CallError as error:
            outcome.kept.update(dict.fromkeys(positions.values(), error.status or 0))
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
                    outcome.kept[positions[key]] = error.status or 0
                    continue
                if done is None:
                    return False
                outcome.removed[positions[key]] = outcome.removed.get(positions[key], 0) + len(kinds)
        return True

    def _unsettle(self, positions: Iterable[int], delivery: Delivery) -> None:
        for position in positions:
            delivery.statuses.pop(position, None)


def _pause(attempt: int, jitter: float) -> float:
    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**attempt)
    return longest * (0.5 + jitter / 2)


def _may_succeed_later(status: int | None, *, concurrent: bool) -> bool:
    """Throttling, a failure of the service, no response, or a concurrent update of the same profile."""
    return status is None or status == _THROTTLED or status >= 500 or concurrent


def _abort_reason(status: int | None) -> str:
    match status:
        case 401 | 403:
            fix = "check that the credentials are valid and allow profile:PutProfileObject"
        case 404:
            fix = "check domain, object type and Region, and that the stack is deployed"
        case _:
            fix = "look up the status in the API reference of Customer Profiles"
    return f"the service refuses every request (status {status}); {fix}"
