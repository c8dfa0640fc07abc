"""The web address of the local run: the page, what was recorded as JSON, and the API's stage."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from werkzeug import Request, Response

import gtm.container
from gtm.plan import Parameter, ParameterKind, Plan, PlanError, TagPlan, Token, TokenSource
from local.demo_users import DemoUsers
from local.fakes import Profiles
from local.recorder import Arrival, RecordedEvent, Recorder, as_json
from local.web.http_server import WsgiApplication

PATHS: Final = (
    "/",
    "/favicon.ico",
    "/notes",
    "/outputs",
    "/recorded",
    "/arrivals",
    "/profile",
    "/demo",
    "/gtm",
)
"""What the front answers itself; a stage of the same name could not be reached."""

_SIGN_IN: Final = "/demo/sign-in"

_PAGE: Final = Path(__file__).with_name("page.html")
_FAKE_GTM: Final = Path(gtm.container.__file__).with_name("fake_gtm.js")


_NO_STORE: Final = {"Cache-Control": "no-store"}

# Where a site keeps what its tags send; the page pushes accordingly.
_DATA_LAYER_KEYS: Final = {
    ParameterKind.EVENT_ATTRIBUTE: "attributes",
    ParameterKind.METRIC: "metrics",
    ParameterKind.USER_ATTRIBUTE: "user",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProfile:
    """An endpoint's profile in one destination; `attributes` is None where there is no profile."""

    destination: str
    attributes: Mapping[str, str] | None
    # Whether an event of an endpoint without a profile makes one.
    created_by_events: bool
    # How many events of the endpoint the destination has accepted.
    events: int


