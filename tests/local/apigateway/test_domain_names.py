"""Requests through a custom domain name: the whole program with one, over HTTP."""

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection

import pytest

from local.run import LocalRun
from tests.patience import PATIENCE_SECONDS
from tests.runs import AT_ONCE, WITHOUT_MONITORING, Runs, the_event_of

NAME = "events.example.com"
QUERY = "?event=e&endpoint_id=e1"


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    """An authenticated stack that only its domain leads to, with records in a hosted zone."""
    return runs.shared(
        f"domainName={NAME}",
        "certificateArn=arn:aws:acm:eu-central-1:123456789012:certificate/1",
        "hostedZoneId=Z0123456789",
        "executeApiEndpoint=false",
        "tlsPolicy=SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
        "oidcCookie=session",
        *AT_ONCE,
        *WITHOUT_MONITORING,
        stack="prod",
    )


def test_the_runs_own_address_stands_for_the_name(run: LocalRun) -> None:
    assert run.outputs["events_url"] == f"{run.url}/events"
    assert run.outputs["gtm_image_url"].startswith(f"{run.url}/events?endpoint_id=")
    (note,) = [note for note in run.notes if NAME in note]
    assert f"{run.url} stands for https://{NAME}" in note


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        (None, "/events", 200),
        (NAME, "/events", 200),
        (NAME.upper(), "/events/", 200),
        (NAME, "/outputs", 403),  # the API has no such path
        (NAME, "/v1/events", 403),  # the stage is not in the path
        ("elsewhere.example.com", "/events", 200),  # its DNS leads to this machine, too
        (None, "/v1/events", 403),  # the host name of the API itself is off
        (None, "/outputs", 200),  # the run's own paths
    ],
)
def test_a_request_reaches_the_api_through_the_name_only(
    run: LocalRun, host: str | None, path: str, status: int
) -> None:
    assert respond(run, "GET", path + QUERY, {"Host": host} if host else {})[0] == status


def test_a_cookie_of_the_site_proves_the_customer(run: LocalRun) -> None:
    """The name belongs to the site, so its pages' images carry the site's cookies to it."""
    _, body = respond(
        run, "POST", "/demo/sign-in", {"Content-Type": "application/json"}, body='{"user": "owner"}'
    )
    user = json.loads(body)
    headers = {
        "Host": NAME,
        "Cookie": f"session={user['token']}",
        "Sec-Fetch-Site": "same-site",
        "Sec-Fetch-Mode": "no-cors",
        "Sec-Fetch-Dest": "image",
    }

    query = f"?event=purchase&endpoint_id={user['endpoint_id']}&usat_plan=gold"
    assert respond(run, "GET", f"/events{query}", headers)[0] == 200

    assert the_event_of(run, user["endpoint_id"]).user_attributes == {"plan": ["gold"]}


def respond(
    run: LocalRun, method: str, target: str, headers: Mapping[str, str], body: str | None = None
) -> tuple[int, bytes]:
    """Status and body of a response; the headers may name another host."""
    address = run.url.removeprefix("http://")
    with closing(HTTPConnection(address, timeout=PATIENCE_SECONDS)) as connection:
        connection.request(method, target, body, {"Host": address, **headers})
        response = connection.getresponse()
        return response.status, response.read()
