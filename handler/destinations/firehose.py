"""Amazon Data Firehose: records events for analytics with PutRecordBatch, and reads its answer for each.

Firehose does not deduplicate: an event that is sent again is a second record with the same event id.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, cast

from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.failures import call_failure
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.destinations.firehose_records import EventRecord, as_record, divide
from handler.events import Event
from handler.variables import read_text

# One attempt: which records to send again is in the answer, where botocore does not look.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=5, attempts=1)

_NO_ANSWER = Retry("firehose_no_answer")
_OUT_OF_TIME = Retry("out_of_time")

# What the service's error names mean, of a request as of one record. ServiceUnavailableException is how
# Firehose says that a stream's throughput limit is reached.
_FAILURES: Mapping[str, Retry | DeadLetter] = {
    "ServiceUnavailableException": Retry("firehose_throttled"),
    "ThrottlingException": Retry("firehose_throttled"),
    "InternalFailure": Retry("firehose_failed"),
    # Wrong with the stream, not with an event.
    "AccessDeniedException": Retry("firehose_access_denied", not_set_up=True),
    "ResourceNotFoundException": Retry("firehose_stream_not_found", not_set_up=True),
    "InvalidKMSResourceException": Retry("firehose_key_unusable", not_set_up=True),
    "InvalidArgumentException": DeadLetter("firehose_invalid_argument"),
}
# May be about a single record of many.
_INVALID_ARGUMENT = "InvalidArgumentException"


def make(variables: Mapping[str, str]) -> "FirehoseDestination":
    """The destination for a function's environment; raises InvalidEnvironmentError."""
    service = AwsService("firehose", region=None, limits=CALL_LIMITS)
    return FirehoseDestination(
        stream=read_text(variables, "FIREHOSE_STREAM"),
        app_id=read_text(variables, "FIREHOSE_APP_ID"),
        service=service,
    )


class FirehoseDestination:
    """Records events in one delivery stream of the function's own region."""

    def __init__(
        self,
        *,
        stream: str,
        app_id: str,
        service: AwsService,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`stream` is a name. `pause` waits for seconds before records are sent again."""
        self._stream = stream
        self._app_id = app_id
        self._service = service
        self._pause = pause

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch in as few requests as Firehose's limits allow, in the order of arrival."""
        outcomes: dict[str, Outcome] = {}
        fitting: list[EventRecord] = []
        for event in sorted(events, key=attrgetter("received_ms")):
            record = as_record(event, app_id=self._app_id)
            if record.is_too_large:
                outcomes[record.message_id] = DeadLetter("firehose_record_too_large")
            else:
                fitting.append(record)
        for request in divide(fitting):
            outcomes.update(self._send(request, time_left))
        return outcomes

    def _send(self, records: Sequence[EventRecord], time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Send records, and again up to twice more, while time allows, those that may still be taken.

        Where no answer came, once more: the service may have the records, but their messages would come
        again anyway, and to every destination. Often it is a connection that was closed between invocations.
        """
        outcomes = dict(self._put(records, time_left))
        for longest, worth_repeating in _REPETITIONS:
            failed = [record for record in records if worth_repeating(outcomes[record.message_id])]
            # Not all copies of the function at the same moment.
            wait = random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, keeps no secret
            if not failed or time_left() < wait + self._service.limits.worst_case_seconds:
                break
            self._pause(wait)
            outcomes.update(self._put(failed, time_left))
        return outcomes

    def _put(self, records: Sequence[EventRecord], time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        if time_left() < self._service.limits.worst_case_seconds:
            return _same_for_all(records, _OUT_OF_TIME)
        try:
            answer = self._service.call(
                "put_record_batch",
                DeliveryStreamName=self._stream,
                Records=[{"Data": record.data} for record in records],
            )
        except CallError as error:
            # One record that the service cannot take must not take the others along.
            if (error.code == _INVALID_ARGUMENT or error.status == 413) and len(records) > 1:
                middle = len(records) // 2
                return {
                    **self._put(records[:middle], time_left),
                    **self._put(records[middle:], time_left),
                }
            return _same_for_all(records, _request_failure(error))
        return _read_answer(records, answer)


def _read_answer(records: Sequence[EventRecord], answer: Mapping[str, Any]) -> Mapping[str, Outcome]:
    """The outcome of each record by its place. An answer that does not add up says nothing about any."""
    entries: object = answer.get("RequestResponses")
    if not isinstance(entries, list):
        return _same_for_all(records, _NO_ANSWER)
    outcomes = [_read_entry(entry) for entry in cast("list[object]", entries)]
    failed = sum(map(_has_failed_for_now, outcomes))
    if len(outcomes) != len(records) or answer.get("FailedPutCount") != failed:
        return _same_for_all(records, _NO_ANSWER)
    return {record.message_id: outcome for record, outcome in zip(records, outcomes, strict=True)}


def _read_entry(entry: object) -> Outcome:
    if not isinstance(entry, Mapping):
        return _NO_ANSWER
    fields = cast("Mapping[str, object]", entry)
    code = fields.get("ErrorCode")
    if code is not None:
        # A code that is not documented for a record is still no word that it will never be taken.
        known = _FAILURES.get(code) if isinstance(code, str) else None
        is_busy = isinstance(known, Retry) and not known.not_set_up
        return known if known and is_busy else Retry("firehose_failed")
    return Recorded() if fields.get("RecordId") else _NO_ANSWER


def _request_failure(error: CallError) -> Retry | DeadLetter:
    code = "AccessDeniedException" if error.status == 403 else error.code
    return _FAILURES.get(code or "") or call_failure("firehose", error)


def _has_failed_for_now(outcome: Outcome) -> bool:
    """Whether the service has said so: after no answer it may have the record."""
    return isinstance(outcome, Retry) and outcome not in (_NO_ANSWER, _OUT_OF_TIME)


def _is_not_taken_yet(outcome: Outcome) -> bool:
    return outcome == _NO_ANSWER or _is_busy(outcome)


def _is_busy(outcome: Outcome) -> bool:
    return _has_failed_for_now(outcome) and not (isinstance(outcome, Retry) and outcome.not_set_up)


# The longest wait before each repetition, and what is then sent again. The limits of a stream are counted by
# the second.
_REPETITIONS: Sequence[tuple[float, Callable[[Outcome], bool]]] = (
    (0.5, _is_not_taken_yet),
    (1.0, _is_busy),
)


def _same_for_all(records: Sequence[EventRecord], outcome: Outcome) -> Mapping[str, Outcome]:
    return {record.message_id: outcome for record in records}
