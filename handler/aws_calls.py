# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# boto3 and botocore carry no types; this module is where they are given some, so that no other needs to.
"""Calls to AWS that cannot outlive the function, and what can go wrong with them.

The only module that knows boto3. Every call has a worst case in seconds that is known beforehand, but for
what botocore does not bound: looking up a name, and an answer that trickles in. Errors lose their text here:
an AWS error message may repeat what was sent, which is the visitor's data.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, cast

from boto3.session import Session
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

# botocore's standard retry mode waits at most 1 s before the first retry, and up to 5 s longer where the
# service asks for it (x-amz-retry-after).
_LONGEST_WAIT_BEFORE_RETRY_SECONDS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """How long one call may take. `attempts` counts the first one too and is 1 or 2."""

    connect_seconds: float
    read_seconds: float
    attempts: int

    def __post_init__(self) -> None:
        if self.attempts not in (1, 2):
            # A third attempt would wait longer than the constant above says.
            raise ValueError(f"attempts is {self.attempts}; it must be 1 or 2")

    @property
    def worst_case_seconds(self) -> float:
        """The longest a call can take: every attempt times out, with the longest wait between them."""
        waits = (self.attempts - 1) * _LONGEST_WAIT_BEFORE_RETRY_SECONDS
        return self.attempts * (self.connect_seconds + self.read_seconds) + waits


class Cause(StrEnum):
    """Why a call has no readable answer."""

    # The request may have arrived or not.
    NO_RESPONSE = "no_response"
    # The address cannot be found, or nothing listens there.
    UNREACHABLE = "unreachable"
    # boto3 has no model of the service: the code archive is older than the program.
    NO_MODEL = "no_model"
    # Nothing says who calls, or in which region.
    NO_CREDENTIALS = "no_credentials"


class CallError(Exception):
    """A call without a good answer.

    `status` is the HTTP status; None where no readable answer came, and then `cause` says more. `code` is the
    error's name in the service's own description (ThrottlingException). `transient` says that the error's
    text holds one of the phrases with which the service says that the same call may succeed later.
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
        """Whether the call could not even be made."""
        return self.status is None and self.cause is not Cause.NO_RESPONSE


class AwsService:
    """One AWS service in one region, for several threads.

    Its client is made at the first call and kept. botocore keeps ten connections open: more calls than
    that at the same time make new ones.
    """

    def __init__(
        self,
        service: str,
        *,
        region: str | None,
        limits: CallLimits,
        transient_phrases: Collection[str] = (),
    ) -> None:
        """`region` None leaves the region to the function's own environment.

        `transient_phrases` are looked for in the text of an error, in letters of either case.
        """
        self.limits = limits
        self._service = service
        self._region = region
        self._transient_phrases = [phrase.casefold() for phrase in transient_phrases]
        self._making_client = threading.Lock()

    def call(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        """Call an operation by its boto3 name; raises CallError."""
        method: Callable[..., Mapping[str, Any]] = getattr(self._client(), operation)
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
            # How botocore fails on an answer that is JSON of another shape, or not UTF-8.
            raise CallError(None) from None

    def says_transient(self, text: object) -> bool:
        """Whether a text of the service holds one of the phrases."""
        return isinstance(text, str) and any(phrase in text.casefold() for phrase in self._transient_phrases)

    def _call_error(self, response: Mapping[str, Any]) -> CallError:
        error: Mapping[str, Any] = response.get("Error", {})
        return CallError(
            response["ResponseMetadata"].get("HTTPStatusCode"),
            code=error.get("Code"),
            transient=self.says_transient(error.get("Message")),
        )

    def _client(self) -> object:
        # Threads that call for the first time at once share one client: making it takes long.
        with self._making_client:
            try:
                return self._made_client
            except BotoCoreError as error:
                raise CallError(None, cause=_cause(error)) from None

    @cached_property
    def _made_client(self) -> object:
        config = Config(
            connect_timeout=self.limits.connect_seconds,
            read_timeout=self.limits.read_seconds,
            retries={"mode": "standard", "total_max_attempts": self.limits.attempts},
        )
        return cast("object", Session().client(self._service, region_name=self._region, config=config))


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
