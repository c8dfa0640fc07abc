"""Checks a user's permission for a call that moto does not serve, with moto's own reading of policies."""

from botocore.credentials import Credentials
from moto.iam.access_control import IAMPolicy, PermissionResult, create_access_key

from local.deployment.cloud import Cloud


class PermissionDenied(Exception):  # noqa: N818 - AWS says access denied
    """The user's policies do not allow the action. The message is AWS's."""


def check_permission(cloud: Cloud, credentials: Credentials, action: str, resource: str) -> None:
    """Raise PermissionDenied unless the user may do `action` (`lambda:PutFunctionRecursionConfig`)."""
    user = create_access_key(cloud.account_id, cloud.partition, credentials.access_key, {})
    results = {IAMPolicy(policy).is_action_permitted(action, resource) for policy in user.collect_policies()}
    if PermissionResult.DENIED in results or PermissionResult.PERMITTED not in results:
        raise PermissionDenied(f"User: {user.arn} is not authorized to perform: {action}")
