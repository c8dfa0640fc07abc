"""AWS IAM: roles and their inline policies."""

from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceType,
    as_pairs,
    autoname,
    names,
    present,
)
from local.deployment.resources.target import Target


def _role(target: Target, name: str, inputs: Properties) -> Created:
    role_name = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    role = target.client("iam").create_role(
        RoleName=role_name,
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        **present(
            Path=inputs.get("path"),
            Description=inputs.get("description"),
            PermissionsBoundary=inputs.get("permissionsBoundary"),
            Tags=as_pairs(tags),
        ),
    )["Role"]
    outputs = {"name": role_name, "arn": role["Arn"], "uniqueId": role["RoleId"], "tagsAll": tags}
    return role_name, {**inputs, **outputs}


def _role_policy(target: Target, name: str, inputs: Properties) -> Created:
    policy_name = inputs.get("name") or autoname(name)
    target.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=policy_name, PolicyDocument=inputs["policy"]
    )
    return f"{inputs['role']}:{policy_name}", {**inputs, "name": policy_name}


RESOURCES = {
    "Role": ResourceType(
        _role, names("name", "path", "description", "assumeRolePolicy", "permissionsBoundary", "tags")
    ),
    "RolePolicy": ResourceType(_role_policy, names("name", "role", "policy")),
}
