"""What a failed call, or a status in an answer, means for the events that it is about.

Pure.
"""

from handler.aws_calls import CallError, Cause
from handler.destinations import DeadLetter, Retry

# Final is a 4xx, but for these. The first two say that the service is busy; the others that the stack or its
# permissions are not, or not yet, as they should be: a policy takes a while to spread, and an update changes
# a function's role before its configuration.
_BUSY = frozenset({408, 429})
_NOT_SET_UP = frozenset({401, 403, 404})

# The same by the error's name, because services that speak JSON-RPC answer these with 400 too. Those of
# throttling are botocore's own list (botocore.retries.standard), the others AWS's "Common errors".
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
