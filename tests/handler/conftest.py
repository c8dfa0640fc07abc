"""Factories for the handler's input (messages, events, SQS records), and the services it calls."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.config import Config
from botocore.session import Session

from handler import aws_calls
from handler.aws_calls import AwsService, CallLimits
from handler.destinations.pinpoint import PinpointDestination
from handler.events import Event, Message
from local.fakes import customer_profiles, firehose
from local.fakes import pinpoint as pinpoint_fake
from local.fakes.pinpoint import PinpointFake
from local.recorder import Recorder
from local.web.http_server import HttpServer
from tests.patience import PATIENCE_SECONDS

APPLICATION_ID = "a1b2c3"
RECEIVED_MS = 1_790_000_000_000


@pytest.fixture
def make_message() -> Callable[..., Message]:
    """A message whose body holds the given parameters, encoded as the gateway's template does."""
    numbers = count(1)

    def make(parameters: Mapping[str, str], **fields: Any) -> Message:
        defaults = {"message_id": f"message-{next(numbers)}", "sent_at_ms": RECEIVED_MS + 7}
        return Message(**{**defaults, "body": urlencode(parameters), **fields})

    return make


@pytest.fixture
def make_event() -> Callable[..., Event]:
    """An event of endpoint e1; each is received a millisecond after the one before."""
    numbers = count(1)

    def make(**fields: Any) -> Event:
        number = next(numbers)
        defaults: dict[str, Any] = {
            "message_id": f"message-{number}",
            "event_id": f"event-{number}",
            "event_type": "purchase",
            "endpoint_id": "e1",
            "received_ms": RECEIVED_MS + number,
            "timestamp_ms": RECEIVED_MS + number,
            "attributes": {},
            "metrics": {},
            "user_attributes": {},
            "proven_endpoint": None,
            "dropped": {},
        }
        return Event(**{**defaults, **fields})

    return make


@pytest.fixture
def make_record() -> Callable[..., dict[str, Any]]:
    """An SQS record as Lambda delivers it, with the message attributes that the gateway sets."""
    numbers = count(1)

    def make(parameters: Mapping[str, str] | str, *, attributes: Mapping[str, str] | None = None) -> Any:
        number = next(numbers)
        strings = {"request_id": f"request-{number}", **(attributes or {})}
        return {
            "messageId": f"message-{number}",
            "body": parameters if isinstance(parameters, str) else urlencode(parameters),
            "attributes": {"SentTimestamp": str(RECEIVED_MS + number)},
            "messageAttributes": {
                "request_time": {"dataType": "Number", "stringValue": str(RECEIVED_MS + number)},
                **{name: {"dataType": "String", "stringValue": text} for name, text in strings.items()},
            },
        }

    return make


@pytest.fixture(scope="session")
def sdk_session() -> Session:
    """One session for all tests, because each session reads the services' descriptions, which is slow."""
    return Session()


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch, sdk_session: Session) -> pytest.MonkeyPatch:
    """Made-up credentials, without the environment of the developer."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "POWERTOOLS_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(aws_calls, "_session", lambda: sdk_session)
    monkeypatch.setattr(aws_calls, "Config", patient_config)
    return monkeypatch


def patient_config(*, connect_timeout: float, read_timeout: float, **options: Any) -> Config:
    """The settings of a client which waits for as long as a busy machine needs.

    What the handler computes from its limits stays. A test that wants no response has a timeout below 1 s.
    """
    if read_timeout >= 1:
        connect_timeout = read_timeout = PATIENCE_SECONDS
    return Config(connect_timeout=connect_timeout, read_timeout=read_timeout, **options)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set when the fakes may send the responses that are planned with a delay: at the end, if not earlier."""
    late = threading.Event()
    clock = SimpleNamespace(
        monotonic=time.monotonic, sleep=lambda seconds: late.wait(PATIENCE_SECONDS) if seconds else None
    )
    for fake in (customer_profiles, firehose, pinpoint_fake):
        monkeypatch.setattr(fake, "time", clock)
    yield late
    late.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinpoint:
    """A running fake and its recorder."""

    fake: PinpointFake
    recorder: Recorder
    url: str


@pytest.fixture
def pinpoint(aws_environment: pytest.MonkeyPatch) -> Iterator[Pinpoint]:
    recorder = Recorder()
    fake = PinpointFake(recorder, application_ids=[APPLICATION_ID])
    server = HttpServer(fake).start()
    aws_environment.setenv("AWS_ENDPOINT_URL_PINPOINT", server.url)
    yield Pinpoint(fake=fake, recorder=recorder, url=server.url)
    server.stop()


@pytest.fixture
def make_destination(pinpoint: Pinpoint) -> Callable[..., PinpointDestination]:
    """The destination in front of the fake, without retries of the client unless asked for."""

    def make(
        *, attempts: int = 1, read_seconds: float = 4, application_id: str = APPLICATION_ID
    ) -> PinpointDestination:
        limits = CallLimits(connect_seconds=1, read_seconds=read_seconds, attempts=attempts)
        service = AwsService("pinpoint", region="eu-west-1", limits=limits)
        return PinpointDestination(application_id=application_id, service=service)

    assert pinpoint.url
    return make
