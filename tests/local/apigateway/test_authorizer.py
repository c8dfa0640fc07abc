"""Lambda authorizers: which kinds are emulated, who may invoke the function, how its output is read."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from local.apigateway.authorizer import Authorizer
from local.apigateway.responses import Failed, Failure, UnservedPart
from local.deployment.cloud import Cloud
from local.functions.lambda_runtime import Invocation

API = "arn:aws:execute-api:us-east-1:123456789012:api"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
METHOD = f"{API}/dev/GET/events"
DEPLOYED: Mapping[str, Any] = {
    "id": "a1",
    "name": "token",
    "type": "REQUEST",
    "authorizerUri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations",
    "authorizerResultTtlInSeconds": 0,
}
ALLOW = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": METHOD}
DENY = {**ALLOW, "Effect": "Deny"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """An account with the authorizer's function."""
    with Cloud() as cloud:
        role = cloud.client("iam").create_role(RoleName="f", AssumeRolePolicyDocument="{}")["Role"]
        archive = io.BytesIO()
        zipfile.ZipFile(archive, "w").close()
        cloud.client("lambda").create_function(
            FunctionName="f",
            Role=role["Arn"],
            Runtime="python3.13",
            Handler="index.handler",
            Code={"ZipFile": archive.getvalue()},
        )
        yield cloud


@pytest.fixture
def permit(cloud: Cloud) -> Iterator[Callable[..., None]]:
    """Adds a permission to the function for one test."""
    client = cloud.client("lambda")

    def add(
        *, action: str = "lambda:InvokeFunction", principal: str = "apigateway.amazonaws.com", **source: str
    ) -> None:
        client.add_permission(FunctionName="f", StatementId="s", Action=action, Principal=principal, **source)

    yield add
    client.remove_permission(FunctionName="f", StatementId="s")


def authorized(cloud: Cloud, output: Any) -> Mapping[str, str]:
    """The authorizer's context if its function returns this output."""
    authorizer = Authorizer(cloud, "api", DEPLOYED, lambda _name, _event: Invocation(payload=output))
    return call(authorizer)


def call(authorizer: Authorizer) -> Mapping[str, str]:
    context = {
        "stage": "dev",
        "httpMethod": "GET",
        "resourcePath": "/events",
        "domainName": "localhost",
        "identity": {},
    }
    return authorizer.authorize(path="/events", headers=[], query_string="", context=context)


def output(*statements: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "principalId": "p",
        "policyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
        **changes,
    }


def failure_of(cloud: Cloud, output: Any) -> Failure:
    with pytest.raises(Failed) as failed:
        authorized(cloud, output)
    return failed.value.failure


# ---- What is served -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"type": "TOKEN"}, "type TOKEN"),
        ({"type": "COGNITO_USER_POOLS"}, "type COGNITO_USER_POOLS"),
        ({"authorizerResultTtlInSeconds": 300}, "caching"),
        ({"identitySource": "method.request.header.Authorization"}, "identitySource"),
        ({"authorizerCredentials": "arn:aws:iam::123456789012:role/r"}, "authorizerCredentials"),
        ({"authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/other"}, "lambda:path/other"),
    ],
)
def test_what_is_not_served_stops_the_gateway(cloud: Cloud, change: Mapping[str, Any], named: str) -> None:
    with pytest.raises(UnservedPart, match=f"authorizer token: .*{re.escape(named)}"):
        Authorizer(cloud, "api", {**DEPLOYED, **change}, lambda _name, _event: Invocation())


# ---- Who may invoke -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "permission",
    [
        {},
        {"SourceArn": f"{API}/authorizers/*"},
        {"SourceArn": f"{API}/authorizers/a1"},
        {"SourceArn": f"{API}/*"},
        {"SourceArn": f"{API}/authorizers/*", "SourceAccount": "123456789012"},
    ],
)
def test_a_permission_for_the_authorizer_lets_api_gateway_invoke_it(
    cloud: Cloud, permit: Callable[..., None], permission: Mapping[str, str]
) -> None:
    permit(**permission)

    assert authorized(cloud, output(ALLOW)) == {"principalId": "p"}


