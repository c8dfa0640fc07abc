"""The fake of Amazon Pinpoint's PutEvents, which moto lacks.

Speaks the service's REST-JSON protocol over HTTP, enforces its documented limits, and records what it
accepts. What the documentation leaves open (what is a character, how large is a kilobyte) is read strictly.
"""

import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from werkzeug import Request, Response

from local.fakes import Deployed, Fake, Profiles
from local.fakes.access_control import authorize
from local.fakes.pinpoint_calls import read_call
from local.fakes.rest_json import Authorize, Operations, ServiceError, check_permission, length
from local.recorder import RecordedEvent, Recorder

_MAX_REQUEST_BYTES = 4_000_000
_MAX_EVENTS = 100
_MAX_EVENT_BYTES = 1_000_000
_MAX_KEYS = 40
_MAX_KEY_LENGTH = 50
_MAX_VALUE_LENGTH = 200
_MAX_ENDPOINT_BYTES = 15_000
_MAX_USER_ATTRIBUTES = 250
_MAX_USER_ATTRIBUTE_NAME_LENGTH = 50
_MAX_USER_ATTRIBUTE_VALUE_LENGTH = 100
_MAX_USER_ATTRIBUTE_VALUES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResponse:
    """A fault for one request. Requests without a plan get the usual response."""

    # The HTTP status of the whole request instead of 202. Nothing is recorded then.
    status: int | None = None
    # Statuses instead of 202, by event id and by endpoint id. A refused event is not recorded.
    event_statuses: Mapping[str, int] = field(default_factory=dict[str, int])
    endpoint_statuses: Mapping[str, int] = field(default_factory=dict[str, int])
    # Ids missing from the response, though they are recorded.
    events_left_out: Collection[str] = ()
    endpoints_left_out: Collection[str] = ()
    # Endpoints whose EndpointItemResponse is missing.
    endpoint_items_left_out: Collection[str] = ()
    delay_seconds: float = 0.0


@contextmanager
def make(deployed: Deployed) -> Iterator[Fake]:
    """The fake with the application that the stack names."""
    application_id = deployed.setting("pinpointApplicationId")
    service = PinpointFake(
        deployed.recorder,
        application_ids=[application_id] if application_id else [],
        authorize=authorize,
    )
    yield Fake(
        service=service,
        notes=["Amazon Pinpoint: a fake of PutEvents that checks its documented limits."],
        applications={"pinpoint": service},
        calls={"pinpoint": read_call},
        profiles=Profiles(
            of=service.profile_strings,
            when_missing="No profile yet: the first recorded event creates it.",
            keeps_event_once=False,
        ),
    )


class PinpointFake:
    """A WSGI application that serves PutEvents of these Pinpoint applications."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        application_ids: Collection[str],
        authorize: Authorize | None = None,
    ) -> None:
        self._recorder = recorder
        self._application_ids = frozenset(application_ids)
        self._authorize = authorize
        self._plan: deque[PlannedResponse] = deque()
        self._requests: list[Mapping[str, Any]] = []
        self._endpoints: dict[str, dict[str, Sequence[str]]] = {}
        self._operations = Operations("pinpoint", ["PutEvents"])

    def plan(self, *responses: PlannedResponse) -> None:
        """Respond to the next requests with these, in this order."""
        self._plan.extend(responses)

    @property
    def requests(self) -> list[Mapping[str, Any]]:
        """The BatchItem of each authorized and readable request so far."""
        return list(self._requests)

    def profile(self, endpoint_id: str) -> Mapping[str, Sequence[str]] | None:
        """An endpoint's user attributes after all updates so far; None if there is no such endpoint."""
        attributes = self._endpoints.get(endpoint_id)
        return None if attributes is None else dict(attributes)

    def profile_strings(self, endpoint_id: str) -> Mapping[str, str] | None:
        """The same, with the values of each attribute in one string."""
        lists = self.profile(endpoint_id)
        return None if lists is None else {name: ", ".join(values) for name, values in lists.items()}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        request_id = str(uuid.uuid4())
        try:
            body: dict[str, Any] = {"Results": self._put_events(request)}
            status, headers = HTTPStatus.ACCEPTED.value, {}
        except ServiceError as error:
            status = error.status
            body = {"Message": error.message, "RequestID": request_id}
            headers = {"x-amzn-ErrorType": self._operations.error_name(status)}
        response = Response(json.dumps(body), status=status, content_type="application/json")
        response.headers.update({"x-amzn-RequestId": request_id, **headers})
        return response(environ, start_response)

    def _put_events(self, request: Request) -> dict[str, Any]:
        application_id = self._operations.match(request)[1]["application_id"]
        resource = f"apps/{application_id}/events"
        check_permission(self._authorize, request, "mobiletargeting:PutEvents", resource)
        batch = _read_batch(request.get_data())
        self._requests.append(batch)
        planned = self._plan.popleft() if self._plan else PlannedResponse()
        time.sleep(planned.delay_seconds)
        if planned.status is not None:
            raise ServiceError(planned.status, "planned")
        if application_id not in self._application_ids:
            raise ServiceError(404, "Resource not found")
        return {
            endpoint_id: self._put_endpoint(endpoint_id, item, planned)
            for endpoint_id, item in batch.items()
            if endpoint_id not in planned.endpoints_left_out
        }

    def _put_endpoint(
        self, endpoint_id: str, item: Mapping[str, Any], planned: PlannedResponse
    ) -> dict[str, Any]:
        refusal = _endpoint_refusal(item["Endpoint"])
        endpoint_status = planned.endpoint_statuses.get(endpoint_id, 400 if refusal else 202)
        user_attributes = item["Endpoint"].get("User", {}).get("UserAttributes", {})
        if endpoint_status == 202:
            self._endpoints.setdefault(endpoint_id, {}).update(user_attributes)
        responses: dict[str, Any] = {}
        for event_id, event in item["Events"].items():
            event_refusal = _event_refusal(event)
            status = planned.event_statuses.get(event_id, 400 if event_refusal else 202)
            if status == 202:
                self._recorder.add(
                    RecordedEvent(
                        destination="pinpoint",
                        endpoint_id=endpoint_id,
                        event_id=event_id,
                        event_key=event_id,
                        event=event["EventType"],
                        timestamp=event["Timestamp"],
                        attributes=event.get("Attributes", {}),
                        metrics=event.get("Metrics", {}),
                        user_attributes=user_attributes if endpoint_status == 202 else {},
                    )
                )
            if event_id not in planned.events_left_out:
                responses[event_id] = _item(status, event_refusal)
        result: dict[str, Any] = {"EventsItemResponse": responses}
        if endpoint_id not in planned.endpoint_items_left_out:
            result["EndpointItemResponse"] = _item(endpoint_status, refusal)
        return result


