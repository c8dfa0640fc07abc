"""Routes a request to the local run: the page, what was recorded, or the deployed API."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from werkzeug import Request, Response

import gtm
from gtm.plan import is_of_this_machine
from local.apigateway.domain_names import DomainNames, through_domain
from local.demo_users import DemoUsers
from local.fakes import Profiles
from local.recorder import Recorder, as_json
from local.web.container_views import ContainerViews
from local.web.http_server import WsgiApplication
from local.web.responses import NO_STORE, json_response, posted_object, problem, refused_method
from local.web.trace_views import TRACE, TraceViews

PATHS: Final = (
    "/",
    "/aws",
    "/demo",
    "/faults",
    "/favicon.ico",
    "/gtm",
    "/notes",
    "/outputs",
    "/page",
    "/profile",
    "/recorded",
    "/redrive",
    "/traces",
)
"""Paths that the front serves itself. A stage with one of these names could not be reached."""

_PAGE: Final = Path(__file__).with_name("page")
_FAKE_GTM: Final = Path(gtm.__file__).with_name("fake_gtm.js")

_PAGE_HEADERS: Final = {
    **NO_STORE,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}

_MEDIA_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

_USER: Final = re.compile("[A-Za-z0-9._-]{1,64}")

_View = Callable[[Request], Response]


class Front:
    """WSGI application of a run. `/{stage}/…` is the deployed API; the routes below are the run's own.

    With custom domain names, their paths lead to the API, too.
    """

    def __init__(
        self,
        *,
        gateways: Mapping[str, WsgiApplication],
        stage_name: str,
        outputs: Mapping[str, Any],
        notes: Sequence[str],
        recorder: Recorder,
        profiles: Mapping[str, Profiles],
        retries: Callable[[], list[dict[str, Any]]],
        dead_letters: Callable[[], list[dict[str, Any]]],
        traces: TraceViews,
        aws_variables: Mapping[str, str] | None = None,
        demo_users: DemoUsers | None = None,
        domains: DomainNames | None = None,
    ) -> None:
        """`gateways` by stage; a domain leads to `stage_name`. `profiles` by destination that keeps some."""
        self._gateways = {f"/{name}": gateway for name, gateway in gateways.items()}
        self._gateway = gateways[stage_name]
        self._outputs = outputs
        self._notes = notes
        self._recorder = recorder
        self._profiles = profiles
        self._retries = retries
        self._dead_letters = dead_letters
        self._demo_users = demo_users
        self._domains = domains
        containers = ContainerViews(outputs)
        self._get_routes: Mapping[str, _View] = {
            "/": lambda _: _file(_PAGE / "index.html"),
            **{f"/page/{file.name}": _file_view(file) for file in _PAGE.iterdir()},
            "/favicon.ico": lambda _: Response(status=HTTPStatus.NO_CONTENT),
            "/gtm/fake-gtm.js": lambda _: _file(_FAKE_GTM),
            "/gtm/container.json": containers.export,
            "/gtm/container.js": containers.functions,
            "/gtm/download": containers.download,
            "/outputs": lambda _: json_response(dict(self._outputs)),
            **{f"/outputs/{name}": _text_view(value) for name, value in outputs.items()},
            "/aws": lambda _: json_response({"variables": dict(aws_variables or {})}),
            "/notes": lambda _: json_response(list(self._notes)),
            "/recorded": self._recorded,
            "/profile": self._profile,
            **traces.get_routes,
        }
        self._trace = traces.trace
        self._post_routes: Mapping[str, _View] = {
            **traces.post_routes,
            **({"/demo/sign-in": lambda request: _sign_in(request, demo_users)} if demo_users else {}),
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        for stage, gateway in self._gateways.items():
            if request.path == stage or request.path.startswith(f"{stage}/"):
                return gateway(environ, start_response)
        if self._domains is not None and (path := self._domains.stage_path(request)) is not None:
            return through_domain(environ, start_response, path, self._gateway)
        response = self._respond(request) if _is_for_this_machine(request) else _misdirected()
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        get = self._trace if request.path.startswith(TRACE) else self._get_routes.get(request.path)
        post = self._post_routes.get(request.path)
        if get and request.method in ("GET", "HEAD"):
            return get(request)
        if post and request.method == "POST":
            return post(request)
        if get or post:
            return refused_method(", ".join([*(["GET", "HEAD"] if get else []), *(["POST"] if post else [])]))
        return problem(f"There is nothing at {request.path}.", HTTPStatus.NOT_FOUND)

    def _recorded(self, _: Request) -> Response:
        """Everything that has happened so far."""
        return json_response(
            {
                "events": [as_json(event) for event in self._recorder.events()],
                "rejected": [as_json(rejection) for rejection in self._recorder.rejected()],
                "retried": self._retries(),
                "dead_letters": self._dead_letters(),
            }
        )

    def _profile(self, request: Request) -> Response:
        """An endpoint's profile in each destination that keeps profiles."""
        endpoint_id = request.args.get("endpoint_id", "")
        if not endpoint_id:
            return problem("endpoint_id is missing: name an endpoint, as in /profile?endpoint_id=e1.")
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for event in self._recorder.events():
            if event.endpoint_id == endpoint_id:
                keys[event.destination].append(event.event_key)
        shown = [
            {
                "destination": destination,
                "attributes": profiles.of(endpoint_id),
                "when_missing": profiles.when_missing,
                "events": len(set(keys[destination]) if profiles.keeps_event_once else keys[destination]),
                "keeps_event_once": profiles.keeps_event_once,
            }
            for destination, profiles in self._profiles.items()
        ]
        return json_response({"profiles": shown})


def _is_for_this_machine(request: Request) -> bool:
    """Whether the request names this machine as its host.

    Any website can let its own name lead to 127.0.0.1 (DNS rebinding). Its scripts could then read the run's
    data and redrive its events.
    """
    try:
        return is_of_this_machine(f"http://{request.host}/")
    except ValueError:
        return False


def _misdirected() -> Response:
    message = "The local run's own pages are at 127.0.0.1 and localhost only."
    return problem(message, HTTPStatus.MISDIRECTED_REQUEST)


def _sign_in(request: Request, users: DemoUsers) -> Response:
    """The tokens of the user in `{"user": NAME}`."""
    user = (posted_object(request) or {}).get("user")
    if not isinstance(user, str) or _USER.fullmatch(user) is None:
        return problem("Post JSON with a user: 1 to 64 letters, digits, dots, hyphens or underscores.")
    return json_response(asdict(users.sign_in(user)))


def _file_view(file: Path) -> _View:
    return lambda _: _file(file)


def _text_view(value: object) -> _View:
    """A stack output as `pulumi stack output NAME` prints it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return lambda _: Response(f"{text}\n", mimetype="text/plain", headers=NO_STORE)


def _file(file: Path) -> Response:
    """A file as it is now: an edit shows after a reload."""
    return Response(file.read_bytes(), mimetype=_MEDIA_TYPES[file.suffix], headers=_PAGE_HEADERS)
