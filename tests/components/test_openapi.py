"""The OpenAPI document is valid, and no value can break out of its mapping templates."""

import re
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import validate

from components.openapi import PIXEL, api_document
from handler.tokens.finding import is_token_parameter
from local.apigateway.velocity import MappingTemplate, Parameters, Rendered
from tests.api_documents import distinct_templates, mapping_templates
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE
from tests.token_names import OTHER_NAMES, TOKEN_NAMES

CONTEXT = {
    "extendedRequestId": "JJbxmE+/w=",
    "requestId": "chosen-by-the-caller",
    "requestTimeEpoch": 1795252800123,
    "identity": {"sourceIp": "192.0.2.1", "userAgent": "a browser"},
}
ORIGINS = ("https://www.example.com", "http://localhost:3000")


AUTHORIZER = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/authorizer/invocations"


METHODS = ("get", "post")
"""The methods that accept events, with the same request."""


def document(
    *allowed_origins: str, authorizer_uri: str | None = None, allow_credentials: bool = False
) -> dict[str, Any]:
    return api_document(
        authorizer_uri=authorizer_uri,
        allow_credentials=allow_credentials,
        title="gtm-pixel",
        queue_integration_uri="arn:aws:apigateway:eu-west-1:sqs:path/123456789012/events",
        integration_role_arn="arn:aws:iam::123456789012:role/api",
        allowed_origins=allowed_origins,
    )


def integration(method: str = "get", *allowed_origins: str) -> dict[str, Any]:
    return document(*allowed_origins)["paths"]["/events"][method]["x-amazon-apigateway-integration"]


