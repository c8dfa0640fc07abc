"""Keeps what happened to the last requests, as it was: nothing is parsed or copied before somebody asks.

Every part of the local run writes here from its own thread, through `recording`. The request id that the
gateway gives each request links it all: the queue's messages, their copies and their dead letters carry it.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

from local.fakes import Call, CallReader, EventPart
from local.functions.lambda_runtime import Invocation
from local.traces.log_lines import entries

CAPACITY = 1_000

REQUEST_ID = "request_id"
"""The message attribute with the gateway's id of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An HTTP request and its response. `at` is epoch milliseconds."""

    at: int
    ms: float
    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    status: int
    response_headers: Sequence[tuple[str, str]]
    response_body: bytes

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request(self) -> Any:
        """The body of the request: JSON, or else the text as it is."""
        return parsed(self.body)

    @property
    def response(self) -> Any:
        """The body of the response in the same way: an error of moto may be XML."""
        return parsed(self.response_body)


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return body.decode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerRun:
    """What the authorizer's function returned for a request."""

    function: str
    invocation: Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as its sender wrote it."""

    message_id: str
    body: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage(Message):
    """A message as a queue took it."""

    at: int
    is_dead_letter: bool
    delay_seconds: int
    # The invocation that sent it, for copies and dead letters.
    sent_by: "FunctionRun | None" = None


def events_of(reader: CallReader, call: Call) -> list[EventPart]:
    """The events in a call. A call that the reader cannot make out has none: anyone may call a service."""
    try:
        return list(reader(call))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return []


@dataclass(frozen=True, kw_only=True)
class ServiceCall:
    """A call to the service of a destination. `before` and `after` are profiles by endpoint."""

    destination: str
    reader: CallReader
    exchange: Exchange
    before: Mapping[str, Mapping[str, str] | None]
    after: Mapping[str, Mapping[str, str] | None]

    @cached_property
    def parts(self) -> Mapping[str, EventPart]:
        """What the call holds of each event, by event key."""
        exchange = self.exchange
        call = Call(
            path=exchange.path,
            request=exchange.request,
            response=exchange.response if exchange.is_success else None,
        )
        return {part.event_key: part for part in events_of(self.reader, call)}


@dataclass(kw_only=True, eq=False)
class FunctionRun:
    """An invocation of the event processor. Until it ends, it has no `invocation`."""

    function: str
    # The batch.
    messages: Sequence[Message]
    calls: list[ServiceCall] = field(default_factory=list[ServiceCall])
    invocation: Invocation | None = None
    # The messages that the queue has to deliver again.
    left: Collection[str] = ()

    @cached_property
    def message_ids(self) -> frozenset[str]:
        return frozenset(message.message_id for message in self.messages)

    @cached_property
    def log_entries(self) -> Sequence[Mapping[str, Any]]:
        """The log lines that are JSON objects. Only for an invocation that has ended."""
        return entries(self.invocation.log) if self.invocation else []

    @cached_property
    def rejected(self) -> Mapping[str, str]:
        """The reasons of rejected messages, by message id. Only for an invocation that has ended."""
        return {
            entry["message_id"]: entry["reason"]
            for entry in self.log_entries
            if entry.get("message") == "message rejected"
        }


Entry = QueuedMessage | FunctionRun


@dataclass(slots=True, kw_only=True)
class Journey:
    """One request, and what it led to, in order."""

    exchange: Exchange | None = None
    authorizer: AuthorizerRun | None = None
    entries: list[Entry] = field(default_factory=list[Entry])
    # Grows with every change of any request.
    version: int = 0


class Traces:
    """The last requests; safe to use from several threads."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._versions = count(1)
        self._version = 0
        self._journeys: OrderedDict[str, Journey] = OrderedDict()
        self._open: FunctionRun | None = None

    # Writing

    def add_request(self, request_id: str, exchange: Exchange) -> None:
        def write(journey: Journey) -> None:
            journey.exchange = exchange

        self._change([request_id], write)

    def add_authorizer_run(self, request_id: str, run: AuthorizerRun) -> None:
        def write(journey: Journey) -> None:
            journey.authorizer = run

        self._change([request_id], write)

    def add_message(self, message: QueuedMessage) -> None:
        """Note a message of a queue. One that did not come through the gateway belongs to no request."""
        if request_id := message.attributes.get(REQUEST_ID):
            self._change([request_id], lambda journey: journey.entries.append(message))

    def begin_run(self, run: FunctionRun, request_ids: Sequence[str]) -> None:
        """Note that an invocation begins, with the messages of these requests."""
        self._open = run
        self._change(request_ids, lambda journey: journey.entries.append(run))

    def end_run(
        self, run: FunctionRun, invocation: Invocation, left: Collection[str], request_ids: Sequence[str]
    ) -> None:
        """Note that an invocation has ended, and which of its messages stay in the queue."""
        run.left = left
        run.invocation = invocation
        self._open = None
        self._change(request_ids, lambda _: None)

    def add_call(self, call: ServiceCall) -> None:
        """Note a call to a service, which belongs to the invocation that is going on."""
        if (run := self._open) is not None:
            run.calls.append(call)

    @property
    def open_run(self) -> FunctionRun | None:
        """The invocation that is going on: there is one at a time."""
        return self._open

    def _change(self, request_ids: Sequence[str], write: Callable[[Journey], Any]) -> None:
        with self._lock:
            for request_id in request_ids:
                journey = self._journeys.get(request_id)
                if journey is None:
                    journey = self._journeys[request_id] = Journey()
                    if len(self._journeys) > self._capacity:
                        self._journeys.popitem(last=False)
                write(journey)
                journey.version = self._version = next(self._versions)

    # Reading

    def changed_since(self, version: int) -> tuple[int, list[tuple[str, Journey]]]:
        """The requests that changed after a version, with their ids, and the version now."""
        with self._lock:
            changed = [
                (request_id, _copy(journey))
                for request_id, journey in self._journeys.items()
                if journey.version > version and journey.exchange is not None
            ]
            return self._version, changed

    def journey(self, request_id: str) -> Journey | None:
        """A request by the gateway's id of it; None if it is unknown, or not answered yet."""
        with self._lock:
            journey = self._journeys.get(request_id)
            return None if journey is None or journey.exchange is None else _copy(journey)


def _copy(journey: Journey) -> Journey:
    return Journey(
        exchange=journey.exchange,
        authorizer=journey.authorizer,
        entries=list(journey.entries),
        version=journey.version,
    )
