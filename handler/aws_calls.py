# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# boto3 and botocore carry no types; this module is where they are given some, so that no other needs to.
"""Calls to AWS that cannot outlive the function, and what can go wrong with them.

The only module that knows boto3. Every call has a worst case in seconds that is known beforehand. Errors
lose their text here: an AWS error message may repeat what was sent, which is the visitor's data.
Imports nothing of the project.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
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


class CallError(Exception):
    """A call without a good answer. `status` is the HTTP status; None where no readable answer came."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"status {status}")
        self.status = status


class AwsService:
    """One AWS service in one region. Its client is made at the first call and kept."""

    def __init__(self, service: str, *, region: str | None, limits: CallLimits) -> None:
        """`region` None leaves the region to the function's own environment."""
        self.limits = limits
        self._service = service
        self._region = region

    def call(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        """Call an operation by its boto3 name; raises CallError."""
        try:
            method: Callable[..., Mapping[str, Any]] = getattr(self._client, operation)
            return method(**parameters)
        except ClientError as error:
            response: Mapping[str, Any] = error.response
            raise CallError(response["ResponseMetadata"].get("HTTPStatusCode")) from None
        except (BotoCoreError, ResponseParserError):
            raise CallError(None) from None

    @cached_property
    def _client(self) -> object:
        config = Config(
            connect_timeout=self.limits.connect_seconds,
            read_timeout=self.limits.read_seconds,
            retries={"mode": "standard", "total_max_attempts": self.limits.attempts},
        )
        return cast("object", Session().client(self._service, region_name=self._region, config=config))
