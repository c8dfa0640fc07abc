"""Settings of the function that takes events off the queue: batches, retries, time, memory and logs."""

from typing import Final

from contract.function_time import SHORTEST_TIMEOUT_SECONDS
from contract.sqs import LONGEST_RETENTION_DAYS
from settings.problems import InvalidValue, Problem
from settings.values import Reader, Setting, true_or_false, whole_number

# Values that CloudWatch Logs accepts (PutRetentionPolicy, retentionInDays).
LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

LONGEST_RETRY_HOURS: Final = LONGEST_RETENTION_DAYS * 24

LATEST_VERSION: Final = 1_000_000_000

BATCH_SIZE_WITHOUT_WINDOW: Final = 10
"""AWS Lambda: an SQS batch size above 10 needs a batching window of at least 1 s."""


def _log_retention() -> Reader[int]:
    read_days = whole_number(LOG_RETENTION_DAYS[0], LOG_RETENTION_DAYS[-1])

    def read(key: str, value: object) -> int:
        days = read_days(key, value)
        if days not in LOG_RETENTION_DAYS:
            nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
            what = f"{days} is not a retention that CloudWatch Logs has."
            raise InvalidValue(Problem(key, what, f"Set {nearest}, the nearest one."))
        return days

    return read


RETRY_HOURS = Setting("retryHours", 6, whole_number(1, LONGEST_RETRY_HOURS))
MAX_RECEIVE_COUNT = Setting("maxReceiveCount", 5, whole_number(1, 1_000))
BATCH_SIZE = Setting("batchSize", 100, whole_number(1, 10_000))
BATCH_WINDOW = Setting("batchWindowSeconds", 1, whole_number(0, 300))
MAXIMUM_CONCURRENCY = Setting("maximumConcurrency", 5, whole_number(2, 1_000))
TIMEOUT = Setting("functionTimeoutSeconds", 60, whole_number(SHORTEST_TIMEOUT_SECONDS, 900))
MEMORY = Setting("functionMemoryMb", 512, whole_number(128, 10_240))
LOG_RETENTION = Setting("logRetentionDays", 30, _log_retention())
PROCESSOR_VERSION = Setting("processorVersion", 0, whole_number(0, LATEST_VERSION))
AUTHORIZER_VERSION = Setting("authorizerVersion", 0, whole_number(0, LATEST_VERSION))
TRACING = Setting("tracing", default=False, read=true_or_false)

SETTINGS = (
    *(RETRY_HOURS, MAX_RECEIVE_COUNT, BATCH_SIZE, BATCH_WINDOW, MAXIMUM_CONCURRENCY),
    *(TIMEOUT, MEMORY, PROCESSOR_VERSION, AUTHORIZER_VERSION, LOG_RETENTION, TRACING),
)
