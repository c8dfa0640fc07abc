"""What in a stack's status needs a person, most urgent first, each with the next step. Pure."""

from collections.abc import Iterator
from typing import Final

from ops import functions
from ops.counts import counted
from ops.durations import words
from ops.status_report import Numbers, Status

# As the alarms have it (docs/monitoring.md), over the whole window.
_OLD_SECONDS: Final = 300
_MUCH_REJECTED: Final = 0.5
_MUCH_RETRIED: Final = 0.1
_MUCH_DELAYED: Final = 0.5  # of the requests of five minutes
_MUCH_THROTTLED: Final = 0.1
_LATE_RETRY: Final = 7
_INVALID_TOKENS: Final = 10
_FAILED_KEY_FETCHES: Final = 3
_REQUESTS_WITHOUT_A_VALID_TOKEN: Final = 1_000

# Below the alarm's 1%, because lost events stay lost. A few 5xx are normal.
_MUCH_LOST: Final = 0.001

_FEW: Final = 20  # a share of fewer says little


def attention(status: Status) -> list[str]:
    """One line each; none if all is well."""
    return [*_stopped(status), *_failing(status), *_lost(status), *_odd(status)]


def _stopped(status: Status) -> Iterator[str]:
    for alarm in status.alarms:
        if alarm.state == "ALARM":
            yield f"alarm {alarm.name}: {alarm.description}"
    if status.event_source != "Enabled":
        is_paused = status.event_source in functions.PAUSED
        waiting = counted(status.queue.total, "message waits", "messages wait")
        look = "python -m ops resume" if is_paused else "AWS is changing it: look again in a minute"
        yield f"the event source is {status.event_source}: {waiting}. {look}"
    if not status.requests.get("Count"):
        yield f"no requests in {status.minutes} minutes: python -m ops send shows whether one arrives"


def _failing(status: Status) -> Iterator[str]:
    failed = status.requests.get("5XXError") or 0
    if failed > _MUCH_LOST * (status.requests.get("Count") or 0):
        look = "python -m ops send shows the status"
        requests = counted(failed, "request was", "requests were")
        what = "its event is" if failed == 1 else "those events are"
        yield f"{requests} answered with 5XX: {what} lost. {look}"
    for purpose, numbers in status.functions.items():
        is_lost = purpose == "authorizer"
        for name, what in (("Errors", "failed"), ("Throttles", "was throttled")):
            count = numbers.get(name)
            if count and (is_lost or name == "Errors" or _is_throttled(numbers)):
                lost = " Each is a lost event." if is_lost else ""
                look = f"python -m ops logs --function {purpose}"
                yield f"the {purpose} {what} {counted(count, 'time')}.{lost} {look}"
    if status.oldest_seconds and status.oldest_seconds > _OLD_SECONDS and status.event_source == "Enabled":
        why = (
            "the function does not keep up. docs/operations.md, 'Latency is high', step 1"
            if status.invocations_lately or status.queue.in_flight
            else "nothing reads the queue. docs/operations.md, 'Nothing arrives', step 4"
        )
        yield f"the oldest message waits for {words(status.oldest_seconds)}: {why}"
    if left := status.outcomes.get("LeftInQueue"):
        messages = counted(left, "message was", "messages were")
        yield f"{messages} taken by neither queue: SQS delivers again what is left"


def _is_throttled(numbers: Numbers) -> bool:
    """Whether a function is throttled often. After a single time, SQS delivers the messages again."""
    throttled, started = numbers.get("Throttles") or 0, numbers.get("Invocations") or 0
    return _is_much(throttled, of=throttled + started, share=_MUCH_THROTTLED)


def _lost(status: Status) -> Iterator[str]:
    if total := status.dead_letters.total:
        reasons = ", ".join(dict.fromkeys(one.reason for one in status.dead_letter_reasons[:3]))
        yield f"dead letters: {total:,} ({reasons or 'being read elsewhere'}). python -m ops dead-letters"
    if status.domain_dead_letters and (total := status.domain_dead_letters.total):
        yield (
            f"the domain could not process {counted(total, 'object')}: the messages of its dead-letter queue "
            "say why (docs/destinations.md)"
        )
    yield from _retried(status)


def _retried(status: Status) -> Iterator[str]:
    retried, recorded = (status.parts.get(name, {}) for name in ("Retried", "Recorded"))
    much = [
        name
        for name in status.destinations
        if _is_much(
            retried.get(name, 0), of=retried.get(name, 0) + recorded.get(name, 0), share=_MUCH_RETRIED
        )
    ]
    for key, count in retried.items():
        if "," in key and key.partition(",")[0] in much:
            look = "docs/reasons.md#retried"
            yield f"{count:,.0f} retries in {key}: the events wait, and are not lost yet. {look}"
    delayed = status.queue.delayed
    requests_of_5_minutes = (status.requests.get("Count") or 0) / status.minutes * 5
    if not much and delayed > _MUCH_DELAYED * (requests_of_5_minutes + 1):
        yield f"{delayed:,} retries wait: a destination takes little or nothing. docs/reasons.md#retried"
    attempt = status.outcomes.get("RetryAttempt") or 0
    if delayed and attempt >= _LATE_RETRY:
        yield f"events are at retry {attempt:.0f}: event triggers forget an event after 15 minutes"


def _odd(status: Status) -> Iterator[str]:
    received = status.outcomes.get("Received") or 0
    rejected = status.outcomes.get("Rejected") or 0
    if _is_much(rejected, of=received, share=_MUCH_REJECTED):
        reason = next(iter(status.parts.get("Rejected", {})), "")
        share = f"{rejected / received:.0%}"
        yield f"{share} of messages are rejected, most for {reason}: look at the tags (docs/url.md)"
    if status.tokens:
        verified, invalid = (status.tokens.get(name) or 0 for name in ("TokensVerified", "TokensInvalid"))
        requests = status.requests.get("Count") or 0
        if not verified and (invalid >= _INVALID_TOKENS or requests >= _REQUESTS_WITHOUT_A_VALID_TOKEN):
            yield "no token was valid: nobody's profile is updated. docs/operations.md, 'Tokens fail'"
    yield from _without_keys(status)


def _without_keys(status: Status) -> Iterator[str]:
    look = "docs/operations.md, 'Tokens fail', step 4"
    turned_away = status.parts.get("TokensInvalid", {}).get("keys_unavailable", 0)
    failed = status.tokens.get("KeyFetchesFailed") or 0
    if turned_away:
        yield f"{turned_away:,.0f} tokens were turned away, because the issuer did not give its keys. {look}"
    elif failed >= _FAILED_KEY_FETCHES:
        yield f"the issuer did not give its keys {failed:,.0f} times; cached ones serve for 24 hours. {look}"


def _is_much(count: float, *, of: float, share: float) -> bool:
    return of >= _FEW and count > share * of
