"""Calls of botocore clients to a WSGI application in the same process, without a connection between them."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from werkzeug.test import create_environ, run_wsgi_app

from local.web.http_server import WsgiApplication, with_headers


def call_directly(client: Any, application: WsgiApplication) -> None:
    """Let the application respond to all requests of a client. They are signed and serialized as for HTTP."""
    client.meta.events.register("before-send", _sender(application))


def _sender(application: WsgiApplication) -> Callable[..., AWSResponse]:
    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        environ = _environ(request)
        chunks, status, headers = run_wsgi_app(application, environ, buffered=True)
        content = MockRawResponse(b"".join(chunks))
        return AWSResponse(request.url, int(status.partition(" ")[0]), headers, content)

    return send


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = _content(request.body)
    headers = [(name, _text(value)) for name, value in request.headers.items()]
    environ = create_environ(
        path=url.path,
        base_url=f"{url.scheme}://{url.netloc}",
        query_string=url.query,
        method=request.method,
        headers=headers,
        input_stream=BytesIO(body),
        content_length=len(body),
    )
    return with_headers(environ, [("Host", url.netloc), *headers])


def _content(body: Any) -> bytes:
    content = body.read() if hasattr(body, "read") else body or b""
    return content.encode() if isinstance(content, str) else content


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
