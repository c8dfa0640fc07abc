"""Wraps the parts of the local run, so that what passes through them is written to the traces.

Each wrapper behaves as what it wraps. None of them parses anything but what a profile needs.
"""

import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.sqs.models import Message as SqsMessage
from moto.sqs.models import Queue

from local.apigateway.authorizer import Invoke
from local.deployment.cloud import Cloud
from local.fakes import Call, CallReader, Fake, Profiles
from local.functions.event_source import failed_messages
from local.functions.lambda_runtime import Invocation
from local.traces.faults import Faults
from local.traces.store import (
    REQUEST_ID,
    AuthorizerRun,
    Exchange,
    FunctionRun,
    Message,
    QueuedMessage,
    ServiceCall,
    Traces,
    events_of,
    parsed,
)
from local.web.http_server import WsgiApplication, headers_of

_REQUEST_ID_HEADER = "x-amz-apigw-id"


def recorded_gateway(gateway: WsgiApplication, traces: Traces) -> WsgiApplication:
    """The gateway, with every request noted that could be an event."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return gateway(environ, start_response)
        exchange, chunks = _exchange(gateway, environ, start_response)
        traces.add_request(dict(exchange.response_headers)[_REQUEST_ID_HEADER], exchange)
        return chunks

    return respond


def recorded_authorizer(invoke: Invoke, traces: Traces) -> Invoke:
    """The invocation of an authorizer."""

    def invoke_and_note(function: str, event: Mapping[str, Any]) -> Invocation:
        invocation = invoke(function, event)
        run = AuthorizerRun(function=function, invocation=invocation)
        traces.add_authorizer_run(event["requestContext"]["extendedRequestId"], run)
        return invocation

    return invoke_and_note


def recorded_function(
    function: str,
    invoke: Callable[[Mapping[str, Any]], Invocation],
    traces: Traces,
    *,
    reports_batch_item_failures: bool,
) -> Callable[[Mapping[str, Any]], Invocation]:
    """The invocation of a function with a batch of messages."""

    def invoke_and_note(event: Mapping[str, Any]) -> Invocation:
        messages = [_received_message(record) for record in event["Records"]]
        run = FunctionRun(function=function, messages=messages)
        found = (message.attributes.get(REQUEST_ID) for message in messages)
        request_ids = list(dict.fromkeys(request_id for request_id in found if request_id))
        traces.begin_run(run, request_ids)
        invocation = invoke(event)
        left = failed_messages(invocation, run.message_ids, reports=reports_batch_item_failures)
        traces.end_run(run, invocation, left, request_ids)
        return invocation

    return invoke_and_note


def recorded_service(
    application: WsgiApplication,
    *,
    destination: str,
    reader: CallReader,
    profiles: Profiles | None,
    traces: Traces,
    faults: Faults,
) -> WsgiApplication:
    """The service of a destination, or its planned fault, with every call during an invocation noted."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service = faults.application(destination) or application
        if traces.open_run is None:
            return service(environ, start_response)
        body = _keep_body(environ)
        endpoints = [] if profiles is None else _endpoints(environ, body, reader)
        before = {one: profiles.of(one) for one in endpoints} if profiles else {}
        exchange, chunks = _exchange(service, environ, start_response, body)
        after = {one: profiles.of(one) for one in endpoints} if profiles else {}
        traces.add_call(
            ServiceCall(destination=destination, reader=reader, exchange=exchange, before=before, after=after)
        )
        return chunks

    return respond


def record_destinations(cloud: Cloud, fakes: Mapping[str, Fake], traces: Traces, faults: Faults) -> None:
    """Note the calls to the services of all destinations, moto's and the fakes'."""
    for destination, fake in fakes.items():
        for service, reader in fake.calls.items():
            cloud.serve(
                service,
                recorded_service(
                    cloud.application_of(service),
                    destination=destination,
                    reader=reader,
                    profiles=fake.profiles,
                    traces=traces,
                    faults=faults,
                ),
            )


@contextmanager
def recorded_queues(names: tuple[str, str], traces: Traces) -> Iterator[None]:
    """Note each message that moto puts into the queue or the dead-letter queue, whoever sends it."""
    _, dead_letter_queue_name = names
    original = Queue.add_message

    def add_and_note(queue: Queue, message: SqsMessage) -> None:
        if queue.name in names:
            is_dead_letter = queue.name == dead_letter_queue_name
            traces.add_message(
                _queued_message(message, is_dead_letter=is_dead_letter, sent_by=traces.open_run)
            )
        original(queue, message)

    setattr(Queue, "add_message", add_and_note)  # noqa: B010
    try:
        yield
    finally:
        setattr(Queue, "add_message", original)  # noqa: B010


def _received_message(record: Mapping[str, Any]) -> Message:
    return Message(
        message_id=record["messageId"],
        body=record["body"],
        attributes={
            name: value["stringValue"]
            for name, value in record["messageAttributes"].items()
            if "stringValue" in value
        },
    )


def _queued_message(
    message: SqsMessage, *, is_dead_letter: bool, sent_by: FunctionRun | None
) -> QueuedMessage:
    now = time.time_ns() // 1_000_000
    return QueuedMessage(
        at=now,
        is_dead_letter=is_dead_letter,
        message_id=message.id,
        body=message.body,
        attributes={
            name: value.get("StringValue", "") for name, value in (message.message_attributes or {}).items()
        },
        delay_seconds=max(0, round(((message.delayed_until or 0) - now) / 1000)),
        sent_by=sent_by,
    )


def _endpoints(environ: Mapping[str, Any], body: bytes, reader: CallReader) -> list[str]:
    """The endpoints whose profiles a call may change."""
    call = Call(path=environ["PATH_INFO"], request=parsed(body), response=None)
    return list(dict.fromkeys(part.endpoint_id for part in events_of(reader, call)))


def _keep_body(environ: dict[str, Any]) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _exchange(
    application: WsgiApplication,
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    body: bytes = b"",
) -> tuple[Exchange, list[bytes]]:
    """Let an application respond; what went to and fro, and the chunks of the response."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        started.append((status, headers))
        return start_response(status, headers, *rest)

    # Kept before the application changes them.
    method, url, headers = environ["REQUEST_METHOD"], environ["REQUEST_URI"], headers_of(environ)
    at, begun = time.time_ns() // 1_000_000, time.monotonic()
    chunks = list(application(environ, start))
    status, response_headers = started[-1]
    exchange = Exchange(
        at=at,
        ms=(time.monotonic() - begun) * 1000,
        method=method,
        url=url,
        headers=headers,
        body=body,
        status=int(status[:3]),
        response_headers=response_headers,
        response_body=b"".join(chunks),
    )
    return exchange, chunks