@pytest.mark.parametrize(("permitted", "called"), [("live", ["f"]), (None, [])])
def test_an_alias_needs_a_permission_of_its_own(
    cloud: Cloud, permitted: str | None, called: list[str]
) -> None:
    functions = cloud.client("lambda")
    version = functions.publish_version(FunctionName="f")["Version"]
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion=version)
    qualifier = {"Qualifier": permitted} if permitted else {}
    who = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    functions.add_permission(FunctionName="f", StatementId="a", **who, **qualifier)
    alias = {**DEPLOYED, "authorizerUri": DEPLOYED["authorizerUri"].replace(FUNCTION, f"{FUNCTION}:live")}
    invoked: list[str] = []

    def invoke(name: str, _: Any) -> Invocation:
        invoked.append(name)
        return Invocation(payload=output(ALLOW))

    try:
        with suppress(Failed):
            call(Authorizer(cloud, "api", alias, invoke))
    finally:
        functions.remove_permission(FunctionName="f", StatementId="a")
        functions.delete_alias(FunctionName="f", Name="live")

    assert invoked == called


@pytest.mark.parametrize(
    "permission",
    [
        {"SourceArn": f"{API}/*/GET/events"},
        {"SourceArn": f"{API}/authorizers/a2"},
        {"SourceArn": f"{API}x/authorizers/*"},
        {"SourceArn": "arn:aws:execute-api:eu-west-1:123456789012:api/authorizers/*"},
        {"SourceAccount": "210987654321"},
        {"principal": "events.amazonaws.com"},
        {"action": "lambda:GetFunction"},
    ],
)
def test_another_permission_does_not_let_api_gateway_invoke_it(
    cloud: Cloud, permit: Callable[..., None], permission: Mapping[str, str]
) -> None:
    permit(**permission)

    assert failure_of(cloud, output(ALLOW)) is Failure.AUTHORIZER_CONFIGURATION_ERROR


def test_without_a_permission_api_gateway_cannot_invoke_it(cloud: Cloud) -> None:
    assert failure_of(cloud, output(ALLOW)) is Failure.AUTHORIZER_CONFIGURATION_ERROR


# ---- How an output is read ----------------------------------------------------------------------------


@pytest.fixture
def permitted(permit: Callable[..., None]) -> None:
    permit()


@pytest.mark.usefixtures("permitted")
class TestAnOutput:
    @pytest.mark.parametrize(
        "statement",
        [
            ALLOW,
            {**ALLOW, "Action": ["execute-api:*"], "Resource": [f"{API}/other/*", f"{API}/*/GET/events"]},
            {**ALLOW, "Action": "*", "Resource": "*"},
            {**ALLOW, "Sid": "s"},
        ],
    )
    def test_an_output_that_allows_the_method_lets_the_request_pass(
        self, cloud: Cloud, statement: Mapping[str, Any]
    ) -> None:
        assert authorized(cloud, output(statement)) == {"principalId": "p"}

    @pytest.mark.parametrize(
        "statements",
        [
            [DENY],
            [ALLOW, DENY],
            [],
            [{**ALLOW, "Resource": f"{API}/dev/POST/events"}],
            [{**ALLOW, "Resource": f"{API}/dev/GET/event"}],
            [{**ALLOW, "Action": "execute-api:ManageConnections"}],
        ],
    )
    def test_an_output_that_denies_or_omits_the_method_is_access_denied(
        self, cloud: Cloud, statements: list[Mapping[str, Any]]
    ) -> None:
        assert failure_of(cloud, output(*statements)) is Failure.ACCESS_DENIED

    @pytest.mark.parametrize(
        "bad",
        [
            None,
            "allow",
            {},
            {"principalId": "p"},
            {"policyDocument": {"Statement": [ALLOW]}},
            output(ALLOW, principalId=1),
            output({"Effect": "Allow"}),
            output({**ALLOW, "Effect": "allow"}),
            output({**ALLOW, "Condition": {}}),
            output(ALLOW, context={"a": {"b": "c"}}),
            output(ALLOW, context={"a": ["b"]}),
            output(ALLOW, context={"a": None}),
            output(ALLOW, context="a"),
        ],
    )
    def test_an_invalid_output_is_a_configuration_error(self, cloud: Cloud, bad: Any) -> None:
        assert failure_of(cloud, bad) is Failure.AUTHORIZER_CONFIGURATION_ERROR

    def test_context_values_reach_the_template_as_strings(self, cloud: Cloud) -> None:
        context = {"text": "a & b", "number": 1, "truth": True, "empty": ""}

        assert authorized(cloud, output(ALLOW, context=context)) == {
            "principalId": "p",
            "text": "a & b",
            "number": "1",
            "truth": "true",
            "empty": "",
        }
