"""The API as one OpenAPI document, with its mapping templates. Pure.

The message body holds only what the sender wrote, URL-encoded pair by pair, so that no value can become a
parameter. The message attributes hold only what API Gateway itself vouches for. No header, cookie, body or IP
address enters the queue, nor does `token`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contract.url import ENDPOINT_ID, EVENT, PATH

PIXEL: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
"""An image, so that the `onload` of GTM's image tag fires. SVG, because mapping templates write text."""

ANY_ORIGIN: Final = "*"

REQUIRED_PARAMETERS: Final = (EVENT, ENDPOINT_ID)

REQUEST_CONTENT_TYPES: Final = (
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
"""JSON, and the types that a browser sends without a preflight.

API Gateway matches the type alone, without charset or boundary (docs/fidelity.md). It reads a request without
a Content-Type as JSON, and returns 415 for any other type.
"""

_PREFLIGHT_MAX_AGE_SECONDS = 600

# The query string only: `$input.params(name)` would fall back to headers.
#
# Names and values are encoded twice, which equals encoding the finished body once more: URL-encoding works
# character by character.
#
# `##` at the end of a line keeps the line break out of the request to SQS. References that write something
# have braces, because Velocity 1.7 reads `##` right after `$a.b` as text. Targets of #set have none, as in
# AWS's documentation.
#
# A parameter whose name means `token` is left out (tests/token_names.py). The authorizer reads the token
# under each of these names, so none of them may enter the queue. The quantifiers are possessive: Java's other
# ones overflow the stack on a name with thousands of `amp;`.
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

# The authorizer's context: `proven_endpoint` is set if `proof` is "proven".
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
    is empty (no CORS), `["*"]`, or a list of origins, each of which is echoed to its own requests. With
    `allow_credentials`, scripts of listed origins may also read responses to requests with cookies; browsers
    do not permit that for `*`. `authorizer_uri` is the invoke ARN of the token authorizer; None is the open
    scenario. Path and parameters are the same in both, so that the URL in GTM stays.
    """
    cors = _Cors(allowed_origins, allow_credentials=allow_credentials)
    template = _SEND_MESSAGE if authorizer_uri is None else _SEND_MESSAGE + _ADD_PROVEN_ENDPOINT
    # A POST carries its event in the query, too.
    methods: dict[str, dict[str, object]] = {
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
    gateway_headers = {
        f"gatewayresponse.header.{name}": f"'{value}'"
        for name, value in gateway_response_headers(
            allowed_origins, allow_credentials=allow_credentials
        ).items()
    }
    document: dict[str, object] = {
        "openapi": "3.0.1",
        "info": {
            "title": title,
            "version": "1.0",
            "description": f"Events from Google Tag Manager. GET or POST {PATH} puts an event on the queue.",
        },
        "paths": {PATH: methods},
        "x-amazon-apigateway-request-validators": {
            "parameters": {"validateRequestParameters": True, "validateRequestBody": False}
        },
        "x-amazon-apigateway-gateway-responses": {
            response_type: {"responseParameters": gateway_headers}
            for response_type in ("DEFAULT_4XX", "DEFAULT_5XX")
        },
    }
    if authorizer_uri is not None:
        document["components"] = {"securitySchemes": {_SECURITY_SCHEME: _token_authorizer(authorizer_uri)}}
        for method in ("get", "post"):
            # Not for a preflight, which carries no token.
            methods[method]["security"] = [{_SECURITY_SCHEME: []}]
    return document


def gateway_response_headers(allowed_origins: Sequence[str], *, allow_credentials: bool) -> dict[str, str]:
    """The headers of responses that have no mapping template: API Gateway's own, and those of AWS WAF."""
    cors = _Cors(allowed_origins, allow_credentials=allow_credentials)
    return {"Cache-Control": "no-store", **_EMBEDDABLE, **cors.gateway_headers()}


def _token_authorizer(uri: str) -> dict[str, object]:
    return {
        "type": "apiKey",
        # What API Gateway itself exports for a REQUEST authorizer.
        "name": "Unused",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": uri,
            # Caching needs identity sources, and API Gateway returns 401 to a request that lacks one: the
            # event of a visitor without a token would be lost.
            "authorizerResultTtlInSeconds": 0,
        },
    }


# Without it, a page that sends `Cross-Origin-Embedder-Policy: require-corp` refuses images of other sites:
# the event would be recorded, but GTM would count the tag as failed.
_EMBEDDABLE: Final = {"Cross-Origin-Resource-Policy": "cross-origin"}


