"""Permissions for calls that moto does not serve."""

from typing import Any

import pytest

from local.deployment.cloud import Cloud
from local.deployment.permissions import PermissionDenied, check_permission

ACTION = "profile:DeleteIntegration"
ARN = "arn:aws:profile:us-east-1:123456789012:domains/d/integrations/i"

ALLOW = {"Effect": "Allow", "Action": [ACTION], "Resource": [f"{ARN[:-1]}*"]}


def check(cloud: Cloud, *statements: dict[str, Any], resource: str = ARN) -> None:
    user = cloud.create_user("somebody", {"Version": "2012-10-17", "Statement": list(statements)})
    check_permission(cloud, user, ACTION, resource)


def test_what_a_policy_allows_is_permitted(cloud: Cloud) -> None:
    check(cloud, ALLOW)


@pytest.mark.parametrize(
    ("statements", "resource"),
    [
        ([{**ALLOW, "Action": ["profile:PutIntegration"]}], ARN),
        ([ALLOW], "arn:aws:profile:us-east-1:123456789012:domains/d"),
        ([ALLOW, {**ALLOW, "Effect": "Deny"}], ARN),
    ],
    ids=["another action", "another resource", "a denial"],
)
def test_anything_else_is_refused_by_name(
    cloud: Cloud, statements: list[dict[str, Any]], resource: str
) -> None:
    with pytest.raises(PermissionDenied, match=r"user/somebody is not authorized to perform: profile:Delete"):
        check(cloud, *statements, resource=resource)
