"""Serves a stage of a REST API that is read back from moto, as API Gateway would.

Read once, at construction: resources, methods, authorizers, request validators, integrations, gateway
responses and the stage's throttling. A part of the API that is not served here stops the construction with
its name. moto's SQS gets the integration request signed as the integration's role, so a missing permission
shows.

What AWS documents is cited where it is coded; what it does not document is marked "not documented".
"""

import base64
import functools
import json
import logging
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from werkzeug import Request, Response

from local.apigateway.authorizer import Authorizer, Invoke
from local.apigateway.gateway_responses import Failed, Failure, GatewayResponses, UnservedPart, static_value
from local.apigateway.query_string import query_parameters
from local.apigateway.velocity import MappingTemplate, MappingTemplateError, Parameters
from local.deployment.cloud import AssumeRoleDenied, Cloud
from local.web.http_server import headers_of

_log = logging.getLogger(__name__)

SERVICE_PRINCIPAL: Final = "apigateway.amazonaws.com"

MAX_REQUEST_HEAD_BYTES: Final = 10_240
"""Request line and header values; api-gateway-execution-service-limits-table."""

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""Payload of a request, 10 MB; the same page."""

_DEFAULT_TIMEOUT_SECONDS: Final = 29.0
_CREDENTIALS_KEPT_SECONDS: Final = 900.0

_UNSUPPORTED_IN_QUERIES: Final = frozenset(b"|{}")
_JSON: Final = "application/json"
_SQS_PATH: Final = re.compile(
    r"arn:[a-z-]+:apigateway:(?P<region>[a-z0-9-]+):sqs:path(?P<path>/[0-9]+/[A-Za-z0-9_.-]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MethodRequest:
    """What a method got from its caller."""

    path: str
    headers: Sequence[tuple[str, str]]
    query_string: str
    parameters: Parameters
    media_type: str
    accept: str
    body: str
    context: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _IntegrationAnswer:
    status: int
    headers: Mapping[str, str]
    body: str


class Gateway:
    """WSGI application that answers `/{stage}/…` as the deployed REST API would.

    `invoke` invokes a deployed function for an authorizer. Raises UnservedPart or MappingTemplateError for
    an API that cannot be served faithfully.
    """

    def __init__(
        self,
        cloud: Cloud,
        rest_api_id: str,
        stage_name: str,
        *,
        invoke: Invoke,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rest_api_id = rest_api_id
        self._stage_name = stage_name
        self._account_id = cloud.account_id
        client = cloud.client("apigateway")
        stage = client.get_stage(restApiId=rest_api_id, stageName=stage_name)
        account_limits = client.get_account()["throttleSettings"]
        self._gateway_responses = GatewayResponses(_items(client.get_gateway_responses, rest_api_id))
        validators = {item["id"]: item for item in _items(client.get_request_validators, rest_api_id)}
        authorizers = {
            item["id"]: Authorizer(cloud, rest_api_id, item, invoke)
            for item in _items(client.get_authorizers, rest_api_id)
        }
        roles = _RoleCredentials(cloud, clock)
        self._methods: dict[tuple[str, str], _Method] = {}
        for resource in client.get_resources(restApiId=rest_api_id, embed=["methods"], limit=500)["items"]:
            for http_method, method in resource.get("resourceMethods", {}).items():
                key = (resource["path"], http_method)
                self._methods[key] = _Method(
                    place=f"{http_method} {resource['path']}",
                    resource_id=resource["id"],
                    method=method,
                    authorizer=authorizers.get(method.get("authorizerId")),
                    validator=validators.get(method.get("requestValidatorId")),
                    throttle=_throttle(stage, account_limits, *key, clock),
                    roles=roles,
                )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        context = self._context(request)
        try:
            response = self._answer(request, context)
        except Failed as failed:
            response = self._gateway_responses.write(failed, context)
        response.headers["x-amzn-RequestId"] = context["requestId"]
        response.headers["x-amz-apigw-id"] = context["extendedRequestId"]
        return response(environ, start_response)

    def _answer(self, request: Request, context: dict[str, Any]) -> Response:
        # A request too large is refused before the API is looked at. For a head too large the status is not
        # documented for REST APIs; this is the gateway response for requests too large.
        if _head_size(request) > MAX_REQUEST_HEAD_BYTES or _body_size(request) > MAX_BODY_BYTES:
            raise Failed(Failure.REQUEST_TOO_LARGE)
        # "The plain text pipe character (|) and the curly brace character ({ or }) are not supported for any
        # request URL query string and must be URL-encoded." That the answer is a 400 which no API sees is in
        # public reports.
        if not _UNSUPPORTED_IN_QUERIES.isdisjoint(request.query_string):
            return Response("Bad Request", status=400, content_type="text/plain")
        prefix = f"/{self._stage_name}"
        if request.path != prefix and not request.path.startswith(f"{prefix}/"):
            raise Failed(Failure.ACCESS_DENIED)  # what an unknown stage gets; not documented
        # Slashes before the stage, slashes after it, and one at the end make no difference, as recorded on
        # AWS (LocalStack, test_lambda_aws_proxy_integration). Those before it are gone from `request.path`.
        path = "/" + request.path.removeprefix(prefix).removesuffix("/").lstrip("/")
        method = self._methods.get((path, request.method))
        if method is None:
            # "The gateway response for a missing authentication token error, including the cases when
            # the client attempts to invoke an unsupported API method or resource."
            raise Failed(Failure.MISSING_AUTHENTICATION_TOKEN)
        context.update(resourceId=method.resource_id, resourcePath=path)
        return method.answer(_method_request(request, path, context))

    def _context(self, request: Request) -> dict[str, Any]:
        """$context, as far as it is known before an authorizer was asked."""
        now = datetime.now(UTC)
        return {
            "accountId": self._account_id,
            "apiId": self._rest_api_id,
            "domainName": request.host,
            # Sixteen characters that end in "=", like AWS's.
            "extendedRequestId": base64.urlsafe_b64encode(os.urandom(11)).decode(),
            "httpMethod": request.method,
            "identity": {
                "sourceIp": request.remote_addr or "",
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "path": request.path,
            "protocol": request.environ.get("SERVER_PROTOCOL", ""),
            "requestId": str(uuid.uuid4()),
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S %z"),
            "requestTimeEpoch": int(now.timestamp() * 1000),
            "stage": self._stage_name,
        }


class _Method:
    """One method of the API: authorizer, validation, integration request, integration response."""

    def __init__(
        self,
        *,
        place: str,
        resource_id: str,
        method: Mapping[str, Any],
        authorizer: Authorizer | None,
        validator: Mapping[str, Any] | None,
        throttle: "_TokenBucket",
        roles: "_RoleCredentials",
    ) -> None:
        if "{" in place:
            raise UnservedPart(f"{place}: path parameters are not served")
        if method["authorizationType"] != ("CUSTOM" if authorizer else "NONE") or method.get(
            "apiKeyRequired"
        ):
            raise UnservedPart(f"{place}: authorization {method['authorizationType']} is not served")
        if validator and validator.get("validateRequestBody"):
            raise UnservedPart(f"{place}: validation of the body is not served")
        integration = method["methodIntegration"]
        self.resource_id = resource_id
        self._place = place
        self._throttle = throttle
        self._authorizer = authorizer
        self._required = _required_parameters(method, validator)
        self._templates = _templates(integration.get("requestTemplates"))
        self._passthrough = integration["passthroughBehavior"]
        self._call = _integration(place, integration, roles)
        self._responses = [
            _IntegrationResponse(place, response)
            for response in (integration.get("integrationResponses") or {}).values()
        ]

    def answer(self, request: _MethodRequest) -> Response:
        # The order of throttling and authorizer is not documented. That the authorizer comes before the
        # validation is how LocalStack has it, whose gateway is held against recordings of AWS.
        if not self._throttle.take():
            raise Failed(Failure.THROTTLED)
        if self._authorizer is not None:
            request.context["authorizer"] = self._authorizer.authorize(
                path=request.path,
                headers=request.headers,
                query_string=request.query_string,
                context=request.context,
            )
        self._validate(request.parameters)
        try:
            answer = self._call(request.parameters, self._integration_body(request))
            return self._select(answer.status).write(request, answer)
        except MappingTemplateError as error:
            # The message names the template only, so the person at the console can mend it.
            _log.error("%s: %s", self._place, error)
            raise Failed(Failure.API_CONFIGURATION_ERROR) from None

    def _validate(self, parameters: Parameters) -> None:
        """ "The required request parameters … are included and not blank."

        That a value of white space only counts as blank is not documented.
        """
        missing = [
            name for location, name in self._required if not _parameter(parameters, location, name).strip()
        ]
        if missing:
            raise Failed(
                Failure.BAD_REQUEST_PARAMETERS,
                f"Missing required request parameters: [{', '.join(sorted(missing))}]",
            )

    def _integration_body(self, request: _MethodRequest) -> str:
        """The rendered template for the request's media type; integration-passthrough-behaviors."""
        template = self._templates.get(request.media_type)
        if template is None:
            if self._passthrough == "WHEN_NO_MATCH":
                return request.body
            if self._passthrough == "WHEN_NO_TEMPLATES" and not self._templates:
                return request.body
            raise Failed(Failure.UNSUPPORTED_MEDIA_TYPE)
        rendered = template.render(body=request.body, parameters=request.parameters, context=request.context)
        if rendered.headers or rendered.status is not None:
            raise MappingTemplateError("$context.responseOverride is for response templates")
        return rendered.text

    def _select(self, status: int) -> "_IntegrationResponse":
        """The first response whose pattern matches the whole status code, else the one without."""
        for response in self._responses:
            if response.pattern is not None and response.pattern.fullmatch(str(status)):
                return response
        for response in self._responses:
            if response.pattern is None:
                return response
        # "… or when integration response mapping can't match any template and no default template"
        raise Failed(Failure.API_CONFIGURATION_ERROR)


