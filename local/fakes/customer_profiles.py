"""A fake of Amazon Connect Customer Profiles, which moto lacks.

Speaks the service's REST-JSON protocol over HTTP: BatchPutProfileObject and PutProfileObject, SearchProfiles,
UpdateProfile and ListProfileObjects; GetDomain, ListIntegrations, ListProfileObjectTypes and
GetProfileObjectType. Requests are held against the service's own model (botocore's); objects become profiles
as the object types of the deployed CloudFormation templates say.
What AWS's documentation leaves open is read strictly here: an object that lacks a part of its UNIQUE key, or
every PROFILE key, is refused, and so is a declared value above 255 characters. An object for which there is
no profile, and whose type may not create one, is accepted and then dropped, as AWS does it after its answer.
Keys compare email addresses in any letter case, and phone numbers by their digits. What UpdateProfile has
written is not overwritten by objects. Not emulated: that objects take time to become profiles, expiry, event
triggers, how profiles are merged, the limit of all objects of a profile together, and that the real service
may refuse two updates of one profile at the same time (plan that as a fault). Knows nothing of the handler.
"""

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from werkzeug import Request, Response

from local.fakes import Deployed, Fake, Profiles
from local.fakes.access_control import authorize
from local.fakes.customer_profiles_object_types import (
    ATTRIBUTES,
    Field,
    Key,
    ObjectType,
    read_domains,
    read_object_types,
)
from local.fakes.rest_json import Authorize, Operations, ServiceError, check_permission, check_shape, length
from local.recorder import RecordedEvent, Recorder

_MAX_VALUE_LENGTH: Final = 255
_PAGE_SIZE: Final = 100  # maxSize100 of the service's model; how many there are by default is not documented

_PUT_MANY: Final = "BatchPutProfileObject"
_PUT_ONE: Final = "PutProfileObject"
_SEARCH: Final = "SearchProfiles"
_UPDATE: Final = "UpdateProfile"
_LIST: Final = "ListProfileObjects"
_GET_DOMAIN: Final = "GetDomain"
_INTEGRATIONS: Final = "ListIntegrations"
_OBJECT_TYPES: Final = "ListProfileObjectTypes"
_OBJECT_TYPE: Final = "GetProfileObjectType"

# There is no permission of its own for the batch call.
_ACTIONS: Final[Mapping[str, str]] = {
    name: f"profile:{name.removeprefix('Batch')}"
    for name in (
        *(_PUT_MANY, _PUT_ONE, _SEARCH, _UPDATE, _LIST),
        *(_GET_DOMAIN, _INTEGRATIONS, _OBJECT_TYPES, _OBJECT_TYPE),
    )
}

_CREATED: Final = 1_700_000_000
_DEFAULT_EXPIRATION_DAYS: Final = 366

# What an object has that is an event, and not an imported endpoint.
_EVENT_FIELDS: Final = {"event_id", "endpoint_id", "event_type", "timestamp"}

