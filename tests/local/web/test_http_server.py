"""The server on loopback, over a plain socket."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.request import urlopen

import pytest
from werkzeug import Request, Response

from local.web.http_server import HttpServer
from tests.patience import PATIENCE_SECONDS, eventually


@Request.application
def echo(request: Request) -> Response:
    return Response(request.get_data())


@pytest.fixture
def server() -> Iterator[HttpServer]:
    server = HttpServer(echo).start()
    yield server
    server.stop()


def test_a_sender_that_asks_before_its_body_is_answered_before_it(server: HttpServer) -> None:
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head)
        assert connection.recv(64).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(b"body")
        response = b""
        while not response.endswith(b"body"):
            received = connection.recv(4096)
            assert received, "the connection ended without the body"
            response += received


def test_a_server_that_has_stopped_does_nothing_more() -> None:
    """Until its thread has ended, the port may accept connections, only to reset them."""
    before = set(threading.enumerate())
    for _ in range(5):  # without a wait for the thread, each fails in about half of all cases
        server = HttpServer(echo).start()
        server.stop()
        assert set(threading.enumerate()) <= before


def test_a_switch_waits_for_the_responses_that_have_begun(server: HttpServer) -> None:
    begun, go_on = threading.Event(), threading.Event()
    responses: list[bytes] = []

    @Request.application
    def former(_: Request) -> Response:
        begun.set()
        go_on.wait(PATIENCE_SECONDS)
        return Response("former")

    def get() -> None:
        with urlopen(server.url, timeout=PATIENCE_SECONDS) as response:
            responses.append(response.read())

    server.switch(former)
    getting = threading.Thread(target=get)
    getting.start()
    begun.wait(PATIENCE_SECONDS)

    switching = threading.Thread(target=server.switch, args=[echo])
    switching.start()
    eventually(lambda: server.application is echo)
    get()  # the new one responds meanwhile
    assert switching.is_alive()
    go_on.set()

    switching.join(PATIENCE_SECONDS)
    getting.join(PATIENCE_SECONDS)
    assert not switching.is_alive()
    assert responses == [b"", b"former"]


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: +4",
        "Content-Length:",
        "Content-Length: 4, 4",
        "Content-Length: 4\r\nContent-Length: 0",
        f"Content-Length: {'9' * 5000}",
        "Content-Length: \xb2",
        "Content-Length : 4",
        "Host\r\nContent-Length: 4",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
    ],
    ids=lambda headers: headers.replace("\r\n", " ")[:40],
)
def test_a_request_whose_end_is_not_certain_is_refused(server: HttpServer, headers: str) -> None:
    """Otherwise a part of its body would be served as the next request."""
    response = everything(server, f"POST / HTTP/1.1\r\n{headers}\r\n\r\nbodyGET / HTTP/1.1\r\n\r\n")
    assert response.count(b"HTTP/1.1 ") == 1
    assert response.startswith(b"HTTP/1.1 400 ")


def test_a_repeated_length_is_a_length(server: HttpServer) -> None:
    head = "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 4\r\nContent-Length: 4"
    assert everything(server, f"{head}\r\n\r\nbody").endswith(b"\r\n\r\nbody")


def test_a_request_without_a_url_is_refused(server: HttpServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert everything(server, "GET http://[ HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert capsys.readouterr().err == ""


class TestAConnection:
    """It serves one request after another."""

    @pytest.fixture
    def connection(self, server: HttpServer) -> Iterator[HTTPConnection]:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
        connection.connect()
        yield connection
        connection.close()

    def test_stays_open(self, connection: HTTPConnection) -> None:
        first = connection.sock
        for body in (b"one", b"", b"two"):
            assert sent(connection, body) == body
        assert connection.sock is first

    def test_stays_open_for_a_body_that_the_application_did_not_read(
        self, server: HttpServer, connection: HTTPConnection
    ) -> None:
        server.switch(Response("unread"))
        assert sent(connection, b"x" * 100_000) == b"unread"
        server.switch(echo)
        assert sent(connection, b"next") == b"next"

    @pytest.mark.parametrize(
        "response", [Response(status=204), Response("x", status=304)], ids=["204", "304"]
    )
    def test_stays_open_after_a_response_without_a_body(
        self, server: HttpServer, connection: HTTPConnection, response: Response
    ) -> None:
        server.switch(response)
        assert sent(connection, b"") == b""
        server.switch(echo)
        assert sent(connection, b"next") == b"next"

    def test_stays_open_after_a_request_for_the_headers_alone(
        self, server: HttpServer, connection: HTTPConnection
    ) -> None:
        server.switch(Response("body"))
        connection.request("HEAD", "/")
        response = connection.getresponse()
        assert (response.read(), response.headers["Content-Length"]) == (b"", "4")
        assert sent(connection, b"") == b"body"

    def test_stays_open_after_a_body_of_unknown_length(
        self, server: HttpServer, connection: HTTPConnection
    ) -> None:
        server.switch(Response(iter(["o", "", "ne"])))
        assert sent(connection, b"") == b"one"
        server.switch(echo)
        assert sent(connection, b"next") == b"next"

    def test_ends_after_a_request_in_chunks(self, connection: HTTPConnection) -> None:
        connection.request("POST", "/", body=iter([b"o", b"ne"]), encode_chunked=True)
        response = connection.getresponse()
        assert (response.read(), response.headers["Connection"]) == (b"one", "close")

    def test_goes_on_after_an_application_that_fails(
        self, server: HttpServer, connection: HTTPConnection, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fails(_environ: object, _start_response: object) -> list[bytes]:
            raise LookupError("a fault")

        server.switch(fails)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, response.read()) == (500, b"")
        assert "LookupError: a fault" in capsys.readouterr().err
        server.switch(echo)
        assert sent(connection, b"next") == b"next"

    @pytest.mark.parametrize("length", [1, 100])
    def test_ends_after_a_response_that_is_not_as_long_as_it_says(
        self, server: HttpServer, length: int
    ) -> None:
        """Otherwise the client would wait for the rest, or take it for the next response."""

        def lies(_environ: object, start_response: Callable[..., Any]) -> list[bytes]:
            start_response("200 OK", [("Content-Length", str(length))])
            return [b"bo", b"dy"]

        server.switch(lies)
        assert everything(server, "GET / HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\nbody")

    def test_of_http_1_0_gets_a_body_of_unknown_length_until_it_ends(self, server: HttpServer) -> None:
        server.switch(Response(iter(["o", "ne"])))
        assert everything(server, "GET / HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\none")

    def test_ends_when_the_server_stops(self, server: HttpServer, connection: HTTPConnection) -> None:
        sent(connection, b"")
        server.stop()
        assert connection.sock.recv(1) == b""

    def test_gets_only_the_response_that_has_begun_when_the_server_stops(self, server: HttpServer) -> None:
        begun, go_on = threading.Event(), threading.Event()

        @Request.application
        def late(_: Request) -> Response:
            begun.set()
            go_on.wait(PATIENCE_SECONDS)
            return Response("late")

        server.switch(late)
        responses: list[bytes] = []
        two_requests = "GET / HTTP/1.1\r\n\r\n" * 2
        receiving = threading.Thread(target=lambda: responses.append(everything(server, two_requests)))
        receiving.start()
        begun.wait(PATIENCE_SECONDS)
        server.stop()
        go_on.set()
        receiving.join(PATIENCE_SECONDS)
        assert [response.count(b"late") for response in responses] == [1]


def everything(server: HttpServer, request: str) -> bytes:
    """What the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(request.encode("latin-1"))
        return connection.makefile("rb").read()


def sent(connection: HTTPConnection, body: bytes) -> bytes:
    """The response to a request with this body."""
    connection.request("POST", "/", body=body)
    return connection.getresponse().read()
