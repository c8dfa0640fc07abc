"""Makes a destination fail until it is healed, so that retries and dead letters can be seen."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from werkzeug import Response

from local.web.http_server import WsgiApplication


class Fault(StrEnum):
    """How a destination fails."""

    # The service takes nothing for now: events are retried.
    UNAVAILABLE = "unavailable"
    # The service refuses every event for good: events are dead-lettered.
    REFUSING = "refusing"


# Status and error code, which every service here has.
_RESPONSES: Mapping[Fault, tuple[int, str]] = {
    Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
    Fault.REFUSING: (400, "ValidationException"),
}
_MESSAGE = "The local run was told to make this destination fail."


class Faults:
    """The fault of each destination, None at first; safe to use from several threads."""

    def __init__(self, destinations: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault | None] = dict.fromkeys(destinations)

    def add(self, destinations: Iterable[str]) -> None:
        """Destinations that the stack has from now on."""
        with self._lock:
            self._faults.update(dict.fromkeys(destinations))

    @property
    def by_destination(self) -> Mapping[str, Fault | None]:
        with self._lock:
            return dict(self._faults)

    def set(self, destination: str, fault: Fault | None) -> None:
        """Raises KeyError for a destination that cannot be made to fail."""
        with self._lock:
            if destination not in self._faults:
                raise KeyError(destination)
            self._faults[destination] = fault

    def application(self, destination: str) -> WsgiApplication | None:
        """What responds in place of the service; None: the service itself."""
        fault = self._faults[destination]
        return None if fault is None else _failing(*_RESPONSES[fault])


def _failing(status: int, code: str) -> WsgiApplication:
    """Responds to any request with an error that botocore reads, whatever JSON protocol the service has."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = json.dumps({"__type": code, "Message": _MESSAGE, "message": _MESSAGE})
        response = Response(body, status=status, content_type="application/json")
        response.headers["x-amzn-ErrorType"] = code
        return response(environ, start_response)

    return respond
