"""Checks that a request to a fake is signed by a known caller with the permission it needs.

moto checks no callers of the services that it lacks. The fakes of those use moto's own access control, in
this process: the same roles, policies and session credentials as everywhere else in the local run.
"""

from typing import Any, NoReturn

from botocore.auth import SigV4Auth
from moto.iam.access_control import IAMRequestBase
from moto.iam.models import get_account_id_from
from moto.utilities.utils import get_partition
from werkzeug import Request


class AccessDenied(Exception):  # noqa: N818 - what AWS itself calls it
    """The request is not signed, its caller is unknown, or the caller lacks the permission."""


def authorize(request: Request, action: str, resource: str) -> None:
    """Check a request's signature and its caller's policies; raises AccessDenied.

    `action` is as in a policy (`mobiletargeting:PutEvents`). `resource` is the last part of an ARN
    (`apps/ID/events`); partition, region and account are those that the caller signed for.
    """
    service, _, operation = action.partition(":")
    access_key, region, signed_service = _credential_scope(request)
    if signed_service != service:
        raise AccessDenied(f"the request is signed for {signed_service}, not for {service}")
    account_id = get_account_id_from(access_key)
    arn = f"arn:{get_partition(region)}:{service}:{region}:{account_id}:{resource}"
    query = request.query_string.decode()
    check = _Check(
        account_id=account_id,
        method=request.method,
        # As it came over the wire: signed paths stay percent-encoded.
        path=request.environ["RAW_URI"].partition("?")[0] + (f"?{query}" if query else ""),
        data={},
        body=request.get_data(),
        headers={name.title(): value for name, value in request.headers.items()},
        action=operation,
    )
    check.check_signature()
    check.check_action_permitted(arn)


class _Check(IAMRequestBase):
    """moto's own check, with this module's error. The Cloud changes another subclass, for moto's services."""

    def _create_auth(self, credentials: Any) -> SigV4Auth:
        return SigV4Auth(credentials, self._service, self._region)

    def _raise_invalid_access_key(self, reason: str) -> NoReturn:
        raise AccessDenied(f"{self._action}: the access key is not valid ({reason})")

    def _raise_signature_does_not_match(self) -> NoReturn:
        raise AccessDenied(f"{self._action}: the signature does not match")

    def _raise_access_denied(self) -> NoReturn:
        raise AccessDenied(f"{self._access_key.arn} is not authorized to perform {self._action}")


def _credential_scope(request: Request) -> tuple[str, str, str]:
    """Access key, region and service from the Authorization header of signature version 4."""
    _, found, rest = request.headers.get("Authorization", "").partition("Credential=")
    scope = rest.partition(",")[0].split("/")
    if not found or len(scope) != 5:
        raise AccessDenied("the request is not signed")
    return scope[0], scope[2], scope[3]
