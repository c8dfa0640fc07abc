"""Requests of `send` and `doctor`: what another server may do with them."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from werkzeug import Request, Response

from local.web.http_server import HttpServer
from ops.context import Context
from ops.event_request import request

CONTEXT = cast(Context, SimpleNamespace(clock=lambda: 0.0))


@pytest.fixture
def seen() -> list[Request]:
    """The requests, in their order."""
    return []


@pytest.fixture
def url(seen: list[Request]) -> Iterator[str]:
    """A server that sends everybody to another place."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(Request(environ))
        return Response("", 302, headers={"Location": "/elsewhere"})(environ, start_response)

    server = HttpServer(application).start()
    yield server.url
    server.stop()


def test_a_redirect_is_the_response_and_gets_no_token(url: str, seen: list[Request]) -> None:
    response = request(f"{url}/events", CONTEXT, headers={"Authorization": "Bearer t"})

    assert response.status == 302
    assert [one.path for one in seen] == ["/events"]
