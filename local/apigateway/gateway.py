"""Serves a stage of a REST API over HTTP, as API Gateway would, from the API as moto has it.

The API is read once, when a Gateway is made: resources, methods, authorizers, request validators,
integrations, gateway responses and throttling. A part that is not served here stops it with the part's name.

Comments cite what AWS documents, and mark what it does not document as "not documented".
"""

import base64
import logging
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from werkzeug import Request, Response

from local.apigateway.authorizer import Authorizer, Invoke
from local.apigateway.domain_names import BY_DOMAIN
from local.apigateway.integrations import BackendResponse, RoleCredentials, integration_call
from local.apigateway.query_string import query_parameters
from local.apigateway.responses import Failed, Failure, GatewayResponses, UnservedPart, static_value
from local.apigateway.throttling import TokenBucket, method_throttle
from local.apigateway.velocity import MappingTemplate, MappingTemplateError, Parameters
from local.apigateway.web_acl import WebAcl
from local.deployment.cloud import Cloud
from local.metrics import api_metrics, put_metrics
from local.web.http_server import headers_of

_log = logging.getLogger(__name__)

MAX_REQUEST_HEAD_BYTES: Final = 10_240
"""Request line and header values; api-gateway-execution-service-limits-table."""

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""Payload of a request, 10 MB; the same page."""

_UNSUPPORTED_IN_QUERIES: Final = frozenset(b"|{}")
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _MethodRequest:
    """The request that a method received. `context` is `$context`."""

    path: str
    headers: Sequence[tuple[str, str]]
    query_string: str
    parameters: Parameters
    media_type: str
    accept: str
    body: str
    context: dict[str, Any]


class Gateway:
    """WSGI application that responds under `/{stage}/…` as the deployed REST API would.

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
        self._cloud = cloud
        client = cloud.client("apigateway")
        self._api_name: str = client.get_rest_api(restApiId=rest_api_id)["name"]
        stage = client.get_stage(restApiId=rest_api_id, stageName=stage_name)
        api = client.get_rest_api(restApiId=rest_api_id)
        self._web_acl = WebAcl(cloud, stage["webAclArn"], clock=clock) if stage.get("webAclArn") else None
        self._only_through_domains = api.get("disableExecuteApiEndpoint", False)
        account_limits = client.get_account()["throttleSettings"]
        self._gateway_responses = GatewayResponses(_items(client.get_gateway_responses, rest_api_id))
        validators = {item["id"]: item for item in _items(client.get_request_validators, rest_api_id)}
        authorizers = {
            item["id"]: Authorizer(cloud, rest_api_id, item, invoke)
            for item in _items(client.get_authorizers, rest_api_id)
        }
        roles = RoleCredentials(cloud, clock)
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
                    throttle=method_throttle(stage, account_limits, *key, clock),
                    roles=roles,
                )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.monotonic()
        request = Request(environ)
        context = self._context(request)
        try:
            response = self._respond(request, context)
        except Failed as failed:
            response = self._gateway_responses.write(failed, context)
        response.headers["x-amzn-RequestId"] = context["requestId"]
        response.headers["x-amz-apigw-id"] = context["extendedRequestId"]
        milliseconds = (time.monotonic() - started) * 1000
        put_metrics(
            self._cloud,
            api_metrics(
                self._api_name, self._stage_name, status=response.status_code, milliseconds=milliseconds
            ),
        )
        return response(environ, start_response)

    def _respond(self, request: Request, context: dict[str, Any]) -> Response:
        # "AWS WAF rules are evaluated before other access control features";
        # apigateway-control-access-aws-waf.
        if self._web_acl is not None and (blocked := self._web_acl.block(request.remote_addr or "")):
            return blocked
        # "Clients can still connect to your default endpoint, but they will receive a 403 Forbidden status
        # code"; rest-api-disable-default-endpoint. The body is not documented.
        if self._only_through_domains and not request.environ.get(BY_DOMAIN):
            return Response('{"message":"Forbidden"}', status=403, content_type=_JSON)
        # The size is checked before the path. The status for a head that is too large is not documented for
        # REST APIs; this is the gateway response for requests that are too large.
        if _head_size(request) > MAX_REQUEST_HEAD_BYTES or (request.content_length or 0) > MAX_BODY_BYTES:
            raise Failed(Failure.REQUEST_TOO_LARGE)
        # "The plain text pipe character (|) and the curly brace character ({ or }) are not supported for any
        # request URL query string and must be URL-encoded." Public reports say that the response is a 400
        # from in front of the API.
        if not _UNSUPPORTED_IN_QUERIES.isdisjoint(request.query_string):
            return Response("Bad Request", status=400, content_type="text/plain")
        prefix = f"/{self._stage_name}"
        if request.path != prefix and not request.path.startswith(f"{prefix}/"):
            raise Failed(Failure.ACCESS_DENIED)  # the response for an unknown stage; not documented
        # Repeated slashes before and after the stage, and one at the end, make no difference, as recorded on
        # AWS (LocalStack, test_lambda_aws_proxy_integration). `request.path` has one slash before the stage.
        path = "/" + request.path.removeprefix(prefix).removesuffix("/").lstrip("/")
        method = self._methods.get((path, request.method))
        if method is None:
            # "The gateway response for a missing authentication token error, including the cases when
            # the client attempts to invoke an unsupported API method or resource."
            raise Failed(Failure.MISSING_AUTHENTICATION_TOKEN)
        context.update(resourceId=method.resource_id, resourcePath=path)
        return method.respond(_method_request(request, path, context))

    def _context(self, request: Request) -> dict[str, Any]:
        """`$context`, without what an authorizer adds."""
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
        throttle: TokenBucket,
        roles: RoleCredentials,
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
        self._call = integration_call(place, integration, roles)
        self._responses = [
            _IntegrationResponse(place, response)
            for response in (integration.get("integrationResponses") or {}).values()
        ]

    def respond(self, request: _MethodRequest) -> Response:
        # Whether throttling or the authorizer comes first is not documented. The authorizer comes before the
        # validation in LocalStack, whose gateway is tested against recordings of AWS.
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
            backend = self._call(self._integration_body(request))
            return self._select(backend.status).write(request, backend)
        except MappingTemplateError as error:
            # The message names only the template, so it can be shown on the console.
            _log.error("%s: %s", self._place, error)
            raise Failed(Failure.API_CONFIGURATION_ERROR) from None

    def _validate(self, parameters: Parameters) -> None:
        """ "The required request parameters … are included and not blank."

        That a value of white space counts as blank is not documented.
        """
        values = {"querystring": parameters.querystring, "header": parameters.header}
        missing = [name for location, name in self._required if not values[location].get(name, "").strip()]
        if missing:
            raise Failed(
                Failure.BAD_REQUEST_PARAMETERS,
                f"Missing required request parameters: [{', '.join(sorted(missing))}]",
            )

    def _integration_body(self, request: _MethodRequest) -> str:
        """The rendered template for the request's media type; integration-passthrough-behaviors."""
        template = self._templates.get(request.media_type)
        if template is None:
            raise Failed(Failure.UNSUPPORTED_MEDIA_TYPE)
        rendered = template.render(body=request.body, parameters=request.parameters, context=request.context)
        if rendered.headers or rendered.status is not None:
            raise MappingTemplateError("$context.responseOverride is for response templates")
        return rendered.text

    def _select(self, status: int) -> "_IntegrationResponse":
        """The first response whose pattern matches the whole status code, otherwise the one without."""
        for response in self._responses:
            if response.pattern is not None and response.pattern.fullmatch(str(status)):
                return response
        for response in self._responses:
            if response.pattern is None:
                return response
        # "… or when integration response mapping can't match any template and no default template"
        raise Failed(Failure.API_CONFIGURATION_ERROR)


