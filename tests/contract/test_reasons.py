"""Every reason that the handler gives has words, and no words are left over."""

import re
from collections.abc import Iterable, Mapping

import pytest

from contract import reasons
from handler.delivery.failures import failure
from handler.delivery.settlement import AFTER_EARLIER_UPDATE, DEAD_LETTER_FAILED
from handler.destinations import DeadLetter
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


def test_every_reason_of_a_retry_or_dead_letter_has_words() -> None:
    code = "".join(path.read_text() for path in (PROJECT / "handler" / "destinations").glob("*.py"))
    written = re.findall(r'(?:Retry|DeadLetter)\("([a-z_]+)"', code)
    given = {
        *written,
        *UnreadableReason,
        *(TOO_LARGE, AFTER_EARLIER_UPDATE, DEAD_LETTER_FAILED, "out_of_time", "unexpected_error"),
    }

    assert len(written) > 10
    assert {reason for reason in given if reasons.undelivered(reason) == reason} == set()
    # What the queue does by itself, and a reason that the destination puts together.
    assert set(reasons.UNDELIVERED) - given == {
        *("left_in_queue", "max_receive_count"),
        "customer_profiles_concurrent_update",
    }


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
