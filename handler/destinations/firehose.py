"""Amazon Data Firehose: records events for analytics with PutRecordBatch.

Firehose does not deduplicate: an event that is sent again is a second record with the same event id.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.entry_results import EntryResults
from handler.delivery.failures import call_failure, with_code
from handler.delivery.sending import RequestSender
from handler.destinations import DeadLetter, Outcome, Retry
from handler.destinations.firehose_records import EventRecord, as_record, divide
from handler.events import Event
from handler.variables import read_string

# One attempt: botocore does not see which records failed, so RequestSender repeats them.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=5, attempts=1)

# Error codes of a record or a whole request. A stream at its throughput limit sends
# ServiceUnavailableException.
_BUSY: Mapping[str, Retry] = {
    "ServiceUnavailableException": Retry("firehose_throttled"),
    "ThrottlingException": Retry("firehose_throttled"),
    "InternalFailure": Retry("firehose_failed"),
}
# Error codes of a whole request.
_FAILURES: Mapping[str, Retry | DeadLetter] = {
    **_BUSY,
    "AccessDeniedException": Retry("firehose_access_denied", not_set_up=True),
    "ResourceNotFoundException": Retry("firehose_stream_not_found", not_set_up=True),
    "InvalidKMSResourceException": Retry("firehose_key_unusable", not_set_up=True),
    "InvalidSourceException": Retry("firehose_stream_for_logs", not_set_up=True),
    "InvalidArgumentException": DeadLetter("firehose_invalid_argument"),
}

_RESULTS = EntryResults(
    name="firehose",
    results="RequestResponses",
    failed_count="FailedPutCount",
    accepted_id="RecordId",
    by_code=_BUSY,
    other_code=Retry("firehose_failed"),
)


def make(variables: Mapping[str, str]) -> "FirehoseDestination":
    """The destination for a function's environment; raises InvalidEnvironmentError."""
    service = AwsService("firehose", region=None, limits=CALL_LIMITS)
    return FirehoseDestination(
        stream=read_string(variables, "FIREHOSE_STREAM"),
        app_id=read_string(variables, "FIREHOSE_APP_ID"),
        service=service,
    )


class FirehoseDestination:
    """Records events in one delivery stream of the function's own Region."""

    def __init__(
        self,
        *,
        stream: str,
        app_id: str,
        service: AwsService,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`stream` is a name. `sleep` waits for seconds before records are sent again."""
        self._stream = stream
        self._app_id = app_id
        self._service = service
        self._sender = RequestSender(
            self._put, name="firehose", service=service, failure_of=_failure_of, sleep=sleep
        )

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch in as few requests as Firehose's limits allow, in the order of arrival."""
        arrived = sorted(events, key=attrgetter("received_ms"))
        records = [as_record(event, app_id=self._app_id) for event in arrived]
        requests = divide(record for record in records if not record.is_too_large)
        return {
            **{
                one.message_id: DeadLetter("firehose_record_too_large") for one in records if one.is_too_large
            },
            **self._sender.send([requests], time_left=time_left),
        }

    def _put(self, records: Sequence[EventRecord]) -> Mapping[str, Outcome]:
        response = self._service.call(
            "put_record_batch",
            DeliveryStreamName=self._stream,
            Records=[{"Data": record.data} for record in records],
        )
        return _RESULTS.read(records, response)


def _failure_of(error: CallError) -> Retry | DeadLetter:
    code = "AccessDeniedException" if error.status == 403 else error.code
    known = _FAILURES.get(code or "")
    return with_code(known, error.code) if known else call_failure("firehose", error)