_KeyValue = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResponse:
    """A fault for one request that puts objects. What is not planned is answered as usual."""

    # The HTTP status of the whole request instead of 200, and its text; nothing is kept then.
    status: int | None = None
    message: str = "planned"
    # By item id: code and text in `Failed`. Such an object is not kept.
    item_failures: Mapping[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    # Ids that are in neither list of the answer, though their objects are kept if nothing else is wrong.
    items_left_out: Collection[str] = ()
    # Work through the items from the last to the first: the service promises no order.
    last_item_first: bool = False
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """A request that was authorized and valid: the operation's name and its parameters as in the model."""

    operation: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as the service keeps it."""

    object_type: str
    unique_key: str
    # The JSON text as it was sent, and what it says.
    text: str
    content: Mapping[str, Any]
    # None: no profile has its key, and its type may not create one, so that it is not kept.
    profile_id: str | None
    # By the name of a key: the object's values for it, where it has them all.
    keys: Mapping[str, _KeyValue]
    # How often it was put: above 1, an object with the same key was replaced.
    puts: int


@dataclass(slots=True)
class _Profile:
    profile_id: str
    # Standard fields and `Attributes.NAME`, as targets of fields name them.
    values: dict[str, str]
    # What UpdateProfile has written and not emptied.
    written_by_hand: set[str] = field(default_factory=set[str])

    def update(self, values: Mapping[str, str]) -> None:
        """Write values by hand; an empty one takes away what is there."""
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
        """As SearchProfiles answers it."""
        standard = {t: value for t, value in self.values.items() if not t.startswith(ATTRIBUTES)}
        return {"ProfileId": self.profile_id, **standard, "Attributes": self.attributes}


class _Domain:
    """The object types, profiles and objects of one domain."""

    def __init__(self, object_types: Iterable[ObjectType]) -> None:
        self.object_types = {object_type.name: object_type for object_type in object_types}
        keys = [key for object_type in self.object_types.values() for key in object_type.keys]
        self.keys = {key.name: key for key in keys}
        self.profile_key_names = {key.name for key in keys if key.is_profile}
        self.profiles: dict[str, _Profile] = {}
        self.objects: dict[tuple[str, _KeyValue], StoredObject] = {}
        self.found_by: dict[tuple[str, _KeyValue], _Profile] = {}
        # The places of the objects that have a key's value, in the order in which they got it.
        self.places: dict[tuple[str, _KeyValue], dict[tuple[str, _KeyValue], None]] = {}
        self.described: dict[str, Any] = {}
        self.integrations: list[dict[str, Any]] = []

    def put(self, object_type: ObjectType, text: str) -> tuple[StoredObject, bool]:
        """Keep an object and update its profile; whether it differs from what was kept under its key.

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

    def _keep(self, place: tuple[str, _KeyValue], after: StoredObject, before: StoredObject | None) -> None:
        if before is not None:
            self._forget(place, before)
        self.objects[place] = after
        for key in after.keys.items():
            self.places.setdefault(key, {})[place] = None

    def _forget(self, place: tuple[str, _KeyValue], stored: StoredObject) -> None:
        for key in stored.keys.items():
            self.places[key].pop(place)

    def _make_room(self, object_type: ObjectType, profile: _Profile) -> None:
        """Let the oldest objects go that are more than the type may have of one profile."""
        if object_type.max_objects is None:
            return
        places = [
            place
            for place, stored in self.objects.items()
            if (stored.object_type, stored.profile_id) == (object_type.name, profile.profile_id)
        ]
        for place in places[: -object_type.max_objects]:
            self._forget(place, self.objects.pop(place))

    def find(self, key_name: str, value: _KeyValue) -> list[_Profile]:
        """The profiles that this key finds: by a PROFILE key, or by one that their objects have."""
        found = {one.profile_id: one for one in (self.found_by.get((key_name, value)),) if one is not None}
        for place in self.places.get((key_name, value), ()):
            if (profile_id := self.objects[place].profile_id) is not None:
                found[profile_id] = self.profiles[profile_id]
        return list(found.values())

    def _find_or_create(
        self, object_type: ObjectType, keys: Sequence[tuple[str, _KeyValue]]
    ) -> _Profile | None:
        profile = next((self.found_by[key] for key in keys if key in self.found_by), None)
        if profile is None and object_type.allow_profile_creation:
            profile = _Profile(uuid.uuid4().hex, {})
            self.profiles[profile.profile_id] = profile
        if profile is not None:
            for key in keys:
                self.found_by.setdefault(key, profile)
        return profile


@contextmanager
def make(deployed: Deployed) -> Iterator[Fake]:
    """The fake with the domain that the stack names, unless the stack creates it. Raises ObjectTypeError."""
    domain = deployed.setting("customerProfilesDomain")
    exists = domain and deployed.setting("customerProfilesNewDomain") != "true"
    service = CustomerProfilesFake(
        deployed.recorder,
        templates=deployed.templates,
        domains=[domain] if exists else [],
        authorize=authorize,
    )
    yield Fake(
        service=service,
        notes=[
            "Amazon Connect Customer Profiles: a fake that checks requests against the service's API model "
            "and makes profiles from the deployed object types. Event triggers start nothing; there are no "
            "segments and no campaigns."
        ],
        applications={"customer-profiles": service},
        profiles=Profiles(
            of=service.profile,
            created_by_events=deployed.setting("customerProfilesCreate") == "true",
        ),
    )


class CustomerProfilesFake:
    """A WSGI application with the domains and object types of some CloudFormation templates.

    `domains` are those that exist without a template. Raises ObjectTypeError for a template that the
    service would refuse.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        templates: Sequence[Mapping[str, Any]],
        domains: Collection[str] = (),
        authorize: Authorize | None = None,
        requests_per_second: int | None = None,
    ) -> None:
        """`requests_per_second` is the quota of each operation; None: there is none."""
        self._quota = requests_per_second
        self._recent: dict[str, deque[float]] = {}
        self._recorder = recorder
        self._authorize = authorize
        object_types = read_object_types(templates)
        self._domains = {
            name: _Domain(one for one in object_types if one.domain == name)
            for name in (*domains, *read_domains(templates))
        }
        self._operations = Operations("customer-profiles", list(_ACTIONS))
        self._lock = threading.Lock()
        self._plan: deque[PlannedResponse] = deque()
        self._requests: list[ReceivedRequest] = []

    def plan(self, *answers: PlannedResponse) -> None:
        """Answer the next requests that put objects so, in this order."""
        self._plan.extend(answers)

    def describe(
        self, domain: str, *, integrations: Sequence[Mapping[str, Any]] = (), **properties: Any
    ) -> None:
        """What GetDomain says of a domain beyond its name, and what ListIntegrations lists of it."""
        self._domains[domain].described = properties
        self._domains[domain].integrations = [
            {"CreatedAt": _CREATED, "LastUpdatedAt": _CREATED, "DomainName": domain, **integration}
            for integration in integrations
        ]

    @property
    def requests(self) -> list[ReceivedRequest]:
        """Every request so far that was authorized and valid, those with a planned fault too."""
        with self._lock:
            return list(self._requests)

    @property
    def profiles(self) -> list[Mapping[str, Any]]:
        """Every profile as SearchProfiles answers it: ProfileId, Attributes, EmailAddress and so on."""
        with self._lock:
            return [profile.item for domain in self._domains.values() for profile in domain.profiles.values()]

    def profile(self, endpoint_id: str) -> Mapping[str, str] | None:
        """The attributes of the profile that a PROFILE key finds by this one value; None: there is none."""
        with self._lock:
            for domain in self._domains.values():
                for key_name in domain.profile_key_names:
                    if found := domain.found_by.get((key_name, (endpoint_id,))):
                        return found.attributes
        return None

    def objects(self, endpoint_id: str) -> list[StoredObject]:
        """The objects whose PROFILE key is this one value, oldest first."""
        with self._lock:
            return [
                stored
                for domain in self._domains.values()
                for stored in domain.objects.values()
                if any(stored.keys.get(name) == (endpoint_id,) for name in domain.profile_key_names)
            ]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            body, status, headers = self._answer(Request(environ)), HTTPStatus.OK.value, {}
        except ServiceError as error:
            status, body = error.status, {"Message": error.message}
            headers = {"x-amzn-ErrorType": self._operations.error_name(status)}
        response = Response(json.dumps(body), status=status, content_type="application/json")
        response.headers.update({"x-amzn-RequestId": str(uuid.uuid4()), **headers})
        return response(environ, start_response)

    def _answer(self, request: Request) -> dict[str, Any]:
        operation, path_parameters = self._operations.match(request)
        action, domain_arn = _ACTIONS[operation], f"domains/{path_parameters['DomainName']}"
        check_permission(self._authorize, request, action, domain_arn)
        shape = self._operations.input_shape(operation)
        parameters = {**_read_body(request), **_read_query(request, shape), **path_parameters}
        check_shape(shape, parameters)
        self._keep_quota(operation)
        if "ObjectTypeName" in parameters:
            type_arn = f"{domain_arn}/object-types/{parameters['ObjectTypeName']}"
            check_permission(self._authorize, request, action, type_arn)
        with self._lock:
            self._requests.append(ReceivedRequest(operation=operation, parameters=parameters))
        domain = self._domains.get(parameters["DomainName"])
        if domain is None:
            raise ServiceError(404, "Domain not found")
        if "ObjectTypeName" in parameters and parameters["ObjectTypeName"] not in domain.object_types:
            raise ServiceError(404, "Object type not found")
        return self._perform(operation, domain, parameters)

    def _perform(self, operation: str, domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation == _PUT_MANY:
            return self._put_many(domain, parameters)
        if operation == _PUT_ONE:
            return self._put_one(domain, parameters)
        with self._lock:
            return _QUERIES[operation](domain, parameters)

    def _keep_quota(self, operation: str) -> None:
        """Throttle what goes beyond the quota within any second."""
        if self._quota is None:
            return
        now = time.monotonic()
        with self._lock:
            recent = self._recent.setdefault(operation, deque())
            while recent and recent[0] <= now - 1:
                recent.popleft()
            if len(recent) >= self._quota:
                raise ServiceError(429, "Rate exceeded")
            recent.append(now)

    def _put_many(self, domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
        planned = self._next_planned()
        items = parameters["Items"]
        if len({item["Id"] for item in items}) < len(items):
            raise ServiceError(400, "The ids of the items are not distinct")
        successful: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for item in reversed(items) if planned.last_item_first else items:
            try:
                if item["Id"] in planned.item_failures:
                    raise ServiceError(*planned.item_failures[item["Id"]])
                unique_key = self._put(domain, parameters["ObjectTypeName"], item["Object"])
                if item["Id"] not in planned.items_left_out:
                    successful.append({"Id": item["Id"], "ProfileObjectUniqueKey": unique_key})
            except ServiceError as error:
                if item["Id"] not in planned.items_left_out:
                    failed.append({"Id": item["Id"], "Code": error.status, "Message": error.message})
        return {"Successful": successful, "Failed": failed}

    def _put_one(self, domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self._next_planned()
        unique_key = self._put(domain, parameters["ObjectTypeName"], parameters["Object"])
        return {"ProfileObjectUniqueKey": unique_key}

    def _next_planned(self) -> PlannedResponse:
        with self._lock:
            planned = self._plan.popleft() if self._plan else PlannedResponse()
        time.sleep(planned.delay_seconds)
        if planned.status is not None:
            raise ServiceError(planned.status, planned.message)
        return planned

    def _put(self, domain: _Domain, object_type: str, text: str) -> str:
        with self._lock:
            stored, is_new = domain.put(domain.object_types[object_type], text)
            # A redelivered event is the same object: nothing new has arrived.
            if is_new and stored.content.keys() >= _EVENT_FIELDS:
                self._recorder.add(_recorded_event(stored))
        return stored.unique_key


def _recorded_event(stored: StoredObject) -> RecordedEvent:
    content = stored.content
    updates = content.get("user_attributes", {}) if stored.profile_id is not None else {}
    return RecordedEvent(
        destination="customer-profiles",
        endpoint_id=content["endpoint_id"],
        event_id=content["event_id"],
        event_key=content.get("event_key", content["event_id"]),
        event=content["event_type"],
        timestamp=content["timestamp"],
        attributes=content.get("attributes", {}),
        metrics=content.get("metrics", {}),
        # Without a profile there is nothing that they could have updated.
        user_attributes={name: [value] for name, value in updates.items()},
    )


def _search(domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, _Profile] = {}
    found_by: dict[str, list[dict[str, Any]]] = {}
    keys = [parameters, *parameters.get("AdditionalSearchKeys", [])]
    for one in keys:
        key, value = domain.keys.get(one["KeyName"]), tuple(one["Values"])
        if key is None or len(key.fields) != len(value):
            raise ServiceError(400, "There is no key of this name and number of values")
        for profile in domain.find(key.name, _comparable(key, value)):
            found[profile.profile_id] = profile
            item = {"KeyName": key.name, "Values": list(value)}
            found_by.setdefault(profile.profile_id, []).append(item)
    if parameters.get("LogicalOperator") == "AND":
        found = {one: profile for one, profile in found.items() if len(found_by[one]) == len(keys)}
    items = [{**profile.item, "FoundByItems": found_by[one]} for one, profile in found.items()]
    return _page(items, parameters)


def _update_profile(domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    profile = domain.profiles.get(parameters["ProfileId"])
    if profile is None:
        raise ServiceError(404, "Profile not found")
    standard = {
        name: value
        for name, value in parameters.items()
        if isinstance(value, str) and name not in ("DomainName", "ProfileId")
    }
    attributes = {ATTRIBUTES + name: value for name, value in parameters.get("Attributes", {}).items()}
    profile.update({**standard, **attributes})
    return {"ProfileId": profile.profile_id}


def _get_domain(domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "DomainName": parameters["DomainName"],
        "DefaultExpirationDays": _DEFAULT_EXPIRATION_DAYS,
        "CreatedAt": _CREATED,
        "LastUpdatedAt": _CREATED,
        **domain.described,
    }


def _list_integrations(domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return _page(domain.integrations, parameters)


def _list_object_types(domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    names = ("ObjectTypeName", "Description", "MaxProfileObjectCount")
    items = [
        {name: one.properties[name] for name in names if name in one.properties}
        for one in domain.object_types.values()
    ]
    return _page(items, parameters)


def _get_object_type(domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    properties = domain.object_types[parameters["ObjectTypeName"]].properties
    maps = {
        "Fields": {entry["Name"]: entry["ObjectTypeField"] for entry in properties["Fields"]},
        "Keys": {entry["Name"]: entry["ObjectTypeKeyList"] for entry in properties["Keys"]},
    }
    return {**{name: value for name, value in properties.items() if name != "DomainName"}, **maps}


def _list_objects(domain: _Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    if "ObjectFilter" in parameters:
        raise ServiceError(400, "ObjectFilter is not emulated")
    if parameters["ProfileId"] not in domain.profiles:
        raise ServiceError(404, "Profile not found")
    items = [
        {
            "ObjectTypeName": stored.object_type,
            "ProfileObjectUniqueKey": stored.unique_key,
            "Object": stored.text,
        }
        for stored in domain.objects.values()
        if (stored.profile_id, stored.object_type) == (parameters["ProfileId"], parameters["ObjectTypeName"])
    ]
    return _page(items, parameters)


_QUERIES: Final[Mapping[str, Callable[[_Domain, Mapping[str, Any]], dict[str, Any]]]] = {
    _SEARCH: _search,
    _UPDATE: _update_profile,
    _LIST: _list_objects,
    _GET_DOMAIN: _get_domain,
    _INTEGRATIONS: _list_integrations,
    _OBJECT_TYPES: _list_object_types,
    _OBJECT_TYPE: _get_object_type,
}


def _page(items: Sequence[dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a list that was asked for; a token is the position to go on from."""
    token = parameters.get("NextToken", "0")
    if not token.isdecimal():
        raise ServiceError(400, "NextToken is not known")
    start, count = int(token), parameters.get("MaxResults", _PAGE_SIZE)
    rest = {"NextToken": str(start + count)} if start + count < len(items) else {}
    return {"Items": items[start : start + count], **rest}


def _read_body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise ServiceError(400, "Malformed request") from error
    if not isinstance(body, dict):
        raise ServiceError(400, "Malformed request")
    return body


def _read_query(request: Request, shape: Any) -> dict[str, Any]:
    """The parameters that travel in the query string, by their names in the model."""
    values: dict[str, Any] = {}
    for name, member in shape.members.items():
        text = request.args.get(member.serialization.get("name", name))
        if member.serialization.get("location") == "querystring" and text is not None:
            values[name] = _query_value(member.type_name, text)
    return values


def _query_value(type_name: str, text: str) -> Any:
    match type_name, text:
        case "integer", _ if text.isdecimal():
            return int(text)
        case "boolean", "true" | "false":
            return text == "true"
        case _:
            return text


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
    """The text of every declared field that the object has."""
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


def _key_value(key: Key, values: Mapping[str, str]) -> _KeyValue | None:
    """A key's values, or None where one of them is missing or empty."""
    parts = tuple(values.get(name, "") for name in key.fields)
    return _comparable(key, parts) if all(parts) else None


def _comparable(key: Key, parts: _KeyValue) -> _KeyValue:
    """The values of a key as the content types of its fields compare them."""
    return tuple(
        part.casefold()
        if content_type == "EMAIL_ADDRESS"
        else "".join(character for character in part if character.isdigit())
        if content_type == "PHONE_NUMBER"
        else part
        for part, content_type in zip(parts, key.content_types, strict=True)
    )
