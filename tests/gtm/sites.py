"""Shops over https, each with its own API host, and another party's site, all on loopback.

The browser needs `RESOLVER_RULES` and must accept any certificate. Requests to an API host are forwarded to a
local run unchanged: every header, as Chromium wrote it.
"""

import threading
from collections.abc import Sequence, Set
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.certificates import certificate_file, server_context
from tests.patience import PATIENCE_SECONDS

ELSEWHERE: Final = "attacker.test"

RESOLVER_RULES: Final = "MAP *.test 127.0.0.1"

_HOP_BY_HOP = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "content-length"})


class Sent(NamedTuple):
    """A request from the browser to the API."""

    method: str
    headers: list[tuple[str, str]]

    def header(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key.lower() == name)


class Sites:
    """Serves all hosts on one port until `stop`. `shops` are domains, each with an API at `api.`."""

    def __init__(self, directory: Path, *, shops: Sequence[str], cookie: str) -> None:
        # The token that signing in gives a visitor, and the URL of the local run.
        self.token = ""
        self.api_url = ""
        self.sent: dict[str, Sent] = {}
        self.cookie = cookie
        self._arrived = threading.Condition()
        self._server = _Server(self)
        hosts = [ELSEWHERE, *shops, *(f"api.{shop}" for shop in shops)]
        context = server_context(certificate_file(directory, hosts))
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, host: str, path: str = "", **parameters: str) -> str:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"https://{host}:{self._server.server_port}{path}{query}"

    def sign_in_url(self, shop: str, *, attributes: str) -> str:
        """URL that sets a cookie for all hosts of a shop, with additional attributes."""
        return self.url(shop, "/sign-in", domain=shop, attributes=attributes)

    def redirect_url(self, host: str, to: str) -> str:
        return self.url(host, "/redirect", to=to)

    def await_events(self, endpoint_ids: Set[str]) -> None:
        """Wait until the browser has sent an event for each endpoint."""
        with self._arrived:
            done = self._arrived.wait_for(lambda: endpoint_ids <= self.sent.keys(), PATIENCE_SECONDS)
            assert done, f"never sent: {sorted(endpoint_ids - self.sent.keys())}"

    def note(self, endpoint_id: str, sent: Sent) -> None:
        with self._arrived:
            self.sent[endpoint_id] = sent
            self._arrived.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A browser opens many connections at once.
    request_queue_size = 128

    def __init__(self, sites: Sites) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sites = sites

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignored: browsers close connections at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        host = (self.headers.get("Host") or "").partition(":")[0]
        match url.path:
            case path if host.startswith("api.") and path.startswith("/v1/"):
                self._forward(query.get("endpoint_id"))
            case "/redirect":
                self._respond(302, [("Location", query["to"])])
            case "/sign-in":
                self._respond(200, [("Set-Cookie", self._cookie(**query))])
            case _:
                self._respond(200, [], b"<!doctype html><title>Page</title><body></body>")

    def do_POST(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.do_GET()

    @property
    def _sites(self) -> Sites:
        assert isinstance(self.server, _Server)
        return self.server.sites

    def _cookie(self, *, domain: str, attributes: str = "") -> str:
        value = f"{self._sites.cookie}={self._sites.token}"
        return f"{value}; Domain={domain}; Path=/; Secure; HttpOnly{attributes}"

    def _forward(self, endpoint_id: str | None) -> None:
        headers = list(self.headers.items())
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        api = HTTPConnection(urlsplit(self._sites.api_url).netloc, timeout=PATIENCE_SECONDS)
        with closing(api):
            api.putrequest(self.command, self.path, skip_accept_encoding=True)
            for name, value in _end_to_end(headers):
                api.putheader(name, value)
            api.putheader("Content-Length", str(len(body)))
            api.endheaders(body)
            response = api.getresponse()
            content = response.read()
        if self.command != "OPTIONS" and endpoint_id is not None:
            self._sites.note(endpoint_id, Sent(self.command, headers))
        self._respond(response.status, _end_to_end(response.getheaders()), content)

    def _respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes = b"") -> None:
        self.send_response_only(status)
        if not any(name.lower() == "content-type" for name, _ in headers):
            self.send_header("Content-Type", "text/html")
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server names it so
        """Not logged: requests contain tokens."""


def _end_to_end(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
