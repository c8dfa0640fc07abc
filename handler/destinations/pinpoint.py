"""Amazon Pinpoint: records events with PutEvents."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from handler.aws_calls import AwsService, CallLimits
from handler.delivery.failures import failure
from handler.delivery.sending import RequestSender
from handler.destinations import Outcome, Recorded
from handler.destinations.pinpoint_request import (
    FittedEvent,
    PutEventsRequest,
    divide,
    id_in_request,
)
from handler.events import Event
from handler.variables import read_string

CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=4, attempts=2)


def make(variables: Mapping[str, str]) -> "PinpointDestination":
    """The destination for a function's environment; raises InvalidEnvironmentError."""
    service = AwsService("pinpoint", region=read_string(variables, "PINPOINT_REGION"), limits=CALL_LIMITS)
    return PinpointDestination(
        application_id=read_string(variables, "PINPOINT_APPLICATION_ID"), service=service
    )


class PinpointDestination:
    """Records events in one Amazon Pinpoint application."""

    def __init__(self, *, application_id: str, service: AwsService) -> None:
        self._application_id = application_id
        self._service = service
        # botocore repeats a failed call, in its second attempt.
        self._sender = RequestSender(self._put, name="pinpoint", service=service, waits=())

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch in as few requests as Pinpoint's limits allow, one after the other."""
        return self._sender.send([divide(events)], time_left=time_left)

    def _put(self, events: Sequence[FittedEvent]) -> Mapping[str, Outcome]:
        request = PutEventsRequest.of(events)
        response = self._service.call(
            "put_events", ApplicationId=self._application_id, EventsRequest=request.body()
        )
        results = _part(_part(response, "EventsResponse"), "Results")
        return {
            fitted.message_id: _read_result(request, fitted, _part(results, fitted.event.endpoint_id))
            for fitted in events
        }


def _read_result(request: PutEventsRequest, fitted: FittedEvent, result: Mapping[str, Any]) -> Outcome:
    event = fitted.event
    event_status: int | None = _part(_part(result, "EventsItemResponse"), id_in_request(event)).get(
        "StatusCode"
    )
    if event_status is None or not _accepted(event_status):
        return failure("pinpoint", event_status)
    if event.user_attributes:
        # Pinpoint may leave the endpoint out of the response: beside an accepted event that is no refusal.
        endpoint_status: int | None = _part(result, "EndpointItemResponse").get("StatusCode")
        if endpoint_status is not None and not _accepted(endpoint_status):
            return failure("pinpoint_endpoint", endpoint_status)
    update = request.profile_updates[event.endpoint_id]
    return Recorded(
        dropped={**fitted.dropped, **update.dropped.get(event.message_id, {})},
        profile_updates=update.written.get(event.message_id, 0),
    )


def _part(response: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a response; empty if it is missing or null."""
    return response.get(name) or {}


def _accepted(status: int) -> bool:
    return 200 <= status < 300
