# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Calls Amazon Connect Customer Profiles; the only module here that knows boto3.

Its errors carry no text: an AWS error message may repeat what was sent, which is customer data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from boto3.session import Session
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

from contract.customer_profiles import ENDPOINT_ATTRIBUTE, ENDPOINT_KEY, OPT_OUT_ATTRIBUTE
from contract.url import USER_ATTRIBUTE
from migrate.profiles import Kind

MAX_SEARCH_KEYS = 5  # SearchProfiles: one key and up to four AdditionalSearchKeys

_NOT_FOUND = 404

_ADDRESS_FIELDS: Mapping[Kind, str] = {Kind.EMAIL: "EmailAddress", Kind.PHONE: "PhoneNumber"}


class CallError(Exception):
    """A call failed. `status` is the HTTP status, or None if there was no readable response.

    `concurrent` means that the service refused because it was updating the same profile.
    """

    def __init__(self, status: int | None, *, concurrent: bool = False) -> None:
        super().__init__("no response; check the network" if status is None else f"status {status}")
        self.status = status
        self.concurrent = concurrent


class SetupError(Exception):
    """AWS cannot be called from here at all, and why, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResponse:
    """The service's response for one object. `status` as in CallError; 200 is success."""

    status: int | None
    concurrent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProfile:
    """A profile as the service has it."""

    profile_id: str
    # The values of ENDPOINT_KEY by which it was found.
    keys: frozenset[str]
    addresses: Mapping[Kind, str]
    opt_out: str | None


class CustomerProfiles:
    """One object type of one domain. Safe to use from several threads.

    Calls are tried once: the caller knows the rate and when to give up.
    """

    def __init__(self, *, domain: str, object_type: str, region: str | None, connections: int) -> None:
        """`connections` is the number of threads; `region` None means the configured Region.

        Raises SetupError.
        """
        self._domain = {"DomainName": domain}
        self._target = {"DomainName": domain, "ObjectTypeName": object_type}
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=connections,
        )
        try:
            self._client: Any = cast(Any, Session()).client(
                "customer-profiles", region_name=region, config=config
            )
            # botocore would notice an invalid port only on the first call.
            _ = urlsplit(str(self._client.meta.endpoint_url)).port
        except NoRegionError:
            raise SetupError("no AWS Region is configured; give --region") from None
        except (BotoCoreError, ValueError):  # ValueError: AWS_ENDPOINT_URL_… is not a URL
            raise SetupError(
                "the AWS configuration is invalid; check the profile, the Region and the endpoint URL"
            ) from None

    @property
    def region(self) -> str:
        return self._client.meta.region_name

    def close(self) -> None:
        self._client.close()

    def object_type(self, name: str | None = None) -> dict[str, Any]:
        """GetProfileObjectType, by default of this client's type. Raises CallError and SetupError."""
        return self._call(
            "get_profile_object_type", self._target | ({"ObjectTypeName": name} if name else {})
        )

    def domain(self) -> dict[str, Any]:
        """GetDomain. Raises CallError and SetupError."""
        return self._call("get_domain", self._domain)

    def object_types(self) -> list[dict[str, Any]]:
        """ListProfileObjectTypes. Raises CallError and SetupError."""
        return list(self._pages("list_profile_object_types"))

    def integrations(self) -> list[dict[str, Any]]:
        """ListIntegrations, including hidden ones. Raises CallError and SetupError."""
        return list(self._pages("list_integrations", IncludeHidden=True))

    def search(self, keys: Sequence[str]) -> list[FoundProfile]:
        """The profiles with any of 1 to MAX_SEARCH_KEYS keys. Raises CallError and SetupError.

        The domain is known to exist, so "not found" means that no profile has these keys.
        """
        first, *rest = [{"KeyName": ENDPOINT_KEY, "Values": [key]} for key in keys]
        more = {"AdditionalSearchKeys": rest, "LogicalOperator": "OR"} if rest else {}
        try:
            return [_found(item) for item in self._pages("search_profiles", **first, **more)]
        except CallError as error:
            if error.status == _NOT_FOUND:
                return []
            raise

    def remove_addresses(self, profile_id: str, kinds: Sequence[Kind]) -> None:
        """Remove addresses from a profile. Raises CallError and SetupError.

        "Specifying an empty string value means that any existing value will be removed" (UpdateProfile).
        """
        emptied = {_ADDRESS_FIELDS[kind]: "" for kind in kinds}
        self._call("update_profile", {**self._domain, "ProfileId": profile_id, **emptied})

    def put(self, objects: Sequence[str]) -> list[ItemResponse]:
        """Put 1 to 10 objects; one response for each, in order. Raises CallError and SetupError."""
        items = [{"Id": str(index), "Object": text} for index, text in enumerate(objects)]
        response = self._call("batch_put_profile_object", {**self._target, "Items": items})
        by_id = {item["Id"]: ItemResponse(status=200) for item in response.get("Successful", [])}
        for item in response.get("Failed", []):
            by_id[item["Id"]] = ItemResponse(
                status=item.get("Code"), concurrent=_says_concurrent(item.get("Message"))
            )
        return [by_id.get(item["Id"], ItemResponse(status=None)) for item in items]

    def _pages(self, operation: str, **parameters: object) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            response = self._call(operation, {**self._domain, "MaxResults": 100, **parameters, **token})
            yield from response.get("Items", [])
            if not response.get("NextToken"):
                return
            token = {"NextToken": response["NextToken"]}

    def _call(self, operation: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(**parameters)
        except ClientError as error:
            response = cast(Mapping[str, Any], error.response)
            status = response["ResponseMetadata"].get("HTTPStatusCode")
            message = response.get("Error", {}).get("Message")
            raise CallError(status, concurrent=_says_concurrent(message)) from None
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, SSOError):
            raise SetupError("no valid AWS credentials found; sign in, or set AWS_PROFILE") from None
        except (BotoCoreError, ResponseParserError):
            raise CallError(None) from None


def declared_attributes(object_type: Mapping[str, Any]) -> frozenset[str]:
    """Names of the user attributes for which an object type has a field."""
    # Sources and targets would not tell: they replace dots.
    names: Mapping[str, Any] = object_type.get("Fields", {})
    return frozenset(name.removeprefix(USER_ATTRIBUTE) for name in names if name.startswith(USER_ATTRIBUTE))


def _found(item: Mapping[str, Any]) -> FoundProfile:
    attributes: Mapping[str, str] = item.get("Attributes", {})
    found_by: list[str] = [
        one["Values"][0]
        for one in item.get("FoundByItems", [])
        if one.get("KeyName") == ENDPOINT_KEY and one.get("Values")
    ]
    return FoundProfile(
        profile_id=item["ProfileId"],
        keys=frozenset(found_by or [attributes.get(ENDPOINT_ATTRIBUTE, "")]),
        addresses={kind: item[name] for kind, name in _ADDRESS_FIELDS.items() if item.get(name)},
        opt_out=attributes.get(OPT_OUT_ATTRIBUTE),
    )


def _says_concurrent(message: str | None) -> bool:
    return "concurrent" in (message or "").lower()
