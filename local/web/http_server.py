"""A small HTTP server on loopback around a WSGI application: the page, the API and the fakes.

Werkzeug's server reads requests and calls the application. It closes each connection, after a wait for more
data, so the responses are sent here: a connection stays open for the next request, as on AWS.
"""

import re
import socket
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, nullcontext, suppress
from email.errors import MissingHeaderBodySeparatorDefect
from email.message import Message
from http import HTTPStatus
from typing import IO, Any, cast

from werkzeug.datastructures import Headers
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import ClosingIterator, LimitedStream

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LOOPBACK = "127.0.0.1"

_STOP_SECONDS = 0.02  # the longest that a stop waits

_HEADERS = "gtm_pixel.headers"

_READ_BYTES = 64 * 1024

_LENGTH = re.compile(r"[0-9]{1,18}")


class _Handler(WSGIRequestHandler):
    """Serves the requests of one connection, sends each response in one write, and logs no requests."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    # Otherwise a response in two writes waits for a delayed acknowledgement (about 40 ms).
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        # The client waits for this response before it sends the body.
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def make_environ(self) -> dict[str, Any]:
        """Raises ValueError for a request that has no URL, or whose end is not known."""
        environ = super().make_environ()
        length = _body_bytes(self.headers)
        if length is not None:
            environ["wsgi.input"] = LimitedStream(cast("IO[bytes]", self.rfile), length)
        return with_headers(environ, self.headers.items())

    def run_wsgi(self) -> None:
        if cast("_Server", self.server).has_ended:
            self.close_connection = True
            return
        try:
            environ = self.environ = self.make_environ()
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)  # this closes the connection
            return
        body = environ["wsgi.input"]
        if not isinstance(body, LimitedStream):
            self.close_connection = True  # werkzeug does not read what may follow the last chunk
        try:
            try:
                chunks, status, headers = run_wsgi_app(self.server.app, environ)
            except Exception:  # whatever the application raises, the server goes on
                traceback.print_exc()
                chunks, status, headers = [], "500 Internal Server Error", Headers({"Content-Length": "0"})
            self._send(chunks, status, headers)
            while body.read(_READ_BYTES):
                pass  # the next request begins where this one ends
        except (ConnectionError, TimeoutError, ClientDisconnected):
            self.close_connection = True
        except Exception:  # by a response that is made while it is sent, or by a request in broken chunks
            traceback.print_exc()
            self.close_connection = True

    def _send(self, chunks: Iterable[bytes], status: str, headers: Headers) -> None:
        code, _, reason = status.partition(" ")
        has_body = self.command != "HEAD" and int(code) >= 200 and int(code) not in (204, 304)
        is_streamed = has_body and "Content-Length" not in headers
        is_chunked = is_streamed and self.request_version >= "HTTP/1.1"
        if is_streamed and not is_chunked:
            self.close_connection = True
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        with closing(chunks) if isinstance(chunks, ClosingIterator) else nullcontext():
            sent_bytes = 0
            for chunk in chunks:
                sent_bytes += len(chunk)
                if chunk and has_body:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked else chunk)
                if is_streamed:
                    self.wfile.flush()
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        elif has_body and str(sent_bytes) != headers.get("Content-Length"):
            self.close_connection = True  # the client would wait for more, or take the rest for a response
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: a request line holds a visitor's data."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug names it so
        """Log nothing: an error may repeat the request line."""


class _Server(ThreadedWSGIServer):
    """Knows its open connections, and ends them when it stops."""

    def __init__(self, application: WsgiApplication, port: int) -> None:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, port))  # werkzeug itself would print and exit on a taken port
            listener.listen(128)
            # Werkzeug duplicates the descriptor, so ours is closed below.
            super().__init__(LOOPBACK, port, application, _Handler, fd=listener.fileno())
        finally:
            listener.close()
        self._connections = set[socket.socket]()
        self.has_ended = False

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Serve no more requests. Responses that have begun are still sent."""
        self.has_ended = True  # a connection may have received its next request already
        for connection in list(self._connections):
            with suppress(OSError):  # it has just ended
                connection.shutdown(socket.SHUT_RD)


class HttpServer:
    """Serves a WSGI application on 127.0.0.1 in daemon threads.

    The constructor binds the port (0 picks a free one) and raises OSError if it is taken, before anything
    else starts. An application that needs the server's URL can be set later, before start().
    """

    def __init__(self, application: WsgiApplication | None = None, port: int = 0) -> None:
        self.application = application
        self._responding = Counter[int]()
        self._responded = threading.Condition()
        self._server = _Server(self._serve, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _STOP_SECONDS}, daemon=True
        )

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> "HttpServer":
        assert self.application is not None  # noqa: S101 - there is nothing to serve
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop accepting requests and free the port. Safe on a server that never started."""
        if self._thread.is_alive():
            self._server.shutdown()
            # Werkzeug closes the port in this thread. Until it has, connections are accepted and then reset.
            self._thread.join()
        self._server.server_close()
        self._server.end_connections()

    def switch(self, application: WsgiApplication) -> None:
        """Serve another application, and wait for the responses that the former one has begun."""
        with self._responded:
            former, self.application = self.application, application
            self._responded.wait_for(lambda: not self._responding[id(former)])

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._responded:
            application = self.application
            assert application is not None  # noqa: S101 - start() checked it
            self._responding[id(application)] += 1
        try:
            return application(environ, start_response)
        finally:
            with self._responded:
                self._responding[id(application)] -= 1
                self._responded.notify_all()


def _body_bytes(headers: Message) -> int | None:
    """The length of a request's body, or None for one in chunks.

    Raises ValueError where another server might find another end: what is left would be the next request.
    """
    if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in headers.defects):
        raise ValueError("a line of the headers is no header")
    lengths = set(headers.get_all("Content-Length", []))
    codings = [coding.strip().lower() for coding in headers.get_all("Transfer-Encoding", [])]
    if codings == ["chunked"] and not lengths:
        return None
    if codings or len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        raise ValueError("the end of the body is not known")
    return int(lengths.pop()) if lengths else 0


def with_headers(environ: Mapping[str, Any], headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The environment of a request, with its headers as `headers_of` returns them.

    WSGI merges repeated headers and drops names with underscores; a real gateway sees them all.
    """
    return {**environ, _HEADERS: list(headers)}


def headers_of(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """All headers of a request to an HttpServer, as sent: in order, repeated ones included."""
    return environ[_HEADERS]
