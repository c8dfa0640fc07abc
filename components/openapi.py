"""The API as one OpenAPI document, and the mapping templates in it.

Pure: values in, a dictionary out.

What travels: the message body holds only what the sender wrote, url-encoded pair by pair, so that no
value can become a parameter; the message attributes hold only what API Gateway itself vouches for.
No header, cookie, body or IP address is read, and `token` never enters the queue.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

PIXEL: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
"""An image, so that the `onload` of GTM's image tag fires; SVG, because a mapping template makes text."""

ANY_ORIGIN: Final = "*"

REQUIRED_PARAMETERS: Final = ("event", "endpoint_id")

REQUEST_CONTENT_TYPES: Final = (
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
"""What a browser writes for the body of a request that it sends without asking first, and JSON.

API Gateway looks for a template by the type alone: a charset or a boundary after it does not matter
(docs/fidelity.md). A request without a Content-Type counts as JSON. Whatever else a request says it holds is
answered with 415.
"""

_PREFLIGHT_MAX_AGE_SECONDS = 600

# `$input.params(name)` would fall back from the query to headers, so only the query string is read.
# Encoding twice equals encoding the finished body once more: url-encoding works character by character.
# `##` at a line's end keeps the line break out of the request to SQS. Every reference that writes
# something stands in braces: directly after `$a.b`, Velocity 1.7 reads `##` as text. Names assigned to by
# #set stand without, as AWS documents them.
# A parameter whose name means `token` is left out (tests/token_names.py): the authorizer reads it however it
# is written, so it must not enter the queue under any of these names. The quantifiers are possessive, because
# Java's other ones overflow the stack on a name of some thousand `amp;`.
_SEND_MESSAGE = """\
#set($query = $input.params().querystring)##
Action=SendMessage&Version=2012-11-05&MessageBody=##
#foreach($name in $query.keySet())##
#set($plain = $name.trim().toLowerCase().replaceAll("^(?:amp;[\\x00-\\x20]*+)++", ""))##
#if($plain != "token")##
${util.urlEncode($util.urlEncode($name))}%3D${util.urlEncode($util.urlEncode($query.get($name)))}%26##
#end##
#end##
&MessageAttribute.1.Name=request_id##
&MessageAttribute.1.Value.DataType=String##
&MessageAttribute.1.Value.StringValue=${util.urlEncode($context.extendedRequestId)}##
&MessageAttribute.2.Name=request_time##
&MessageAttribute.2.Value.DataType=Number##
&MessageAttribute.2.Value.StringValue=${context.requestTimeEpoch}"""


_SECURITY_SCHEME: Final = "token"

# What the authorizer says of a request is text: `proven_endpoint` is there where `proof` is "proven".
_ADD_PROVEN_ENDPOINT = """##
#if($context.authorizer.proof == "proven")##
&MessageAttribute.3.Name=proven_endpoint##
&MessageAttribute.3.Value.DataType=String##
&MessageAttribute.3.Value.StringValue=${util.urlEncode($context.authorizer.proven_endpoint)}##
#end"""


def api_document(
    *,
    title: str,
    queue_integration_uri: str,
    integration_role_arn: str,
    allowed_origins: Sequence[str],
    allow_credentials: bool = False,
    authorizer_uri: str | None = None,
) -> dict[str, Any]:
    """The OpenAPI 3.0 document of the events API, with API Gateway's extensions.

    `queue_integration_uri` is `arn:PARTITION:apigateway:REGION:sqs:path/ACCOUNT/QUEUE`. `allowed_origins`
    is empty (no CORS), `["*"]`, or a list of origins, each echoed to its own requests. With
    `allow_credentials`, scripts of listed origins may also read responses to requests with cookies; browsers
    permit that for no `*`. `authorizer_uri` is the invoke ARN of the token authorizer; None leaves the API
    without one. Path and parameters are the same either way, so that the URL in GTM stays.
    """
    cors = _Cors(allowed_origins, allow_credentials=allow_credentials)
    template = _SEND_MESSAGE if authorizer_uri is None else _SEND_MESSAGE + _ADD_PROVEN_ENDPOINT
    # The same request either way: a POST says everything in its query, too.
    methods: dict[str, Any] = {
        method: _record_event(
            operation_id,
            summary,
            _send_message(queue_integration_uri, integration_role_arn, template, cors),
            cors,
        )
        for method, operation_id, summary in (
            ("get", "recordEvent", "Queue one event"),
            ("post", "recordPostedEvent", "Queue one event; the body is ignored"),
        )
    }
    if cors.enabled:
        methods["options"] = _preflight(cors)
    document: dict[str, Any] = {
        "openapi": "3.0.1",
        "info": {
            "title": title,
            "version": "1.0",
            "description": "Events from Google Tag Manager: GET or POST /events puts an event on the queue.",
        },
        "paths": {"/events": methods},
        "x-amazon-apigateway-request-validators": {
            "parameters": {"validateRequestParameters": True, "validateRequestBody": False}
        },
        "x-amazon-apigateway-gateway-responses": {
            response_type: {"responseParameters": _gateway_headers(cors)}
            for response_type in ("DEFAULT_4XX", "DEFAULT_5XX")
        },
    }
    if authorizer_uri is not None:
        document["components"] = {"securitySchemes": {_SECURITY_SCHEME: _token_authorizer(authorizer_uri)}}
        for method in ("get", "post"):
            # A preflight carries no token.
            methods[method]["security"] = [{_SECURITY_SCHEME: []}]
    return document


def _token_authorizer(uri: str) -> dict[str, Any]:
    return {
        "type": "apiKey",
        # What API Gateway itself writes for an authorizer that reads whatever it likes of the request.
        "name": "Unused",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": uri,
            # With caching there must be identity sources, and API Gateway answers 401 by itself to a
            # request that lacks one: the event of a visitor without a token would be lost.
            "authorizerResultTtlInSeconds": 0,
        },
    }


