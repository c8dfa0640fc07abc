"""The deployer's policies: nothing that no stack needs, and for the project alone."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest

from policies import deployer, policy
from tests.charges import CHARGES
from tests.policies.provider_calls import ACTIONS, KEY_ACTIONS, TEMPLATE_ACTIONS
from tests.test_program import stack_config

ACCOUNT: Final = "123456789012"
MANAGED_POLICY_CHARACTERS: Final = 6_144  # "IAM and AWS STS quotas"; white space does not count

WITHOUT_A_NAME: Final = {
    "EventSources": "a mapping's id is made by Lambda; the condition names the functions",
    "TagsOfFunctionsAndEventSources": "the same, and there is no condition for tags",
    "FindLogGroups": "the action finds by prefix, in the whole account",
    "FindAlarms": "the same",
    "Queries": "saved queries have no ARN",
    "TagsOfApis": "APIs are named by ids of API Gateway",
    "Apis": "an API has no name in its ARN",
    "CreateDomainNames": "the name of a domain to create is not in the ARN",
    "ServiceLinkedRoleOfDomainNames": "one role in the account, which AWS names",
    "PartsOfApis": "APIs are named by ids of API Gateway",
    "WebAclsOfStages": "the same",
    "WaitForRecords": "a change's id is made by Route 53",
}
"""Statements whose resources are not limited by the project's name or a setting, and why."""

NAMED_BY_SETTINGS: Final = re.compile(
    r"\{(project|\w+_arn|domain_name|hosted_zone_id|customer_profiles_domain)\}"
)


def documents() -> Iterator[dict[str, Any]]:
    for name in deployer.POLICIES:
        yield policy.read(name)


def filled_in(config: dict[str, str]) -> list[dict[str, Any]]:
    values = deployer.values(config, project="gtm-pixel", account=ACCOUNT)
    return [statement for one in documents() for statement in policy.filled(one, values)["Statement"]]


def allowed(statements: list[dict[str, Any]]) -> set[str]:
    return {action for one in statements if one["Effect"] == "Allow" for action in one["Action"]}


def test_no_action_is_allowed_that_no_stack_needs() -> None:
    everything = {action for actions in (*ACTIONS.values(), *TEMPLATE_ACTIONS.values()) for action in actions}

    assert {a for one in documents() for a in allowed(one["Statement"])} - everything - KEY_ACTIONS == set()


def test_the_actions_of_every_type_of_resource_are_known() -> None:
    assert {f"aws:{one}" for one in ACTIONS} == set(CHARGES)


def test_every_action_is_spelled_out() -> None:
    assert not any("*" in action for one in documents() for action in allowed(one["Statement"]))


def test_resources_are_the_projects_own_unless_they_cannot_be() -> None:
    for document in documents():
        for statement in document["Statement"]:
            if not all(NAMED_BY_SETTINGS.search(resource) for resource in statement["Resource"]):
                assert statement["Sid"] in WITHOUT_A_NAME


def test_roles_are_passed_to_the_services_of_the_stack_alone() -> None:
    (statement,) = [s for one in documents() for s in one["Statement"] if "iam:PassRole" in s["Action"]]

    assert statement["Resource"] == ["arn:{partition}:iam::{account}:role/{project}-*"]
    assert statement["Condition"]["StringEquals"]["iam:PassedToService"] == [
        "apigateway.amazonaws.com",
        "firehose.amazonaws.com",
        "lambda.amazonaws.com",
    ]


def test_with_a_boundary_no_role_is_made_without_it() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    with_it = filled_in(stack_config("prod", permissionsBoundaryArn=boundary))

    (deny,) = [one for one in with_it if one["Effect"] == "Deny"]
    assert deny["Condition"] == {"StringNotEquals": {"iam:PermissionsBoundary": [boundary]}}
    assert {"iam:CreateRole", "iam:PutRolePolicy"} <= set(deny["Action"])
    assert [one for one in filled_in(stack_config("prod")) if one["Effect"] == "Deny"] == []


@pytest.mark.parametrize("name", deployer.POLICIES)
def test_each_policy_fits_a_managed_policy(name: str) -> None:
    config = {
        "aws:region": "ap-southeast-7",
        **{f"p:{setting}": "x" * 110 for setting in deployer._SETTINGS.values()},
    }
    values = deployer.values(config, project="p" * 29, account=ACCOUNT)
    document = policy.filled(policy.read(name), values)

    assert len(json.dumps(document, separators=(",", ":"))) <= MANAGED_POLICY_CHARACTERS


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sqs:CreateQueue", "arn:aws:sqs:eu-central-1:123456789012:{}-events-1a2b3c4"),
        (
            "lambda:UpdateFunctionCode",
            "arn:aws:lambda:eu-central-1:123456789012:function:{}-processor-1a2b3c4",
        ),
        ("lambda:UpdateAlias", "arn:aws:lambda:eu-central-1:123456789012:function:{}-processor-1a2b3c4:live"),
        ("logs:TagResource", "arn:aws:logs:eu-central-1:123456789012:log-group:{}-processor-logs-1a2b3c4"),
        ("logs:CreateLogStream", "arn:aws:logs:eu-central-1:123456789012:log-group:{}-errors:log-stream:a"),
        ("iam:CreateRole", "arn:aws:iam::123456789012:role/{}-processor-role-1a2b3c4"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::{}-processor-firehose-bucket-1a2b3c4"),
        (
            "firehose:UpdateDestination",
            "arn:aws:firehose:eu-central-1:123456789012:deliverystream/{}-a-1a2b3c4",
        ),
        ("events:CreateArchive", "arn:aws:events:eu-central-1:123456789012:event-bus/{}-a-1a2b3c4"),
        (
            "cloudformation:UpdateStack",
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/{}-a-1a2b3c4/1-2",
        ),
        ("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{}-monitoring-a"),
        ("cloudwatch:PutDashboard", "arn:aws:cloudwatch::123456789012:dashboard/{}-live"),
        ("sns:Subscribe", "arn:aws:sns:eu-central-1:123456789012:{}-monitoring-alarms-1a2b3c4"),
        ("budgets:ModifyBudget", "arn:aws:budgets::123456789012:budget/{}-monitoring-budget-1a2b3c4"),
        ("wafv2:UpdateWebACL", "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/{}-web-acl-1/1-2"),
        (
            "wafv2:UpdateWebACL",
            "arn:aws:wafv2:eu-central-1:123456789012:regional/ipset/{}-web-acl-exempt/1-2",
        ),
        (
            "profile:PutProfileObjectType",
            "arn:aws:profile:eu-central-1:123456789012:domains/d/object-types/{}-live",
        ),
    ],
)
def test_the_projects_resources_and_no_others(action: str, resource: str) -> None:
    statements = [one for one in filled_in(stack_config("prod")) if action in one["Action"]]
    patterns = [pattern for one in statements for pattern in one["Resource"]]

    assert any(fnmatchcase(resource.format("gtm-pixel"), pattern) for pattern in patterns)
    assert not any(fnmatchcase(resource.format("shop"), pattern) for pattern in patterns)
