"""Sends requests to a service: in time, within its rate, and again where that may help at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import SystemRandom
from typing import Generic, TypeVar

from handler.aws_calls import AwsService, CallError
from handler.delivery.concurrency import map_concurrently
from handler.delivery.failures import call_failure, no_response
from handler.delivery.rate_limiter import RateLimiter
from handler.delivery.splitting import send_or_split
from handler.destinations import DeadLetter, Item, Outcome, Retry, same_outcome

CONCURRENT_REQUESTS = 8

# The longest wait before each repetition, in seconds. Quotas are counted by the second.
REPETITION_WAITS: Sequence[float] = (0.5, 1.0)

_OUT_OF_TIME = Retry("out_of_time")

_ItemT = TypeVar("_ItemT", bound=Item)

TimeLeft = Callable[[], float]


def jitter(longest: float) -> float:
    """A wait of at least half of `longest`: requests that failed together do not come back together."""
    return SystemRandom().uniform(longest / 2, longest)


class RequestSender(Generic[_ItemT]):
    """Sends the requests of one destination; any number of threads may use it.

    A request that the service refuses as a whole is halved (`splitting`). An item that the service may take
    in a moment is sent again, once for each of `waits`. An item without a response is repeated only once: the
    service may have it already. No call starts that could outlive the time that is left.
    """

    def __init__(
        self,
        put: Callable[[Sequence[_ItemT]], Mapping[str, Outcome]],
        *,
        name: str,
        service: AwsService,
        failure_of: Callable[[CallError], Retry | DeadLetter] | None = None,
        rate_limiter: RateLimiter | None = None,
        waits: Sequence[float] = REPETITION_WAITS,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float], float] = jitter,
    ) -> None:
        """`put` makes one call; outcomes by message id. Raises CallError if the whole request failed.

        `name` begins the reasons of outcomes. `failure_of` says what a CallError means, if the service's
        errors need more than `call_failure`. `jitter` draws a wait from the longest one.
        """
        self._put = put
        self._service = service
        self._failure_of = failure_of or partial(call_failure, name)
        self._no_response = no_response(name)
        self._rate_limiter = rate_limiter
        self._waits = waits
        self._sleep = sleep
        self._jitter = jitter

    def send(
        self, chains: Sequence[Sequence[Sequence[_ItemT]]], *, time_left: TimeLeft
    ) -> dict[str, Outcome]:
        """Send chains of requests; outcomes of all items, by message id.

        Chains are sent at the same time, the requests of one chain in their order.
        """
        send_chain = partial(self._send_chain, time_left=time_left)
        outcomes: dict[str, Outcome] = {}
        for sent in map_concurrently(send_chain, chains, at_once=CONCURRENT_REQUESTS):
            outcomes.update(sent)
        return outcomes

    def _send_chain(self, chain: Sequence[Sequence[_ItemT]], *, time_left: TimeLeft) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        for request in chain:
            outcomes.update(self._send_request(request, time_left))
        return outcomes

    def _send_request(self, items: Sequence[_ItemT], time_left: TimeLeft) -> dict[str, Outcome]:
        outcomes = same_outcome(items, _OUT_OF_TIME)
        outcomes.update(self._try(items, time_left))
        for repetition, longest_wait in enumerate(self._waits, start=1):
            items = [one for one in items if self._is_worth_repeating(outcomes[one.message_id], repetition)]
            wait = self._jitter(longest_wait)
            if not items or time_left() - wait < self._service.limits.worst_case_seconds:
                break
            self._sleep(wait)
            outcomes.update(self._try(items, time_left))
        return outcomes

    def _try(self, items: Sequence[_ItemT], time_left: TimeLeft) -> dict[str, Outcome]:
        """Send items once; the outcomes of those that were sent in time."""

        def put_in_time(part: Sequence[_ItemT]) -> Mapping[str, Outcome]:
            return self._put(part) if self._may_start(time_left) else {}

        return send_or_split(items, put_in_time, failure_of=self._failure_of)

    def _may_start(self, time_left: TimeLeft) -> bool:
        """Whether a call can end in time. Waits for its turn within the rate."""
        worst_case = self._service.limits.worst_case_seconds
        limiter = self._rate_limiter
        if limiter is not None and not limiter.take_turn(within=time_left() - worst_case):
            return False
        return time_left() >= worst_case

    def _is_worth_repeating(self, outcome: Outcome, repetition: int) -> bool:
        match outcome:
            case Retry(not_set_up=False):
                return outcome != _OUT_OF_TIME and (outcome != self._no_response or repetition == 1)
            case _:
                return False
