"""Makes moto's Amazon EventBridge accept events as the service does.

moto's own PutEvents checks no sizes and no lengths, and its access control does not look at the bus. While an
EventbridgeFake is open, PutEvents enforces the documented limits and the permission for the bus, and records
each accepted event. Rules and their targets stay moto's: it sends to SQS, CloudWatch Logs, archives and other
buses, but calls no API destination.
"""

import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventsBackend, events_backends
from moto.events.responses import EventsHandler
from moto.utilities.utils import get_partition

from local.deployment.cloud import Cloud
from local.fakes import Deployed, Fake
from local.fakes.eventbridge_calls import read_call
from local.recorder import RecordedEvent, Recorder

_MAX_ENTRIES = 10
_MAX_REQUEST_BYTES = 256_000
_MAX_DETAIL_TYPE_LENGTH = 128
_TIME_BYTES = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResponse:
    """A fault for one PutEvents. Without one, the fake responds as the service would."""

    # An error of the whole request, such as ThrottlingException, and its HTTP status.
    error_code: str | None = None
    status: int = 400
    # Error codes of single entries, by index. Their events do not reach the bus.
    failed: Mapping[int, str] = field(default_factory=dict[int, str])
    # Indexes of entries that the response omits although their events reached the bus.
    left_out: Collection[int] = ()
    delay_seconds: float = 0.0


@contextmanager
def make(deployed: Deployed) -> Iterator[Fake]:
    """The fake, and the bus that the stack names if it does not create one."""
    with EventbridgeFake(deployed.cloud, recorder=deployed.recorder) as service:
        if bus := deployed.setting("eventbridgeBus"):
            service.add_bus(bus)
        yield Fake(
            service=service,
            notes=[
                "Amazon EventBridge: moto, with the documented limits. Rules send to queues, log groups and "
                "buses of this run; API destinations are not called."
            ],
            calls={"events": read_call},
        )


class EventbridgeFake:
    """Replaces moto's PutEvents; use as a context manager while a Cloud runs."""

    def __init__(self, cloud: Cloud, *, recorder: Recorder) -> None:
        self._cloud = cloud
        self._recorder = recorder
        self._plan: deque[PlannedResponse] = deque()
        self._requests: list[Sequence[Mapping[str, Any]]] = []
        self._put_in_moto: Callable[..., Any] = EventsBackend.put_events

    def __enter__(self) -> Self:
        self._put_in_moto = EventsBackend.put_events
        setattr(EventsBackend, "put_events", lambda _, events: self._put_events(events))  # noqa: B010
        # The hook that moto calls to learn which resource a request concerns.
        setattr(EventsHandler, "_determine_resource", _bus_arn)  # noqa: B010
        return self

    def __exit__(self, *_: object) -> None:
        setattr(EventsBackend, "put_events", self._put_in_moto)  # noqa: B010
        delattr(EventsHandler, "_determine_resource")

    def add_bus(self, name: str) -> None:
        """Create a bus that a stack expects to exist already; `default` always does."""
        if name not in self._backend.event_buses:
            self._cloud.client("events").create_event_bus(Name=name)

    def plan(self, *responses: PlannedResponse) -> None:
        """Respond to the next requests like this, in this order."""
        self._plan.extend(responses)

    @property
    def requests(self) -> list[Sequence[Mapping[str, Any]]]:
        """The entries of every authorized request so far, also of those that failed."""
        return list(self._requests)

    @property
    def _backend(self) -> EventsBackend:
        return events_backends[self._cloud.account_id][self._cloud.region]

    def _put_events(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._requests.append(entries)
        planned = self._plan.popleft() if self._plan else PlannedResponse()
        time.sleep(planned.delay_seconds)
        if planned.error_code is not None:
            error = JsonRESTError(planned.error_code, "planned")
            error.code = planned.status
            raise error
        _check_request(entries)
        results = [
            {"ErrorCode": planned.failed[index], "ErrorMessage": "planned"}
            if index in planned.failed
            else self._put(entry)
            for index, entry in enumerate(entries)
        ]
        return [result for index, result in enumerate(results) if index not in planned.left_out]

    def _put(self, entry: dict[str, Any]) -> dict[str, Any]:
        if problem := _entry_problem(entry):
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": problem}
        if entry["EventBusName"] not in self._backend.event_buses:
            # As on AWS: accepted, and gone (docs/fidelity.md).
            return {"EventId": str(uuid.uuid4())}
        (result,) = self._put_in_moto(self._backend, [entry])
        if "EventId" in result:
            self._recorder.add(_recorded_event(entry))
        return result


def _check_request(entries: Sequence[Mapping[str, Any]]) -> None:
    size = sum(_size(entry) for entry in entries)
    if len(entries) > _MAX_ENTRIES:
        raise JsonRESTError("ValidationException", f"a request has at most {_MAX_ENTRIES} entries")
    if size > _MAX_REQUEST_BYTES:
        error = JsonRESTError(
            "ValidationException", "Total size of the entries in the request is over the limit."
        )
        error.code = 413
        raise error


def _size(entry: Mapping[str, Any]) -> int:
    texts = (str(entry.get(name, "")) for name in ("Source", "DetailType", "Detail"))
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if "Time" in entry else 0)


def _entry_problem(entry: Mapping[str, Any]) -> str | None:
    detail_type = str(entry.get("DetailType", ""))
    if str(entry.get("Source", "")).startswith("aws."):
        return "Parameter Source is not valid. Reason: it begins with aws."
    if len(detail_type.encode("utf-16-le")) // 2 > _MAX_DETAIL_TYPE_LENGTH:
        return f"Parameter DetailType is not valid. Reason: longer than {_MAX_DETAIL_TYPE_LENGTH} characters."
    return None


def _recorded_event(entry: Mapping[str, Any]) -> RecordedEvent:
    detail = json.loads(entry["Detail"])
    return RecordedEvent(
        destination="eventbridge",
        endpoint_id=detail["endpoint_id"],
        event_id=detail["event_id"],
        event_key=detail["event_key"],
        event=detail["event_type"],
        timestamp=detail["timestamp"],
        attributes=detail["attributes"],
        metrics=detail["metrics"],
        user_attributes={name: [value] for name, value in detail["user_attributes"].items()},
    )


def _bus_arn(handler: EventsHandler) -> str:
    """The bus that a request puts events on; moto itself would check against `*`."""
    entries = handler._get_param("Entries") or [{}]  # noqa: SLF001 - moto's own way to read a parameter
    name = entries[0].get("EventBusName")
    if name is None:
        return "*"
    account = f"{handler.region}:{handler.current_account}"
    return f"arn:{get_partition(handler.region)}:events:{account}:event-bus/{name}"
