"""How a module declares the resource types and functions it serves, and helpers to translate properties."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pulumi

from local.deployment.resources.target import Target

Properties = Mapping[str, Any]

Created = tuple[str, dict[str, Any]]
"""A resource's id and its outputs, named as the provider names them."""

Allowed = Mapping[str, "Allowed | None"]
"""Property names; a nested object maps to the names inside it, any other value to None."""


class ResourceError(Exception):
    """A resource cannot be created, changed or deleted. The message is one line and names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """A resource as it was created or last updated. `name` is its logical name."""

    name: str
    id: str
    inputs: Properties
    outputs: Properties


class Change(Enum):
    """What other inputs need of a resource that exists."""

    UPDATE = "update"
    REPLACE = "replace"
    # A replacement that needs the name of the old one.
    DELETE_FIRST = "delete first"


def nothing_to_delete(_: Target, __: Existing) -> None:
    """For what exists in the stack's state alone."""


def _never_deleted(_: Target, __: Existing) -> None:
    raise ResourceError("the local run does not delete this type")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One resource type: the inputs it takes, and the calls that the AWS provider makes for it."""

    # From its logical name and inputs.
    create: Callable[[Target, str, Properties], Created]
    inputs: Allowed
    # A change of one of these inputs replaces the resource (measured with hashicorp/aws 5.100).
    replaced_by: Collection[str] = ()
    # To the new inputs; returns outputs that change with them. None: `create` overwrites what is there.
    update: Callable[[Target, Existing, Properties], Mapping[str, Any] | None] | None = None
    # To the new tags, the stack's default tags included. None: `update` does it, or there are no tags.
    retag: Callable[[Target, Existing, Mapping[str, str]], None] | None = None
    delete: Callable[[Target, Existing], None] = _never_deleted


@dataclass(frozen=True, slots=True)
class Function:
    """One provider function: what computes its result, and the arguments it takes."""

    call: Callable[[Target, Properties], dict[str, Any]]
    arguments: Allowed


def names(*names: str) -> dict[str, Allowed | None]:
    return dict.fromkeys(names)


def refuse_unknown(inputs: Properties, allowed: Allowed, path: str = "") -> None:
    """Raise ResourceError for an input that the local run would have to ignore."""
    for key, value in inputs.items():
        if key not in allowed:
            raise ResourceError(f"the local run does not support its property {path}{key}")
        nested = allowed[key]
        if nested is not None:
            refuse_unknown(value, nested, f"{path}{key}.")


def present(**parameters: Any) -> dict[str, Any]:
    """The parameters that have a value: many services refuse an empty string, list or map."""
    return {name: value for name, value in parameters.items() if value not in (None, "", [], {})}


def changed(existing: Existing, inputs: Properties, *keys: str) -> bool:
    """Whether one of these inputs differs from the existing resource's."""
    return any(comparable(existing.inputs.get(key)) != comparable(inputs.get(key)) for key in keys)


def comparable(value: Any) -> Any:
    """A value with archives as their paths: the program names an archive after its content."""
    if isinstance(value, Mapping):
        return {key: comparable(item) for key, item in value.items()}
    return value.path if isinstance(value, pulumi.FileArchive) else value


def as_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def autoname(name: str) -> str:
    """A physical name as Pulumi makes it: the logical name and seven random hexadecimal digits."""
    return f"{name}-{secrets.token_hex(4)[:7]}"


def as_string(value: Any) -> str:
    """A value for an API that takes only strings. Numbers arrive as floats: 360.0 becomes `360`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