# Without it, a page that sends `Cross-Origin-Embedder-Policy: require-corp` takes no image from another site:
# the event would be recorded, and GTM told that the tag failed.
_EMBEDDABLE: Final = {"Cross-Origin-Resource-Policy": "cross-origin"}


class _Cors:
    """Which headers a response carries for a list of allowed origins."""

    def __init__(self, allowed_origins: Sequence[str], *, allow_credentials: bool) -> None:
        self.enabled = bool(allowed_origins)
        self._fixed_origin = ANY_ORIGIN if ANY_ORIGIN in allowed_origins else None
        self._listed = () if self._fixed_origin else tuple(allowed_origins)
        # Means nothing to a browser unless the response names the caller's origin, so it may be fixed.
        self._credentials = (
            {"Access-Control-Allow-Credentials": "true"} if allow_credentials and self._listed else {}
        )

    def headers(self) -> dict[str, str]:
        """Headers of a response that a mapping template writes, as static values."""
        if not self.enabled:
            return {}
        if self._fixed_origin:
            return {"Access-Control-Allow-Origin": self._fixed_origin}
        return {"Vary": "Origin", **self._credentials}

    def template(self) -> str:
        """Mapping template lines that echo a listed `Origin`; nothing where the header is fixed."""
        if not self._listed:
            return ""
        is_listed = " || ".join(f'$origin == "{origin}"' for origin in self._listed)
        # The name is `Origin` or, from HTTP/2 clients, `origin`; what `get` gives for a missing name is
        # not documented, so the names that are there are gone through.
        return (
            "#set($headers = $input.params().header)##\n"
            "#foreach($name in $headers.keySet())##\n"
            '#if($name.equalsIgnoreCase("Origin"))##\n'
            "#set($origin = $headers.get($name))##\n"
            f"#if({is_listed})##\n"
            "#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)##\n"
            "#end##\n"
            "#end##\n"
            "#end##\n"
        )

    def declared(self) -> list[str]:
        """Names of the headers that a method response has to declare."""
        return ["Access-Control-Allow-Origin", "Vary", *self._credentials] if self.enabled else []

    def gateway_headers(self) -> dict[str, str]:
        """Headers of the responses that API Gateway writes itself (400, 429, 5xx).

        These run no template: a value is fixed, or copied from the request unchecked. So a single
        origin is named, and of several none, because echoing would open the responses to every origin.
        """
        if self._fixed_origin:
            return {"Access-Control-Allow-Origin": self._fixed_origin}
        if len(self._listed) == 1:
            return {"Access-Control-Allow-Origin": self._listed[0], "Vary": "Origin", **self._credentials}
        return {"Vary": "Origin"} if self._listed else {}


