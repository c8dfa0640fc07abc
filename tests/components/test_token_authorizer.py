"""The resources that TokenAuthorizer registers."""

from pathlib import Path

import pytest

from components.token_authorizer import OidcArgs, TokenAuthorizer, TokenAuthorizerArgs
from tests.recording import Recording, record

OIDC = OidcArgs(
    issuer="https://issuer.example",
    audiences=("client-1", "client-2"),
    jwks_uri="https://issuer.example/keys",
    endpoint_claim="custom:endpoint",
    cookie="id_token",
)


def recorded(oidc: OidcArgs = OIDC) -> Recording:
    args = TokenAuthorizerArgs(
        stack_name="gtm-pixel-test", archive=Path("authorizer.zip"), oidc=oidc, log_retention_days=30
    )
    return record(lambda: TokenAuthorizer("authorizer", args))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded()


def test_it_is_one_function_with_a_role_and_a_log(recording: Recording) -> None:
    assert recording.names() == {
        "authorizer": "aws:lambda/function:Function",
        "authorizer-live": "aws:lambda/alias:Alias",
        "authorizer-role": "aws:iam/role:Role",
        "authorizer-policy": "aws:iam/rolePolicy:RolePolicy",
        "authorizer-logs": "aws:cloudwatch/logGroup:LogGroup",
    }


def test_every_resource_belongs_to_the_component(recording: Recording) -> None:
    assert {resource.parent for resource in recording.resources[1:]} == {"authorizer"}


def test_the_role_may_write_the_log_and_do_nothing_else(recording: Recording) -> None:
    assert recording["authorizer-policy"].policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "WriteLogs",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": ["arn:aws:cloudwatch:eu-west-1:123456789012:authorizer-logs-1a2b3c4:*"],
            }
        ],
    }


def test_the_functions_environment_says_whose_tokens_to_accept(recording: Recording) -> None:
    function = dict(recording["authorizer"].inputs)

    assert function.pop("code").path == "authorizer.zip"
    assert function == {
        "description": "Verifies the token of a request and names its endpoint",
        "role": "arn:aws:iam:eu-west-1:123456789012:authorizer-role-1a2b3c4",
        "runtime": "python3.13",
        "architectures": ["arm64"],
        "handler": "handler.authorizer.lambda_handler",
        "timeout": 10,
        "memorySize": 1024,
        "environment": {
            "variables": {
                "OIDC_ISSUER": "https://issuer.example",
                "OIDC_AUDIENCES": '["client-1", "client-2"]',
                "OIDC_JWKS_URI": "https://issuer.example/keys",
                "OIDC_ENDPOINT_CLAIM": "custom:endpoint",
                "OIDC_COOKIE": "id_token",
                "POWERTOOLS_SERVICE_NAME": "gtm-pixel-test",
                "POWERTOOLS_METRICS_NAMESPACE": "gtm-pixel",
            }
        },
        "loggingConfig": {"logFormat": "JSON", "logGroup": "authorizer-logs-1a2b3c4"},
        "tracingConfig": {"mode": "PassThrough"},
        "publish": True,
    }


def test_unset_settings_are_empty_in_the_environment() -> None:
    oidc = OidcArgs(issuer="https://issuer.example", audiences=("client-1",))

    variables = recorded(oidc)["authorizer"].inputs["environment"]["variables"]

    assert (variables["OIDC_JWKS_URI"], variables["OIDC_ENDPOINT_CLAIM"], variables["OIDC_COOKIE"]) == (
        "",
        "sub",
        "",
    )


def test_the_function_waits_for_its_permissions(recording: Recording) -> None:
    assert "authorizer-policy" in recording["authorizer"].depends_on
