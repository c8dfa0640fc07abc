"""Calls to Amazon Connect Customer Profiles, and what can go wrong with them.

The only module here that knows boto3. Errors lose their text: an AWS error message may repeat what was sent,
which is the customers' data. Imports nothing of the project.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
)
from botocore.parsers import ResponseParserError

MAX_ITEMS_IN_REQUEST = 10

_ATTRIBUTE_SOURCE = "_source.user_attributes."


class CallError(Exception):
    """A call without a good answer. `status` is the HTTP status; None where no readable answer came.

    `concurrent`: the service refused because it works on the same profile just now.
    """

    def __init__(self, status: int | None, *, concurrent: bool = False) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.concurrent = concurrent


class SetupError(Exception):
    """AWS cannot be called at all from here; in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAnswer:
    """What the service says of one object. `status` as in CallError; 200 is success."""

    status: int | None
    concurrent: bool = False


class CustomerProfiles:
    """One object type of one domain. Safe to use from several threads.

    `connections` says from how many; `region` None leaves the Region to the AWS configuration. A call is
    tried once: who calls knows the rate and when to give up.
    """

    def __init__(self, *, domain: str, object_type: str, region: str | None, connections: int) -> None:
        """Raises SetupError."""
        self._target = {"DomainName": domain, "ObjectTypeName": object_type}
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=connections,
        )
        try:
            self._client: Any = boto3.Session().client("customer-profiles", region_name=region, config=config)
            # Asked for its error: botocore notices a port that cannot be one with the first call only.
            _ = urlsplit(self._client.meta.endpoint_url).port
        except NoRegionError:
            raise SetupError("no AWS Region is configured: give --region") from None
        except (BotoCoreError, ValueError):  # the latter where AWS_ENDPOINT_URL_… is no URL
            raise SetupError(
                "the AWS configuration cannot be used: check the profile, the Region and the endpoint URL"
            ) from None

    @property
    def region(self) -> str:
        return self._client.meta.region_name

    def close(self) -> None:
        self._client.close()

    def declared_attributes(self) -> frozenset[str]:
        """The names of the user attributes that the object type takes over; raises CallError, SetupError."""
        fields = self._call("get_profile_object_type").get("Fields", {})
        sources = (field.get("Source", "") for field in fields.values())
        return frozenset(
            source.removeprefix(_ATTRIBUTE_SOURCE)
            for source in sources
            if source.startswith(_ATTRIBUTE_SOURCE)
        )

    def put(self, objects: Sequence[str]) -> list[ItemAnswer]:
        """Put 1 to 10 objects; an answer for each, in their order. Raises CallError, SetupError."""
        items = [{"Id": str(index), "Object": text} for index, text in enumerate(objects)]
        answer = self._call("batch_put_profile_object", Items=items)
        answers = {item["Id"]: ItemAnswer(status=200) for item in answer.get("Successful", [])}
        for item in answer.get("Failed", []):
            answers[item["Id"]] = ItemAnswer(
                status=item.get("Code"), concurrent=_says_concurrent(item.get("Message"))
            )
        return [answers.get(item["Id"], ItemAnswer(status=None)) for item in items]

    def _call(self, operation: str, **parameters: object) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(**self._target, **parameters)
        except ClientError as error:
            status = error.response["ResponseMetadata"].get("HTTPStatusCode")
            message = error.response.get("Error", {}).get("Message")
            raise CallError(status, concurrent=_says_concurrent(message)) from None
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, SSOError):
            raise SetupError("no valid AWS credentials were found: sign in, or set AWS_PROFILE") from None
        except (BotoCoreError, ResponseParserError):
            raise CallError(None) from None


def _says_concurrent(message: str | None) -> bool:
    return "concurrent" in (message or "").lower()
