"""The fake of Amazon Connect Customer Profiles, which moto lacks.

Speaks the service's REST-JSON protocol over HTTP: BatchPutProfileObject, PutProfileObject, SearchProfiles,
UpdateProfile, DeleteProfile, ListProfileObjects, GetDomain, ListIntegrations, ListProfileObjectTypes and
GetProfileObjectType. It checks requests against the service's own model, which botocore has.

Not emulated: the time it takes until an object is in a profile, expiry, event triggers, merging of profiles,
the limit on all objects of a profile together. The real service may refuse two updates of one profile at the
same time; plan that as a fault.
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
from local.fakes.customer_profiles_calls import read_call
from local.fakes.customer_profiles_object_types import ATTRIBUTES, read_domains, read_object_types
from local.fakes.customer_profiles_store import Domain, Profile, StoredObject, comparable
from local.fakes.rest_json import Authorize, Operations, ServiceError, check_permission, check_shape
from local.recorder import RecordedEvent, Recorder

_PAGE_SIZE: Final = 100  # maxSize100 in the service's model; the default is not documented

_PUT_MANY: Final = "BatchPutProfileObject"
_PUT_ONE: Final = "PutProfileObject"
_SEARCH: Final = "SearchProfiles"
_UPDATE: Final = "UpdateProfile"
_DELETE: Final = "DeleteProfile"
_LIST: Final = "ListProfileObjects"
_GET_DOMAIN: Final = "GetDomain"
_INTEGRATIONS: Final = "ListIntegrations"
_OBJECT_TYPES: Final = "ListProfileObjectTypes"
_OBJECT_TYPE: Final = "GetProfileObjectType"

# The batch call has no permission of its own in IAM.
_ACTIONS: Final[Mapping[str, str]] = {
    name: f"profile:{name.removeprefix('Batch')}"
    for name in (
        *(_PUT_MANY, _PUT_ONE, _SEARCH, _UPDATE, _DELETE, _LIST),
        *(_GET_DOMAIN, _INTEGRATIONS, _OBJECT_TYPES, _OBJECT_TYPE),
    )
}

_CREATED: Final = 1_700_000_000
_DEFAULT_EXPIRATION_DAYS: Final = 366

# The fields that tell an event from an imported endpoint.
_EVENT_FIELDS: Final = {"event_id", "endpoint_id", "event_type", "timestamp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResponse:
    """A fault for one request that puts objects. Requests without a plan get the usual response."""

    # The HTTP status of the whole request instead of 200, and its message. Nothing is kept then.
    status: int | None = None
    message: str = "planned"
    # By item id: code and message in `Failed`. Such an object is not kept.
    item_failures: Mapping[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    # Ids missing from both lists of the response. Their objects are kept, unless invalid.
    items_left_out: Collection[str] = ()
    # Process the items from the last to the first: the service promises no order.
    last_item_first: bool = False
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """An authorized and valid request: the operation and its parameters, named as in the model."""

    operation: str
    parameters: Mapping[str, Any]


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
        calls={"customer-profiles": read_call},
        profiles=Profiles(
            of=service.profile,
            when_missing=(
                "No profile yet: the first recorded event creates it."
                if deployed.setting("customerProfilesCreate") == "true"
                else "No profile: customerProfilesCreate is off, so events create none."
            ),
            keeps_event_once=True,
        ),
        redeploy=lambda changed: service.deploy(changed.templates),
    )


class CustomerProfilesFake:
    """A WSGI application with the domains and object types of CloudFormation templates.

    `domains` exist without a template. `requests_per_second` is the quota of each operation, None for no
    quota. Raises ObjectTypeError for a template that the service would refuse.
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
        self._quota = requests_per_second
        self._recent: dict[str, deque[float]] = {}
        self._recorder = recorder
        self._authorize = authorize
        self._domains = {name: Domain([]) for name in domains}
        self.deploy(templates)
        self._operations = Operations("customer-profiles", list(_ACTIONS))
        self._lock = threading.Lock()
        self._plan: deque[PlannedResponse] = deque()
        self._requests: list[ReceivedRequest] = []

    def deploy(self, templates: Sequence[Mapping[str, Any]]) -> None:
        """Take over what these templates declare. Domains, profiles and objects stay."""
        object_types = read_object_types(templates)
        for name in {*self._domains, *read_domains(templates)}:
            domain = self._domains.setdefault(name, Domain([]))
            domain.declare([one for one in object_types if one.domain == name])

    def plan(self, *responses: PlannedResponse) -> None:
        """Respond to the next requests that put objects with these, in this order."""
        self._plan.extend(responses)

    def describe(
        self, domain: str, *, integrations: Sequence[Mapping[str, Any]] = (), **properties: Any
    ) -> None:
        """Set the results of GetDomain (except for the name) and of ListIntegrations."""
        self._domains[domain].described = properties
        self._domains[domain].integrations = [
            {"CreatedAt": _CREATED, "LastUpdatedAt": _CREATED, "DomainName": domain, **integration}
            for integration in integrations
        ]

    @property
    def requests(self) -> list[ReceivedRequest]:
        """All authorized and valid requests so far, including those with a planned fault."""
        with self._lock:
            return list(self._requests)

    @property
    def profiles(self) -> list[Mapping[str, Any]]:
        """All profiles as SearchProfiles returns them: ProfileId, Attributes, EmailAddress and so on."""
        with self._lock:
            return [profile.item for domain in self._domains.values() for profile in domain.profiles.values()]

    def profile(self, endpoint_id: str) -> Mapping[str, str] | None:
        """The attributes of the profile whose PROFILE key is this one value; None if there is none."""
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
            body, status, headers = self._respond(Request(environ)), HTTPStatus.OK.value, {}
        except ServiceError as error:
            status, body = error.status, {"Message": error.message}
            headers = {"x-amzn-ErrorType": self._operations.error_name(status)}
        response = Response(json.dumps(body), status=status, content_type="application/json")
        response.headers.update({"x-amzn-RequestId": str(uuid.uuid4()), **headers})
        return response(environ, start_response)

    def _respond(self, request: Request) -> dict[str, Any]:
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

    def _perform(self, operation: str, domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if operation == _PUT_MANY:
            return self._put_many(domain, parameters)
        if operation == _PUT_ONE:
            return self._put_one(domain, parameters)
        with self._lock:
            return _QUERIES[operation](domain, parameters)

    def _keep_quota(self, operation: str) -> None:
        """Throttle requests over the quota within any one second."""
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

    def _put_many(self, domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
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

    def _put_one(self, domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
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

    def _put(self, domain: Domain, object_type: str, text: str) -> str:
        with self._lock:
            stored, is_new = domain.put(domain.object_types[object_type], text)
            # A redelivered event is the same object: nothing new was recorded.
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
        # Without a profile, there was nothing to update.
        user_attributes={name: [value] for name, value in updates.items()},
    )


def _search(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Profile] = {}
    found_by: dict[str, list[dict[str, Any]]] = {}
    keys = [parameters, *parameters.get("AdditionalSearchKeys", [])]
    for one in keys:
        key, value = domain.keys.get(one["KeyName"]), tuple(one["Values"])
        if key is None or len(key.fields) != len(value):
            raise ServiceError(400, "There is no key of this name and number of values")
        for profile in domain.find(key.name, comparable(key, value)):
            found[profile.profile_id] = profile
            item = {"KeyName": key.name, "Values": list(value)}
            found_by.setdefault(profile.profile_id, []).append(item)
    if parameters.get("LogicalOperator") == "AND":
        found = {one: profile for one, profile in found.items() if len(found_by[one]) == len(keys)}
    items = [{**profile.item, "FoundByItems": found_by[one]} for one, profile in found.items()]
    return _page(items, parameters)


def _update_profile(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
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


def _delete_profile(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    if parameters["ProfileId"] not in domain.profiles:
        raise ServiceError(404, "Profile not found")
    domain.delete(parameters["ProfileId"])
    return {"Message": "OK"}


def _get_domain(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "DomainName": parameters["DomainName"],
        "DefaultExpirationDays": _DEFAULT_EXPIRATION_DAYS,
        "CreatedAt": _CREATED,
        "LastUpdatedAt": _CREATED,
        "Stats": domain.stats(),
        **domain.described,
    }


def _list_integrations(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return _page(domain.integrations, parameters)


def _list_object_types(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    names = ("ObjectTypeName", "Description", "MaxProfileObjectCount")
    items = [
        {name: one.properties[name] for name in names if name in one.properties}
        for one in domain.object_types.values()
    ]
    return _page(items, parameters)


def _get_object_type(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
    properties = domain.object_types[parameters["ObjectTypeName"]].properties
    maps = {
        "Fields": {entry["Name"]: entry["ObjectTypeField"] for entry in properties["Fields"]},
        "Keys": {entry["Name"]: entry["ObjectTypeKeyList"] for entry in properties["Keys"]},
    }
    return {**{name: value for name, value in properties.items() if name != "DomainName"}, **maps}


def _list_objects(domain: Domain, parameters: Mapping[str, Any]) -> dict[str, Any]:
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


_QUERIES: Final[Mapping[str, Callable[[Domain, Mapping[str, Any]], dict[str, Any]]]] = {
    _SEARCH: _search,
    _UPDATE: _update_profile,
    _DELETE: _delete_profile,
    _LIST: _list_objects,
    _GET_DOMAIN: _get_domain,
    _INTEGRATIONS: _list_integrations,
    _OBJECT_TYPES: _list_object_types,
    _OBJECT_TYPE: _get_object_type,
}


def _page(items: Sequence[dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The requested page of a list; a token is the position of the next page."""
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
    """The parameters in the query string, by their names in the model."""
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
