"""Calls through botocore to a real HTTP server: how errors are classified, without their messages."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug import Request, Response

from handler import aws_calls
from handler.aws_calls import AwsService, CallError, CallLimits, Cause
from local.web.http_server import HttpServer
from tests.ports import NOBODY

LIMITS = CallLimits(connect_seconds=1, read_seconds=4, attempts=1)


class Service:
    """Responds to every request as planned."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.headers: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        Request(environ).get_data()
        response = Response(self.body, status=self.status, content_type="application/json")
        response.headers.update(self.headers)
        return response(environ, start_response)

    def refuse(self, status: int, error: str, body: bytes) -> None:
        self.status, self.body, self.headers = status, body, {"x-amzn-ErrorType": error}


@pytest.fixture
def service(aws_environment: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service()
    server = HttpServer(service).start()
    aws_environment.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", server.url)
    yield service
    server.stop()


def profiles(*transient_phrases: str) -> AwsService:
    return AwsService(
        "customer-profiles", region="eu-central-1", limits=LIMITS, transient_phrases=transient_phrases
    )


def put(client: AwsService) -> Any:
    items = [{"Id": "a", "Object": "{}"}]
    return client.call("batch_put_profile_object", DomainName="d", ObjectTypeName="t", Items=items)


def error_of(client: AwsService) -> CallError:
    with pytest.raises(CallError) as caught:
        put(client)
    return caught.value


def test_an_error_has_its_status_and_its_name(service: Service) -> None:
    service.refuse(429, "ThrottlingException", b'{"Message": "slow down"}')
    error = error_of(profiles())
    assert (error.status, error.code) == (429, "ThrottlingException")


@pytest.mark.parametrize("member", [b"Message", b"message"])
@pytest.mark.parametrize("text", [b"Concurrent update in progress", b"another CONCURRENT Update"])
def test_an_error_whose_message_contains_the_phrase_is_transient(
    service: Service, member: bytes, text: bytes
) -> None:
    service.refuse(400, "BadRequestException", b'{"%s": "%s"}' % (member, text))
    assert error_of(profiles("Concurrent")).transient


@pytest.mark.parametrize("body", [b'{"Message": "the object is not JSON"}', b"{}", b'{"Message": 5}', b""])
def test_an_error_without_the_phrase_is_not_transient(service: Service, body: bytes) -> None:
    service.refuse(400, "BadRequestException", body)
    assert not error_of(profiles("concurrent")).transient


def test_without_phrases_no_error_is_transient(service: Service) -> None:
    service.refuse(400, "BadRequestException", b'{"Message": "concurrent"}')
    assert not error_of(profiles()).transient


def test_an_error_loses_its_text(service: Service) -> None:
    service.refuse(400, "BadRequestException", b'{"Message": "concurrent update of jane@example.com"}')
    error = error_of(profiles("concurrent"))
    assert "jane" not in repr((error, error.args, vars(error)))


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("body", [b"[]", b'"x"', b"null", b"\xff\xfe"])
def test_a_body_of_another_shape_is_no_response(service: Service, status: int, body: bytes) -> None:
    service.status, service.body = status, body
    assert error_of(profiles()).status is None


@pytest.mark.parametrize("failed", [b'"abc"', b"5", b'{"a": 1}', b"[1]", b'[{"Id": "a", "Code": "x"}]'])
def test_a_body_with_a_part_of_another_shape_is_no_response(service: Service, failed: bytes) -> None:
    service.body = b'{"Failed": %s}' % failed
    assert error_of(profiles()).status is None


def test_a_client_that_cannot_be_made_is_not_set_up(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.delenv("AWS_DEFAULT_REGION")
    error = error_of(AwsService("customer-profiles", region=None, limits=LIMITS))
    assert (error.status, error.cause, error.not_set_up) == (None, Cause.NO_CREDENTIALS, True)


def test_a_service_that_botocore_does_not_know_has_no_model(aws_environment: pytest.MonkeyPatch) -> None:
    """As where the settings name a destination whose model the deployed archive has not yet."""
    assert aws_environment
    error = error_of(AwsService("profiles-of-tomorrow", region=None, limits=LIMITS))
    assert (error.cause, error.not_set_up) == (Cause.NO_MODEL, True)


def test_an_address_where_nobody_listens_is_unreachable(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", NOBODY)
    error = error_of(profiles())
    assert (error.cause, error.not_set_up) == (Cause.UNREACHABLE, True)


def test_a_host_that_is_unknown_is_unreachable(aws_environment: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    aws_environment.setattr(socket, "getaddrinfo", look_up)
    aws_environment.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", "http://no-such-host.invalid")
    error = error_of(profiles())
    assert (error.cause, error.not_set_up) == (Cause.UNREACHABLE, True)


def test_a_connection_that_is_reset_is_no_response(aws_environment: pytest.MonkeyPatch) -> None:
    """Unlike one that is refused: the service may have the request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reset() -> None:
            connection, _ = listener.accept()
            connection.recv(1)
            connection.close()  # with the rest of the request unread

        threading.Thread(target=reset, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        aws_environment.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", url)
        error = error_of(profiles())
    assert (error.status, error.cause, error.not_set_up) == (None, Cause.NO_RESPONSE, False)


def test_the_client_is_made_before_the_first_call(
    service: Service, aws_environment: pytest.MonkeyPatch
) -> None:
    """By the thread that sets everything up: botocore's sessions are not made for several."""
    client = profiles()
    aws_environment.setattr(aws_calls, "_session", lambda: None)
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda _: put(client), range(4)))
    assert len(responses) == 4
    assert service.status == 200


def test_clients_share_what_botocore_has_read(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.undo()
    assert aws_calls._session() is aws_calls._session()
