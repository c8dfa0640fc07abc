"""The outcome of an event after a failed call, or by a status in a response."""

import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from handler.aws_calls import CallError, Cause
from handler.delivery.failures import THROTTLED_CODES, call_failure, failure
from handler.destinations import DeadLetter, Outcome, Retry


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (None, Retry("firehose_no_response")),
        (302, Retry("firehose_302")),
        (400, DeadLetter("firehose_400")),
        (401, Retry("firehose_401", not_set_up=True)),
        (402, DeadLetter("firehose_402")),
        (403, Retry("firehose_403", not_set_up=True)),
        (404, Retry("firehose_404", not_set_up=True)),
        (405, DeadLetter("firehose_405")),
        (408, Retry("firehose_408")),
        (413, DeadLetter("firehose_413")),
        (428, DeadLetter("firehose_428")),
        (429, Retry("firehose_429")),
        (430, DeadLetter("firehose_430")),
        (499, DeadLetter("firehose_499")),
        (500, Retry("firehose_500")),
        (503, Retry("firehose_503")),
    ],
)
def test_only_errors_of_the_sender_are_final(status: int | None, outcome: Outcome) -> None:
    assert failure("firehose", status) == outcome
    assert call_failure("firehose", CallError(status)) == outcome


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ThrottlingException", Retry("bus_throttled")),
        ("AccessDeniedException", Retry("bus_access_denied", not_set_up=True)),
        ("UnrecognizedClientException", Retry("bus_access_denied", not_set_up=True)),
        ("ResourceNotFoundException", Retry("bus_not_found", not_set_up=True)),
        ("ValidationException", DeadLetter("bus_400")),
        (None, DeadLetter("bus_400")),
    ],
)
def test_a_400_means_what_its_name_says(code: str | None, outcome: Outcome) -> None:
    """Services with a JSON protocol send 400 for throttling and missing permissions too."""
    assert call_failure("bus", CallError(400, code=code)) == outcome


def test_the_outcome_has_the_code_of_the_service() -> None:
    codes = ("ValidationException", "ThrottlingException", "AWS.SimpleQueueService.Denied")

    assert [call_failure("bus", CallError(400, code=code)).code for code in codes] == list(codes)


@pytest.mark.parametrize(
    "code", ["", "alice@example.com", "Bad request", "evat_value", "x" * 65, "Exception\n", "503", None]
)
def test_what_does_not_look_like_a_code_may_repeat_the_event_and_is_left_out(code: str | None) -> None:
    assert call_failure("bus", CallError(400, code=code)).code is None


@pytest.mark.parametrize("cause", [Cause.NO_MODEL, Cause.UNREACHABLE, Cause.NO_CREDENTIALS])
def test_a_call_that_could_not_be_made_is_retried_and_wants_a_person(cause: Cause) -> None:
    assert call_failure("bus", CallError(None, cause=cause)) == Retry(f"bus_{cause}", not_set_up=True)


def test_the_names_of_throttling_are_those_of_botocore() -> None:
    assert frozenset(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) == THROTTLED_CODES