class _IntegrationResponse:
    """How one class of answers of the integration becomes the method's answer."""

    def __init__(self, place: str, response: Mapping[str, Any]) -> None:
        pattern = response.get("selectionPattern")
        self.pattern = re.compile(pattern) if pattern else None
        self._status = int(response["statusCode"])
        self._templates = _templates(response.get("responseTemplates"))
        self._headers = {
            target.removeprefix("method.response.header."): _response_mapping(place, source)
            for target, source in (response.get("responseParameters") or {}).items()
        }

    def write(self, request: _MethodRequest, answer: _IntegrationAnswer) -> Response:
        headers = {"Content-Type": _JSON}
        for name, source in self._headers.items():
            if (value := source(answer)) is not None:
                headers[name] = value
        body, status = answer.body, self._status
        if self._templates:
            template = (
                self._templates.get(request.accept)
                or self._templates.get(_JSON)
                or next(iter(self._templates.values()))
            )
            rendered = template.render(
                body=answer.body, parameters=request.parameters, context=request.context
            )
            body, status = rendered.text, rendered.status or status
            # "$context.responseOverride.header.NAME" wins over a mapped header of the same name.
            for name, value in rendered.headers.items():
                headers[name] = str(value)
        response = Response(body, status=status, content_type=headers.pop("Content-Type"))
        response.headers.update(headers)
        return response


