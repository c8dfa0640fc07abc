"""What every stack keeps to, whatever its settings: permissions, encryption, retention and charges."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from policies import deployer, policy
from tests.charges import CHARGES, Charge
from tests.policies.provider_calls import ACTIONS, KEY_ACTIONS, TEMPLATE_ACTIONS
from tests.recording import Recording, Registration
from tests.test_program import EVERYTHING, SAFEGUARDS, recorded

OPEN: Final = {"authMode": "open", "oidcIssuer": "", "oidcAudiences": []}

NEW_DOMAIN: Final = {"customerProfilesNewDomain": True, "customerProfilesDeadLetterQueue": ""}

MINIMAL: Mapping[str, tuple[str, dict[str, Any]]] = {
    "pinpoint": ("pinpoint", {}),
    "customer-profiles": (
        "pinpoint",
        {
            "destinations": ["customer-profiles"],
            "pinpointApplicationId": "",
            "customerProfilesDomain": "amazon-connect-example",
        },
    ),
    "firehose": ("pinpoint", {"destinations": ["firehose"], "pinpointApplicationId": ""}),
    "eventbridge": ("pinpoint", {"destinations": ["eventbridge"], "pinpointApplicationId": ""}),
}
"""Each destination by itself, with the settings that it cannot do without."""

STACKS: Mapping[str, tuple[str, dict[str, Any]]] = {
    **MINIMAL,
    "everything": ("prod", EVERYTHING),
    "everything in the open scenario, with keys of AWS and a new domain": (
        "prod",
        {**EVERYTHING, **OPEN, **dict.fromkeys(SAFEGUARDS, ""), **NEW_DOMAIN},
    ),
    "what exists already": (
        "prod",
        {
            **EVERYTHING,
            "firehoseStream": "events",
            "eventbridgeBus": "default",
            "alarmEmail": "",
            "alarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:on-call",
        },
    ),
}

WILDCARDS: Final = {
    ("WriteLogs", ":*"): "the streams of the function's own log group",
    ("WriteObjects", "/*"): "the objects of the stack's own bucket",
    ("Trace", "*"): "X-Ray's actions support no resources (Service Authorization Reference)",
}
"""Statement and end of a resource that is a pattern, and why it has to be."""


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> Recording:
    base, settings = STACKS[request.param]
    return recorded(base, **settings)


def of_type(recording: Recording, *types: str) -> list[Registration]:
    return [one for one in recording.resources if one.type.rpartition(":")[2] in types]


def statements(recording: Recording) -> Iterator[dict[str, Any]]:
    """Every statement of every policy, also of queues, buckets and topics."""
    for one in recording.resources:
        for key in ("policy", "assumeRolePolicy"):
            if key in one.inputs:
                yield from one.policy(key)["Statement"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def actions_needed(stack: Recording) -> set[str]:
    types = {one.type.removeprefix("aws:") for one in stack.resources if one.type.startswith("aws:")}
    actions = {action for one in types for action in ACTIONS[one]}
    for one in of_type(stack, "Stack"):
        resources = json.loads(one.inputs["templateBody"])["Resources"].values()
        actions |= {action for each in resources for action in TEMPLATE_ACTIONS[each["Type"]]}
    return actions | (KEY_ACTIONS if "kms_key_arn" in stack.outputs else frozenset())


class TestPermissions:
    def test_no_permission_is_for_every_resource_without_a_reason(self, stack: Recording) -> None:
        patterns = {
            (statement["Sid"], resource)
            for statement in statements(stack)
            if statement["Effect"] == "Allow"
            for resource in listed(statement.get("Resource", []))
            if "*" in resource
        }

        for sid, resource in patterns:
            assert any(sid == known and resource.endswith(end) for known, end in WILDCARDS), (sid, resource)
            assert resource == "*" or resource.count("*") == 1

    def test_no_permission_is_for_every_action(self, stack: Recording) -> None:
        actions = {
            action
            for statement in statements(stack)
            if statement["Effect"] == "Allow"
            for action in listed(statement["Action"])
        }

        assert [action for action in actions if "*" in action] == []

    def test_nobody_but_named_services_is_allowed_anything(self, stack: Recording) -> None:
        principals = [
            statement["Principal"]
            for statement in statements(stack)
            if statement["Effect"] == "Allow" and "Principal" in statement
        ]

        assert principals
        assert {tuple(principal) for principal in principals} == {("Service",)}
        assert all(principal["Service"].endswith(".amazonaws.com") for principal in principals)

    def test_a_function_is_invoked_by_one_api_alone(self, stack: Recording) -> None:
        for permission in of_type(stack, "Permission"):
            assert permission.inputs["principal"] == "apigateway.amazonaws.com"
            assert ":gtm-pixel-api-id/" in permission.inputs["sourceArn"]


class TestDeployment:
    def test_the_deployers_policies_allow_what_the_provider_needs(self, stack: Recording) -> None:
        settings = {
            f"gtm-pixel:{setting}": stack.outputs.get(output, "given")
            for setting, output in (
                ("kmsKeyArn", "kms_key_arn"),
                ("customerProfilesDomain", "customer_profiles_domain"),
                ("domainName", "no output"),
                ("hostedZoneId", "no output"),
            )
        }
        values = deployer.values(
            {"aws:region": "eu-central-1", **settings}, project="gtm-pixel", account="123456789012"
        )
        allowed = {
            action
            for name in deployer.POLICIES
            for statement in policy.filled(policy.read(name), values)["Statement"]
            if statement["Effect"] == "Allow"
            for action in statement["Action"]
        }

        assert actions_needed(stack) - allowed == set()


class TestDataAtRest:
    def test_every_queue_is_encrypted(self, stack: Recording) -> None:
        queues = of_type(stack, "Queue")

        assert len(queues) >= 2
        for queue in queues:
            assert queue.inputs.get("sqsManagedSseEnabled") or queue.inputs["kmsMasterKeyId"]

    def test_every_bucket_is_private_and_encrypted_and_expires(self, stack: Recording) -> None:
        for bucket in of_type(stack, "Bucket"):
            private = stack[f"{bucket.name}-private"].inputs
            owner = stack[f"{bucket.name}-ownership"].inputs["rule"]["objectOwnership"]
            (encryption,) = stack[f"{bucket.name}-encryption"].inputs["rules"]
            (lifecycle,) = stack[f"{bucket.name}-lifecycle"].inputs["rules"]

            assert [key for key, value in private.items() if value is True] == [
                key for key in private if key != "bucket"
            ]
            assert len(private) == 5
            assert owner == "BucketOwnerEnforced"
            assert encryption["applyServerSideEncryptionByDefault"]["sseAlgorithm"] in ("AES256", "aws:kms")
            assert lifecycle["status"] == "Enabled"
            assert lifecycle["expiration"]["days"] > 0

    def test_every_stream_is_encrypted(self, stack: Recording) -> None:
        for stream in of_type(stack, "FirehoseDeliveryStream"):
            assert stream.inputs["serverSideEncryption"]["enabled"] is True

    def test_every_log_expires(self, stack: Recording) -> None:
        groups = of_type(stack, "LogGroup")

        assert groups
        assert [group.name for group in groups if not group.inputs.get("retentionInDays")] == []

    def test_every_function_writes_to_a_log_of_the_stack(self, stack: Recording) -> None:
        """Lambda would otherwise make a log group itself, which never expires."""
        for function in of_type(stack, "Function"):
            assert function.inputs["loggingConfig"]["logGroup"].startswith(f"{function.name}-logs-")


class TestDataInTransit:
    def test_whatever_takes_a_policy_denies_requests_without_tls(self, stack: Recording) -> None:
        guarded = {"Queue": "QueuePolicy", "Bucket": "BucketPolicy", "Topic": "TopicPolicy"}
        for type_, policy_type in guarded.items():
            policies = of_type(stack, policy_type)
            assert len(policies) == len(of_type(stack, type_))
            for one in policies:
                denied = [s for s in one.policy()["Statement"] if s["Effect"] == "Deny"]
                assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
                assert [s["Principal"] for s in denied] == ["*"]

    def test_api_gateway_logs_no_request_whole(self, stack: Recording) -> None:
        """Its execution logs would hold URLs, and with them ids, values and tokens."""
        for settings in of_type(stack, "MethodSettings"):
            assert settings.inputs["settings"].keys() & {"dataTraceEnabled", "loggingLevel"} == set()
        for stage in of_type(stack, "Stage"):
            assert not stage.inputs.get("xrayTracingEnabled")

    def test_the_stage_has_a_throttle(self, stack: Recording) -> None:
        throttles = [one.inputs["settings"] for one in of_type(stack, "MethodSettings")]

        assert throttles
        for one in throttles:
            assert one["throttlingRateLimit"] > 0
            assert one["throttlingBurstLimit"] > 0


class TestCharges:
    def test_every_type_of_resource_is_known(self) -> None:
        types = {one.type for one in recorded("prod", **EVERYTHING).resources if one.type.startswith("aws:")}

        assert types == set(CHARGES)

    @pytest.mark.parametrize("minimal", MINIMAL)
    def test_a_minimal_stack_has_no_standing_charge(self, minimal: str) -> None:
        base, settings = MINIMAL[minimal]
        stack = recorded(base, **settings)

        standing = [one.name for one in stack.resources if CHARGES.get(one.type) is Charge.STANDING]
        assert standing == []

    def test_nothing_is_reserved(self, stack: Recording) -> None:
        for function in of_type(stack, "Function"):
            assert (
                function.inputs.keys() & {"snapStart", "reservedConcurrentExecutions", "vpcConfig"} == set()
            )
        for stage in of_type(stack, "Stage"):
            assert "cacheClusterEnabled" not in stage.inputs
        for template_stack in of_type(stack, "Stack"):
            template = json.loads(template_stack.inputs["templateBody"])
            assert all(
                r["Type"].startswith("AWS::CustomerProfiles::") for r in template["Resources"].values()
            )
