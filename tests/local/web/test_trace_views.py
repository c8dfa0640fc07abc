"""The routes about single requests: what they refuse, and what they hand on."""

from collections.abc import Collection
from typing import Any

import pytest
from werkzeug import Request, Response
from werkzeug.test import EnvironBuilder

from local.traces.faults import Fault, Faults
from local.traces.store import Traces
from local.web.trace_views import TraceViews

REDRIVEN: list[Collection[str] | None] = []


@pytest.fixture
def faults() -> Faults:
    return Faults(["firehose", "pinpoint"])


@pytest.fixture
def views(faults: Faults) -> TraceViews:
    REDRIVEN.clear()

    def redrive(ids: Collection[str] | None) -> int:
        REDRIVEN.append(ids)
        return 3

    return TraceViews(Traces(), faults, destinations=["firehose"], redrive=redrive)


def get(views: TraceViews, path: str) -> Response:
    request = Request(EnvironBuilder(path).get_environ())
    view = views.get_routes.get(request.path, views.trace)
    return view(request)


def post(views: TraceViews, path: str, body: Any, **options: Any) -> Response:
    request = Request(EnvironBuilder(path, method="POST", json=body, **options).get_environ())
    return views.post_routes[path](request)


def test_without_requests_there_are_no_traces(views: TraceViews) -> None:
    found = get(views, "/traces").get_json()

    assert (found["next"], found["traces"]) == (0, [])


def test_each_run_has_an_id_of_its_own(views: TraceViews, faults: Faults) -> None:
    other = TraceViews(Traces(), faults, destinations=["firehose"], redrive=lambda _: 0)
    runs = [get(of, "/traces").get_json()["run"] for of in (views, views, other)]

    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("after", ["", "-1", "x", "1.5", "1" * 10])
def test_a_position_that_is_no_number_gets_400(views: TraceViews, after: str) -> None:
    assert get(views, f"/traces?after={after}").status_code == 400


def test_an_unknown_request_gets_404(views: TraceViews) -> None:
    response = get(views, "/traces/kiQiHz_eM7PcIrg=")

    assert response.status_code == 404
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "ids"), [({}, None), ({"ids": []}, frozenset()), ({"ids": ["m1", "m2"]}, {"m1", "m2"})]
)
def test_a_redrive_is_of_all_or_of_some(views: TraceViews, body: object, ids: Collection[str] | None) -> None:
    assert post(views, "/redrive", body).json == {"redriven": 3}
    assert [ids] == REDRIVEN


@pytest.mark.parametrize("body", [[], "all", {"ids": "m1"}, {"ids": [1]}, None])
def test_a_redrive_of_anything_else_gets_400(views: TraceViews, body: object) -> None:
    assert post(views, "/redrive", body).status_code == 400
    assert REDRIVEN == []


@pytest.mark.parametrize("path", ["/redrive", "/faults"])
def test_a_form_of_another_page_changes_nothing(views: TraceViews, faults: Faults, path: str) -> None:
    text = '{"destination": "firehose", "fault": "refusing"}'
    request = Request(EnvironBuilder(path, method="POST", data=text, content_type="text/plain").get_environ())

    assert views.post_routes[path](request).status_code == 400
    assert REDRIVEN == []
    assert set(faults.by_destination.values()) == {None}


def test_a_destination_fails_until_it_is_healed(views: TraceViews, faults: Faults) -> None:
    failing = post(views, "/faults", {"destination": "firehose", "fault": "refusing"})

    assert failing.json == {"destinations": {"firehose": "refusing", "pinpoint": None}}
    assert faults.by_destination["firehose"] is Fault.REFUSING
    post(views, "/faults", {"destination": "firehose", "fault": None})
    assert get(views, "/faults").json == {"destinations": {"firehose": None, "pinpoint": None}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"destination": "firehose"},
        {"destination": "firehose", "fault": "slow"},
        {"destination": "kinesis", "fault": None},
        {"destination": ["firehose"], "fault": None},
    ],
)
def test_a_fault_that_there_is_not_gets_400(views: TraceViews, body: object) -> None:
    response = post(views, "/faults", body)

    assert response.status_code == 400
    assert "firehose, pinpoint" in (response.json or {})["message"]
