"""The server on loopback, over a plain socket."""

import socket
import threading
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from werkzeug import Request, Response

from local.web.http_server import HttpServer
from tests.patience import PATIENCE_SECONDS


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
    get()  # the new one responds meanwhile
    assert switching.is_alive()
    go_on.set()

    switching.join(PATIENCE_SECONDS)
    getting.join(PATIENCE_SECONDS)
    assert not switching.is_alive()
    assert responses == [b"", b"former"]
