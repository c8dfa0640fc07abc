"""Amazon Connect Customer Profiles: puts events as profile objects, and reads what becomes of each.

An object that is put again replaces itself, because its key is made of what makes an event the same one: what
may not have arrived can always be sent again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import SystemRandom
from typing import Any

from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.failures import call_failure, failure
from handler.delivery.rate_limiter import RateLimiter
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.destinations.customer_profiles_objects import (
    MAX_OBJECTS_IN_REQUEST,
    Chain,
    DeclaredAttributes,
    ObjectRequest,
    ProfileObject,
    divide,
    prepare,
)
from handler.events import Event
from handler.variables import read_names, read_positive_integer, read_text

# One attempt: failures are repeated here, where single objects can be, and within the quota.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=4, attempts=1)
# What AWS documents of a BadRequestException that is worth repeating: a concurrent update is in progress.
TRANSIENT_PHRASES = ("concurrent",)

CONCURRENT_REQUESTS = 8
MAX_ATTEMPTS = 3
# The longest wait before the first repetition; it doubles for each one more.
LONGEST_FIRST_WAIT_SECONDS = 0.5

_BATCH_OPERATION = "batch_put_profile_object"
_SINGLE_OPERATION = "put_profile_object"
_REASON = "customer_profiles"


def make(variables: Mapping[str, str]) -> "CustomerProfilesDestination":
    """The destination for a function's environment; raises InvalidEnvironmentError."""
    return CustomerProfilesDestination(
        domain=read_text(variables, "CUSTOMER_PROFILES_DOMAIN"),
        object_type=read_text(variables, "CUSTOMER_PROFILES_OBJECT_TYPE"),
        declared=DeclaredAttributes(
            profile_attributes=read_names(variables, "PROFILE_ATTRIBUTES"),
            trigger_attributes=read_names(variables, "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES"),
        ),
        service=AwsService(
            "customer-profiles", region=None, limits=CALL_LIMITS, transient_phrases=TRANSIENT_PHRASES
        ),
        pacer=RateLimiter(read_positive_integer(variables, "CUSTOMER_PROFILES_REQUESTS_PER_SECOND")),
    )


def full_jitter(longest: float) -> float:
    """A wait from nothing to `longest`, so that those who failed together do not come back together."""
    return SystemRandom().uniform(0, longest)


