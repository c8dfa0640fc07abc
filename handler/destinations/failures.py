"""What an HTTP status other than success means for the events that it is about.

Pure. Imports the outcomes only.
"""

from handler.destinations import Refused, Retry

_PASSING = (408, 429)


def failure(what: str, status: int | None) -> Retry | Refused:
    """The outcome for a status, of a request as of one entry in its answer.

    `what` begins the reason. Only a 4xx is final, other than 408 (the service waited in vain for the request)
    and 429. No status means no answer: the event may have been recorded or not.
    """
    if status is None:
        return Retry(f"{what}_no_answer")
    if 400 <= status < 500 and status not in _PASSING:
        return Refused(f"{what}_{status}")
    return Retry(f"{what}_{status}")
