"""Saved queries for CloudWatch Logs Insights: what an operator asks the functions' logs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Log(Enum):
    PROCESSOR = auto()
    AUTHORIZER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    # The end of its resource's name, and its name in the console.
    key: str
    title: str

    # The logs that it reads; one that the stack does not have is left out.
    logs: Sequence[Log]

    query: str


_PROCESSOR: Final = (Log.PROCESSOR,)
_BOTH: Final = (Log.PROCESSOR, Log.AUTHORIZER)

LOG_QUERIES: Final = (
    LogQuery(
        key="rejected",
        title="Rejected messages by reason",
        logs=_PROCESSOR,
        query="""\
filter message = "message rejected"
| stats count(*) as messages by reason
| sort messages desc""",
    ),
    LogQuery(
        key="retried",
        title="Retries by destination over time",
        logs=_PROCESSOR,
        query="""\
filter message in ["events retried", "destination is not set up"]
| stats sum(events) as retried by destination, bin(5m)""",
    ),
    LogQuery(
        key="dead-letters",
        title="Dead letters",
        logs=_PROCESSOR,
        query="""\
filter message in ["message dead-lettered", "message not dead-lettered"]
| fields @timestamp, message, reason, code, attempt, request_id, message_id
| sort @timestamp desc
| limit 1000""",
    ),
    LogQuery(
        key="errors",
        title="Errors",
        logs=_BOTH,
        query="""\
filter level in ["ERROR", "CRITICAL"] or record.status in ["error", "failure", "timeout"]
| fields @timestamp, level, message, reason, code, error, detail, destination, message_id, record.status
| sort @timestamp desc
| limit 200""",
    ),
    LogQuery(
        key="request",
        title="One request, by its id",
        logs=_BOTH,
        query="""\
filter request_id = "REQUEST_ID"
| fields @timestamp, level, message, reason, attempt, message_id
| sort @timestamp asc""",
    ),
    LogQuery(
        key="batches",
        title="Batches over time",
        logs=_PROCESSOR,
        query="""\
filter message = "batch processed"
| stats count(*) as batches, sum(received), sum(recorded), max(attempt) by bin(5m)""",
    ),
    LogQuery(
        key="tokens",
        title="Invalid tokens by reason",
        logs=(Log.AUTHORIZER,),
        query="""\
filter message in ["token invalid", "cookie ignored", "signing keys not fetched"]
| stats count(*) as requests by message, reason, detail
| sort requests desc""",
    ),
)


def log_queries(*, authorizer: bool) -> Iterator[LogQuery]:
    """The queries of a stack, with or without an authorizer."""
    for query in LOG_QUERIES:
        if authorizer or Log.PROCESSOR in query.logs:
            yield query
