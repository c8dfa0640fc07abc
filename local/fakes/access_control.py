"""Asks moto whether a request to a fake is signed by a known caller that may do what it asks for.

Fakes answer for services that moto lacks, so moto does not check their callers by itself. This puts
the question to moto's own access control, in process: the same roles, policies and session credentials
as everywhere else in the local run.
"""

from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError, SignatureDoesNotMatchError
from moto.iam.access_control import IAMRequest
from moto.iam.models import get_account_id_from
from moto.utilities.utils import get_partition
from werkzeug import Request


class AccessDenied(Exception):  # noqa: N818 - what AWS itself calls it
    """The request is not signed, not by a known caller, or its caller lacks the permission."""


def authorize(request: Request, action: str, resource: str) -> None:
    """Check a request's signature and its caller's policies; raises AccessDenied.

    `action` is as in a policy (`mobiletargeting:PutEvents`). `resource` is the last part of an ARN
    (`apps/ID/events`): partition, region and account are those that the caller has signed for.
    """
    service, _, operation = action.partition(":")
    access_key, region, signed_service = _credential_scope(request)
    if signed_service != service:
        raise AccessDenied(f"the request is signed for {signed_service}, not for {service}")
    account_id = get_account_id_from(access_key)
    arn = f"arn:{get_partition(region)}:{service}:{region}:{account_id}:{resource}"
    query = request.query_string.decode()
    try:
        check = IAMRequest(
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
    except (AccessDeniedError, InvalidClientTokenIdError, SignatureDoesNotMatchError) as error:
        raise AccessDenied(f"{type(error).__name__}: {action} on {arn}") from error


def _credential_scope(request: Request) -> tuple[str, str, str]:
    """Access key, region and service out of the Authorization header of signature version 4."""
    _, found, rest = request.headers.get("Authorization", "").partition("Credential=")
    scope = rest.partition(",")[0].split("/")
    if not found or len(scope) != 5:
        raise AccessDenied("the request is not signed")
    return scope[0], scope[2], scope[3]
