"""Requests through a custom domain name: the whole program with one, over HTTP."""

from contextlib import closing
from http.client import HTTPConnection

import pytest

from local.run import LocalRun
from tests.patience import PATIENCE_SECONDS
from tests.runs import Runs

NAME = "events.example.com"
QUERY = "?event=e&endpoint_id=e1"


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    """A stack that only its domain leads to, with records in a hosted zone."""
    return runs.shared(
        f"domainName={NAME}",
        "certificateArn=arn:aws:acm:us-east-1:123456789012:certificate/1",
        "hostedZoneId=Z0123456789",
        "executeApiEndpoint=false",
        "tlsPolicy=SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
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
    address = run.url.removeprefix("http://")

    with closing(HTTPConnection(address, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("GET", path + QUERY, headers={"Host": host or address})
        assert connection.getresponse().status == status
