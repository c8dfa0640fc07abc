"""The data of the Customer Profiles fake: domains with their profiles and objects.

Objects create and update profiles as the deployed object types say. What the AWS documentation leaves open
is read strictly: an object that lacks a part of its UNIQUE key, or every PROFILE key, is refused, and so is a
declared value above 255 characters. If an object has no profile, and its type may not create one, the object
is accepted and discarded, as AWS does after its response. Keys compare email addresses in any case, and phone
numbers by their digits. An object never overwrites what UpdateProfile has written.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from local.fakes.customer_profiles_object_types import ATTRIBUTES, Field, Key, ObjectType
from local.fakes.rest_json import ServiceError, length

_MAX_VALUE_LENGTH: Final = 255

KeyValue = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as the service keeps it."""

    object_type: str
    unique_key: str
    # The JSON string as sent, and parsed.
    text: str
    content: Mapping[str, Any]
    # None: no profile has its key and its type may not create one, so the object is not kept.
    profile_id: str | None
    # By key name: the object's values, if it has all of them.
    keys: Mapping[str, KeyValue]
    # How often it was put. Above 1, it replaced an object with the same key.
    puts: int


@dataclass(slots=True)
class Profile:
    profile_id: str
    # Standard fields and `Attributes.NAME`, named as the targets of fields.
    values: dict[str, str]
    # What UpdateProfile has written and not removed.
    written_by_hand: set[str] = field(default_factory=set[str])

    def update(self, values: Mapping[str, str]) -> None:
        """Write values as UpdateProfile does: an empty one removes the attribute."""
        for target, value in values.items():
            if value:
                self.values[target] = value
                self.written_by_hand.add(target)
            else:
                self.values.pop(target, None)
                self.written_by_hand.discard(target)

    @property
    def attributes(self) -> dict[str, str]:
        return {
            target.removeprefix(ATTRIBUTES): value
            for target, value in self.values.items()
            if target.startswith(ATTRIBUTES)
        }

    @property
    def item(self) -> dict[str, Any]:
        """The profile as SearchProfiles returns it."""
        standard = {t: value for t, value in self.values.items() if not t.startswith(ATTRIBUTES)}
        return {"ProfileId": self.profile_id, **standard, "Attributes": self.attributes}


