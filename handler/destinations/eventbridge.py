"""Amazon EventBridge: puts events on a bus with PutEvents, from which rules send them on.

EventBridge does not deduplicate: an event that is sent again is a second one with the same
`detail.event_key`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from handler.aws_calls import AwsService, CallLimits
from handler.delivery.entry_results import EntryResults
from handler.delivery.sending import RequestSender
from handler.destinations import DeadLetter, Outcome, Recorded, Retry
from handler.destinations.eventbridge_entries import DETAIL_TYPE_CUT, Entry, as_entry, divide
from handler.events import Event
from handler.variables import read_string

# One attempt: botocore does not see which entries failed, so RequestSender repeats them.
CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=5, attempts=1)

# Error codes of entries (PutEventsResultEntry). Codes that AWS adds later are retried.
_FAILURES: Mapping[str, Retry | DeadLetter] = {
    "ThrottlingException": Retry("eventbridge_throttled"),
    "AccessDeniedException": Retry("eventbridge_access_denied", not_set_up=True),
    "NotAuthorizedForSourceException": Retry("eventbridge_access_denied", not_set_up=True),
    "NotAuthorizedForDetailTypeException": Retry("eventbridge_access_denied", not_set_up=True),
    "InvalidArgument": DeadLetter("eventbridge_invalid_argument"),
    "MalformedDetail": DeadLetter("eventbridge_malformed_detail"),
}

_RESULTS = EntryResults(
    name="eventbridge",
    results="Entries",
    failed_count="FailedEntryCount",
    accepted_id="EventId",
    by_code=_FAILURES,
    other_code=Retry("eventbridge_failed"),
)


def make(variables: Mapping[str, str]) -> "EventbridgeDestination":
    """The destination for a function's environment; raises InvalidEnvironmentError."""
    return EventbridgeDestination(
        bus=read_string(variables, "EVENTBRIDGE_BUS"),
        source=read_string(variables, "EVENTBRIDGE_SOURCE"),
        service=AwsService("events", region=None, limits=CALL_LIMITS),
    )


class EventbridgeDestination:
    """Puts events on one bus of the function's own Region."""

    def __init__(
        self,
        *,
        bus: str,
        source: str,
        service: AwsService,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`bus` is a name. `sleep` waits for seconds before entries are sent again."""
        self._bus = bus
        self._source = source
        self._service = service
        self._sender = RequestSender(self._put, name="eventbridge", service=service, sleep=sleep)

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch in requests of at most ten events, several at the same time."""
        arrived = sorted(events, key=attrgetter("received_ms"))
        requests = divide(as_entry(event, source=self._source) for event in arrived)
        return self._sender.send([[request] for request in requests], time_left=time_left)

    def _put(self, entries: Sequence[Entry]) -> Mapping[str, Outcome]:
        response = self._service.call(
            "put_events", Entries=[entry.as_request_entry(self._bus) for entry in entries]
        )
        outcomes = _RESULTS.read(entries, response)
        for entry in entries:
            outcome = outcomes[entry.message_id]
            if entry.is_detail_type_cut and isinstance(outcome, Recorded):
                outcomes[entry.message_id] = replace(outcome, dropped={DETAIL_TYPE_CUT: 1})
        return outcomes
