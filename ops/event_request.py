"""A request to the events URL of a stack, as a browser makes it."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ops.context import Context
from ops.errors import FailedError, UsageError

_REQUEST_SECONDS: Final = 35  # API Gateway gives an integration 29


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResponse:
    """`request_id` is the one that the queue message carries, and that no caller can set."""

    status: int
    request_id: str
    content_type: str
    body: str
    seconds: float


def request(
    url: str, context: Context, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> EventResponse:
    """GET, or POST with a body. Raises FailedError and UsageError."""
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise UsageError("the output events_url is no https URL: check --outputs")
    made = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - checked above
    started = context.clock()
    try:
        with urllib.request.urlopen(made, timeout=_REQUEST_SECONDS) as opened:  # noqa: S310
            status, found, text = opened.status, opened.headers, opened.read()
    except urllib.error.HTTPError as error:
        with error:
            status, found, text = error.code, error.headers, error.read()
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise FailedError(
            f"the events URL cannot be reached ({reason}): check the network and the stack"
        ) from None
    return EventResponse(
        status=status,
        request_id=found.get("x-amz-apigw-id", ""),
        content_type=found.get("Content-Type", ""),
        body=text.decode(errors="replace"),
        seconds=context.clock() - started,
    )