class Domain:
    """The object types, profiles and objects of one domain."""

    def __init__(self, object_types: Iterable[ObjectType]) -> None:
        self.object_types: dict[str, ObjectType] = {}
        self.declare(object_types)
        self.profiles: dict[str, Profile] = {}
        self.objects: dict[tuple[str, KeyValue], StoredObject] = {}
        self.found_by: dict[tuple[str, KeyValue], Profile] = {}
        # The places of the objects with a key's value, oldest first.
        self.places: dict[tuple[str, KeyValue], dict[tuple[str, KeyValue], None]] = {}
        self.described: dict[str, Any] = {}
        self.integrations: list[dict[str, Any]] = []

    def stats(self) -> dict[str, int]:
        """The statistics of GetDomain. AWS counts later, and a profile for each hundred of its objects."""
        objects = Counter(one.profile_id for one in self.objects.values())
        return {
            "ProfileCount": len(self.profiles),
            "MeteringProfileCount": sum(max(1, -(-objects[one] // 100)) for one in self.profiles),
            "ObjectCount": len(self.objects),
        }

    def declare(self, object_types: Iterable[ObjectType]) -> None:
        """Add these object types, or give them these fields and keys."""
        self.object_types |= {object_type.name: object_type for object_type in object_types}
        keys = [key for object_type in self.object_types.values() for key in object_type.keys]
        self.keys = {key.name: key for key in keys}
        self.profile_key_names = {key.name for key in keys if key.is_profile}

    def put(self, object_type: ObjectType, text: str) -> tuple[StoredObject, bool]:
        """Keep an object and update its profile. The flag: it differs from the last object with its key.

        Raises ServiceError for an object that the service would refuse.
        """
        content = _read_object(text)
        values = _read_values(object_type.fields, content)
        keys = {key.name: value for key in object_type.keys if (value := _key_value(key, values))}
        profile_keys = [
            (key.name, keys[key.name]) for key in object_type.keys if key.is_profile and key.name in keys
        ]
        unique_value = keys.get(object_type.unique_key.name)
        if unique_value is None or not profile_keys:
            raise ServiceError(400, "A key of the object has no value")
        unique_text = "_".join(unique_value)
        if length(unique_text) > _MAX_VALUE_LENGTH:
            raise ServiceError(400, "The unique key of the object is too long")
        profile = self._find_or_create(object_type, profile_keys)
        if profile is not None:
            for name, declared in object_type.fields.items():
                target = declared.target
                if target is not None and name in values and target not in profile.written_by_hand:
                    profile.values[target] = values[name]
        place = (object_type.name, unique_value)
        before = self.objects.get(place)
        after = StoredObject(
            object_type=object_type.name,
            unique_key=unique_text,
            text=text,
            content=content,
            profile_id=profile and profile.profile_id,
            keys=keys,
            puts=before.puts + 1 if before else 1,
        )
        if profile is not None:
            self._keep(place, after, before)
            self._make_room(object_type, profile)
        return after, before is None or before.content != content

    def _keep(self, place: tuple[str, KeyValue], after: StoredObject, before: StoredObject | None) -> None:
        if before is not None:
            self._forget(place, before)
        self.objects[place] = after
        for key in after.keys.items():
            self.places.setdefault(key, {})[place] = None

    def _forget(self, place: tuple[str, KeyValue], stored: StoredObject) -> None:
        for key in stored.keys.items():
            self.places[key].pop(place)

    def delete(self, profile_id: str) -> None:
        """Remove a profile and, as the documentation of DeleteProfile says, all data that pertains to it."""
        del self.profiles[profile_id]
        for place, stored in list(self.objects.items()):
            if stored.profile_id == profile_id:
                self._forget(place, self.objects.pop(place))
        for key in [key for key, profile in self.found_by.items() if profile.profile_id == profile_id]:
            del self.found_by[key]

    def _make_room(self, object_type: ObjectType, profile: Profile) -> None:
        """Remove the oldest objects beyond the type's maximum for one profile."""
        if object_type.max_objects is None:
            return
        places = [
            place
            for place, stored in self.objects.items()
            if (stored.object_type, stored.profile_id) == (object_type.name, profile.profile_id)
        ]
        for place in places[: -object_type.max_objects]:
            self._forget(place, self.objects.pop(place))

    def find(self, key_name: str, value: KeyValue) -> list[Profile]:
        """The profiles with this value of a key: of their own, or in one of their objects."""
        found = {one.profile_id: one for one in (self.found_by.get((key_name, value)),) if one is not None}
        for place in self.places.get((key_name, value), ()):
            if (profile_id := self.objects[place].profile_id) is not None:
                found[profile_id] = self.profiles[profile_id]
        return list(found.values())

    def _find_or_create(
        self, object_type: ObjectType, keys: Sequence[tuple[str, KeyValue]]
    ) -> Profile | None:
        profile = next((self.found_by[key] for key in keys if key in self.found_by), None)
        if profile is None and object_type.allow_profile_creation:
            profile = Profile(uuid.uuid4().hex, {})
            self.profiles[profile.profile_id] = profile
        if profile is not None:
            for key in keys:
                self.found_by.setdefault(key, profile)
        return profile


def _read_object(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ServiceError(400, "The object is not JSON") from error
    if not isinstance(content, dict):
        raise ServiceError(400, "The object is not a JSON object")
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _read_values(fields: Mapping[str, Field], content: Mapping[str, Any]) -> dict[str, str]:
    """The value of each declared field that the object has, as a string."""
    values: dict[str, str] = {}
    for name, declared in fields.items():
        value: Any = content
        for part in declared.source:
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            continue
        if not isinstance(value, str | int | float):
            raise ServiceError(400, f"The field {name} is not a single value")
        text = value if isinstance(value, str) else json.dumps(value)
        if length(text) > _MAX_VALUE_LENGTH:
            raise ServiceError(400, f"The field {name} is too long")
        if not text:
            raise ServiceError(400, f"The field {name} is empty")
        values[name] = text
    return values


def _key_value(key: Key, values: Mapping[str, str]) -> KeyValue | None:
    """A key's values, or None if one of them is missing or empty."""
    parts = tuple(values.get(name, "") for name in key.fields)
    return comparable(key, parts) if all(parts) else None


def comparable(key: Key, parts: KeyValue) -> KeyValue:
    """A key's values in the form in which its content types compare them."""
    return tuple(
        part.casefold()
        if content_type == "EMAIL_ADDRESS"
        else "".join(character for character in part if character.isdigit())
        if content_type == "PHONE_NUMBER"
        else part
        for part, content_type in zip(parts, key.content_types, strict=True)
    )
