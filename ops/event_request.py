"""A request to the events URL of a stack, as a browser makes it."""

import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from cli.errors import FailedError, UsageError
from ops.context import Context

_REQUEST_SECONDS: Final = 35  # API Gateway gives an integration 29


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResponse:
    """`request_id` is the one that the queue message carries, and that no caller can set."""

    status: int
    request_id: str
    content_type: str
    body: str
    seconds: float


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the response: no other host may get the token."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """No request follows."""


_OPENER: Final = urllib.request.build_opener(_NoRedirects)


def request(
    url: str, context: Context, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> EventResponse:
    """GET, or POST with a body. Raises FailedError and UsageError."""
    if not url.startswith(("https://", "http://127.0.0.1:")) or not _is_url(url):
        raise UsageError("the output events_url is no https URL: check --outputs")
    made = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - checked above
    started = context.clock()
    try:
        with _OPENER.open(made, timeout=_REQUEST_SECONDS) as opened:
            status, found, text = opened.status, opened.headers, opened.read()
    except urllib.error.HTTPError as error:
        with error:
            status, found, text = error.code, error.headers, error.read()
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
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


def _is_url(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname) and not re.search(r"[\x00-\x20\x7f]", url)
    except ValueError:
        return False