class _Cors:
    """The CORS headers of a response, for a list of allowed origins."""

    def __init__(self, allowed_origins: Sequence[str], *, allow_credentials: bool) -> None:
        self.enabled = bool(allowed_origins)
        self._fixed_origin = ANY_ORIGIN if ANY_ORIGIN in allowed_origins else None
        self._listed = () if self._fixed_origin else tuple(allowed_origins)
        # May be a fixed value: browsers ignore it unless the response also names the caller's origin.
        self._credentials = (
            {"Access-Control-Allow-Credentials": "true"} if allow_credentials and self._listed else {}
        )

    def headers(self) -> dict[str, str]:
        """Static headers of a response with a mapping template."""
        if not self.enabled:
            return {}
        if self._fixed_origin:
            return {"Access-Control-Allow-Origin": self._fixed_origin}
        return {"Vary": "Origin", **self._credentials}

    def template(self) -> str:
        """Mapping template lines that echo a listed `Origin`; empty if the header is static."""
        if not self._listed:
            return ""
        is_listed = " || ".join(f'$origin == "{origin}"' for origin in self._listed)
        # The header is `Origin` or, from HTTP/2 clients, `origin`. The loop avoids `get` for a missing name,
        # whose result AWS does not document.
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
        """The headers that a method response has to declare."""
        return ["Access-Control-Allow-Origin", "Vary", *self._credentials] if self.enabled else []

    def gateway_headers(self) -> dict[str, str]:
        """Headers of the responses that API Gateway generates itself (400, 429, 5xx).

        These have no mapping template: a value is static, or copied from the request unchecked. Copying
        `Origin` would open them to every origin, so they name a single allowed origin, and none of several.
        """
        if self._fixed_origin:
            return {"Access-Control-Allow-Origin": self._fixed_origin}
        if len(self._listed) == 1:
            return {"Access-Control-Allow-Origin": self._listed[0], "Vary": "Origin", **self._credentials}
        return {"Vary": "Origin"} if self._listed else {}


def _record_event(
    operation_id: str, summary: str, integration: Mapping[str, object], cors: _Cors
) -> dict[str, object]:
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
) -> dict[str, object]:
    """The integration that sends a message to the queue, the same for every method."""
    not_queued = '{"message": "The event was not queued."}'
    return {
        "type": "aws",
        "httpMethod": "POST",
        "uri": queue_integration_uri,
        "credentials": integration_role_arn,
        # With any other value, the body of a request with an unexpected Content-Type would become the request
        # to SQS, with the API's role: its sender could claim any proof.
        "passthroughBehavior": "never",
        "requestParameters": {
            "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
        },
        # The template does not read the body.
        "requestTemplates": dict.fromkeys(REQUEST_CONTENT_TYPES, template),
        "responses": {
            # SQS has the message.
            r"2\d{2}": _integration_response("200", "image/svg+xml", PIXEL, cors),
            # SQS refused it: missing permission, missing queue, throttling.
            r"4\d{2}": _integration_response("502", "application/json", not_queued, cors),
            "default": _integration_response("503", "application/json", not_queued, cors),
        },
    }


def _preflight(cors: _Cors) -> dict[str, object]:
    headers = {
        **cors.headers(),
        "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
        "Access-Control-Allow-Headers": "Authorization,Content-Type",
        "Access-Control-Max-Age": str(_PREFLIGHT_MAX_AGE_SECONDS),
    }
    response: dict[str, object] = {"statusCode": "204", "responseParameters": _response_parameters(headers)}
    if template := cors.template():
        response["responseTemplates"] = {"application/json": template}
    return {
        "operationId": "preflight",
        "summary": "Respond to a CORS preflight request",
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


def _integration_response(status: str, content_type: str, body: str, cors: _Cors) -> dict[str, object]:
    headers = {"Content-Type": content_type, "Cache-Control": "no-store", **_EMBEDDABLE, **cors.headers()}
    return {
        "statusCode": status,
        "responseParameters": _response_parameters(headers),
        # API Gateway uses the template for application/json whatever the request accepts.
        "responseTemplates": {"application/json": cors.template() + body},
    }


def _method_response(description: str, cors: _Cors) -> dict[str, object]:
    declared = ["Content-Type", "Cache-Control", *_EMBEDDABLE, *cors.declared()]
    return {"description": description, "headers": _header_declarations(declared)}


def _header_declarations(names: Sequence[str]) -> dict[str, object]:
    return {name: {"schema": {"type": "string"}} for name in dict.fromkeys(names)}


def _response_parameters(headers: Mapping[str, str]) -> dict[str, str]:
    return {f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()}
