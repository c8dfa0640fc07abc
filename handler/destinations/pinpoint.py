"""Amazon Pinpoint: records events with PutEvents, and reads what it answers for each of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from handler.aws_calls import AwsService, CallError, CallLimits
from handler.delivery.failures import call_failure, failure
from handler.destinations import Outcome, Recorded, Retry
from handler.destinations.pinpoint_request import (
    FittedEvent,
    PutEventsRequest,
    divide,
    id_in_request,
)
from handler.events import Event
from handler.variables import read_text

CALL_LIMITS = CallLimits(connect_seconds=1, read_seconds=4, attempts=2)


def make(variables: Mapping[str, str]) -> "PinpointDestination":
    """The destination for a function's environment; raises InvalidEnvironmentError."""
    service = AwsService("pinpoint", region=read_text(variables, "PINPOINT_REGION"), limits=CALL_LIMITS)
    return PinpointDestination(
        application_id=read_text(variables, "PINPOINT_APPLICATION_ID"), service=service
    )


class PinpointDestination:
    """Records events in one Amazon Pinpoint application."""

    def __init__(self, *, application_id: str, service: AwsService) -> None:
        self._application_id = application_id
        self._service = service

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch in as few requests as Pinpoint's limits allow."""
        outcomes: dict[str, Outcome] = {}
        for request in divide(events):
            outcomes.update(self._send(request, time_left))
        return outcomes

    def _send(self, request: PutEventsRequest, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        if time_left() < self._service.limits.worst_case_seconds:
            return _same_for_all(request, Retry("out_of_time"))
        try:
            answer = self._service.call(
                "put_events", ApplicationId=self._application_id, EventsRequest=request.body()
            )
        except CallError as error:
            # One event that the service cannot take must not take the other ninety-nine along.
            if error.status in (400, 413) and len(request.events) > 1:
                first, second = request.halves()
                return {**self._send(first, time_left), **self._send(second, time_left)}
            return _same_for_all(request, call_failure("pinpoint", error))
        return _read_answer(request, answer)


def _read_answer(request: PutEventsRequest, answer: Mapping[str, Any]) -> dict[str, Outcome]:
    results = _part(_part(answer, "EventsResponse"), "Results")
    return {
        fitted.event.message_id: _read_result(request, fitted, _part(results, fitted.event.endpoint_id))
        for fitted in request.events
    }


def _read_result(request: PutEventsRequest, fitted: FittedEvent, result: Mapping[str, Any]) -> Outcome:
    event = fitted.event
    event_status: int | None = _part(_part(result, "EventsItemResponse"), id_in_request(event)).get(
        "StatusCode"
    )
    if event_status is None or not _accepted(event_status):
        return failure("pinpoint", event_status)
    if event.user_attributes:
        # Pinpoint may leave the endpoint's part out; beside an accepted event that is no refusal.
        endpoint_status: int | None = _part(result, "EndpointItemResponse").get("StatusCode")
        if endpoint_status is not None and not _accepted(endpoint_status):
            return failure("pinpoint_endpoint", endpoint_status)
    update = request.profile_updates[event.endpoint_id]
    return Recorded(
        dropped={**fitted.dropped, **update.dropped.get(event.message_id, {})},
        profile_updates=update.written.get(event.message_id, 0),
    )


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of an answer; empty where it is left out or null."""
    return answer.get(name) or {}


def _accepted(status: int) -> bool:
    return 200 <= status < 300


def _same_for_all(request: PutEventsRequest, outcome: Outcome) -> dict[str, Outcome]:
    return {fitted.event.message_id: outcome for fitted in request.events}
