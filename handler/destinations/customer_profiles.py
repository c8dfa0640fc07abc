"""Amazon Connect Customer Profiles: records events as profile objects, with BatchPutProfileObject.

An object that is sent again replaces itself, because its key identifies the event.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract.function_time import CUSTOMER_PROFILES_REQUEST_SECONDS
from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.failures import call_failure, failure, no_response, with_code
from handler.delivery.rate_limiter import RateLimiter
from handler.delivery.sending import RequestSender, jitter
from handler.destinations import DeadLetter, Outcome, Recorded, Retry, same_outcome
from handler.destinations.customer_profiles_objects import (
    DeclaredAttributes,
    ObjectRequest,
    ProfileObject,
    divide,
    prepare,
)
from handler.events import Event
from handler.variables import read_names, read_positive_integer, read_string

# One attempt: RequestSender repeats what failed, single objects of a request too, and within the rate.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=CUSTOMER_PROFILES_REQUEST_SECONDS - 1, attempts=1)
# AWS documents one BadRequestException that is worth repeating: a concurrent update is in progress.
TRANSIENT_PHRASES = ("concurrent",)

_NAME = "customer_profiles"


def make(variables: Mapping[str, str]) -> "CustomerProfilesDestination":
    """The destination for a function's environment; raises InvalidEnvironmentError."""
    return CustomerProfilesDestination(
        domain=read_string(variables, "CUSTOMER_PROFILES_DOMAIN"),
        object_type=read_string(variables, "CUSTOMER_PROFILES_OBJECT_TYPE"),
        declared=DeclaredAttributes(
            profile_attributes=read_names(variables, "PROFILE_ATTRIBUTES"),
            trigger_attributes=read_names(variables, "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES"),
        ),
        service=AwsService(
            "customer-profiles", region=None, limits=CALL_LIMITS, transient_phrases=TRANSIENT_PHRASES
        ),
        rate_limiter=RateLimiter(read_positive_integer(variables, "CUSTOMER_PROFILES_REQUESTS_PER_SECOND")),
    )


class CustomerProfilesDestination:
    """Records events as objects of one type in one Customer Profiles domain."""

    def __init__(
        self,
        *,
        domain: str,
        object_type: str,
        declared: DeclaredAttributes,
        service: AwsService,
        rate_limiter: RateLimiter,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float], float] = jitter,
    ) -> None:
        """`sleep` waits for seconds, `jitter` draws a wait from the longest one (see RequestSender)."""
        self._target = {"DomainName": domain, "ObjectTypeName": object_type}
        self._declared = declared
        self._service = service
        self._sender = RequestSender(
            self._put,
            name=_NAME,
            service=service,
            failure_of=_failure_of,
            rate_limiter=rate_limiter,
            sleep=sleep,
            jitter=jitter,
        )

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch. Requests that share an endpoint go one after the other, the rest in parallel.

        The newest event of an endpoint writes a user attribute for the older ones too. If the service refuses
        its object, the older objects are sent again and write the attribute themselves.
        """
        outcomes: dict[str, Outcome] = {}
        # All events that may be recorded, and those of them to send now. An attribute already written by a
        # newer event is not sent again.
        possible, unsent = events, frozenset(event.message_id for event in events)
        while unsent:
            batch = prepare(possible, self._declared)
            outcomes.update({id_: DeadLetter(reason) for id_, reason in batch.dead_lettered.items()})
            chains = divide([one for one in batch.objects if one.message_id in unsent])
            outcomes.update(self._sender.send(chains, time_left=time_left))
            unsent = _updates_left_undone(batch.objects, outcomes)
            possible = [event for event in possible if not isinstance(outcomes[event.message_id], DeadLetter)]
        return outcomes

    def _put(self, objects: ObjectRequest) -> dict[str, Outcome]:
        items = [{"Id": one.message_id, "Object": one.text} for one in objects]
        response = self._service.call("batch_put_profile_object", **self._target, Items=items)
        successful, failed = _by_id(response.get("Successful")), _by_id(response.get("Failed"))
        # The service may have recorded an object that the response leaves out.
        outcomes = same_outcome(objects, no_response(_NAME))
        for one in objects:
            if item := failed.get(one.message_id):
                transient = self._service.says_transient(item.get("Message"))
                code = item.get("Code")
                outcomes[one.message_id] = _concurrent(code, transient=transient) or failure(_NAME, code)
            elif one.message_id in successful:
                outcomes[one.message_id] = Recorded(
                    dropped={**one.dropped}, profile_updates=one.profile_updates
                )
        return outcomes


def _updates_left_undone(objects: Sequence[ProfileObject], outcomes: Mapping[str, Outcome]) -> frozenset[str]:
    """The messages of recorded objects that left a user attribute to an object that was dead-lettered."""
    return frozenset(
        one.message_id
        for one in objects
        if isinstance(outcomes[one.message_id], Recorded)
        and any(isinstance(outcomes[later], DeadLetter) for later in one.overridden_by)
    )


def _by_id(items: Sequence[Mapping[str, Any] | None] | None) -> dict[str, Mapping[str, Any]]:
    """The items of a list in a response, by Id. Items may be null or lack an Id."""
    return {item["Id"]: item for item in items or () if item and isinstance(item.get("Id"), str)}


def _failure_of(error: CallError) -> Retry | DeadLetter:
    busy = _concurrent(error.status, transient=error.transient)
    return with_code(busy, error.code) if busy else call_failure(_NAME, error)


def _concurrent(status: int | None, *, transient: bool) -> Retry | None:
    """The outcome if the service was busy with another update of the same profile."""
    return Retry(f"{_NAME}_concurrent_update") if status == 400 and transient else None
