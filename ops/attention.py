"""What in a stack's status needs a person, most urgent first, each with the next step. Pure."""

from collections.abc import Iterator
from typing import Final

from ops.durations import words
from ops.status_report import Status

_OLD_SECONDS: Final = 300
_MUCH_REJECTED: Final = 0.2
_FEW: Final = 20  # messages; a share of fewer says little


def attention(status: Status) -> list[str]:
    """One line each; none if all is well."""
    return [*_stopped(status), *_failing(status), *_lost(status), *_odd(status)]


def _stopped(status: Status) -> Iterator[str]:
    for alarm in status.alarms:
        if alarm.state == "ALARM":
            yield f"alarm {alarm.name}: {alarm.description}"
    if status.event_source != "Enabled":
        yield (
            f"the event source is {status.event_source}: {status.queue.total} messages wait. "
            "python -m ops resume"
        )
    if not status.requests.get("Count"):
        yield f"no requests in {status.minutes} minutes: python -m ops send shows whether one arrives"


def _failing(status: Status) -> Iterator[str]:
    if failed := status.requests.get("5XXError"):
        yield f"{failed:,.0f} requests were answered with 5XX: those events are lost"
    for purpose, numbers in status.functions.items():
        for name, what in (("Errors", "failed"), ("Throttles", "was throttled")):
            if count := numbers.get(name):
                lost = " Each is a lost event." if purpose == "authorizer" else ""
                look = f"python -m ops logs --function {purpose}"
                yield f"the {purpose} {what} {count:,.0f} times.{lost} {look}"
    if status.oldest_seconds and status.oldest_seconds > _OLD_SECONDS:
        yield f"the oldest message waits for {words(status.oldest_seconds)}: the function does not keep up"
    if status.outcomes.get("LeftInQueue"):
        left = f"{status.outcomes['LeftInQueue']:,.0f}"
        yield f"{left} messages were taken by neither queue; SQS delivers them again"


def _lost(status: Status) -> Iterator[str]:
    if total := status.dead_letters.total:
        reasons = ", ".join(dict.fromkeys(one.reason for one in status.dead_letter_reasons[:3]))
        yield f"dead letters: {total:,} ({reasons or 'being read elsewhere'}). python -m ops dead-letters"
    if status.domain_dead_letters and (total := status.domain_dead_letters.total):
        yield (
            f"the domain could not process {total:,} objects: the messages of its dead-letter queue say why "
            "(docs/destinations.md)"
        )
    for key, count in status.parts.get("Retried", {}).items():
        if "," in key:
            yield f"{count:,.0f} retries in {key}: the events wait, and are not lost yet"


def _odd(status: Status) -> Iterator[str]:
    received = status.outcomes.get("Received") or 0
    rejected = status.outcomes.get("Rejected") or 0
    if received >= _FEW and rejected / received > _MUCH_REJECTED:
        reason = next(iter(status.parts.get("Rejected", {})), "")
        share = f"{rejected / received:.0%}"
        yield f"{share} of messages are rejected, most for {reason}: look at the tags (docs/url.md)"
    if status.tokens:
        verified, without = status.tokens.get("TokensVerified"), status.tokens.get("RequestsWithoutToken")
        invalid = status.tokens.get("TokensInvalid") or 0
        if not verified and (without or 0) + invalid >= _FEW:
            yield "no token was valid: nobody's profile is updated. docs/security.md"
    if status.tokens.get("KeyFetchesFailed"):
        yield "the issuer did not give its keys; the last ones serve for 24 hours"
