"""A site that runs a container, and the endpoint that its tags call: two origins on loopback."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from playwright.sync_api import Page
from werkzeug import Request, Response

from gtm.container import container_export
from gtm.functions_script import functions_script
from gtm.plan import Plan
from local.web.http_server import HttpServer

GTM: Final = Path(__file__).parents[2] / "gtm"
FAKE_GTM: Final = (GTM / "fake_gtm.js").read_text(encoding="utf-8")

PAGE: Final = (
    "<!doctype html><title>Site</title>"
    "<script src='/fake_gtm.js'></script><script src='/functions.js'></script>"
)
IMAGE: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


class Endpoint:
    """Responds to the events URL as the API does, or as it is told to, and keeps the queries it was sent."""

    def __init__(self) -> None:
        self._stages = count(1)
        self._lock = threading.Lock()
        self._server = HttpServer(self._respond)
        self.reset()

    def reset(self) -> None:
        """Start afresh on another path: late requests of an earlier test do not count."""
        self.path = f"/v{next(self._stages)}/events"
        self.status = HTTPStatus.OK
        self.content = IMAGE
        self.media_type = "image/svg+xml"
        self.queries: list[str] = []

    def __enter__(self) -> "Endpoint":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def origin(self) -> str:
        return self._server.url

    @property
    def events_url(self) -> str:
        return f"{self.origin}{self.path}"

    @property
    def parameters(self) -> list[dict[str, str]]:
        """The parameters of each request, as the event processor reads them, without the cache buster."""
        read = [dict(parse_qsl(query, keep_blank_values=True, errors="strict")) for query in self.queries]
        return [{name: value for name, value in each.items() if name != "gtmcb"} for each in read]

    def _respond(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        with self._lock:
            if request.path == self.path:
                self.queries.append(request.query_string.decode("ascii"))
        headers = {"Cache-Control": "no-store"}
        response = Response(self.content, self.status, headers, mimetype=self.media_type)
        return response(environ, start_response)


class Site:
    """A page that loads the fake GTM; `run` starts a container on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.headers: dict[str, str] = {}
        self._functions = ""
        self._server = HttpServer(self._respond)

    def __enter__(self) -> "Site":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url

    def open(self) -> None:
        self.page.goto(self.url)

    def run(
        self,
        container: Plan | Mapping[str, Any],
        *,
        before: str = "",
        functions: bool = True,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Open the page, run `before` as the page's own script, and start a container.

        `functions`: whether the page loads the container's Custom JavaScript as a script. `options` are those
        of the fake GTM.
        """
        export = container_export(container) if isinstance(container, Plan) else container
        self._functions = functions_script(export) if functions else ""
        self.open()
        self.page.evaluate(
            """([before, text, options]) => {
                window.reports = [];
                window.gtag = function () { window.dataLayer.push(arguments); };
                window.dataLayer = [];
                BEFORE
                GtmFake.run(JSON.parse(text), { ...options, onTag(report) { window.reports.push(report); } });
            }""".replace("BEFORE", before),
            [before, json.dumps(export), options or {}],
        )

    def push(self, message: str) -> None:
        """Push a JavaScript expression to the data layer."""
        self.page.evaluate(f"() => {{ window.dataLayer.push({message}); }}")

    def script(self, text: str) -> Any:
        return self.page.evaluate(text)

    def reports(self, outcome: str | None = None) -> list[dict[str, Any]]:
        reports = self.page.evaluate("() => window.reports")
        return [report for report in reports if outcome is None or report["outcome"] == outcome]

    def await_outcomes(self, number: int = 1) -> list[str]:
        """Wait until this many tags have ended. Returns their outcomes."""
        self.page.wait_for_function(
            "number => reports.filter(({ outcome }) => outcome === 'succeeded' || outcome === "
            "'failed').length"
            " >= number",
            arg=number,
        )
        return [
            report["outcome"] for report in self.reports() if report["outcome"] not in ("sent", "blocked")
        ]

    def _respond(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        responses = {
            "/": (PAGE, "text/html"),
            "/fake_gtm.js": (FAKE_GTM, "text/javascript"),
            "/functions.js": (self._functions, "text/javascript"),
            "/demo.html": ((GTM / "demo.html").read_text(encoding="utf-8"), "text/html"),
        }
        content, media_type = responses.get(Request(environ).path, ("", "text/plain"))
        return Response(content, 200, self.headers, mimetype=media_type)(environ, start_response)