def _item(status: int, refusal: str | None) -> dict[str, Any]:
    return {"StatusCode": status, "Message": refusal or ("Accepted" if status == 202 else "planned")}


def _read_batch(body: bytes) -> Mapping[str, Any]:
    """The BatchItem of a request body. Raises ServiceError if the service would refuse the whole request."""
    if len(body) > _MAX_REQUEST_BYTES:
        raise ServiceError(413, "Request payload is too large")
    try:
        batch = json.loads(body)["BatchItem"]
        items = [(item["Endpoint"], item["Events"]) for item in batch.values()]
        count = sum(len(events) for endpoint, events in items if isinstance(endpoint, dict))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ServiceError(400, "Malformed request") from error
    if any(not isinstance(part, dict) for item in items for part in item):
        raise ServiceError(400, "Malformed request")
    if not 0 < count <= _MAX_EVENTS:
        raise ServiceError(400, f"The number of events must be from 1 to {_MAX_EVENTS}")
    return batch


def _event_refusal(event: Mapping[str, Any]) -> str | None:
    """Why the service would refuse an event; None if it would not."""
    attributes, metrics = event.get("Attributes", {}), event.get("Metrics", {})
    if not event.get("EventType"):
        return "EventType is missing"
    if not _is_iso_8601(event.get("Timestamp")):
        return "Timestamp is missing or not ISO 8601"
    if len(json.dumps(event)) > _MAX_EVENT_BYTES:
        return "The event is too large"
    if len(attributes) + len(metrics) > _MAX_KEYS:
        return "Too many attributes and metrics"
    if any(length(key) > _MAX_KEY_LENGTH for key in (*attributes, *metrics)):
        return "A key is too long"
    if any(length(value) > _MAX_VALUE_LENGTH for value in attributes.values()):
        return "A value is too long"
    return None


def _endpoint_refusal(endpoint: Mapping[str, Any]) -> str | None:
    """Why the service would refuse to update an endpoint; None if it would not."""
    attributes: Mapping[str, list[str]] = endpoint.get("User", {}).get("UserAttributes", {})
    if len(json.dumps(endpoint, ensure_ascii=False).encode()) > _MAX_ENDPOINT_BYTES:
        return "The endpoint is too large"
    if len(attributes) > _MAX_USER_ATTRIBUTES:
        return "Too many user attributes"
    if any(length(name) > _MAX_USER_ATTRIBUTE_NAME_LENGTH for name in attributes):
        return "A user attribute name is too long"
    if any(len(values) > _MAX_USER_ATTRIBUTE_VALUES for values in attributes.values()):
        return "A user attribute has too many values"
    if any(length(value) > _MAX_USER_ATTRIBUTE_VALUE_LENGTH for v in attributes.values() for value in v):
        return "A user attribute value is too long"
    return None


def _is_iso_8601(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