def _record_event(
    operation_id: str, summary: str, integration: Mapping[str, Any], cors: _Cors
) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": summary,
        "parameters": [
            {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
            for name in REQUIRED_PARAMETERS
        ],
        "responses": {
            "200": _method_response("The event is in the queue; the response is an image.", cors),
            "502": _method_response("The queue refused the event.", cors),
            "503": _method_response("The queue is not available.", cors),
        },
        "x-amazon-apigateway-request-validator": "parameters",
        "x-amazon-apigateway-integration": integration,
    }


def _send_message(
    queue_integration_uri: str, integration_role_arn: str, template: str, cors: _Cors
) -> dict[str, Any]:
    """SendMessage on the queue, whichever method the request came with."""
    not_queued = '{"message": "The event was not queued."}'
    return {
        "type": "aws",
        "httpMethod": "POST",
        "uri": queue_integration_uri,
        "credentials": integration_role_arn,
        # With any other value, the body of a request with an unexpected Content-Type would be the request to
        # SQS, sent under the API's role: its sender could claim any proof.
        "passthroughBehavior": "never",
        "requestParameters": {
            "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
        },
        # None of them reads the body.
        "requestTemplates": dict.fromkeys(REQUEST_CONTENT_TYPES, template),
        "responses": {
            # SQS took the message.
            r"2\d{2}": _integration_response("200", "image/svg+xml", PIXEL, cors),
            # SQS refused it: a permission, a missing queue, a throttled request.
            r"4\d{2}": _integration_response("502", "application/json", not_queued, cors),
            # Anything else is no success either.
            "default": _integration_response("503", "application/json", not_queued, cors),
        },
    }


def _preflight(cors: _Cors) -> dict[str, Any]:
    headers = {
        **cors.headers(),
        "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
        "Access-Control-Allow-Headers": "Authorization,Content-Type",
        "Access-Control-Max-Age": str(_PREFLIGHT_MAX_AGE_SECONDS),
    }
    response: dict[str, Any] = {"statusCode": "204", "responseParameters": _response_parameters(headers)}
    if template := cors.template():
        response["responseTemplates"] = {"application/json": template}
    return {
        "operationId": "preflight",
        "summary": "Answer a CORS preflight request",
        "responses": {
            "204": {
                "description": "What a script on an allowed origin may send.",
                "headers": _header_declarations([*cors.declared(), *headers]),
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "passthroughBehavior": "never",
            "requestTemplates": {"application/json": '{"statusCode": 204}'},
            "responses": {"default": response},
        },
    }


def _integration_response(status: str, content_type: str, body: str, cors: _Cors) -> dict[str, Any]:
    headers = {"Content-Type": content_type, "Cache-Control": "no-store", **_EMBEDDABLE, **cors.headers()}
    return {
        "statusCode": status,
        "responseParameters": _response_parameters(headers),
        # The template for application/json is the one used whatever the request accepts.
        "responseTemplates": {"application/json": cors.template() + body},
    }


def _method_response(description: str, cors: _Cors) -> dict[str, Any]:
    declared = ["Content-Type", "Cache-Control", *_EMBEDDABLE, *cors.declared()]
    return {"description": description, "headers": _header_declarations(declared)}


def _header_declarations(names: Sequence[str]) -> dict[str, Any]:
    return {name: {"schema": {"type": "string"}} for name in dict.fromkeys(names)}


def _response_parameters(headers: Mapping[str, str]) -> dict[str, str]:
    return {f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()}


def _gateway_headers(cors: _Cors) -> dict[str, str]:
    headers = {"Cache-Control": "no-store", **_EMBEDDABLE, **cors.gateway_headers()}
    return {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}
