"""Sends events to a local run, and reads their traces as the page does."""

import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

from local.run import LocalRun
from tests.patience import eventually
from tests.runs import new_endpoint, send

Trace = dict[str, Any]


def get(run: LocalRun, path: str) -> Any:
    with urlopen(run.url + path) as response:
        return json.load(response)


def post(run: LocalRun, path: str, body: object) -> Any:
    request = Request(
        run.url + path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urlopen(request) as response:
        return json.load(response)


def trace_of(run: LocalRun, endpoint_id: str, state: str, *, gtmcb: str | None = None) -> Trace:
    """Wait until the one request of an endpoint is in a state, and its last invocation has ended.

    Of several requests of an endpoint, `gtmcb` names one.
    """

    def in_state() -> Trace | None:
        (summary,) = [
            one
            for one in get(run, "/traces")["traces"]
            if one["endpoint_id"] == endpoint_id and gtmcb in (None, one["gtmcb"])
        ] or [{"state": ""}]
        if summary["state"] != state:
            return None
        trace = get(run, f"/traces/{summary['id']}")
        assert {name: trace[name] for name in summary} == summary
        return trace if state == "refused" or hops(trace, "function") else None

    return eventually(in_state)


def hops(trace: Trace, kind: str) -> list[dict[str, Any]]:
    return [hop for hop in trace["hops"] if hop["hop"] == kind]


def traced(run: LocalRun, state: str = "recorded", /, **parameters: str) -> Trace:
    """Send an event of a new endpoint; its trace."""
    endpoint_id = parameters.pop("endpoint_id", None) or new_endpoint()
    send(run, event="purchase", **{"endpoint_id": endpoint_id, **parameters})
    return trace_of(run, endpoint_id, state)


class paused:  # noqa: N801 - reads as a statement
    """Keep the function from taking messages, so that those sent meanwhile are one batch."""

    def __init__(self, run: LocalRun) -> None:
        self._run = run
        self._mapping: Callable[..., Any] = run.cloud.client("lambda").update_event_source_mapping

    def __enter__(self) -> None:
        self._mapping(UUID=self._run.outputs["event_source_id"], Enabled=False)

    def __exit__(self, *_: object) -> None:
        self._mapping(UUID=self._run.outputs["event_source_id"], Enabled=True)
