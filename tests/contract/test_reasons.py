"""Every reason that the handler gives has words, and no words are left over."""

import re
from collections.abc import Iterable, Mapping

import pytest

from contract import reasons
from handler.aws_calls import CallError, Cause
from handler.delivery.failures import call_failure, failure
from handler.delivery.settlement import AFTER_EARLIER_UPDATE, DEAD_LETTER_FAILED
from handler.destinations import DeadLetter, Outcome, Retry
from handler.destinations.customer_profiles_objects import LimitReason as OfCustomerProfiles
from handler.destinations.eventbridge_entries import DETAIL_TYPE_CUT
from handler.destinations.pinpoint_request import LimitReason as OfPinpoint
from handler.events import DropReason, RejectionReason
from handler.queue_message import UnreadableReason
from handler.tokens.finding import CookieIgnoredReason
from handler.tokens.invalid import InvalidTokenReason
from handler.update_policy import DenialReason
from tests.documents import PROJECT

TOO_LARGE = OfCustomerProfiles.OBJECT_TOO_LARGE

# Reasons of calls that have no readable response.
OF_CALLS = {call_failure("bus", CallError(None, cause=cause)).reason for cause in Cause}


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (reasons.REJECTED, RejectionReason),
        (
            reasons.DROPPED,
            [*DropReason, *(set(OfCustomerProfiles) - {TOO_LARGE}), *OfPinpoint, DETAIL_TYPE_CUT],
        ),
        (reasons.DENIED, DenialReason),
        (reasons.INVALID_TOKENS, InvalidTokenReason),
        (reasons.IGNORED_COOKIES, CookieIgnoredReason),
    ],
)
def test_every_reason_has_words(words: Mapping[str, str], given: Iterable[str]) -> None:
    assert words.keys() == set(given)


@pytest.mark.parametrize(
    ("outcome", "words", "by_any_destination", "given_elsewhere"),
    [
        (
            Retry,
            reasons.RETRIED,
            reasons.RETRIED_BY_ANY_DESTINATION,
            # The last one is not the handler's: the queue delivers such a message again by itself.
            {*OF_CALLS, AFTER_EARLIER_UPDATE, DEAD_LETTER_FAILED, "unexpected_error", "left_in_queue"},
        ),
        (
            DeadLetter,
            reasons.DEAD_LETTERED,
            reasons.DEAD_LETTERED_BY_ANY_DESTINATION,
            # The last one is not the handler's: the queue moves such a message itself.
            {*UnreadableReason, TOO_LARGE, "unexpected_error", "max_receive_count"},
        ),
    ],
)
def test_every_reason_of_a_retry_or_dead_letter_has_words_and_exists(
    outcome: type[Outcome],
    words: Mapping[str, str],
    by_any_destination: Mapping[str, str],
    given_elsewhere: set[str],
) -> None:
    given = written(outcome) | given_elsewhere
    of_any = {reason for reason in given for suffix in by_any_destination if reason.endswith(f"_{suffix}")}

    assert given - of_any == words.keys() - of_any
    assert {one for one in by_any_destination if not any(reason.endswith(one) for reason in of_any)} == set()


def written(outcome: type[Outcome]) -> set[str]:
    """The reasons that the handler's code gives for an outcome. A destination in braces gets a name."""
    code = "".join(path.read_text() for path in (PROJECT / "handler").rglob("*.py"))
    found = re.findall(rf'\b{outcome.__name__}\(f?"([^"]*)"', code)
    return {re.sub(r"^{.*}", "customer_profiles", reason) for reason in found if not reason.endswith("}")}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 429, 500, 503])
def test_the_words_of_a_status_say_whether_the_event_is_retried(status: int) -> None:
    outcome = failure("pinpoint", status)
    words = reasons.undelivered(outcome.reason)

    assert words.endswith(f"(status {status})")
    assert ("refused the event" in words) == isinstance(outcome, DeadLetter)


def test_the_reasons_of_several_destinations_are_told_once_each() -> None:
    assert reasons.undelivered("firehose_503,eventbridge_throttled,pinpoint_503") == (
        "the service is not available (status 503); the service takes no more requests at the moment"
    )