class _TokenBucket:
    """Throttling: `burst` requests at once, refilled at `rate` a second; api-gateway-request-throttling."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = burst
        self._filled_at = clock()

    def take(self) -> bool:
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class _RoleCredentials:
    """Credentials of integration roles, kept for a while as API Gateway does not assume one per call."""

    def __init__(self, cloud: Cloud, clock: Callable[[], float]) -> None:
        self.endpoint_url = cloud.endpoint_url
        self._cloud = cloud
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Credentials]] = {}

    def of(self, role_arn: str) -> Credentials:
        with self._lock:
            now = self._clock()
            since, credentials = self._kept.get(role_arn, (now, None))
            if credentials is None or now - since > _CREDENTIALS_KEPT_SECONDS:
                try:
                    credentials = self._cloud.assume_role(role_arn, service=SERVICE_PRINCIPAL)
                except AssumeRoleDenied as denied:
                    _log.error("the integration role cannot be assumed: %s", denied)
                    raise Failed(Failure.API_CONFIGURATION_ERROR) from None
                self._kept[role_arn] = now, credentials
            return credentials


_Call = Callable[[Parameters, str], _IntegrationAnswer]


def _integration(place: str, integration: Mapping[str, Any], roles: _RoleCredentials) -> _Call:
    match integration["type"]:
        case "MOCK":
            return _call_mock
        case "AWS":
            return _SqsIntegration(place, integration, roles)
        case other:
            raise UnservedPart(f"{place}: integration type {other} is not served")


def _call_mock(_parameters: Parameters, body: str) -> _IntegrationAnswer:
    """ "The method request returns the status code in the request template"; how-to-mock-integration."""
    try:
        status = int(json.loads(body)["statusCode"])
    except (ValueError, KeyError, TypeError):
        raise Failed(Failure.API_CONFIGURATION_ERROR) from None
    return _IntegrationAnswer(status=status, headers={}, body="")


class _SqsIntegration:
    """Posts the integration request to the queue's path, signed as the integration's role."""

    def __init__(self, place: str, integration: Mapping[str, Any], roles: _RoleCredentials) -> None:
        uri = _SQS_PATH.fullmatch(integration["uri"])
        if uri is None:
            raise UnservedPart(f"{place}: only SQS by path is served, not {integration['uri']}")
        if not integration.get("credentials"):
            raise UnservedPart(f"{place}: an integration without a role is not served")
        self._roles = roles
        self._role_arn: str = integration["credentials"]
        self._region = uri["region"]
        self._url = roles.endpoint_url + uri["path"]
        self._http_method = integration["httpMethod"]
        self._headers = {
            _header_target(place, target): _request_mapping(place, source)
            for target, source in (integration.get("requestParameters") or {}).items()
        }
        milliseconds = integration.get("timeoutInMillis")
        self._session = URLLib3Session(
            timeout=int(milliseconds) / 1000 if milliseconds else _DEFAULT_TIMEOUT_SECONDS,
            max_pool_connections=32,
        )

    def __call__(self, parameters: Parameters, body: str) -> _IntegrationAnswer:
        headers = {name: value for name, source in self._headers.items() if (value := source(parameters))}
        request = AWSRequest(self._http_method, self._url, headers=headers, data=body.encode())
        SigV4Auth(self._roles.of(self._role_arn), "sqs", self._region).add_auth(request)
        try:
            answer = self._session.send(request.prepare())
        except ReadTimeoutError:
            raise Failed(Failure.INTEGRATION_TIMEOUT) from None
        except BotoCoreError:
            raise Failed(Failure.INTEGRATION_FAILURE) from None
        return _IntegrationAnswer(
            status=answer.status_code, headers=dict(answer.headers.items()), body=answer.text
        )


def _header_target(place: str, target: str) -> str:
    if not target.startswith("integration.request.header."):
        raise UnservedPart(f"{place}: a mapping to {target} is not served")
    return target.removeprefix("integration.request.header.")


def _request_mapping(place: str, source: str) -> Callable[[Parameters], str]:
    if (value := static_value(source)) is not None:
        return lambda _: value
    if mapping := re.fullmatch(r"method\.request\.(path|querystring|header)\.(.+)", source):
        return functools.partial(_parameter, location=mapping[1], name=mapping[2])
    raise UnservedPart(f"{place}: a mapping from {source} is not served")


def _response_mapping(place: str, source: str) -> Callable[[_IntegrationAnswer], str | None]:
    if (value := static_value(source)) is not None:
        return lambda _: value
    if source.startswith("integration.response.header."):
        name = source.removeprefix("integration.response.header.").lower()
        return lambda answer: next(
            (value for header, value in answer.headers.items() if header.lower() == name), None
        )
    raise UnservedPart(f"{place}: a mapping from {source} is not served")


def _parameter(parameters: Parameters, location: str, name: str) -> str:
    match location:
        case "path":
            return parameters.path.get(name, "")
        case "header":
            return parameters.header.get(name.lower(), "")
        case _:
            return parameters.querystring.get(name, "")


def _required_parameters(
    method: Mapping[str, Any], validator: Mapping[str, Any] | None
) -> list[tuple[str, str]]:
    """(location, name) of what the validator has to find; a required parameter alone checks nothing."""
    if not (validator and validator.get("validateRequestParameters")):
        return []
    parameters = method.get("requestParameters") or {}
    required = [name.removeprefix("method.request.") for name, needed in parameters.items() if needed]
    return [(location, name) for location, _, name in (entry.partition(".") for entry in required)]


def _templates(templates: Mapping[str, str] | None) -> dict[str, MappingTemplate]:
    return {media_type: MappingTemplate(text) for media_type, text in (templates or {}).items()}


def _throttle(
    stage: Mapping[str, Any],
    account: Mapping[str, Any],
    path: str,
    http_method: str,
    clock: Callable[[], float],
) -> _TokenBucket:
    """The method's own limits, else the stage's, else the account's; a negative one is not set."""
    settings = stage.get("methodSettings") or {}
    own = settings.get(f"{path.replace('/', '~1')}/{http_method}") or settings.get("*/*") or {}
    rate, burst = own.get("throttlingRateLimit", -1), own.get("throttlingBurstLimit", -1)
    return _TokenBucket(
        rate=rate if rate >= 0 else account["rateLimit"],
        burst=burst if burst >= 0 else account["burstLimit"],
        clock=clock,
    )


