"""Reads the domains and object types of Customer Profiles from CloudFormation templates.

The fake does what the templates declare: nothing here is specific to this project's object types.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from local.fakes import FakeError

# Amazon Connect Customer Profiles service quotas and the service's own model (PutProfileObjectType).
_MAX_FIELDS = 250
_MAX_KEYS = 10

_SOURCE: Final = "_source."
_PROFILE: Final = "_profile."
ATTRIBUTES: Final = "Attributes."

_DOMAIN: Final = "AWS::CustomerProfiles::Domain"
_OBJECT_TYPE: Final = "AWS::CustomerProfiles::ObjectType"


class ObjectTypeError(FakeError):
    """An object type that the service would refuse, or that is not emulated; one line names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of an object, and its place in the profile."""

    source: Sequence[str]
    # `Attributes.NAME`, or a standard field such as `EmailAddress`; None: not in the profile.
    target: str | None
    # Decides how keys compare values.
    content_type: str = "STRING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Fields by which objects or profiles are found."""

    name: str
    fields: Sequence[str]
    is_unique: bool
    is_profile: bool
    # The content type of each field.
    content_types: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """How objects of one type become, or update, profiles."""

    domain: str
    name: str
    allow_profile_creation: bool
    # How many objects of the type one profile keeps; None for no limit.
    max_objects: int | None
    fields: Mapping[str, Field]
    keys: Sequence[Key]
    # As declared in the template.
    properties: Mapping[str, Any]

    @property
    def unique_key(self) -> Key:
        return next(key for key in self.keys if key.is_unique)


def read_domains(templates: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the domains that templates create."""
    return [
        properties["DomainName"] for template in templates for _, properties in _resources(template, _DOMAIN)
    ]


def read_object_types(templates: Iterable[Mapping[str, Any]]) -> list[ObjectType]:
    """The object types that templates create; raises ObjectTypeError."""
    return [
        _object_type(template, properties)
        for template in templates
        for _, properties in _resources(template, _OBJECT_TYPE)
    ]


def _resources(template: Mapping[str, Any], type_: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (logical_id, resource["Properties"])
        for logical_id, resource in template.get("Resources", {}).items()
        if resource["Type"] == type_
    ]


def _object_type(template: Mapping[str, Any], properties: Mapping[str, Any]) -> ObjectType:
    name = _string(template, properties["ObjectTypeName"])
    fields = {
        entry["Name"]: _field(name, entry["Name"], entry["ObjectTypeField"])
        for entry in properties.get("Fields", [])
    }
    keys = list(chain.from_iterable(_keys(entry, fields, name) for entry in properties.get("Keys", [])))
    if len(fields) > _MAX_FIELDS:
        raise ObjectTypeError(f"the object type {name} has {len(fields)} fields: {_MAX_FIELDS} are allowed")
    if len(keys) > _MAX_KEYS:
        raise ObjectTypeError(f"the object type {name} has {len(keys)} keys: {_MAX_KEYS} are allowed")
    unique = sum(key.is_unique for key in keys)
    if unique != 1:
        raise ObjectTypeError(f"the object type {name} has {unique} UNIQUE keys: it needs exactly one")
    return ObjectType(
        domain=_string(template, properties["DomainName"]),
        name=name,
        allow_profile_creation=properties.get("AllowProfileCreation", False),
        max_objects=properties.get("MaxProfileObjectCount"),
        fields=fields,
        keys=keys,
        properties=properties,
    )


def _field(type_name: str, name: str, declared: Mapping[str, Any]) -> Field:
    source, target = declared.get("Source", ""), declared.get("Target")
    if not source.startswith(_SOURCE):
        raise ObjectTypeError(f"the field {name} of {type_name} has the source {source!r}, not {_SOURCE}NAME")
    if target is not None and not target.startswith(_PROFILE):
        raise ObjectTypeError(
            f"the field {name} of {type_name} has the target {target!r}, not {_PROFILE}NAME"
        )
    if target is not None:
        target = target.removeprefix(_PROFILE)
        if "." in target.removeprefix(ATTRIBUTES):
            raise ObjectTypeError(f"the field {name} of {type_name}: the target {target!r} is not emulated")
    return Field(
        source=source.removeprefix(_SOURCE).split("."),
        target=target,
        content_type=declared.get("ContentType", "STRING"),
    )


def _keys(entry: Mapping[str, Any], fields: Mapping[str, Field], type_name: str) -> Iterable[Key]:
    for key in entry["ObjectTypeKeyList"]:
        for field_name in key["FieldNames"]:
            if field_name not in fields:
                raise ObjectTypeError(
                    f"the key {entry['Name']} of {type_name} names the field {field_name}, which is missing"
                )
        identifiers = key.get("StandardIdentifiers", [])
        if not {"UNIQUE", "PROFILE"}.issuperset(identifiers):
            raise ObjectTypeError(f"the key {entry['Name']} of {type_name}: {identifiers} are not emulated")
        yield Key(
            name=entry["Name"],
            fields=key["FieldNames"],
            is_unique="UNIQUE" in identifiers,
            is_profile="PROFILE" in identifiers,
            content_types=[fields[field_name].content_type for field_name in key["FieldNames"]],
        )


def _string(template: Mapping[str, Any], value: Any) -> str:
    """A string as it is, or the name of the template's domain that a `Ref` refers to."""
    if isinstance(value, str):
        return value
    domains = dict(_resources(template, _DOMAIN))
    if isinstance(value, Mapping) and value.get("Ref") in domains:
        return domains[value["Ref"]]["DomainName"]
    raise ObjectTypeError(f"the value {value!r} in a template is not emulated")
