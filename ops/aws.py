# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Calls to AWS, with each error as one line that quotes nothing of the request.

A message of a service may echo what was sent, so only codes are shown.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import botocore.session
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from cli.errors import FailedError

_DENIED: Final = {
    *("403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"),
}
_NOT_FOUND: Final = ("NonExistentQueue", "QueueDoesNotExist", "NotFoundException", "NoSuchBucket", "404")
"""How the codes end if something does not exist."""

_EXPIRED: Final = {
    *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"),
    *("InvalidAccessKeyId", "InvalidToken", "TokenRefreshRequired"),
}
_WRONG_TIME: Final = {
    *("RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"),
}
_THROTTLED: Final = {
    *("Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"),
    *("RequestLimitExceeded", "RequestThrottled", "SlowDown", "LimitExceededException", "429"),
}
_PREFIXES: Final = {"customer-profiles": "profile", "service-quotas": "servicequotas"}
_ACTIONS: Final = {
    "list_objects_v2": "ListBucket",
    "get_bucket_lifecycle_configuration": "GetLifecycleConfiguration",
}
"""Operations whose permission has another name (Service Authorization Reference)."""

_WITHOUT_PROFILE: Final = {"profile": (None, None, None, None)}
_MANY_CALLS: Final = 16  # connections, for commands that call from several threads


class CallError(FailedError):
    """A call failed. `code` is the service's, or the name of the SDK's error."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_denied(self) -> bool:
        return self.code in _DENIED

    @property
    def is_not_found(self) -> bool:
        return self.code.endswith(_NOT_FOUND)


class Aws:
    """The account and Region of a stack; with `variables`, those of a local run."""

    def __init__(self, region: str, variables: Mapping[str, str] | None = None) -> None:
        """Raises CallError for a profile of the AWS CLI that does not exist."""
        given = variables or {}
        self.region = region
        self._endpoint_url = given.get("AWS_ENDPOINT_URL")
        with _translated("configure", "list"):
            self._session = Session(
                aws_access_key_id=given.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=given.get("AWS_SECRET_ACCESS_KEY"),
                region_name=region,
                # A local run has nothing to do with the profile of the AWS CLI.
                botocore_session=botocore.session.Session(_WITHOUT_PROFILE) if variables else None,
            )
        self._clients: dict[str, Any] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by its name in boto3 (`sqs`, `send_message`). Raises CallError."""
        with _translated(service, operation):
            return getattr(self._client(service), operation)(**parameters)

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The entries of every page of a listing. Raises CallError."""
        with _translated(service, operation):
            for page in self._client(service).get_paginator(operation).paginate(**parameters):
                yield from cast("list[dict[str, Any]]", page.get(key, []))

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,
                endpoint_url=self._endpoint_url,
                config=Config(
                    connect_timeout=5,
                    read_timeout=30,
                    retries={"total_max_attempts": 4, "mode": "standard"},
                    max_pool_connections=_MANY_CALLS,
                    # A proxy must not get what is for this machine.
                    proxies={} if self._endpoint_url else None,
                ),
            )
        return self._clients[service]


class _translated:  # noqa: N801 - used as a function
    """Raises CallError for an error of the SDK."""

    def __init__(self, service: str, operation: str) -> None:
        self._service = service
        self._operation = operation

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        match error:
            case NoCredentialsError() | PartialCredentialsError():
                raise CallError(
                    "there are no AWS credentials: set them up as for the AWS CLI, or use --local",
                    code=type(error).__name__,
                ) from None
            case ClientError():
                response: dict[str, Any] = cast(Any, error).response
                code = str(response.get("Error", {}).get("Code", "unknown"))
                raise self._failed(code, self._detail(code)) from None
            case BotoCoreError() | ResponseParserError():
                raise self._failed(type(error).__name__, _detail_of_sdk(error)) from None
            case _:
                pass

    def _failed(self, code: str, detail: str) -> CallError:
        what = f"aws {self._service} {self._operation.replace('_', '-')}"
        return CallError(f"{what} failed with {code}: {detail}", code=code)

    def _detail(self, code: str) -> str:
        if code in _DENIED:
            action = action_of(self._service, self._operation)
            return f"your credentials lack {action}; policies/operator.json lists what these commands need"
        if code in _EXPIRED:
            return "your credentials have expired, or are not valid: sign in again as for the AWS CLI"
        if code in _WRONG_TIME:
            return "check the secret key, and the clock of this machine"
        if code in _THROTTLED:
            return "AWS lets it be called less often: wait a minute, and try again"
        if code.endswith(_NOT_FOUND):
            return "it is not there; check --stack, and the account of your credentials"
        return "nothing more was done"


def action_of(service: str, operation: str) -> str:
    """The IAM action that a call needs: `lambda:GetEventSourceMapping`."""
    if service == "apigateway":
        return "apigateway:GET"  # one action a method of HTTP, and these commands only read
    prefix = _PREFIXES.get(service, service)
    name = _ACTIONS.get(operation) or "".join(word.capitalize() for word in operation.split("_"))
    return f"{prefix}:{name.removesuffix('Batch')}"


def _detail_of_sdk(error: Exception) -> str:
    match error:
        case ProfileNotFound() | ConfigParseError():
            return "correct AWS_PROFILE, or the files of the AWS CLI"
        case CredentialRetrievalError() | SSOError() | TokenRetrievalError():
            return "your credentials cannot be had: sign in again as for the AWS CLI"
        case ParamValidationError():
            return "a value is empty or too long: correct the argument, or the outputs"
        case _:
            return "check the network and the Region"
