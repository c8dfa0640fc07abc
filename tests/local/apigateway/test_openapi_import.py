"""The import of a document into moto: nothing is lost, and nothing unknown is accepted."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from components.openapi import api_document
from local.apigateway.openapi_import import InvalidDocument, UnknownPart, import_openapi
from local.deployment.cloud import Cloud

QUEUE_URI = "arn:aws:apigateway:us-east-1:sqs:path/123456789012/events"
AUTHORIZER_URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
)
ROLE = "arn:aws:iam::123456789012:role/send"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with Cloud() as cloud:
        yield cloud.client("apigateway")


@pytest.fixture
def rest_api_id(client: Any) -> str:
    return client.create_rest_api(name="test")["id"]


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(
        api_document(
            title="t",
            queue_integration_uri=QUEUE_URI,
            integration_role_arn=ROLE,
            allowed_origins=["https://a.example", "https://b.example"],
        )
    )


@pytest.fixture
def guarded_document() -> dict[str, Any]:
    return copy.deepcopy(
        api_document(
            title="t",
            queue_integration_uri=QUEUE_URI,
            integration_role_arn=ROLE,
            allowed_origins=["*"],
            authorizer_uri=AUTHORIZER_URI,
        )
    )


def imported_method(
    client: Any, rest_api_id: str, document: dict[str, Any], http_method: str
) -> dict[str, Any]:
    import_openapi(client, rest_api_id, document)
    resources = client.get_resources(restApiId=rest_api_id, embed=["methods"])["items"]
    return next(r for r in resources if r["path"] == "/events")["resourceMethods"][http_method]


def get_of(document: dict[str, Any]) -> dict[str, Any]:
    return document["paths"]["/events"]["get"]


def integration_of(document: dict[str, Any]) -> dict[str, Any]:
    return get_of(document)["x-amazon-apigateway-integration"]


def test_required_parameters_and_their_validator_are_imported(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    method = imported_method(client, rest_api_id, document, "GET")

    assert method["requestParameters"] == {
        "method.request.querystring.event": True,
        "method.request.querystring.endpoint_id": True,
    }
    validator = client.get_request_validator(
        restApiId=rest_api_id, requestValidatorId=method["requestValidatorId"]
    )
    assert validator["validateRequestParameters"] is True


def test_the_integration_request_is_imported_whole(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    declared = integration_of(document)

    integration = imported_method(client, rest_api_id, document, "GET")["methodIntegration"]

    assert {name: integration[name] for name in ("type", "httpMethod", "passthroughBehavior")} == {
        "type": "AWS",
        "httpMethod": "POST",
        "passthroughBehavior": "NEVER",
    }
    same = ("uri", "credentials", "requestParameters", "requestTemplates")
    assert {name: integration[name] for name in same} == {name: declared[name] for name in same}


def test_the_pattern_of_an_integration_response_is_its_key_in_the_document(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    responses = imported_method(client, rest_api_id, document, "GET")["methodIntegration"][
        "integrationResponses"
    ]

    patterns = {status: response.get("selectionPattern") for status, response in responses.items()}
    assert patterns == {"200": r"2\d{2}", "502": r"4\d{2}", "503": None}


def test_integration_responses_keep_their_headers_and_templates(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    declared = integration_of(document)["responses"]["default"]

    responses = imported_method(client, rest_api_id, document, "GET")["methodIntegration"][
        "integrationResponses"
    ]

    assert responses["503"]["responseParameters"] == declared["responseParameters"]
    assert responses["503"]["responseTemplates"] == declared["responseTemplates"]


def test_every_header_a_response_declares_is_in_its_method_response(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    declared = get_of(document)["responses"]

    responses = imported_method(client, rest_api_id, document, "GET")["methodResponses"]

    assert {status: set(response["responseParameters"]) for status, response in responses.items()} == {
        status: {f"method.response.header.{name}" for name in response["headers"]}
        for status, response in declared.items()
    }


def test_gateway_responses_are_imported(client: Any, rest_api_id: str, document: dict[str, Any]) -> None:
    declared = document["x-amazon-apigateway-gateway-responses"]

    import_openapi(client, rest_api_id, document)

    items = client.get_gateway_responses(restApiId=rest_api_id)["items"]
    assert {item["responseType"]: item["responseParameters"] for item in items} == {
        name: response["responseParameters"] for name, response in declared.items()
    }


def test_resources_above_a_path_are_made_once(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    document["paths"]["/v2/events"] = copy.deepcopy(document["paths"]["/events"])
    document["paths"]["/v2/more"] = copy.deepcopy(document["paths"]["/events"])

    import_openapi(client, rest_api_id, document)

    resources = client.get_resources(restApiId=rest_api_id)["items"]
    assert sorted(r["path"] for r in resources) == ["/", "/events", "/v2", "/v2/events", "/v2/more"]


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ((), "x-amazon-apigateway-binary-media-types"),
        ((), "x-amazon-apigateway-policy"),
        ((), "security"),
        (("paths", "/events"), "x-amazon-apigateway-any-method"),
        (("paths", "/events", "get"), "x-amazon-apigateway-auth"),
        (("paths", "/events", "get", "x-amazon-apigateway-integration"), "contentHandling"),
        (
            ("paths", "/events", "get", "x-amazon-apigateway-integration", "responses", "default"),
            "contentHandling",
        ),
        (("x-amazon-apigateway-gateway-responses", "DEFAULT_4XX"), "contentHandling"),
        (("x-amazon-apigateway-request-validators", "parameters"), "validateNothing"),
    ],
)
def test_a_part_that_would_be_left_out_is_refused_by_name(
    client: Any, rest_api_id: str, document: dict[str, Any], place: tuple[str, ...], key: str
) -> None:
    part = document
    for name in place:
        part = part[name]
    part[key] = {}

    with pytest.raises(UnknownPart, match=key):
        import_openapi(client, rest_api_id, document)


def test_an_integration_type_that_is_not_served_is_refused(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    integration_of(document)["type"] = "http_proxy"

    with pytest.raises(UnknownPart, match="http_proxy"):
        import_openapi(client, rest_api_id, document)


def test_a_mapping_to_a_header_that_the_response_does_not_declare_is_refused(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    integration_of(document)["responses"]["default"]["responseParameters"]["method.response.header.X"] = "'x'"

    with pytest.raises(InvalidDocument, match=r"method\.response\.header\.X"):
        import_openapi(client, rest_api_id, document)


@pytest.mark.parametrize("behavior", ["when_no_match", "when_no_templates", None])
def test_an_integration_that_would_pass_a_body_through_is_refused(
    client: Any, rest_api_id: str, document: dict[str, Any], behavior: str | None
) -> None:
    integration_of(document)["passthroughBehavior"] = behavior
    if behavior is None:  # the default, when_no_match, would be used
        del integration_of(document)["passthroughBehavior"]

    with pytest.raises(UnknownPart, match=r"passthroughBehavior is 'when_no_\w+': .* serves never"):
        import_openapi(client, rest_api_id, document)


def test_two_integration_responses_with_one_status_code_are_refused(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    integration_of(document)["responses"][r"4\d{2}"]["statusCode"] = "503"

    with pytest.raises(InvalidDocument, match="second one with status code 503"):
        import_openapi(client, rest_api_id, document)


def test_a_status_code_that_the_method_does_not_declare_is_refused(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    integration_of(document)["responses"]["default"]["statusCode"] = "500"

    with pytest.raises(InvalidDocument, match="declares no response 500"):
        import_openapi(client, rest_api_id, document)


def test_a_validator_that_is_not_declared_is_refused(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    get_of(document)["x-amazon-apigateway-request-validator"] = "body"

    with pytest.raises(InvalidDocument, match="'body'"):
        import_openapi(client, rest_api_id, document)


def test_a_method_without_an_integration_is_refused(
    client: Any, rest_api_id: str, document: dict[str, Any]
) -> None:
    del get_of(document)["x-amazon-apigateway-integration"]

    with pytest.raises(InvalidDocument, match="GET /events has no"):
        import_openapi(client, rest_api_id, document)


# ---- Security schemes ---------------------------------------------------------------------------------


def scheme_of(document: dict[str, Any]) -> dict[str, Any]:
    return document["components"]["securitySchemes"]["token"]


def test_a_security_scheme_becomes_an_authorizer(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any]
) -> None:
    import_openapi(client, rest_api_id, guarded_document)

    (authorizer,) = client.get_authorizers(restApiId=rest_api_id)["items"]
    del authorizer["id"]
    assert authorizer == {
        "name": "token",
        "type": "REQUEST",
        "authorizerUri": AUTHORIZER_URI,
        "authorizerResultTtlInSeconds": 0,
    }


def test_without_a_time_to_live_results_would_be_cached_as_in_api_gateway(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any]
) -> None:
    del scheme_of(guarded_document)["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"]

    import_openapi(client, rest_api_id, guarded_document)

    (authorizer,) = client.get_authorizers(restApiId=rest_api_id)["items"]
    assert authorizer["authorizerResultTtlInSeconds"] == 300


def test_only_the_method_that_names_it_has_the_authorizer(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any]
) -> None:
    get = imported_method(client, rest_api_id, guarded_document, "GET")

    (authorizer,) = client.get_authorizers(restApiId=rest_api_id)["items"]
    options = client.get_method(
        restApiId=rest_api_id,
        resourceId=client.get_resources(restApiId=rest_api_id)["items"][-1]["id"],
        httpMethod="OPTIONS",
    )
    assert (get["authorizationType"], get["authorizerId"]) == ("CUSTOM", authorizer["id"])
    assert (options["authorizationType"], options.get("authorizerId")) == ("NONE", None)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"type": "oauth2"}, "oauth2"),
        ({"x-amazon-apigateway-authtype": "cognito_user_pools"}, "cognito_user_pools"),
        ({"x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": "u"}}, "'token'"),
        ({"x-amazon-apigateway-authorizer": {"type": "request", "providerARNs": []}}, "providerARNs"),
        ({"flows": {}}, "flows"),
    ],
)
def test_another_kind_of_security_scheme_is_refused(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any], change: dict[str, Any], named: str
) -> None:
    scheme_of(guarded_document).update(change)

    with pytest.raises(UnknownPart, match=named):
        import_openapi(client, rest_api_id, guarded_document)


@pytest.mark.parametrize(
    "security", [[{"token": ["scope"]}], [{"token": []}, {}], [{"token": [], "b": []}], [{}]]
)
def test_security_with_scopes_or_a_choice_is_refused(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any], security: list[Any]
) -> None:
    get_of(guarded_document)["security"] = security

    with pytest.raises(UnknownPart, match="GET /events, security"):
        import_openapi(client, rest_api_id, guarded_document)


def test_a_security_scheme_that_is_not_declared_is_refused(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any]
) -> None:
    get_of(guarded_document)["security"] = [{"other": []}]

    with pytest.raises(InvalidDocument, match="'other'"):
        import_openapi(client, rest_api_id, guarded_document)


def test_a_security_scheme_without_an_authorizer_is_refused(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any]
) -> None:
    del scheme_of(guarded_document)["x-amazon-apigateway-authorizer"]

    with pytest.raises(InvalidDocument, match="security scheme token has no"):
        import_openapi(client, rest_api_id, guarded_document)


def test_another_component_is_refused(
    client: Any, rest_api_id: str, guarded_document: dict[str, Any]
) -> None:
    guarded_document["components"]["schemas"] = {}

    with pytest.raises(UnknownPart, match="components holds schemas"):
        import_openapi(client, rest_api_id, guarded_document)
