"""Reads a failed call, or a status in a response, as the outcome of its events. Pure."""

import re
from dataclasses import replace

from handler.aws_calls import CallError, Cause
from handler.destinations import DeadLetter, Retry

# A 4xx is final except for these: the service is busy …
_BUSY = frozenset({408, 429})
# … or the stack or its permissions are not right, or not yet: a new policy takes a while to spread, and an
# update changes a function's role before its configuration.
_NOT_SET_UP = frozenset({401, 403, 404})

# The same by error code, because services with a JSON protocol send these with status 400 too. Codes of
# throttling are botocore's list (botocore.retries.standard), the others are from AWS's "Common errors".
THROTTLED_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_DENIED_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NOT_FOUND_CODES = frozenset({"NotFoundException", "ResourceNotFound", "ResourceNotFoundException"})

# Codes are names of errors. What looks like anything else may repeat what was sent. Digits alone may be a
# phone number, or the status, which botocore takes for the code of a response without one.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")


def code_of(code: object) -> str | None:
    """The service's error code, if it looks like one."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


def with_code(outcome: Retry | DeadLetter, code: object) -> Retry | DeadLetter:
    """The outcome with the service's error code, if that looks like one."""
    return replace(outcome, code=code_of(code) or outcome.code)


def no_response(what: str) -> Retry:
    """The outcome where nothing readable came back: the service may have recorded the event or not."""
    return Retry(f"{what}_{Cause.NO_RESPONSE}")


def failure(what: str, status: int | None) -> Retry | DeadLetter:
    """The outcome for a status, of a whole request or of one entry in its response.

    `what` begins the reason. No status means no response.
    """
    if status is None:
        return no_response(what)
    if status in _NOT_SET_UP:
        return Retry(f"{what}_{status}", not_set_up=True)
    if 400 <= status < 500 and status not in _BUSY:
        return DeadLetter(f"{what}_{status}")
    return Retry(f"{what}_{status}")


def call_failure(what: str, error: CallError) -> Retry | DeadLetter:
    """The outcome for all events of a call that failed."""
    return with_code(_call_failure(what, error), error.code)


def _call_failure(what: str, error: CallError) -> Retry | DeadLetter:
    if error.status is None:
        return Retry(f"{what}_{error.cause}", not_set_up=error.not_set_up)
    outcome = failure(what, error.status)
    if isinstance(outcome, Retry):
        return outcome
    if error.code in THROTTLED_CODES:
        return Retry(f"{what}_throttled")
    if error.code in _DENIED_CODES:
        return Retry(f"{what}_access_denied", not_set_up=True)
    if error.code in _NOT_FOUND_CODES:
        return Retry(f"{what}_not_found", not_set_up=True)
    return outcome
