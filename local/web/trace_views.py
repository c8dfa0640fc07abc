"""The routes about single requests: their traces, the redrive of dead letters, and planned faults."""

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from werkzeug import Request, Response

from local.traces.faults import Fault, Faults
from local.traces.store import Traces
from local.traces.story import Story
from local.web.responses import json_response, posted_object, problem

_POSITION: Final = re.compile("[0-9]{1,9}")

TRACE: Final = "/traces/"
"""The beginning of a trace's path; its id follows."""

_View = Callable[[Request], Response]


class TraceViews:
    """`redrive` moves the dead letters with these message ids, or all, and returns how many it moved."""

    def __init__(
        self,
        traces: Traces,
        faults: Faults,
        *,
        destinations: Sequence[str],
        redrive: Callable[[Collection[str] | None], int],
    ) -> None:
        self._traces = traces
        self._faults = faults
        self._destinations = destinations
        self._redrive = redrive
        # Tells a page that was open before from which run its news are.
        self._run = uuid.uuid4().hex

    @property
    def get_routes(self) -> Mapping[str, _View]:
        return {"/traces": self._changed, "/faults": lambda _: self._planned_faults()}

    @property
    def post_routes(self) -> Mapping[str, _View]:
        return {"/redrive": self._redriven, "/faults": self._plan_fault}

    def trace(self, request: Request) -> Response:
        """One request, hop by hop."""
        request_id = request.path.removeprefix(TRACE)
        journey = self._traces.journey(request_id)
        if journey is None:
            return problem(
                "There is no trace of this request: only the last ones are kept.", HTTPStatus.NOT_FOUND
            )
        return json_response(Story(request_id, journey, destinations=self._destinations).trace())

    def _changed(self, request: Request) -> Response:
        """The requests that changed since the position `after`, and the position for the next request."""
        text = request.args.get("after", "0")
        if _POSITION.fullmatch(text) is None:
            return problem(f"after is {text[:20]!r}: use the `next` of the last response, a whole number.")
        version, changed = self._traces.changed_since(int(text))
        stories = [Story(id_, journey, destinations=self._destinations) for id_, journey in changed]
        summaries = [story.summary() for story in stories]
        return json_response({"run": self._run, "next": version, "traces": summaries})

    def _redriven(self, request: Request) -> Response:
        """Redrive all dead letters (`{}`), or those of `{"ids": [message ids]}`."""
        body = posted_object(request)
        ids = None if body is None else body.get("ids")
        if body is None or not (
            ids is None or (isinstance(ids, list) and all(isinstance(i, str) for i in ids))
        ):
            return problem('Post JSON: {} for all dead letters, or {"ids": ["message id"]}.')
        return json_response({"redriven": self._redrive(None if ids is None else frozenset(ids))})

    def _planned_faults(self) -> Response:
        return json_response({"destinations": dict(self._faults.by_destination)})

    def _plan_fault(self, request: Request) -> Response:
        """Let a destination fail, or heal it: `{"destination": NAME, "fault": null}`."""
        body = posted_object(request) or {}
        try:
            fault = body["fault"]
            self._faults.set(body["destination"], None if fault is None else Fault(fault))
        except (KeyError, TypeError, ValueError):
            names = ", ".join(self._faults.by_destination)
            return problem(
                f"Post JSON with a destination ({names}) and its fault: null, {' or '.join(Fault)}."
            )
        return self._planned_faults()