class CustomerProfilesDestination:
    """Records events as objects of one type in one Customer Profiles domain.

    `pacer` is asked before each request. `sleep` waits for seconds; `jitter` chooses how long to wait
    before a repetition, from 0 to the seconds that it is given.
    """

    def __init__(
        self,
        *,
        domain: str,
        object_type: str,
        declared: DeclaredAttributes,
        service: AwsService,
        pacer: RateLimiter,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float], float] = full_jitter,
    ) -> None:
        self._target = {"DomainName": domain, "ObjectTypeName": object_type}
        self._declared = declared
        self._service = service
        self._pacer = pacer
        self._sleep = sleep
        self._jitter = jitter

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch: several requests at a time, but those that share an endpoint in sequence.

        Where the service refuses the object that was to write a user attribute for earlier ones as well,
        these are put again, and write it themselves.
        """
        outcomes: dict[str, Outcome] = {}
        # All that can be recorded, and which of it has to be sent: what a later event has written stays its.
        possible, unsent = events, frozenset(event.message_id for event in events)
        while unsent:
            batch = prepare(possible, self._declared)
            outcomes.update({id_: DeadLetter(reason) for id_, reason in batch.refused.items()})
            objects = [one for one in batch.objects if one.message_id in unsent]
            outcomes.update(self._send_all(objects, time_left))
            unsent = _updates_left_undone(batch.objects, outcomes)
            possible = [event for event in possible if not isinstance(outcomes[event.message_id], DeadLetter)]
        return outcomes

    def _send_all(
        self, objects: Sequence[ProfileObject], time_left: Callable[[], float]
    ) -> Mapping[str, Outcome]:
        try:
            largest = MAX_OBJECTS_IN_REQUEST if self._service.has(_BATCH_OPERATION) else 1
        except CallError as error:
            return _same_for_all(objects, call_failure(_REASON, error))
        outcomes: dict[str, Outcome] = {}
        if chains := divide(objects, largest=largest):
            with ThreadPoolExecutor(min(CONCURRENT_REQUESTS, len(chains))) as pool:
                for sent in pool.map(partial(self._send_chain, time_left=time_left), chains):
                    outcomes.update(sent)
        return outcomes

    def _send_chain(self, chain: Chain, *, time_left: Callable[[], float]) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        for request in chain:
            outcomes.update(self._send(request, time_left))
        return outcomes

    def _send(self, request: ObjectRequest, time_left: Callable[[], float]) -> dict[str, Outcome]:
        """Send a request, and again what may still succeed of it, as often as attempts and time allow."""
        outcomes = _same_for_all(request, Retry("out_of_time"))
        pending = request
        for attempt in range(MAX_ATTEMPTS):
            if not self._wait_for_turn(attempt, time_left):
                break
            try:
                outcomes.update(self._put(pending))
            except CallError as error:
                outcome = _concurrent(error.status, transient=error.transient)
                outcome = outcome or call_failure(_REASON, error)
                if isinstance(outcome, DeadLetter) and error.status in (400, 413) and len(pending) > 1:
                    # One object that the service cannot take must not take the other nine along.
                    middle = len(pending) // 2
                    for half in (pending[:middle], pending[middle:]):
                        outcomes.update(self._send(half, time_left))
                    break
                outcomes.update(_same_for_all(pending, outcome))
            pending = [one for one in pending if _is_worth_repeating(outcomes[one.message_id])]
            if not pending:
                break
        return outcomes

    def _wait_for_turn(self, attempt: int, time_left: Callable[[], float]) -> bool:
        """Wait until a request may start; False where it could then outlive the time that is left."""
        worst_case = self._service.limits.worst_case_seconds
        if attempt > 0:
            wait = self._jitter(LONGEST_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            if time_left() - wait < worst_case:
                return False
            self._sleep(wait)
        return self._pacer.take_turn(within=time_left() - worst_case) and time_left() >= worst_case

    def _put(self, objects: ObjectRequest) -> dict[str, Outcome]:
        """One call; raises CallError where the request failed as a whole."""
        if self._service.has(_BATCH_OPERATION):
            items = [{"Id": one.message_id, "Object": one.text} for one in objects]
            return self._read_answer(
                objects, self._service.call(_BATCH_OPERATION, **self._target, Items=items)
            )
        # A client that is older than the operation: `divide` has made requests of one object.
        (single,) = objects
        self._service.call(_SINGLE_OPERATION, **self._target, Object=single.text)
        return {single.message_id: _recorded(single)}

    def _read_answer(self, objects: ObjectRequest, answer: Mapping[str, Any]) -> dict[str, Outcome]:
        """What the answer says of each object; one that it leaves out may have been recorded or not."""
        successful, failed = _by_id(answer.get("Successful")), _by_id(answer.get("Failed"))
        outcomes = _same_for_all(objects, failure(_REASON, None))
        for one in objects:
            if item := failed.get(one.message_id):
                transient = self._service.says_transient(item.get("Message"))
                code = item.get("Code")
                outcome = _concurrent(code, transient=transient) or failure(_REASON, code)
                outcomes[one.message_id] = outcome
            elif one.message_id in successful:
                outcomes[one.message_id] = _recorded(one)
        return outcomes


def _updates_left_undone(objects: Sequence[ProfileObject], outcomes: Mapping[str, Outcome]) -> frozenset[str]:
    """The messages of recorded objects that left a user attribute to an object that was then refused."""
    return frozenset(
        one.message_id
        for one in objects
        if isinstance(outcomes[one.message_id], Recorded)
        and any(isinstance(outcomes[later], DeadLetter) for later in one.overridden_by)
    )


def _by_id(items: Sequence[Mapping[str, Any] | None] | None) -> dict[str, Mapping[str, Any]]:
    """The items of an answer's list; its elements are structures or null, what they hold is anything."""
    return {item["Id"]: item for item in items or () if item and isinstance(item.get("Id"), str)}


def _is_worth_repeating(outcome: Outcome) -> bool:
    """Whether the service may take in a moment what it has not taken now."""
    return isinstance(outcome, Retry) and not outcome.not_set_up


def _concurrent(status: int | None, *, transient: bool) -> Retry | None:
    """The outcome where the service was busy with another update of the same profile."""
    return Retry(f"{_REASON}_concurrent_update") if status == 400 and transient else None


def _recorded(one: ProfileObject) -> Recorded:
    return Recorded(dropped={**one.dropped}, profile_updates=one.profile_updates)


def _same_for_all(objects: Sequence[ProfileObject], outcome: Outcome) -> dict[str, Outcome]:
    return {one.message_id: outcome for one in objects}
