"""AWS IAM: roles and their inline policies."""

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    as_pairs,
    autoname,
    changed,
    names,
    present,
)
from local.deployment.resources.tags import retag
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


def _update_role(target: Target, existing: Existing, inputs: Properties) -> None:
    iam, role = target.client("iam"), existing.id
    if changed(existing, inputs, "assumeRolePolicy"):
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=inputs["assumeRolePolicy"])
    if changed(existing, inputs, "description"):
        iam.update_role_description(RoleName=role, Description=inputs.get("description", ""))
    if changed(existing, inputs, "permissionsBoundary"):
        if boundary := inputs.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(RoleName=role)


def _delete_role(target: Target, existing: Existing) -> None:
    iam = target.client("iam")
    iam.list_instance_profiles_for_role(RoleName=existing.id)  # it would be taken out of them
    iam.delete_role(RoleName=existing.id)


def _role_policy(target: Target, name: str, inputs: Properties) -> Created:
    policy_name = inputs.get("name") or autoname(name)
    target.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=policy_name, PolicyDocument=inputs["policy"]
    )
    return f"{inputs['role']}:{policy_name}", {**inputs, "name": policy_name}


def _delete_role_policy(target: Target, existing: Existing) -> None:
    role, _, policy = existing.id.partition(":")
    target.client("iam").delete_role_policy(RoleName=role, PolicyName=policy)


RESOURCES = {
    "Role": ResourceType(
        _role,
        names("name", "path", "description", "assumeRolePolicy", "permissionsBoundary", "tags"),
        replaced_by=("name", "path"),
        update=_update_role,
        retag=retag("iam", "RoleName", "name", what="role"),
        delete=_delete_role,
    ),
    "RolePolicy": ResourceType(
        _role_policy,
        names("name", "role", "policy"),
        replaced_by=("name", "role"),
        delete=_delete_role_policy,
    ),
}
