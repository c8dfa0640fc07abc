"""A small HTTP server on loopback around a WSGI application: the page, the API and the fakes.

Werkzeug does the HTTP. Responses are buffered into one write and Nagle's algorithm is off; otherwise each
call waits for a delayed acknowledgement (about 40 ms).
"""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LOOPBACK = "127.0.0.1"

_STOP_SECONDS = 0.02  # the longest that a stop waits

_HEADERS = "gtm_pixel.headers"


class _QuietHandler(WSGIRequestHandler):
    """Keeps connections open, sends each response in one write, and logs no requests."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        # The client waits for this response before it sends the body.
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def make_environ(self) -> dict[str, Any]:
        # WSGI merges repeated headers and drops names with underscores; a real gateway sees them all.
        return {**super().make_environ(), _HEADERS: self.headers.items()}

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug names it so
        """Log nothing: a request line holds a visitor's data."""


class HttpServer:
    """Serves a WSGI application on 127.0.0.1 in daemon threads.

    The constructor binds the port (0 picks a free one) and raises OSError if it is taken, before anything
    else starts. An application that needs the server's URL can be set later, before start().
    """

    def __init__(self, application: WsgiApplication | None = None, port: int = 0) -> None:
        self.application = application
        self._responding = Counter[int]()
        self._responded = threading.Condition()
        self._server: BaseWSGIServer = _bind(self._serve, port)
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


def _bind(application: WsgiApplication, port: int) -> BaseWSGIServer:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))  # werkzeug itself would print and exit on a taken port
        listener.listen(128)
        # Werkzeug duplicates the descriptor, so ours is closed below.
        return make_server(
            LOOPBACK, port, application, threaded=True, request_handler=_QuietHandler, fd=listener.fileno()
        )
    finally:
        listener.close()


def headers_of(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """All headers of a request to an HttpServer, as sent: in order, repeated ones included."""
    return environ[_HEADERS]