def _items(get: Callable[..., Mapping[str, Any]], rest_api_id: str) -> list[Mapping[str, Any]]:
    return list(get(restApiId=rest_api_id).get("items", []))


def _head_size(request: Request) -> int:
    uri = request.environ.get("REQUEST_URI") or request.full_path
    line = f"{request.method} {uri} {request.environ.get('SERVER_PROTOCOL', '')}"
    return len(line.encode()) + sum(len(value.encode()) for _, value in headers_of(request.environ))


def _body_size(request: Request) -> int:
    return request.content_length or 0


def _method_request(request: Request, path: str, context: dict[str, Any]) -> _MethodRequest:
    query_string = request.query_string.decode(errors="replace")
    headers = headers_of(request.environ)
    return _MethodRequest(
        path=path,
        headers=headers,
        query_string=query_string,
        parameters=Parameters(
            # Of a repeated parameter the last value counts, in `$input` and in the validator alike (recorded
            # on AWS: LocalStack, test_lambda_aws_proxy_integration).
            querystring=dict(query_parameters(query_string)),
            # Browsers speak HTTP/2, where header names are lower case; API Gateway passes them on as they
            # came.
            header={name.lower(): value for name, value in headers},
        ),
        # "If no Content-Type header is specified, API Gateway uses application/json." That a charset or a
        # boundary does not count is not documented; docs/fidelity.md has the evidence.
        media_type=request.mimetype or _JSON,
        accept=request.headers.get("Accept", ""),
        body=request.get_data(as_text=True),
        context=context,
    )
