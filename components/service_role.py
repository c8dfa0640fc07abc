"""An IAM role that one AWS service assumes, with one policy."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.iam import Statement, policy_document, trust_policy
from components.safeguards import Safeguards


@dataclass(frozen=True, slots=True)
class ServiceRole:
    """A role and its policy. What uses the role right after its creation depends on the policy."""

    role: aws.iam.Role
    policy: aws.iam.RolePolicy


def create_service_role(
    name: str,
    service: str,
    statements: Sequence[Statement],
    child: pulumi.ResourceOptions,
    *,
    description: str,
    safeguards: Safeguards,
    policy_name: str = "policy",
) -> ServiceRole:
    """Create `name`-role, which `service` (`lambda.amazonaws.com`) may assume, and `name`-`policy_name`."""
    role = aws.iam.Role(
        f"{name}-role",
        description=description,
        assume_role_policy=trust_policy(service),
        permissions_boundary=safeguards.permissions_boundary_arn,
        opts=child,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-{policy_name}",
        role=role.name,
        policy=policy_document(*statements),
        opts=child,
    )
    return ServiceRole(role, policy)