class _IntegrationResponse:
    """How one class of the integration's responses becomes the method's response."""

    def __init__(self, place: str, response: Mapping[str, Any]) -> None:
        pattern = response.get("selectionPattern")
        self.pattern = re.compile(pattern) if pattern else None
        self._status = int(response["statusCode"])
        self._templates = _templates(response.get("responseTemplates"))
        self._headers = dict(
            _response_header(place, target, source)
            for target, source in (response.get("responseParameters") or {}).items()
        )

    def write(self, request: _MethodRequest, backend: BackendResponse) -> Response:
        headers = {"Content-Type": _JSON, **self._headers}
        body, status = backend.body, self._status
        if self._templates:
            template = (
                self._templates.get(request.accept)
                or self._templates.get(_JSON)
                or next(iter(self._templates.values()))
            )
            rendered = template.render(
                body=backend.body, parameters=request.parameters, context=request.context
            )
            body, status = rendered.text, rendered.status or status
            # "$context.responseOverride.header.NAME" wins over a mapped header of the same name.
            headers.update(rendered.headers)
        response = Response(body, status=status, content_type=headers.pop("Content-Type"))
        response.headers.update(headers)
        return response


def _response_header(place: str, target: str, source: str) -> tuple[str, str]:
    """Name and value of a header of the method's response."""
    value = static_value(source)
    if value is None:
        raise UnservedPart(f"{place}: a mapping from {source} is not served")
    return target.removeprefix("method.response.header."), value


def _required_parameters(
    method: Mapping[str, Any], validator: Mapping[str, Any] | None
) -> list[tuple[str, str]]:
    """(location, name) of each parameter that must be there. Without a validator, nothing is checked."""
    if not (validator and validator.get("validateRequestParameters")):
        return []
    parameters = method.get("requestParameters") or {}
    required = [name.removeprefix("method.request.") for name, needed in parameters.items() if needed]
    return [(location, name) for location, _, name in (entry.partition(".") for entry in required)]


def _templates(templates: Mapping[str, str] | None) -> dict[str, MappingTemplate]:
    return {media_type: MappingTemplate(text) for media_type, text in (templates or {}).items()}


def _items(get: Callable[..., Mapping[str, Any]], rest_api_id: str) -> list[Mapping[str, Any]]:
    return list(get(restApiId=rest_api_id).get("items", []))


def _head_size(request: Request) -> int:
    uri = request.environ.get("REQUEST_URI") or request.full_path
    line = f"{request.method} {uri} {request.environ.get('SERVER_PROTOCOL', '')}"
    return len(line.encode()) + sum(len(value.encode()) for _, value in headers_of(request.environ))


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
            # Browsers use HTTP/2, where header names are lower case; API Gateway passes them on unchanged.
            header={name.lower(): value for name, value in headers},
        ),
        # "If no Content-Type header is specified, API Gateway uses application/json." That a charset or a
        # boundary does not count is not documented; docs/fidelity.md has the evidence.
        media_type=request.mimetype or _JSON,
        accept=request.headers.get("Accept", ""),
        body=request.get_data(as_text=True),
        context=context,
    )
