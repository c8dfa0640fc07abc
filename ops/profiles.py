"""The profiles of a customer in Customer Profiles, with their objects."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from cli.errors import UsageError
from contract.customer_profiles import ENDPOINT_KEY
from ops.aws import Aws
from ops.stack import Stack

_PAGE: Final = 100
_NOT_OF_THE_CUSTOMER: Final = {"ProfileId", "Attributes", "FoundByItems"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileObject:
    object_type: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerProfile:
    """A profile. `values` are its standard fields and its attributes, by name."""

    profile_id: str
    values: Mapping[str, Any]
    objects: tuple[ProfileObject, ...]

    def count(self, object_type: str) -> int:
        return sum(one.object_type == object_type for one in self.objects)

    def other_endpoints(self, endpoint_id: str) -> int:
        """How many other endpoints have objects here: a merged profile holds those of several."""
        found = {one.content.get("endpoint_id") for one in self.objects}
        return len(found - {endpoint_id, None})


def object_types(stack: Stack) -> list[str]:
    """The stack's own types of objects. Raises UsageError for a stack without Customer Profiles."""
    types = [stack.customer_profiles_object_type, stack.customer_profiles_endpoints_type]
    found = [one for one in types if one]
    if stack.customer_profiles_domain is None or not found:
        raise UsageError(
            "this stack has no profiles: its destinations are without customer-profiles "
            f"({', '.join(stack.destinations)})"
        )
    return found


def find(aws: Aws, stack: Stack, endpoint_id: str) -> list[CustomerProfile]:
    """The profiles that an endpoint id finds: usually one or none. Raises CallError and UsageError."""
    types = object_types(stack)
    return [
        CustomerProfile(
            profile_id=item["ProfileId"],
            values=_values(item),
            objects=tuple(
                one for object_type in types for one in objects(aws, stack, object_type, item["ProfileId"])
            ),
        )
        for item in _search(aws, stack, endpoint_id)
    ]


def ids(aws: Aws, stack: Stack, endpoint_id: str) -> list[str]:
    """The ids of those profiles, without reading their objects. Raises CallError."""
    return [item["ProfileId"] for item in _search(aws, stack, endpoint_id)]


def objects(aws: Aws, stack: Stack, object_type: str, profile_id: str) -> Iterator[ProfileObject]:
    """A profile's objects of one type. Raises CallError."""
    items = _pages(
        *(aws, "customer-profiles", "list_profile_objects"),
        DomainName=stack.customer_profiles_domain,
        ObjectTypeName=object_type,
        ProfileId=profile_id,
    )
    for item in items:
        yield ProfileObject(object_type=object_type, content=_content(item["Object"]))


def delete(aws: Aws, stack: Stack, profile_id: str) -> None:
    """Delete a profile with all its data, objects of other products included. Raises CallError."""
    aws.call(
        *("customer-profiles", "delete_profile"),
        DomainName=stack.customer_profiles_domain,
        ProfileId=profile_id,
    )


def _search(aws: Aws, stack: Stack, endpoint_id: str) -> Iterator[dict[str, Any]]:
    return _pages(
        *(aws, "customer-profiles", "search_profiles"),
        DomainName=stack.customer_profiles_domain,
        KeyName=ENDPOINT_KEY,
        Values=[endpoint_id],
    )


def _pages(aws: Aws, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = aws.call(service, operation, MaxResults=_PAGE, **parameters, **token)
        yield from page.get("Items", [])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _values(item: Mapping[str, Any]) -> dict[str, Any]:
    standard = {name: value for name, value in item.items() if name not in _NOT_OF_THE_CUSTOMER}
    return {**standard, **item.get("Attributes", {})}


def _content(text: str) -> Mapping[str, Any]:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}
