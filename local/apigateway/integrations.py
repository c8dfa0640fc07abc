"""Calls the backend of a method: SQS with the credentials of the integration's role, or nothing (MOCK)."""

import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from local.apigateway.responses import Failed, Failure, UnservedPart, static_value
from local.deployment.cloud import AssumeRoleDenied, Cloud

_log = logging.getLogger(__name__)

SERVICE_PRINCIPAL: Final = "apigateway.amazonaws.com"

_TIMEOUT_SECONDS: Final = 29.0  # the default; api-gateway-execution-service-limits-table
_CREDENTIALS_KEPT_SECONDS: Final = 900.0

_SQS_PATH: Final = re.compile(
    r"arn:[a-z-]+:apigateway:(?P<region>[a-z0-9-]+):sqs:path(?P<path>/[0-9]+/[A-Za-z0-9_.-]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendResponse:
    """The response of the integration."""

    status: int
    body: str


Call = Callable[[str], BackendResponse]
"""Sends a rendered request body. Raises Failed."""


class RoleCredentials:
    """Credentials of integration roles, kept for a while: API Gateway does not assume one for each call."""

    def __init__(self, cloud: Cloud, clock: Callable[[], float]) -> None:
        self.endpoint_url = cloud.endpoint_url
        self._cloud = cloud
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Credentials]] = {}

    def of(self, role_arn: str) -> Credentials:
        with self._lock:
            now = self._clock()
            since, credentials = self._kept.get(role_arn, (now, None))
            if credentials is None or now - since > _CREDENTIALS_KEPT_SECONDS:
                try:
                    credentials = self._cloud.assume_role(role_arn, service=SERVICE_PRINCIPAL)
                except AssumeRoleDenied as denied:
                    _log.error("the integration role cannot be assumed: %s", denied)
                    raise Failed(Failure.API_CONFIGURATION_ERROR) from None
                self._kept[role_arn] = now, credentials
            return credentials


def integration_call(place: str, integration: Mapping[str, Any], roles: RoleCredentials) -> Call:
    """The caller of an integration. Raises UnservedPart for a kind that the local run does not serve."""
    if integration["passthroughBehavior"] != "NEVER":
        raise UnservedPart(
            f"{place}: passthrough behavior {integration['passthroughBehavior']} is not served, only NEVER"
        )
    match integration["type"]:
        case "MOCK":
            return _call_mock
        case "AWS":
            return _SqsIntegration(place, integration, roles)
        case other:
            raise UnservedPart(f"{place}: integration type {other} is not served")


def _call_mock(body: str) -> BackendResponse:
    """ "The method request returns the status code in the request template"; how-to-mock-integration."""
    try:
        status = int(json.loads(body)["statusCode"])
    except (ValueError, KeyError, TypeError):
        raise Failed(Failure.API_CONFIGURATION_ERROR) from None
    return BackendResponse(status=status, body="")


class _SqsIntegration:
    """Posts to the queue's path, signed as the integration's role."""

    def __init__(self, place: str, integration: Mapping[str, Any], roles: RoleCredentials) -> None:
        uri = _SQS_PATH.fullmatch(integration["uri"])
        if uri is None:
            raise UnservedPart(f"{place}: only SQS by path is served, not {integration['uri']}")
        if not integration.get("credentials"):
            raise UnservedPart(f"{place}: an integration without a role is not served")
        self._roles = roles
        self._role_arn: str = integration["credentials"]
        self._region = uri["region"]
        self._url = roles.endpoint_url + uri["path"]
        self._http_method = integration["httpMethod"]
        self._headers = dict(
            _header(place, target, source)
            for target, source in (integration.get("requestParameters") or {}).items()
        )
        self._session = URLLib3Session(timeout=_TIMEOUT_SECONDS, max_pool_connections=32)

    def __call__(self, body: str) -> BackendResponse:
        request = AWSRequest(self._http_method, self._url, headers=self._headers, data=body.encode())
        SigV4Auth(self._roles.of(self._role_arn), "sqs", self._region).add_auth(request)
        try:
            response = self._session.send(request.prepare())
        except ReadTimeoutError:
            raise Failed(Failure.INTEGRATION_TIMEOUT) from None
        except BotoCoreError:
            raise Failed(Failure.INTEGRATION_FAILURE) from None
        return BackendResponse(status=response.status_code, body=response.text)


def _header(place: str, target: str, source: str) -> tuple[str, str]:
    """Name and value of a header of the integration request."""
    name = target.removeprefix("integration.request.header.")
    if name == target:
        raise UnservedPart(f"{place}: a mapping to {target} is not served")
    value = static_value(source)
    if value is None:
        raise UnservedPart(f"{place}: a mapping from {source} is not served")
    return name, value
