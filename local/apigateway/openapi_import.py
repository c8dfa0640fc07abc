"""Puts an OpenAPI document into moto's API Gateway, part by part through API Gateway's own API.

moto's own import drops gateway responses, request validators and the headers of method responses. This one
drops nothing: it raises UnknownPart for a part that it does not know.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_PARAMETER_LOCATIONS: Final = {"query": "querystring", "header": "header"}
_INTEGRATION_TYPES: Final = {"aws": "AWS", "mock": "MOCK"}
_PASSTHROUGH: Final = {"never": "NEVER"}

# What each object of the document may hold: first what is imported, then what only describes (descriptions,
# schemas of strings) and has no effect in API Gateway either.
_DOCUMENT = {
    "paths",
    "components",
    "x-amazon-apigateway-request-validators",
    "x-amazon-apigateway-request-validator",
    "x-amazon-apigateway-gateway-responses",
} | {"openapi", "info"}
_OPERATION = {
    "parameters",
    "security",
    "responses",
    "x-amazon-apigateway-request-validator",
    "x-amazon-apigateway-integration",
} | {"operationId", "summary", "description", "tags"}
_PARAMETER = {"name", "in", "required"} | {"schema", "description"}
_RESPONSE = {"headers"} | {"description", "content"}
_COMPONENTS = {"securitySchemes"}
_SECURITY_SCHEME = {
    "type",
    "x-amazon-apigateway-authtype",
    "x-amazon-apigateway-authorizer",
} | {"name", "in", "description"}
_AUTHORIZER = {"type", "authorizerUri", "authorizerResultTtlInSeconds", "identitySource"}
_AUTHORIZER_TYPES: Final = {"request": "REQUEST"}
_DEFAULT_TTL_SECONDS: Final = 300  # "If not specified, the default is 300"; x-amazon-apigateway-authorizer
_VALIDATOR = {"validateRequestParameters", "validateRequestBody"}
_GATEWAY_RESPONSE = {"statusCode", "responseParameters", "responseTemplates"}
_INTEGRATION = {
    "type",
    "httpMethod",
    "uri",
    "credentials",
    "passthroughBehavior",
    "requestParameters",
    "requestTemplates",
    "responses",
}
_INTEGRATION_RESPONSE = {"statusCode", "responseParameters", "responseTemplates"}


class UnknownPart(ValueError):  # noqa: N818 - it is the part that is unknown
    """The document holds a part that this import would have to drop."""


class InvalidDocument(ValueError):  # noqa: N818
    """API Gateway would refuse the document: it refers to a missing part."""


def import_openapi(client: Any, rest_api_id: str, document: Mapping[str, Any]) -> None:
    """Create every resource, method, integration and response of the document in the REST API.

    `client` is a boto3 `apigateway` client. The REST API must exist and hold only its root resource.
    Raises UnknownPart or InvalidDocument, with the place in the document.
    """
    _Import(client, rest_api_id, document).run()


class _Import:
    def __init__(self, client: Any, rest_api_id: str, document: Mapping[str, Any]) -> None:
        self._client = client
        self._rest_api_id = rest_api_id
        self._document = document
        root = client.get_resources(restApiId=rest_api_id)["items"][0]
        self._resources: dict[str, str] = {"": root["id"]}
        self._validators: dict[str, str] = {}
        self._authorizers: dict[str, str] = {}

    def run(self) -> None:
        _known(self._document, _DOCUMENT, "the document")
        for name, validator in self._document.get("x-amazon-apigateway-request-validators", {}).items():
            _known(validator, _VALIDATOR, f"request validator {name}")
            created = self._client.create_request_validator(
                restApiId=self._rest_api_id, name=name, **validator
            )
            self._validators[name] = created["id"]
        components = self._document.get("components", {})
        _known(components, _COMPONENTS, "components")
        for name, scheme in components.get("securitySchemes", {}).items():
            self._authorizers[name] = self._authorizer(name, scheme)
        for path, item in self._document["paths"].items():
            _known(item, _METHODS, path)
            resource_id = self._resource(path)
            for method, operation in item.items():
                self._method(resource_id, f"{method.upper()} {path}", method.upper(), operation)
        responses = self._document.get("x-amazon-apigateway-gateway-responses", {})
        for response_type, response in responses.items():
            _known(response, _GATEWAY_RESPONSE, f"gateway response {response_type}")
            self._client.put_gateway_response(
                restApiId=self._rest_api_id, responseType=response_type, **response
            )

    def _authorizer(self, name: str, scheme: Mapping[str, Any]) -> str:
        """Create the authorizer of a security scheme; returns its id."""
        place = f"security scheme {name}"
        _known(scheme, _SECURITY_SCHEME, place)
        _one_of(scheme["type"], {"apikey": "apiKey"}, f"{place}, type")
        _one_of(
            scheme.get("x-amazon-apigateway-authtype", "none"),
            {"custom": "CUSTOM"},
            f"{place}, x-amazon-apigateway-authtype",
        )
        authorizer = scheme.get("x-amazon-apigateway-authorizer")
        if authorizer is None:
            raise InvalidDocument(f"{place} has no x-amazon-apigateway-authorizer: API Gateway needs one")
        _known(authorizer, _AUTHORIZER, f"{place}, authorizer")
        created = self._client.create_authorizer(
            restApiId=self._rest_api_id,
            name=name,
            type=_one_of(authorizer["type"], _AUTHORIZER_TYPES, f"{place}, authorizer, type"),
            authorizerUri=authorizer["authorizerUri"],
            authorizerResultTtlInSeconds=authorizer.get("authorizerResultTtlInSeconds", _DEFAULT_TTL_SECONDS),
            **{key: authorizer[key] for key in ("identitySource",) if key in authorizer},
        )
        return created["id"]

    def _resource(self, path: str) -> str:
        """The resource of a path; creates it and its parents if they are missing."""
        path = path.rstrip("/")
        if path not in self._resources:
            parent, _, part = path.rpartition("/")
            created = self._client.create_resource(
                restApiId=self._rest_api_id, parentId=self._resource(parent), pathPart=part
            )
            self._resources[path] = created["id"]
        return self._resources[path]

    def _method(self, resource_id: str, place: str, method: str, operation: Mapping[str, Any]) -> None:
        _known(operation, _OPERATION, place)
        key = {"restApiId": self._rest_api_id, "resourceId": resource_id, "httpMethod": method}
        parameters = dict(
            _request_parameter(parameter, place) for parameter in operation.get("parameters", [])
        )
        self._client.put_method(
            **key,
            **self._authorization(operation, place),
            requestParameters=parameters,
            **self._validator(operation, place),
        )
        declared: dict[str, set[str]] = {}
        for status, response in operation["responses"].items():
            headers = _response_headers(response, f"{place}, response {status}")
            declared[status] = set(headers)
            self._client.put_method_response(**key, statusCode=status, responseParameters=headers)
        integration = operation.get("x-amazon-apigateway-integration")
        if integration is None:
            raise InvalidDocument(f"{place} has no x-amazon-apigateway-integration: API Gateway needs one")
        self._integration(key, f"{place}, integration", integration)
        self._integration_responses(key, f"{place}, integration", integration, declared)

    def _authorization(self, operation: Mapping[str, Any], place: str) -> dict[str, str]:
        """The authorizer that the operation's security names, if any."""
        match operation.get("security", []):
            case []:
                return {"authorizationType": "NONE"}
            case [{**scheme}] if list(scheme.values()) == [[]]:
                (name,) = scheme
            case _:
                raise UnknownPart(f"{place}, security: the local run serves one scheme without scopes")
        if name not in self._authorizers:
            raise InvalidDocument(f"{place} names the security scheme {name!r}, which is not declared")
        return {"authorizationType": "CUSTOM", "authorizerId": self._authorizers[name]}

    def _validator(self, operation: Mapping[str, Any], place: str) -> dict[str, str]:
        """The request validator of the operation, otherwise the document's, otherwise none."""
        extension = "x-amazon-apigateway-request-validator"
        name = operation.get(extension, self._document.get(extension))
        if name is None:
            return {}
        if name not in self._validators:
            raise InvalidDocument(f"{place} names the request validator {name!r}, which is not declared")
        return {"requestValidatorId": self._validators[name]}

    def _integration(self, key: Mapping[str, str], place: str, integration: Mapping[str, Any]) -> None:
        _known(integration, _INTEGRATION, place)
        arguments = {
            "type": _one_of(integration["type"], _INTEGRATION_TYPES, f"{place}, type"),
            "passthroughBehavior": _one_of(
                integration.get("passthroughBehavior", "when_no_match"),
                _PASSTHROUGH,
                f"{place}, passthroughBehavior",
            ),
            "requestParameters": integration.get("requestParameters", {}),
            "requestTemplates": integration.get("requestTemplates", {}),
        }
        if "httpMethod" in integration:
            arguments["integrationHttpMethod"] = integration["httpMethod"]
        for name in ("uri", "credentials"):
            if name in integration:
                arguments[name] = integration[name]
        self._client.put_integration(**key, **arguments)

    def _integration_responses(
        self,
        key: Mapping[str, str],
        place: str,
        integration: Mapping[str, Any],
        declared: Mapping[str, set[str]],
    ) -> None:
        statuses: set[str] = set()
        for pattern, response in integration.get("responses", {}).items():
            here = f"{place}, response {pattern}"
            _known(response, _INTEGRATION_RESPONSE, here)
            status, mappings = response["statusCode"], response.get("responseParameters", {})
            # API Gateway identifies an integration response by its status code.
            if status in statuses:
                raise InvalidDocument(
                    f"{here} is a second one with status code {status}: API Gateway allows one"
                )
            if status not in declared:
                raise InvalidDocument(f"{here}: the method declares no response {status}")
            for target in mappings:
                if target not in declared[status]:
                    raise InvalidDocument(f"{here} maps {target}, which response {status} does not declare")
            statuses.add(status)
            self._client.put_integration_response(
                **key,
                statusCode=status,
                responseParameters=mappings,
                responseTemplates=response.get("responseTemplates", {}),
                **({} if pattern == "default" else {"selectionPattern": pattern}),
            )


def _request_parameter(parameter: Mapping[str, Any], place: str) -> tuple[str, bool]:
    _known(parameter, _PARAMETER, f"{place}, parameter")
    location = _one_of(parameter["in"], _PARAMETER_LOCATIONS, f"{place}, parameter {parameter['name']}")
    return f"method.request.{location}.{parameter['name']}", parameter.get("required", False)


def _response_headers(response: Mapping[str, Any], place: str) -> dict[str, bool]:
    _known(response, _RESPONSE, place)
    return {f"method.response.header.{name}": False for name in response.get("headers", {})}


def _known(part: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    """Raise UnknownPart if the part holds a key that would be dropped."""
    if unknown := sorted(set(part) - set(known)):
        raise UnknownPart(f"{place} holds {', '.join(unknown)}: the local run does not serve this")


def _one_of(value: str, known: Mapping[str, str], place: str) -> str:
    if value.lower() not in known:
        raise UnknownPart(f"{place} is {value!r}: the local run serves {', '.join(known)}")
    return known[value.lower()]