class Front:
    """WSGI application for `/`, `/outputs`, `/recorded`, `/arrivals`, `/profile` and `/{stage}/…`.

    `/gtm/container.json?parameter=evmt_value&…` answers the container export that sends every custom event
    with these parameters, `/gtm/fake-gtm.js` the script that runs it in the page. Where there are demo users,
    POST `/demo/sign-in` with `{"user": NAME}` answers their tokens.
    """

    def __init__(
        self,
        *,
        gateway: WsgiApplication,
        stage_name: str,
        outputs: Mapping[str, Any],
        recorder: Recorder,
        profiles: Mapping[str, Profiles],
        retries: Callable[[], list[dict[str, Any]]],
        dead_letters: Callable[[], list[dict[str, Any]]],
        notes: Sequence[str],
        demo_users: DemoUsers | None = None,
    ) -> None:
        self._gateway = gateway
        self._stage = f"/{stage_name}"
        self._outputs = outputs
        self._recorder = recorder
        self._profiles = profiles
        self._dead_letters = dead_letters
        self._retries = retries
        self._notes = list(notes)
        self._demo_users = demo_users
        self._page = _PAGE.read_text(encoding="utf-8")
        self._page_headers = {
            "Content-Security-Policy": _content_security_policy(self._page),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }
        self._routes: dict[str, Callable[[Request], Response]] = {
            "/": self._serve_page,
            "/favicon.ico": lambda _: Response(status=HTTPStatus.NO_CONTENT),
            "/gtm/container.json": self._serve_container,
            "/gtm/fake-gtm.js": lambda _: Response(
                _FAKE_GTM.read_text(encoding="utf-8"), mimetype="text/javascript", headers=_NO_STORE
            ),
            "/notes": lambda _: _json(self._notes),
            "/outputs": lambda _: _json(dict(self._outputs)),
            "/recorded": self._serve_recorded,
            "/arrivals": self._serve_arrivals,
            "/profile": self._serve_profile,
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        if request.path == self._stage or request.path.startswith(f"{self._stage}/"):
            return self._gateway(environ, start_response)
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path == _SIGN_IN and self._demo_users is not None:
            return _sign_in(request, self._demo_users)
        route = self._routes.get(request.path)
        if route is None:
            return _json({"message": f"There is nothing at {request.path}."}, HTTPStatus.NOT_FOUND)
        if request.method not in ("GET", "HEAD"):
            return _refuse_method("GET", allowed="GET, HEAD")
        return route(request)

    def _serve_page(self, _: Request) -> Response:
        return Response(self._page, mimetype="text/html", headers=self._page_headers)

    def _serve_container(self, request: Request) -> Response:
        """The export for the parameters asked for, as `python -m gtm container` would write it."""
        outputs = self._outputs
        authenticated = outputs["auth_mode"] == "authenticated"
        try:
            plan = Plan(
                events_url=outputs["events_url"],
                tags=(TagPlan(event=None, parameters=_parameters(request.args.getlist("parameter"))),),
                token=Token(source=TokenSource.DATA_LAYER, name="id_token") if authenticated else None,
            )
        except PlanError as error:
            return _json({"message": f"{error}."}, HTTPStatus.BAD_REQUEST)
        text = gtm.container.as_text(gtm.container.container_export(plan))
        return Response(text, mimetype="application/json", headers=_NO_STORE)

    def _serve_recorded(self, _: Request) -> Response:
        return _json(
            {
                "events": [as_json(event) for event in self._recorder.events()],
                "rejected": [as_json(rejection) for rejection in self._recorder.rejected()],
                "retried": self._retries(),
                "dead_letters": self._dead_letters(),
            }
        )

    def _serve_arrivals(self, request: Request) -> Response:
        """What arrived since the position `after`, and the position to ask from next."""
        text = request.args.get("after", "0")
        if re.fullmatch("[0-9]{1,9}", text) is None:
            message = f"after is {text[:20]!r}: it must be a whole number, the `next` of the last answer."
            return _json({"message": message}, HTTPStatus.BAD_REQUEST)
        after = int(text)
        arrivals = self._recorder.since(after)
        retries, dead_letters = self._retries(), self._dead_letters()
        return _json(
            {
                "next": after + len(arrivals),
                "arrivals": [_arrival(arrival) for arrival in arrivals],
                "retried": len(retries),
                "dead_letters": len(dead_letters),
                "reasons": [
                    *_by_reason("To be retried", retries),
                    *_by_reason("Dead letter", dead_letters),
                ],
            }
        )

    def _serve_profile(self, request: Request) -> Response:
        endpoint_id = request.args.get("endpoint_id", "")
        if not endpoint_id:
            message = "endpoint_id is missing: say whose profile, as in /profile?endpoint_id=e1."
            return _json({"message": message}, HTTPStatus.BAD_REQUEST)
        return _json({"profiles": [asdict(profile) for profile in self._shown_profiles(endpoint_id)]})

    def _shown_profiles(self, endpoint_id: str) -> list[ShownProfile]:
        recorded = Counter(
            event.destination for event in self._recorder.events() if event.endpoint_id == endpoint_id
        )
        return [
            ShownProfile(
                destination=destination,
                attributes=profiles.of(endpoint_id),
                created_by_events=profiles.created_by_events,
                events=recorded[destination],
            )
            for destination, profiles in self._profiles.items()
        ]


def _parameters(names: Sequence[str]) -> tuple[Parameter, ...]:
    """Parameters of the URL by their names in it; each value lies in the data layer under kind and name."""
    known = {kind.value: (kind, key) for kind, key in _DATA_LAYER_KEYS.items()}
    parameters: list[Parameter] = []
    for name in names:
        prefix, own_name = name[:5], name[5:]
        if prefix not in known:
            raise PlanError(f"the parameter {name[:60]!r} must begin with {', '.join(known)}")
        kind, key = known[prefix]
        parameters.append(Parameter(kind=kind, name=own_name, data_layer_key=f"{key}.{own_name}"))
    return tuple(parameters)


def _sign_in(request: Request, users: DemoUsers) -> Response:
    if request.method != "POST":
        return _refuse_method("POST", allowed="POST")
    # A page of another origin can post, but not with this content type.
    body = request.get_json(silent=True) if request.mimetype == "application/json" else None
    user = body.get("user") if isinstance(body, dict) else None
    if not isinstance(user, str) or re.fullmatch("[A-Za-z0-9._-]{1,64}", user) is None:
        message = "Post JSON with a user: 1 to 64 letters, digits, dots, hyphens or underscores."
        return _json({"message": message}, HTTPStatus.BAD_REQUEST)
    return _json(asdict(users.sign_in(user)))


def _refuse_method(answered: str, *, allowed: str) -> Response:
    refusal = _json({"message": f"Only {answered} is answered here."}, HTTPStatus.METHOD_NOT_ALLOWED)
    refusal.headers["Allow"] = allowed
    return refusal


def _arrival(arrival: Arrival) -> dict[str, Any]:
    if not isinstance(arrival.item, RecordedEvent):
        return {"kind": "rejected", **as_json(arrival.item)}
    sent_at = datetime.fromisoformat(arrival.item.timestamp)
    # A timestamp without an offset is UTC: the handler writes no local time.
    sent_at = sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)
    delay = arrival.recorded_at - int(sent_at.timestamp() * 1000)
    return {"kind": "event", **as_json(arrival.item), "delay_ms": delay}


def _by_reason(what: str, messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each reason, and the destinations that lack the events."""
    counts = Counter(
        f"{what} ({message['pending'].replace(',', ', ') if message['pending'] else 'all destinations'}): "
        f"{message['reason']}"
        for message in messages
    )
    return [f"{line} ({count} messages)" if count > 1 else line for line, count in counts.items()]


def _content_security_policy(page: str) -> str:
    """A policy that runs the page's own script and style, by their hashes, and nothing else."""
    hashes = {
        tag: " ".join(_hash(text) for text in re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL))
        for tag in ("script", "style")
    }
    return (
        f"default-src 'none'; script-src 'self' {hashes['script']}; style-src {hashes['style']}; "
        "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    text = json.dumps(value, ensure_ascii=False)
    return Response(text, status=status, mimetype="application/json", headers=_NO_STORE)
