# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# botocore has no types. This module adds them, so that no other has to.
"""Calls AWS services, within a known time, and turns every failure into a CallError.

The only module that uses botocore. Each call has a worst case in seconds. Botocore does not limit two things:
looking up a host name, and a response that trickles in. Errors lose their text here, because an AWS error
message may repeat what was sent, which is visitors' data.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    DataNotFoundError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError
from botocore.session import Session

# Botocore's standard retry mode waits at most 1 s before the first retry, and up to 5 s longer if the service
# asks for it (x-amz-retry-after).
_LONGEST_WAIT_BEFORE_RETRY_SECONDS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """How long one call may take. `attempts` includes the first one and is 1 or 2."""

    connect_seconds: float
    read_seconds: float
    attempts: int

    def __post_init__(self) -> None:
        if self.attempts not in (1, 2):
            # Before a third attempt, botocore waits longer than the constant above.
            raise ValueError(f"attempts is {self.attempts}; it must be 1 or 2")

    @property
    def worst_case_seconds(self) -> float:
        """The seconds of a call in which every attempt times out, with the longest wait between them."""
        waits = (self.attempts - 1) * _LONGEST_WAIT_BEFORE_RETRY_SECONDS
        return self.attempts * (self.connect_seconds + self.read_seconds) + waits


class Cause(StrEnum):
    """Why a call has no readable response."""

    # The request may or may not have arrived.
    NO_RESPONSE = "no_response"
    # The host name is unknown, or nothing listens there.
    UNREACHABLE = "unreachable"
    # botocore has no model of the service: the code archive is older than the program.
    NO_MODEL = "no_model"
    # There are no credentials, or no Region.
    NO_CREDENTIALS = "no_credentials"


class CallError(Exception):
    """A failed call.

    `status` is the HTTP status, or None without a readable response: then `cause` says why. `code` is the
    error code of the service (ThrottlingException). `transient`: the error's text has one of the phrases by
    which the service says that the same call may succeed later.
    """

    def __init__(
        self,
        status: int | None,
        *,
        code: str | None = None,
        transient: bool = False,
        cause: Cause = Cause.NO_RESPONSE,
    ) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.code = code
        self.transient = transient
        self.cause = cause

    @property
    def not_set_up(self) -> bool:
        """Whether the call could not be made at all."""
        return self.status is None and self.cause is not Cause.NO_RESPONSE


class AwsService:
    """One AWS service in one Region. Threads may share it.

    Botocore keeps ten connections open; more calls at the same time open new ones.
    """

    def __init__(
        self,
        service: str,
        *,
        region: str | None,
        limits: CallLimits,
        transient_phrases: Collection[str] = (),
    ) -> None:
        """Make the client, which opens no connection. If botocore cannot, every call fails with the cause.

        Another try would fail in the same way: Region, credentials and models are in variables and files that
        do not change while the function runs.

        `region` None: the function's own Region. `transient_phrases` match in any case (see CallError).
        """
        self.limits = limits
        self._transient_phrases = [phrase.casefold() for phrase in transient_phrases]
        self._client: object | Cause
        try:
            self._client = _make_client(service, region, limits)
        except BotoCoreError as error:
            self._client = _cause(error)

    def call(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        """Call an operation by its name in botocore (`put_events`); raises CallError."""
        if isinstance(self._client, Cause):
            raise CallError(None, cause=self._client)
        method: Callable[..., Mapping[str, Any]] = getattr(self._client, operation)
        try:
            return method(**parameters)
        except ClientError as error:
            response: Mapping[str, Any] = error.response
            raise self._call_error(response) from None
        except BotoCoreError as error:
            raise CallError(None, cause=_cause(error)) from None
        except ResponseParserError:
            raise CallError(None) from None
        except (AttributeError, TypeError, ValueError):
            # Botocore raises these for a response that is JSON of another shape, or not UTF-8.
            raise CallError(None) from None

    def says_transient(self, text: object) -> bool:
        """Whether an error text of the service has one of the phrases."""
        return isinstance(text, str) and any(phrase in text.casefold() for phrase in self._transient_phrases)

    def _call_error(self, response: Mapping[str, Any]) -> CallError:
        error: Mapping[str, Any] = response.get("Error", {})
        return CallError(
            response["ResponseMetadata"].get("HTTPStatusCode"),
            code=error.get("Code"),
            transient=self.says_transient(error.get("Message")),
        )


def _make_client(service: str, region: str | None, limits: CallLimits) -> object:
    config = Config(
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.read_seconds,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
    )
    return _session().create_client(service, region_name=region, config=config)


@cache
def _session() -> Any:
    """One for all clients: each session parses a list of endpoints, which takes longer than a client."""
    return Session()


def _cause(error: BotoCoreError) -> Cause:
    match error:
        case DataNotFoundError():  # UnknownServiceError is one
            return Cause.NO_MODEL
        case EndpointConnectionError() | ProxyConnectionError():
            return Cause.UNREACHABLE
        case NoCredentialsError() | NoRegionError():
            return Cause.NO_CREDENTIALS
        case _:
            return Cause.NO_RESPONSE