def request_to_sqs(query: dict[str, str], headers: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The request to SQS, as SQS parses it."""
    template = MappingTemplate(integration()["requestTemplates"]["application/json"])
    parameters = Parameters(querystring=query, header=headers or {})
    posted = template.render(body="", parameters=parameters, context=CONTEXT).text
    assert re.fullmatch(r"[A-Za-z0-9_.*+%&=-]+", posted), "something is not encoded"
    return parse_qsl(posted, keep_blank_values=True, strict_parsing=True)


def message_body(query: dict[str, str]) -> list[tuple[str, str]]:
    """The message in the queue, as the handler parses it."""
    return parse_qsl(dict(request_to_sqs(query))["MessageBody"], keep_blank_values=True)


def rendered_response(
    response: str, origin: str | None, *allowed_origins: str, method: str = "get"
) -> Rendered:
    """The rendered integration response to a request from `origin`."""
    templates = integration(method, *allowed_origins)["responses"][response]["responseTemplates"]
    parameters = Parameters(header={"Origin": origin} if origin else {})
    return MappingTemplate(templates["application/json"]).render(
        body="", parameters=parameters, context=CONTEXT
    )


@pytest.mark.parametrize("allowed_origins", [(), ("*",), ORIGINS])
def test_the_document_is_valid_openapi(allowed_origins: tuple[str, ...]) -> None:
    validate(document(*allowed_origins))


@pytest.mark.parametrize("value", [*HOSTILE_VALUES, LONGEST_ATTRIBUTE, ""])
def test_a_value_reaches_the_queue_unchanged_and_adds_no_parameter(value: str) -> None:
    query = {"event": "purchase", "endpoint_id": "e1", "evat_a": value, "usat_b": value}

    assert message_body(query) == list(query.items())


@given(query=st.dictionaries(st.text(min_size=1), st.text(), min_size=1, max_size=5))
def test_any_name_and_value_but_a_token_reaches_the_queue_unchanged(query: dict[str, str]) -> None:
    kept = [(name, value) for name, value in query.items() if not is_token_parameter(name)]

    assert message_body(query) == kept


def test_the_request_to_sqs_is_one_message_with_what_the_gateway_vouches_for() -> None:
    assert request_to_sqs({"event": "a b"}) == [
        ("Action", "SendMessage"),
        ("Version", "2012-11-05"),
        ("MessageBody", "event=a+b&"),
        ("MessageAttribute.1.Name", "request_id"),
        ("MessageAttribute.1.Value.DataType", "String"),
        ("MessageAttribute.1.Value.StringValue", "JJbxmE+/w="),
        ("MessageAttribute.2.Name", "request_time"),
        ("MessageAttribute.2.Value.DataType", "Number"),
        ("MessageAttribute.2.Value.StringValue", "1795252800123"),
    ]


def test_a_parameter_cannot_pose_as_a_message_attribute() -> None:
    forged = {"event": "e&MessageAttribute.1.Name=request_time", "MessageAttribute.3.Name": "x"}

    names = [name for name, _ in request_to_sqs(forged)]
    assert [name for name in names if name.startswith("MessageAttribute.3")] == []
    assert names.count("MessageAttribute.1.Name") == 1


@pytest.mark.parametrize("name", TOKEN_NAMES)
def test_no_parameter_that_the_authorizer_reads_as_a_token_enters_the_queue(name: str) -> None:
    query = {"event": "e", name: "secret.token.value", "endpoint_id": "e1"}

    assert message_body(query) == [("event", "e"), ("endpoint_id", "e1")]


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_parameter_of_another_name_is_not_taken_for_a_token(name: str) -> None:
    query = {"event": "e", name: "a value", "endpoint_id": "e1"}

    assert message_body(query) == list(query.items())


@given(
    before=st.text(st.characters(max_codepoint=0x20)),
    escapes=st.lists(
        st.tuples(st.sampled_from(("amp;", "AMP;", "Amp;")), st.text(st.characters(max_codepoint=0x20)))
    ),
    letters=st.tuples(*(st.sampled_from((letter, letter.upper())) for letter in "token")),
    after=st.text(st.characters(max_codepoint=0x20)),
)
def test_a_token_is_left_out_however_its_name_is_written(
    before: str, escapes: list[tuple[str, str]], letters: tuple[str, ...], after: str
) -> None:
    name = before + "".join(map("".join, escapes)) + "".join(letters) + after

    assert message_body({"event": "e", name: "secret"}) == [("event", "e")]


def test_a_header_supplies_nothing() -> None:
    headers = {"event": "forged", "endpoint_id": "forged", "usat_plan": "gold", "Cookie": "session=1"}

    assert request_to_sqs({"event": "e"}, headers) == request_to_sqs({"event": "e"})


@pytest.mark.parametrize(
    "template", [pytest.param(text, id=place) for place, text in distinct_templates().items()]
)
def test_every_reference_that_writes_something_has_braces(template: str) -> None:
    # In Velocity 1.7, `##` right after `$a.b` is text and would end up in the request to SQS.
    parentheses = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
    written = re.sub(rf"#(?:set|if|elseif|foreach){parentheses}", "", template)

    assert "$" not in re.sub(r"\$\{[^{}]+\}", "", written)


@pytest.mark.parametrize("method", METHODS)
def test_every_accepted_content_type_has_the_same_template_and_others_reach_no_queue(
    method: str,
) -> None:
    templates = integration(method)["requestTemplates"]

    assert set(templates) == {
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }
    assert len(set(templates.values())) == 1
    assert integration(method)["passthroughBehavior"] == "never"


@pytest.mark.parametrize("authorizer_uri", [None, AUTHORIZER])
def test_no_template_reads_the_body(authorizer_uri: str | None) -> None:
    paths = document(*ORIGINS, authorizer_uri=authorizer_uri)["paths"]
    used = {
        reference
        for _, template in mapping_templates(paths)
        for reference in re.findall(r"\$!?\{?input[.\w]*", template)
    }

    assert used == {"$input.params"}


def test_a_post_is_the_same_request_as_a_get() -> None:
    methods = document(*ORIGINS, authorizer_uri=AUTHORIZER)["paths"]["/events"]
    get, post = ({**methods[method]} for method in METHODS)
    for operation in (get, post):
        del operation["operationId"], operation["summary"]

    assert get == post


@pytest.mark.parametrize("method", METHODS)
def test_event_and_endpoint_id_are_required_and_checked_by_the_gateway(method: str) -> None:
    operation = document()["paths"]["/events"][method]

    assert {p["name"] for p in operation["parameters"] if p["in"] == "query" and p["required"]} == {
        "event",
        "endpoint_id",
    }
    validator = document()["x-amazon-apigateway-request-validators"][
        operation["x-amazon-apigateway-request-validator"]
    ]
    assert validator == {"validateRequestParameters": True, "validateRequestBody": False}


def test_a_queued_event_gets_an_image_that_is_never_cached() -> None:
    success = integration()["responses"][r"2\d{2}"]

    assert success["statusCode"] == "200"
    assert success["responseParameters"] == {
        "method.response.header.Content-Type": "'image/svg+xml'",
        "method.response.header.Cache-Control": "'no-store'",
        "method.response.header.Cross-Origin-Resource-Policy": "'cross-origin'",
    }
    assert success["responseTemplates"] == {"application/json": PIXEL}


@pytest.mark.parametrize(
    ("sqs_status", "status"),
    [(200, "200"), (301, "503"), (400, "502"), (403, "502"), (404, "502"), (500, "503"), (503, "503")],
)
def test_only_a_message_that_sqs_accepted_gets_200(sqs_status: int, status: str) -> None:
    responses = integration()["responses"]
    matching = [p for p in responses if p != "default" and re.fullmatch(p, str(sqs_status))]

    assert responses[matching[0] if matching else "default"]["statusCode"] == status


@pytest.mark.parametrize("allowed_origins", [(), ("*",), ORIGINS])
@pytest.mark.parametrize("cookies", ["no cookies", "cookies"])
@pytest.mark.parametrize("method", [*METHODS, "options"])
def test_every_mapped_header_is_declared_by_the_method(
    method: str, allowed_origins: tuple[str, ...], cookies: str
) -> None:
    paths = document(*allowed_origins, allow_credentials=cookies == "cookies")["paths"]
    operation = paths["/events"].get(method)
    if operation is None:
        assert (method, allowed_origins) == ("options", ())
        return
    for response in operation["x-amazon-apigateway-integration"]["responses"].values():
        declared = operation["responses"][response["statusCode"]]["headers"]
        mapped = {name.rpartition(".")[2] for name in response["responseParameters"]}
        assert mapped <= set(declared)


def test_without_allowed_origins_there_is_no_cors() -> None:
    assert set(document()["paths"]["/events"]) == set(METHODS)
    assert "Access-Control" not in str(document(allow_credentials=True))


def headers(part: dict[str, Any]) -> dict[str, str]:
    """The static headers of an integration response or a gateway response, without their quotes."""
    return {
        name.rpartition(".")[2]: value.strip("'")
        for name, value in part.get("responseParameters", {}).items()
    }


def responses(api: dict[str, Any], *methods: str) -> list[dict[str, Any]]:
    """The integration responses of these methods."""
    return [
        response
        for method in methods
        for response in api["paths"]["/events"][method]["x-amazon-apigateway-integration"][
            "responses"
        ].values()
    ]


def gateway_responses(api: dict[str, Any]) -> list[dict[str, Any]]:
    return list(api["x-amazon-apigateway-gateway-responses"].values())


@pytest.mark.parametrize("allowed_origins", [(), ("*",), ORIGINS])
def test_a_page_of_any_site_may_embed_every_response(allowed_origins: tuple[str, ...]) -> None:
    api = document(*allowed_origins)

    for response in [*responses(api, *METHODS), *gateway_responses(api)]:
        assert headers(response)["Cross-Origin-Resource-Policy"] == "cross-origin"


class TestCredentials:
    """Who may read the response to a request with cookies."""

    NAME = "Access-Control-Allow-Credentials"

    def test_a_listed_origin_may(self) -> None:
        api = document(*ORIGINS, allow_credentials=True)

        assert [headers(response)[self.NAME] for response in responses(api, *METHODS, "options")] == [
            "true"
        ] * 7

    def test_a_single_origin_may_read_the_gateways_own_responses_too(self) -> None:
        one, several = (document(*ORIGINS[:n], allow_credentials=True) for n in (1, 2))

        assert [headers(response)[self.NAME] for response in gateway_responses(one)] == ["true"] * 2
        assert [self.NAME in headers(response) for response in gateway_responses(several)] == [False] * 2

    @pytest.mark.parametrize("allowed_origins", [(), ("*",)])
    def test_without_a_list_no_origin_may(self, allowed_origins: tuple[str, ...]) -> None:
        assert self.NAME not in str(document(*allowed_origins, allow_credentials=True))

    def test_without_a_token_cookie_no_origin_may(self) -> None:
        assert self.NAME not in str(document(*ORIGINS))


def test_a_preflight_permits_both_methods() -> None:
    (preflight,) = responses(document("*"), "options")

    assert headers(preflight)["Access-Control-Allow-Methods"] == "GET,POST,OPTIONS"


def test_any_origin_is_a_fixed_header_on_every_response() -> None:
    allowed = document("*")

    for response in allowed["paths"]["/events"]["get"]["x-amazon-apigateway-integration"][
        "responses"
    ].values():
        assert response["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] == "'*'"
    for response in allowed["x-amazon-apigateway-gateway-responses"].values():
        assert response["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"


@pytest.mark.parametrize("response", [r"2\d{2}", r"4\d{2}", "default"])
def test_a_listed_origin_is_echoed_on_success_and_error(response: str) -> None:
    for origin in ORIGINS:
        assert rendered_response(response, origin, *ORIGINS).headers == {
            "Access-Control-Allow-Origin": origin
        }


@pytest.mark.parametrize("origin", [None, "https://evil.example", "https://www.example.com.evil.example"])
def test_an_unlisted_origin_is_not_echoed(origin: str | None) -> None:
    assert rendered_response(r"2\d{2}", origin, *ORIGINS).headers == {}


@pytest.mark.parametrize("name", ["Origin", "origin", "ORIGIN"])
def test_the_origin_is_found_however_its_name_is_written(name: str) -> None:
    template = integration("get", *ORIGINS)["responses"][r"2\d{2}"]["responseTemplates"]["application/json"]
    parameters = Parameters(header={"Accept": "image/*", name: ORIGINS[0]})

    rendered = MappingTemplate(template).render(body="", parameters=parameters, context=CONTEXT)

    assert rendered.headers == {"Access-Control-Allow-Origin": ORIGINS[0]}
    assert rendered.text == PIXEL


def test_a_response_that_depends_on_the_origin_tells_caches() -> None:
    for response in integration("get", *ORIGINS)["responses"].values():
        assert response["responseParameters"]["method.response.header.Vary"] == "'Origin'"


def test_a_listed_origin_gets_a_preflight_response() -> None:
    rendered = rendered_response("default", ORIGINS[1], *ORIGINS, method="options")

    assert rendered.headers == {"Access-Control-Allow-Origin": ORIGINS[1]}
    assert rendered.text == ""


def test_errors_of_the_gateway_itself_name_one_origin_but_never_echo_several() -> None:
    def cors_headers(*allowed_origins: str) -> list[dict[str, str]]:
        responses = document(*allowed_origins)["x-amazon-apigateway-gateway-responses"].values()
        return [
            {
                name.removeprefix("gatewayresponse.header."): value
                for name, value in response["responseParameters"].items()
                if name.rpartition(".")[2] in ("Access-Control-Allow-Origin", "Vary")
            }
            for response in responses
        ]

    assert cors_headers() == [{}, {}]
    assert (
        cors_headers(ORIGINS[0])
        == [{"Access-Control-Allow-Origin": f"'{ORIGINS[0]}'", "Vary": "'Origin'"}] * 2
    )
    assert cors_headers(*ORIGINS) == [{"Vary": "'Origin'"}] * 2


class TestTheAuthenticatedScenario:
    """The same API with the token authorizer."""

    def request_to_sqs(self, query: dict[str, str], authorizer: dict[str, str]) -> list[tuple[str, str]]:
        get = document(authorizer_uri=AUTHORIZER)["paths"]["/events"]["get"]  # a POST is the same
        template = get["x-amazon-apigateway-integration"]["requestTemplates"]["application/json"]
        context = {**CONTEXT, "authorizer": authorizer}
        rendered = MappingTemplate(template).render(
            body="", parameters=Parameters(querystring=query), context=context
        )
        return parse_qsl(rendered.text, keep_blank_values=True, strict_parsing=True)

    def test_the_document_is_valid_openapi(self) -> None:
        validate(document(*ORIGINS, authorizer_uri=AUTHORIZER, allow_credentials=True))

    def test_every_event_passes_an_authorizer_that_caches_nothing(self) -> None:
        authenticated = document(authorizer_uri=AUTHORIZER)

        for method in METHODS:
            assert authenticated["paths"]["/events"][method]["security"] == [{"token": []}]
        assert authenticated["components"]["securitySchemes"]["token"] == {
            "type": "apiKey",
            "name": "Unused",
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {
                "type": "request",
                "authorizerUri": AUTHORIZER,
                "authorizerResultTtlInSeconds": 0,
            },
        }

    def test_a_preflight_passes_no_authorizer(self) -> None:
        authenticated = document(*ORIGINS, authorizer_uri=AUTHORIZER)

        assert "security" not in authenticated["paths"]["/events"]["options"]

    def test_nothing_else_differs_from_the_open_scenario(self) -> None:
        authenticated, opened = document(*ORIGINS, authorizer_uri=AUTHORIZER), document(*ORIGINS)

        del authenticated["components"]
        for scenario, method in product((authenticated, opened), METHODS):
            operation = scenario["paths"]["/events"][method]
            operation.pop("security", None)
            del operation["x-amazon-apigateway-integration"]["requestTemplates"]
        assert authenticated == opened

    @pytest.mark.parametrize("endpoint", ["e1", *HOSTILE_VALUES])
    def test_a_proven_endpoint_travels_as_a_message_attribute(self, endpoint: str) -> None:
        posted = self.request_to_sqs({"event": "e"}, {"proof": "proven", "proven_endpoint": endpoint})

        assert posted[-3:] == [
            ("MessageAttribute.3.Name", "proven_endpoint"),
            ("MessageAttribute.3.Value.DataType", "String"),
            ("MessageAttribute.3.Value.StringValue", endpoint),
        ]

    def test_without_proof_the_message_is_that_of_the_open_scenario(self) -> None:
        assert self.request_to_sqs({"event": "e"}, {"proof": "none"}) == request_to_sqs({"event": "e"})
