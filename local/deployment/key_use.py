"""The permission to use a queue's key, which SQS asks AWS KMS for in its caller's name. moto does not."""

from collections.abc import Iterable
from typing import Any, Final

from moto.iam.access_control import IAMPolicy, PermissionResult

_USES: Final = {
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
}
"""What a producer and a consumer of an encrypted queue need ("Key management" in the SQS developer guide)."""


def denied_use(action: str, key_arn: str, policies: Iterable[Any], *, region: str) -> str | None:
    """The action on a queue's key that these policies do not allow a caller of `action` on the queue."""
    context = {"kms:ViaService": f"sqs.{region}.amazonaws.com"}
    for needed in _USES.get(action, ()):
        results = {
            IAMPolicy(policy).is_action_permitted(needed, key_arn, None, context) for policy in policies
        }
        if PermissionResult.DENIED in results or PermissionResult.PERMITTED not in results:
            return needed
    return None
