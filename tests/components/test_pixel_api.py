"""The resources that PixelApi registers."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from components.location import current_location
from components.openapi import api_document
from components.pixel_api import MethodThrottle, PixelApi, PixelApiArgs
from components.safeguards import Safeguards
from components.tls_policy import TlsPolicy
from components.token_authorizer import OidcArgs, TokenAuthorizer, TokenAuthorizerArgs
from tests.recording import Recording, record


def recorded(*, partition: str = "aws", region: str = "eu-west-1", **changes: Any) -> Recording:
    return record(lambda: PixelApi("api", api_args(**changes)), partition=partition, region=region)


def api_args(**changes: Any) -> PixelApiArgs:
    defaults: dict[str, Any] = {
        "queue_arn": "arn:aws:sqs:eu-west-1:123456789012:events",
        "queue_name": "events",
        "stage_name": "v1",
        "throttling_rate_limit": 100,
        "throttling_burst_limit": 200,
    }
    return PixelApiArgs(location=current_location(), **{**defaults, **changes})


def test_it_is_one_api_with_a_role_a_deployment_and_a_stage() -> None:
    assert recorded().names() == {
        "api": "aws:apigateway/restApi:RestApi",
        "api-role": "aws:iam/role:Role",
        "api-send-message": "aws:iam/rolePolicy:RolePolicy",
        "api-deployment": "aws:apigateway/deployment:Deployment",
        "api-stage-v1": "aws:apigateway/stage:Stage",
        "api-throttling-v1": "aws:apigateway/methodSettings:MethodSettings",
    }


def test_every_resource_belongs_to_the_component() -> None:
    assert {resource.parent for resource in recorded().resources[1:]} == {"api"}


def test_api_gateway_assumes_the_role() -> None:
    assert recorded()["api-role"].policy("assumeRolePolicy") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AssumedByService",
                "Effect": "Allow",
                "Principal": {"Service": "apigateway.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def test_the_role_may_send_to_this_queue_and_do_nothing_else() -> None:
    assert recorded()["api-send-message"].policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SendEvents",
                "Effect": "Allow",
                "Action": ["sqs:SendMessage"],
                "Resource": ["arn:aws:sqs:eu-west-1:123456789012:events"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_the_api_is_regional_and_its_document_names_the_queue_in_its_partition(
    partition: str, region: str
) -> None:
    api = recorded(partition=partition, region=region)["api"].inputs

    assert api["endpointConfiguration"] == {"types": "REGIONAL"}
    assert json.loads(api["body"]) == api_document(
        title="gtm-pixel",
        queue_integration_uri=f"arn:{partition}:apigateway:{region}:sqs:path/123456789012/events",
        integration_role_arn=f"arn:{partition}:iam:{region}:123456789012:api-role-1a2b3c4",
        allowed_origins=[],
    )


@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_a_key_is_used_through_the_queue_by_the_same_suffix_in_every_partition(
    partition: str, region: str
) -> None:
    key = f"arn:{partition}:kms:{region}:123456789012:key/1a"
    safeguards = Safeguards(kms_key_arn=key)

    run = recorded(partition=partition, region=region, safeguards=safeguards)

    _, statement = run["api-send-message"].policy()["Statement"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"sqs.{region}.amazonaws.com"}}


def test_a_changed_document_makes_a_new_deployment() -> None:
    before, after = recorded(), recorded(allowed_origins=["*"])

    triggers = [run["api-deployment"].inputs["triggers"]["openapi"] for run in (before, after)]
    bodies = [run["api"].inputs["body"] for run in (before, after)]

    assert triggers == [hashlib.sha256(body.encode()).hexdigest() for body in bodies]
    assert triggers[0] != triggers[1]


def test_an_additional_method_makes_a_new_deployment_and_no_other_resource() -> None:
    recording = recorded()
    body = json.loads(recording["api"].inputs["body"])
    del body["paths"]["/events"]["post"]
    without_it = hashlib.sha256(json.dumps(body).encode()).hexdigest()

    assert recording["api-deployment"].inputs["triggers"]["openapi"] != without_it


def test_listed_origins_may_send_cookies_if_the_stack_allows_it() -> None:
    bodies = [
        recorded(allowed_origins=["https://www.example.com"], allow_credentials=allowed)["api"].inputs["body"]
        for allowed in (True, False)
    ]

    assert ["Access-Control-Allow-Credentials" in body for body in bodies] == [True, False]


def test_an_unchanged_document_makes_no_new_deployment() -> None:
    assert recorded()["api-deployment"].inputs == recorded()["api-deployment"].inputs


@pytest.mark.parametrize("open_", [True, False])
def test_its_own_host_name_can_be_switched_off_with_a_new_deployment(*, open_: bool) -> None:
    """Whether it answers takes effect with a deployment ("Disable the default endpoint for REST APIs")."""
    recording = recorded(execute_api_endpoint=open_)
    triggers = recording["api-deployment"].inputs["triggers"]

    # Always a value: without one, the provider keeps the former value.
    assert recording["api"].inputs["disableExecuteApiEndpoint"] is not open_
    assert ("execute_api_endpoint" in triggers) is not open_


def test_an_enhanced_tls_policy_applies_to_its_own_host_name() -> None:
    """It takes effect with a deployment ("How to change a security policy")."""
    recording = recorded(tls_policy=TlsPolicy.TLS13_1_2_PFS_PQ_2025_09)
    inputs, triggers = recording["api"].inputs, recording["api-deployment"].inputs["triggers"]

    assert triggers["tls_policy"] == "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    assert (inputs["securityPolicy"], inputs["endpointAccessMode"]) == (
        "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
        "BASIC",
    )
    without = recorded()
    assert without["api"].inputs.keys() & {"securityPolicy", "endpointAccessMode"} == set()
    assert without["api-deployment"].inputs["triggers"].keys() == {"openapi"}


@pytest.fixture(scope="module")
def authenticated() -> Recording:
    def program() -> None:
        oidc = OidcArgs(issuer="https://issuer.example", audiences=("client-1",))
        authorizer = TokenAuthorizer(
            "authorizer",
            TokenAuthorizerArgs(
                stack_name="gtm-pixel-test", archive=Path("a.zip"), oidc=oidc, log_retention_days=30
            ),
        )
        PixelApi("api", api_args(authorizer=authorizer))

    return record(program)


class TestTheAuthenticatedScenario:
    """The same API with the token authorizer."""

    def test_the_document_names_the_authorizer(self, authenticated: Recording) -> None:
        schemes = json.loads(authenticated["api"].inputs["body"])["components"]["securitySchemes"]

        assert schemes["token"]["x-amazon-apigateway-authorizer"]["authorizerUri"] == (
            "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/authorizer-1a2b3c4:live/invocations"
        )

    def test_only_this_api_may_invoke_the_authorizer(self, authenticated: Recording) -> None:
        permission = authenticated["api-invoke-authorizer"]

        assert (permission.type, permission.parent) == ("aws:lambda/permission:Permission", "api")
        assert permission.inputs == {
            "action": "lambda:InvokeFunction",
            "function": "authorizer-1a2b3c4",
            "qualifier": "live",
            "principal": "apigateway.amazonaws.com",
            "sourceArn": "arn:aws:execute-api:eu-west-1:123456789012:api-id/authorizers/*",
        }

    def test_the_stage_waits_for_that_permission(self, authenticated: Recording) -> None:
        assert "api-invoke-authorizer" in authenticated["api-stage-v1"].depends_on

    def test_everything_else_is_as_in_the_open_scenario(self, authenticated: Recording) -> None:
        opened = recorded()

        assert {name for name in authenticated.names() if name.startswith("api")} - {
            "api-invoke-authorizer"
        } == set(opened.names())
        for name in ("api-role", "api-send-message", "api-stage-v1", "api-throttling-v1"):
            assert authenticated[name].inputs == opened[name].inputs


def test_the_stage_waits_for_the_permission_to_send() -> None:
    stage = recorded()["api-stage-v1"]

    assert stage.inputs == {"restApi": "api-id", "deployment": "api-deployment-id", "stageName": "v1"}
    assert "api-send-message" in stage.depends_on


def test_every_method_of_the_stage_is_throttled() -> None:
    assert recorded()["api-throttling-v1"].inputs == {
        "restApi": "api-id",
        "stageName": "v1",
        "methodPath": "*/*",
        "settings": {"throttlingRateLimit": 100, "throttlingBurstLimit": 200, "metricsEnabled": False},
    }


def test_a_method_may_have_limits_of_its_own() -> None:
    throttle = MethodThrottle(method="POST", rate_limit=1, burst_limit=2)
    recording = recorded(method_throttles=[throttle])

    assert recording["api-throttling-v1-post"].inputs == {
        "restApi": "api-id",
        "stageName": "v1",
        "methodPath": "events/POST",
        "settings": {"throttlingRateLimit": 1, "throttlingBurstLimit": 2, "metricsEnabled": False},
    }
    # API Gateway refuses two changes of a stage at the same time.
    assert "api-throttling-v1" in recording["api-throttling-v1-post"].depends_on


def test_access_logs_have_no_query_header_or_address() -> None:
    recording = recorded(access_log_retention_days=30)

    assert recording["api-access-logs"].inputs == {"retentionInDays": 30}
    settings = recording["api-stage-v1"].inputs["accessLogSettings"]
    assert settings["destinationArn"] == ("arn:aws:cloudwatch:eu-west-1:123456789012:api-access-logs-1a2b3c4")
    assert set(json.loads(settings["format"]).values()) == {
        "$context.extendedRequestId",
        "$context.requestTimeEpoch",
        "$context.httpMethod",
        "$context.resourcePath",
        "$context.status",
        "$context.responseLatency",
        "$context.integrationStatus",
        "$context.error.responseType",
    }


@pytest.mark.parametrize(
    ("stage", "rule"),
    [
        ("analytics", "/analytics/event"),
        ("beacon", "||amazonaws.com/beacon^"),
        ("rum", "/rum/events"),
        ("stats", "/stats/events$xmlhttprequest"),
    ],
)
def test_a_stage_that_ad_blockers_block_gives_a_warning_with_the_fix(stage: str, rule: str) -> None:
    (warning,) = recorded(stage_name=stage).log

    assert warning == (
        f"stageName: {stage!r} makes ad blockers block the URL that GTM calls "
        f"(EasyPrivacy of 2026-08-22: {rule}). Set another name, such as v1."
    )


@pytest.mark.parametrize("stage", ["v1", "live", "prod", "dev", "e", "events"])
def test_another_stage_gives_no_warning(stage: str) -> None:
    assert recorded(stage_name=stage).log == []


@pytest.mark.parametrize(
    ("host", "rule"),
    [
        ("analytics", "://analytics.*/event"),
        ("tracking", "://tracking.*/event"),
        ("collector", "://collector.*/event"),
        ("stats", "/stats.*/event"),
    ],
)
def test_a_domain_that_ad_blockers_block_gives_a_warning_with_the_fix(host: str, rule: str) -> None:
    (warning,) = recorded(domain_name=f"{host}.example.com").log

    assert warning == (
        f"domainName: '{host}.example.com' makes ad blockers block the URL that GTM calls "
        f"(EasyPrivacy of 2026-08-22: {rule}). Set another name, such as events.example.com."
    )


def test_with_a_domain_the_name_of_the_stage_is_not_in_the_url_and_gives_no_warning() -> None:
    assert recorded(domain_name="events.example.com", stage_name="analytics").log == []
