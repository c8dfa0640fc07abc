"""The Customer Profiles fake, seen by a plain client: objects and profiles, limits and errors."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from components.profile_template import profile_template
from local.deployment.cloud import Cloud
from local.fakes.access_control import authorize
from local.fakes.customer_profiles import CustomerProfilesFake, PlannedResponse
from local.recorder import Recorder
from local.web.http_server import HttpServer
from tests.profile_templates import MINIMAL

DOMAIN = "amazon-connect-shop"
EVENTS = "gtm-pixel-dev"
ENDPOINTS = "gtm-pixel-dev-endpoints"
REGION = "eu-central-1"


def a_field(source: str, target: str | None = None) -> dict[str, Any]:
    declared = {"Source": f"_source.{source}", "ContentType": "STRING"}
    return declared if target is None else {**declared, "Target": f"_profile.{target}"}


def a_type(
    name: str = EVENTS,
    *,
    fields: Mapping[str, dict[str, Any]],
    keys: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    creates_profiles: bool = True,
    max_objects: int | None = None,
    domain: Any = DOMAIN,
) -> dict[str, Any]:
    """An object type in CloudFormation; keys are (identifiers, fields) by name."""
    return {
        "Type": "AWS::CustomerProfiles::ObjectType",
        "Properties": {
            "DomainName": domain,
            "ObjectTypeName": name,
            "Description": "A type",
            "AllowProfileCreation": creates_profiles,
            **({"MaxProfileObjectCount": max_objects} if max_objects else {}),
            "Fields": [{"Name": field, "ObjectTypeField": declared} for field, declared in fields.items()],
            "Keys": [
                {
                    "Name": key,
                    "ObjectTypeKeyList": [
                        {
                            "FieldNames": list(key_fields),
                            **({"StandardIdentifiers": list(identifiers)} if identifiers else {}),
                        }
                    ],
                }
                for key, (identifiers, key_fields) in keys.items()
            ],
        },
    }


EVENT_FIELDS = {
    "event_id": a_field("event_id"),
    "endpoint_id": a_field("endpoint_id", "Attributes.gtm_pixel_endpoint_id"),
    "event_type": a_field("event_type"),
    "usat_plan": a_field("user_attributes.plan", "Attributes.plan"),
    "usat_city": a_field("user_attributes.city", "Attributes.city"),
    "evat_order": a_field("attributes.order"),
    "evmt_value": a_field("metrics.value"),
}
EVENT_KEYS = {
    "gtm_pixel_event_id": (["UNIQUE"], ["endpoint_id", "event_id"]),
    "gtm_pixel_endpoint_id": (["PROFILE"], ["endpoint_id"]),
    "gtm_pixel_order": ([], ["evat_order"]),
}
ENDPOINT_FIELDS = {
    "endpoint_id": a_field("endpoint_id", "Attributes.gtm_pixel_endpoint_id"),
    "email": a_field("email", "EmailAddress"),
    "usat_plan": a_field("user_attributes.plan", "Attributes.plan"),
}


def a_template(
    *, creates_profiles: bool = True, max_objects: int | None = None, **more: dict[str, Any]
) -> dict[str, Any]:
    return {
        "Resources": {
            "Events": a_type(
                fields=EVENT_FIELDS,
                keys=EVENT_KEYS,
                creates_profiles=creates_profiles,
                max_objects=max_objects,
            ),
            "Endpoints": a_type(
                ENDPOINTS,
                fields=ENDPOINT_FIELDS,
                keys={"gtm_pixel_endpoint_id": (["UNIQUE", "PROFILE"], ["endpoint_id"])},
            ),
            **more,
        }
    }


def an_event(endpoint_id: str = "e1", event_id: str = "m1", **parts: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "endpoint_id": endpoint_id,
        "event_type": "purchase",
        "timestamp": "2026-11-22T11:00:00.000Z",
        **parts,
    }


def client(url: str, **credentials: Any) -> Any:
    return boto3.client(
        "customer-profiles",
        region_name=REGION,
        endpoint_url=url,
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
        **(credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}),
    )


@pytest.fixture
def make(recorder: Recorder) -> Callable[..., CustomerProfilesFake]:
    def make(**properties: Any) -> CustomerProfilesFake:
        template = a_template(**properties)
        return CustomerProfilesFake(recorder, templates=[template], domains=[DOMAIN])

    return make


@pytest.fixture
def fake(make: Callable[..., CustomerProfilesFake]) -> CustomerProfilesFake:
    return make()


@pytest.fixture
def service(fake: CustomerProfilesFake) -> Iterator[Any]:
    """A boto3 client of the fake."""
    server = HttpServer(fake).start()
    service = client(server.url)
    yield service
    service.close()
    server.stop()


def put(service: Any, *contents: Any, object_type: str = EVENTS, domain: str = DOMAIN) -> dict[str, Any]:
    """Put objects in one batch, with the ids 0, 1 and so on."""
    return service.batch_put_profile_object(
        DomainName=domain,
        ObjectTypeName=object_type,
        Items=[
            {"Id": str(number), "Object": one if isinstance(one, str) else json.dumps(one)}
            for number, one in enumerate(contents)
        ],
    )


def codes(response: Mapping[str, Any]) -> dict[str, int]:
    """200 or the code of the failure, by item id."""
    return {item["Id"]: 200 for item in response["Successful"]} | {
        item["Id"]: item["Code"] for item in response["Failed"]
    }


def refused(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


class TestMapping:
    def test_a_declared_attribute_reaches_the_profile(self, service: Any, fake: CustomerProfilesFake) -> None:
        put(service, an_event(user_attributes={"plan": "gold", "shoe_size": "42"}))
        assert fake.profile("e1") == {"gtm_pixel_endpoint_id": "e1", "plan": "gold"}

    def test_an_attribute_that_is_not_declared_stays_in_the_object(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        put(service, an_event(user_attributes={"shoe_size": "42"}))
        (stored,) = fake.objects("e1")
        assert stored.content["user_attributes"] == {"shoe_size": "42"}

    def test_an_absent_attribute_leaves_the_profiles_value_alone(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        put(service, an_event(user_attributes={"plan": "gold", "city": "Bonn"}))
        put(service, an_event(event_id="m2", user_attributes={"plan": "silver"}))
        assert fake.profile("e1") == {
            "gtm_pixel_endpoint_id": "e1",
            "plan": "silver",
            "city": "Bonn",
        }

    def test_two_endpoints_have_two_profiles(self, service: Any, fake: CustomerProfilesFake) -> None:
        put(service, an_event("e1"), an_event("e2"))
        assert fake.profile("e1") == {"gtm_pixel_endpoint_id": "e1"}
        assert fake.profile("e2") == {"gtm_pixel_endpoint_id": "e2"}
        assert len({profile["ProfileId"] for profile in fake.profiles}) == 2

    def test_both_object_types_find_the_same_profile(self, service: Any, fake: CustomerProfilesFake) -> None:
        endpoint = {"endpoint_id": "e1", "email": "a@example.com", "user_attributes": {"plan": "gold"}}
        put(service, endpoint, object_type=ENDPOINTS)
        put(service, an_event(user_attributes={"city": "Bonn"}))
        (profile,) = fake.profiles
        assert profile["EmailAddress"] == "a@example.com"
        assert profile["Attributes"] == {"gtm_pixel_endpoint_id": "e1", "plan": "gold", "city": "Bonn"}

    def test_a_type_that_creates_no_profile_accepts_the_object_and_drops_it(
        self, make: Callable[..., CustomerProfilesFake], recorder: Recorder
    ) -> None:
        fake = make(creates_profiles=False)
        put_directly(fake, an_event(user_attributes={"plan": "gold"}))
        assert (fake.profile("e1"), fake.profiles) == (None, [])
        assert fake.objects("e1") == []
        assert len(recorder.events()) == 1

    def test_a_type_that_creates_no_profile_updates_one_that_exists(
        self, make: Callable[..., CustomerProfilesFake]
    ) -> None:
        fake = make(creates_profiles=False)
        put_directly(fake, {"endpoint_id": "e1"}, object_type=ENDPOINTS)
        put_directly(fake, an_event(user_attributes={"plan": "gold"}))
        assert fake.profile("e1") == {"gtm_pixel_endpoint_id": "e1", "plan": "gold"}

    def test_a_profile_keeps_the_newest_objects_of_a_type_that_has_a_limit(
        self, make: Callable[..., CustomerProfilesFake]
    ) -> None:
        fake = make(max_objects=2)
        for event_id in ("m1", "m2", "m3"):
            put_directly(fake, an_event(event_id=event_id))
        put_directly(fake, an_event("e2"))
        put_directly(fake, {"endpoint_id": "e1"}, object_type=ENDPOINTS)

        events = [one for one in fake.objects("e1") if one.object_type == EVENTS]
        assert [stored.content["event_id"] for stored in events] == ["m2", "m3"]
        assert len(fake.objects("e1")) == 3
        assert len(fake.objects("e2")) == 1


def put_directly(fake: CustomerProfilesFake, content: Any, *, object_type: str = EVENTS) -> Any:
    """PutProfileObject without a client between: the response."""
    body = {"ObjectTypeName": object_type, "Object": json.dumps(content)}
    response = Client(fake).put(f"/domains/{DOMAIN}/profiles/objects", json=body)
    assert response.status_code == 200
    return response.json


class TestUniqueKey:
    def test_an_object_that_is_put_again_is_the_same_object(
        self, service: Any, fake: CustomerProfilesFake, recorder: Recorder
    ) -> None:
        event = an_event(user_attributes={"plan": "gold"})
        put(service, event)
        before = fake.profile("e1")
        put(service, event)
        assert [stored.puts for stored in fake.objects("e1")] == [2]
        assert fake.profile("e1") == before
        assert len(recorder.events()) == 1

    def test_the_same_key_replaces_the_object(
        self, service: Any, fake: CustomerProfilesFake, recorder: Recorder
    ) -> None:
        put(service, an_event(metrics={"value": 1}))
        put(service, an_event(metrics={"value": 2}))
        (stored,) = fake.objects("e1")
        assert stored.content["metrics"] == {"value": 2}
        assert len(recorder.events()) == 2

    def test_the_same_event_id_of_another_endpoint_is_another_object(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        put(service, an_event("e1", "order-1"), an_event("e2", "order-1"))
        assert [len(fake.objects(endpoint_id)) for endpoint_id in ("e1", "e2")] == [1, 1]

    def test_parts_of_a_key_do_not_run_into_one_another(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        put(service, an_event("a_b", "c"), an_event("a", "b_c"))
        assert [len(fake.objects(endpoint_id)) for endpoint_id in ("a_b", "a")] == [1, 1]


@given(
    events=st.lists(st.tuples(st.sampled_from(["e1", "e2"]), st.sampled_from(["m1", "m2", "m3"])), min_size=1)
)
def test_there_are_as_many_objects_as_there_are_different_keys(events: list[tuple[str, str]]) -> None:
    fake = CustomerProfilesFake(Recorder(), templates=[a_template()], domains=[DOMAIN])
    for endpoint_id, event_id in events:
        put_directly(fake, an_event(endpoint_id, event_id))
    stored = [*fake.objects("e1"), *fake.objects("e2")]
    assert len(stored) == len(set(events))
    assert sum(one.puts for one in stored) == len(events)


def test_an_event_is_recorded_as_the_object_has_it(service: Any, recorder: Recorder) -> None:
    parts = {"attributes": {"a": "b"}, "metrics": {"m": 1.5}, "user_attributes": {"plan": "gold"}}
    assert codes(put(service, an_event(**parts))) == {"0": 200}
    (event,) = recorder.events()
    assert (event.destination, event.endpoint_id, event.event_id) == ("customer-profiles", "e1", "m1")
    assert (event.event, event.timestamp) == ("purchase", "2026-11-22T11:00:00.000Z")
    assert (event.attributes, event.metrics) == ({"a": "b"}, {"m": 1.5})
    assert event.user_attributes == {"plan": ["gold"]}


def test_an_imported_endpoint_is_no_event(service: Any, recorder: Recorder) -> None:
    put(service, {"endpoint_id": "e1"}, object_type=ENDPOINTS)
    assert recorder.events() == []


class TestLimits:
    @pytest.mark.parametrize(
        "content",
        [
            "no JSON",
            "[]",
            '{"endpoint_id": NaN}',
            an_event(""),
            an_event(event_id=""),
            an_event("e" * 256),
            an_event("e" * 250, "m" * 10),
            {key: value for key, value in an_event().items() if key != "endpoint_id"},
            {key: value for key, value in an_event().items() if key != "event_id"},
            an_event(user_attributes={"plan": ""}),
            an_event(user_attributes={"plan": "é" * 256}),
            an_event(user_attributes={"plan": "🎉" * 128}),
            an_event(user_attributes={"plan": ["gold"]}),
            an_event(attributes={"order": "x" * 256}),
            an_event(attributes={"order": ""}),
        ],
    )
    def test_an_object_beyond_a_limit_is_refused_alone(
        self, service: Any, fake: CustomerProfilesFake, recorder: Recorder, content: Any
    ) -> None:
        assert codes(put(service, content, an_event("e9"))) == {"0": 400, "1": 200}
        assert [event.endpoint_id for event in recorder.events()] == ["e9"]
        assert [profile["Attributes"] for profile in fake.profiles] == [{"gtm_pixel_endpoint_id": "e9"}]

    def test_values_at_the_limits_are_accepted(self, service: Any) -> None:
        event = an_event(
            "e" * 250, "m" * 4, attributes={"order": "x" * 255}, user_attributes={"plan": "é" * 255}
        )
        assert codes(put(service, event)) == {"0": 200}

    def test_a_value_that_is_not_declared_may_be_long(self, service: Any) -> None:
        assert codes(put(service, an_event(attributes={"other": "x" * 10_000}))) == {"0": 200}

    @pytest.mark.parametrize("count", [0, 11])
    def test_a_request_holds_from_one_to_ten_objects(self, fake: Any, count: int) -> None:
        items = [{"Id": str(number), "Object": json.dumps(an_event())} for number in range(count)]
        assert put_raw(fake, {"ObjectTypeName": EVENTS, "Items": items}) == (400, "BadRequestException")

    @pytest.mark.parametrize(
        "item",
        [
            {"Id": "0"},
            {"Object": "{}"},
            {"Id": "0", "Object": ""},
            {"Id": "0", "Object": {}},
            {"Id": "a b", "Object": "{}"},
            {"Id": "a\n", "Object": "{}"},
            {"Id": "x" * 65, "Object": "{}"},
            {"Id": "0", "Object": json.dumps(an_event(attributes={"a": "x" * 256_000}))},
            "text",
        ],
    )
    def test_a_request_that_the_model_does_not_allow_is_refused(self, fake: Any, item: Any) -> None:
        assert put_raw(fake, {"ObjectTypeName": EVENTS, "Items": [item]}) == (400, "BadRequestException")
        assert fake.requests == []

    @pytest.mark.parametrize(
        "body", ["", "[]", "{}", '{"Items": []}', '{"ObjectTypeName": true, "Items": 1}']
    )
    def test_a_malformed_body_is_a_bad_request(self, fake: Any, body: str) -> None:
        assert put_raw(fake, body) == (400, "BadRequestException")

    def test_ids_of_items_are_distinct(self, fake: Any) -> None:
        items = [{"Id": "0", "Object": json.dumps(an_event())}] * 2
        assert put_raw(fake, {"ObjectTypeName": EVENTS, "Items": items}) == (400, "BadRequestException")


def put_raw(fake: CustomerProfilesFake, body: Any) -> tuple[int, str]:
    data = body if isinstance(body, str) else json.dumps(body)
    path = f"/domains/{DOMAIN}/profiles/objects/batch-put-profile-object"
    response = Client(fake).put(path, data=data)
    return response.status_code, response.headers["x-amzn-ErrorType"]


class TestWhatIsNotThere:
    def test_an_unknown_domain_is_not_found(self, service: Any) -> None:
        assert refused(put, service, an_event(), domain="other") == (404, "ResourceNotFoundException")

    def test_an_unknown_object_type_is_not_found(self, service: Any) -> None:
        assert refused(put, service, an_event(), object_type="other") == (404, "ResourceNotFoundException")

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", f"/domains/{DOMAIN}/profiles/objects", 405),
            ("POST", f"/domains/{DOMAIN}/profiles", 405),
            ("GET", f"/domains/{DOMAIN}/event-triggers", 404),
        ],
    )
    def test_other_operations_are_not_served(
        self, fake: CustomerProfilesFake, method: str, path: str, status: int
    ) -> None:
        assert Client(fake).open(path, method=method).status_code == status


class TestPutProfileObject:
    def test_it_answers_the_objects_key(self, service: Any, fake: CustomerProfilesFake) -> None:
        response = service.put_profile_object(
            DomainName=DOMAIN, ObjectTypeName=EVENTS, Object=json.dumps(an_event())
        )
        (stored,) = fake.objects("e1")
        assert response["ProfileObjectUniqueKey"] == stored.unique_key

    def test_a_refused_object_is_a_bad_request(self, service: Any) -> None:
        parameters = {"DomainName": DOMAIN, "ObjectTypeName": EVENTS, "Object": json.dumps(an_event(""))}
        assert refused(service.put_profile_object, **parameters) == (400, "BadRequestException")


class TestSearch:
    def search(self, service: Any, key_name: str, *values: str, **more: Any) -> list[dict[str, Any]]:
        response = service.search_profiles(DomainName=DOMAIN, KeyName=key_name, Values=list(values), **more)
        return response["Items"]

    def test_the_endpoint_finds_its_profile(self, service: Any, fake: CustomerProfilesFake) -> None:
        put(service, an_event("e1", user_attributes={"plan": "gold"}), an_event("e2"))
        (found,) = self.search(service, "gtm_pixel_endpoint_id", "e1")
        assert found["Attributes"] == {"gtm_pixel_endpoint_id": "e1", "plan": "gold"}
        assert found["ProfileId"] == fake.profiles[0]["ProfileId"]

    def test_a_search_attribute_finds_every_profile_that_has_it(self, service: Any) -> None:
        with_order = [an_event(one, attributes={"order": "17"}) for one in ("e1", "e2")]
        put(service, *with_order, an_event("e3"))
        found = self.search(service, "gtm_pixel_order", "17")
        assert [one["Attributes"]["gtm_pixel_endpoint_id"] for one in found] == ["e1", "e2"]

    def test_an_empty_domain_finds_nothing(self, service: Any) -> None:
        assert self.search(service, "gtm_pixel_endpoint_id", "e1") == []

    def test_a_long_response_comes_in_pages(self, service: Any) -> None:
        put(service, *[an_event(f"e{number}", attributes={"order": "17"}) for number in range(5)])
        pages = service.get_paginator("search_profiles") if service.can_paginate("search_profiles") else None
        assert pages is None  # so the token is the caller's to pass on
        parameters = {"DomainName": DOMAIN, "KeyName": "gtm_pixel_order", "Values": ["17"], "MaxResults": 3}
        first = service.search_profiles(**parameters)
        rest = service.search_profiles(**parameters, NextToken=first["NextToken"])
        assert [len(first["Items"]), len(rest["Items"]), "NextToken" in rest] == [3, 2, False]

    @pytest.mark.parametrize(("key_name", "values"), [("unknown", ["1"]), ("gtm_pixel_order", ["1", "2"])])
    def test_a_key_that_does_not_exist_is_a_bad_request(
        self, service: Any, key_name: str, values: list[str]
    ) -> None:
        parameters = {"DomainName": DOMAIN, "KeyName": key_name, "Values": values}
        assert refused(service.search_profiles, **parameters) == (400, "BadRequestException")

    @pytest.mark.parametrize(
        ("key_name", "value"), [("_email", "ANNA@example.com"), ("_phone", "+49 (171) 123-4567")]
    )
    def test_addresses_are_found_however_they_are_written(
        self, recorder: Recorder, key_name: str, value: str
    ) -> None:
        with client_of(CustomerProfilesFake(recorder, templates=[profile_template(MINIMAL_WITH_DOMAIN)])) as (
            service,
            _,
        ):
            put_endpoint(
                service, {"endpoint_id": "e1", "email": "anna@example.com", "phone": "+491711234567"}
            )
            put_endpoint(service, {"endpoint_id": "e2", "email": "bea@example.com"})
            (found,) = service.search_profiles(
                DomainName=MINIMAL_WITH_DOMAIN.domain_name, KeyName=key_name, Values=[value]
            )["Items"]

        assert found["Attributes"]["gtm_pixel_endpoint_id"] == "e1"

    def test_an_address_ties_no_object_to_another_profile(self, recorder: Recorder) -> None:
        with client_of(CustomerProfilesFake(recorder, templates=[profile_template(MINIMAL_WITH_DOMAIN)])) as (
            service,
            fake,
        ):
            for endpoint_id in ("e1", "e2"):
                put_endpoint(service, {"endpoint_id": endpoint_id, "email": "anna@example.com"})

        assert len(fake.profiles) == 2

    def test_several_keys_find_the_profiles_of_each(self, service: Any) -> None:
        put(service, an_event("e1"), an_event("e2"), an_event("e3"))
        more = [{"KeyName": "gtm_pixel_endpoint_id", "Values": [one]} for one in ("e3", "nobody")]
        found = self.search(service, "gtm_pixel_endpoint_id", "e1", AdditionalSearchKeys=more)
        assert [one["FoundByItems"] for one in found] == [
            [{"KeyName": "gtm_pixel_endpoint_id", "Values": [endpoint_id]}] for endpoint_id in ("e1", "e3")
        ]

    def test_a_replaced_object_is_not_found_by_its_old_keys(self, service: Any) -> None:
        put(service, an_event("e1", attributes={"order": "17"}))
        put(service, an_event("e1", attributes={"order": "18"}))
        assert self.search(service, "gtm_pixel_order", "17") == []


MINIMAL_WITH_DOMAIN = replace(MINIMAL, new_domain=True)


@contextmanager
def client_of(fake: CustomerProfilesFake) -> Iterator[tuple[Any, CustomerProfilesFake]]:
    server = HttpServer(fake).start()
    service = client(server.url)
    try:
        yield service, fake
    finally:
        service.close()
        server.stop()


def put_endpoint(service: Any, content: Mapping[str, Any]) -> None:
    service.put_profile_object(
        DomainName=MINIMAL_WITH_DOMAIN.domain_name,
        ObjectTypeName=MINIMAL_WITH_DOMAIN.endpoints_type_name,
        Object=json.dumps(content),
    )


class TestUpdateProfile:
    def test_an_empty_value_removes_the_attribute(self, service: Any, fake: CustomerProfilesFake) -> None:
        put(service, an_event("e1", user_attributes={"plan": "gold"}))
        (profile,) = fake.profiles
        update = {"DomainName": DOMAIN, "ProfileId": profile["ProfileId"]}
        service.update_profile(**update, EmailAddress="a@example.com", Attributes={"city": "Rome"})
        service.update_profile(**update, EmailAddress="", Attributes={"plan": ""})

        (after,) = fake.profiles
        assert "EmailAddress" not in after
        assert after["Attributes"] == {"gtm_pixel_endpoint_id": "e1", "city": "Rome"}

    def test_its_values_are_not_overwritten_by_an_object(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        put(service, an_event("e1"))
        (profile,) = fake.profiles
        update = {"DomainName": DOMAIN, "ProfileId": profile["ProfileId"]}
        service.update_profile(**update, Attributes={"plan": "gold"})
        put(service, an_event("e1", "m2", user_attributes={"plan": "tin"}))

        assert fake.profile("e1") == {"gtm_pixel_endpoint_id": "e1", "plan": "gold"}

    def test_an_unknown_profile_is_not_found(self, service: Any) -> None:
        update = {"DomainName": DOMAIN, "ProfileId": "0" * 32, "EmailAddress": ""}
        assert refused(service.update_profile, **update) == (404, "ResourceNotFoundException")


class TestDescribing:
    def test_a_domain_says_what_it_was_given(self, service: Any, fake: CustomerProfilesFake) -> None:
        fake.describe(DOMAIN, integrations=[{"Uri": "arn:x"}], RuleBasedMatching={"Enabled": True})
        said = service.get_domain(DomainName=DOMAIN)
        (integration,) = service.list_integrations(DomainName=DOMAIN)["Items"]

        assert (said["DomainName"], said["RuleBasedMatching"]) == (DOMAIN, {"Enabled": True})
        assert integration["Uri"] == "arn:x"

    def test_a_domain_counts_profiles_and_objects(self, service: Any) -> None:
        put(service, *(an_event("e1", f"m{number}") for number in range(3)))

        stats = service.get_domain(DomainName=DOMAIN)["Stats"]

        assert stats == {"ProfileCount": 1, "MeteringProfileCount": 1, "ObjectCount": 3}

    def test_object_types_are_those_of_the_template(self, service: Any) -> None:
        listed = service.list_profile_object_types(DomainName=DOMAIN)["Items"]
        said = service.get_profile_object_type(DomainName=DOMAIN, ObjectTypeName=ENDPOINTS)

        assert [one["ObjectTypeName"] for one in listed] == [EVENTS, ENDPOINTS]
        assert said["Keys"] == {
            "gtm_pixel_endpoint_id": [
                {"StandardIdentifiers": ["UNIQUE", "PROFILE"], "FieldNames": ["endpoint_id"]}
            ]
        }
        assert said["Fields"].keys() == ENDPOINT_FIELDS.keys()


def test_requests_over_the_quota_of_an_operation_are_throttled(recorder: Recorder) -> None:
    fake = CustomerProfilesFake(recorder, templates=[a_template()], domains=[DOMAIN], requests_per_second=2)
    with client_of(fake) as (service, _):
        put(service, an_event("e1", "m1"))
        put(service, an_event("e1", "m2"))

        assert refused(put, service, an_event("e1", "m3"))[0] == 429
        assert service.search_profiles(DomainName=DOMAIN, KeyName="gtm_pixel_endpoint_id", Values=["e1"])[
            "Items"
        ]


class TestListObjects:
    def test_it_lists_the_objects_of_one_profile_and_type(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        put(service, an_event("e1", "m1"), an_event("e1", "m2"), an_event("e2", "m3"))
        put(service, {"endpoint_id": "e1"}, object_type=ENDPOINTS)
        response = service.list_profile_objects(
            DomainName=DOMAIN, ObjectTypeName=EVENTS, ProfileId=fake.profiles[0]["ProfileId"]
        )
        assert [json.loads(item["Object"])["event_id"] for item in response["Items"]] == ["m1", "m2"]

    def test_an_unknown_profile_is_not_found(self, service: Any) -> None:
        parameters = {"DomainName": DOMAIN, "ObjectTypeName": EVENTS, "ProfileId": "0" * 32}
        assert refused(service.list_profile_objects, **parameters) == (404, "ResourceNotFoundException")


class TestDeleteProfile:
    def test_the_profile_goes_with_its_objects_of_all_types_and_its_keys(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        put(service, an_event("e1", "m1"), an_event("e2", "m2"))
        put(service, {"endpoint_id": "e1"}, object_type=ENDPOINTS)
        service.delete_profile(DomainName=DOMAIN, ProfileId=fake.profiles[0]["ProfileId"])
        assert (fake.profile("e1"), fake.objects("e1")) == (None, [])
        assert len(fake.objects("e2")) == 1
        put(service, an_event("e1", "m1"))
        assert len(fake.profiles) == 2

    def test_an_unknown_profile_is_not_found(self, service: Any) -> None:
        parameters = {"DomainName": DOMAIN, "ProfileId": "0" * 32}
        assert refused(service.delete_profile, **parameters) == (404, "ResourceNotFoundException")


class TestPlannedResponses:
    def test_each_is_given_once_and_in_its_turn(
        self, service: Any, fake: CustomerProfilesFake, recorder: Recorder
    ) -> None:
        fake.plan(PlannedResponse(status=429), PlannedResponse(item_failures={"0": (503, "later")}))
        assert refused(put, service, an_event()) == (429, "ThrottlingException")
        assert codes(put(service, an_event())) == {"0": 503}
        assert recorder.events() == []
        assert codes(put(service, an_event())) == {"0": 200}

    def test_a_request_that_fails_as_planned_is_kept_among_the_requests(
        self, service: Any, fake: CustomerProfilesFake
    ) -> None:
        fake.plan(PlannedResponse(status=500))
        refused(put, service, an_event())
        (request,) = fake.requests
        assert (request.operation, request.parameters["DomainName"]) == ("BatchPutProfileObject", DOMAIN)

    def test_the_text_of_an_error_can_be_planned(self, service: Any, fake: CustomerProfilesFake) -> None:
        fake.plan(PlannedResponse(status=400, message="A concurrent update is in progress"))
        with pytest.raises(ClientError, match="A concurrent update is in progress"):
            put(service, an_event())

    def test_an_item_can_be_left_out_of_the_response(
        self, service: Any, fake: CustomerProfilesFake, recorder: Recorder
    ) -> None:
        fake.plan(PlannedResponse(items_left_out=["0"]))
        assert codes(put(service, an_event("e1"), an_event("e2"))) == {"1": 200}
        assert [event.endpoint_id for event in recorder.events()] == ["e1", "e2"]

    def test_items_can_be_worked_through_backwards(self, service: Any, fake: CustomerProfilesFake) -> None:
        fake.plan(PlannedResponse(last_item_first=True))
        events = [an_event(event_id=f"m{n}", user_attributes={"plan": f"plan {n}"}) for n in (1, 2)]
        put(service, *events)
        assert (fake.profile("e1") or {})["plan"] == "plan 1"

    def test_a_search_does_not_use_up_a_plan(self, service: Any, fake: CustomerProfilesFake) -> None:
        fake.plan(PlannedResponse(status=500))
        service.search_profiles(DomainName=DOMAIN, KeyName="gtm_pixel_endpoint_id", Values=["e1"])
        assert refused(put, service, an_event()) == (500, "InternalServerException")


@pytest.fixture
def role_that_may(cloud: Cloud, make_role: Callable[..., str]) -> Callable[..., dict[str, str | None]]:
    """Session credentials of a role with one permission on resources of the account."""

    def credentials_of(action: str, *resources: str) -> dict[str, str | None]:
        arns = [f"arn:aws:profile:{REGION}:{cloud.account_id}:{resource}" for resource in resources]
        role_arn = make_role("caller", allowed=[(action, arn) for arn in arns])
        found = cloud.assume_role(role_arn, service="lambda.amazonaws.com")
        return {
            "aws_access_key_id": found.access_key,
            "aws_secret_access_key": found.secret_key,
            "aws_session_token": found.token,
        }

    return credentials_of


DOMAIN_ARN = f"domains/{DOMAIN}"
TYPE_ARN = f"domains/{DOMAIN}/object-types/{EVENTS}"


class TestAccess:
    @pytest.fixture
    def connect(self, recorder: Recorder) -> Iterator[Callable[..., Any]]:
        """A client of the fake with moto's access control in front."""
        fake = CustomerProfilesFake(recorder, templates=[a_template()], domains=[DOMAIN], authorize=authorize)
        server = HttpServer(fake).start()
        clients: list[Any] = []

        def connect(**credentials: Any) -> Any:
            clients.append(client(server.url, **credentials))
            return clients[-1]

        yield connect
        for one in clients:
            one.close()
        server.stop()

    def test_a_role_that_may_put_objects_of_the_type_is_let_in(
        self, role_that_may: Callable[..., Any], connect: Callable[..., Any]
    ) -> None:
        service = connect(**role_that_may("profile:PutProfileObject", DOMAIN_ARN, TYPE_ARN))
        assert codes(put(service, an_event())) == {"0": 200}
        assert service.put_profile_object(
            DomainName=DOMAIN, ObjectTypeName=EVENTS, Object=json.dumps(an_event())
        )

    def test_a_role_that_may_search_is_let_in(
        self, role_that_may: Callable[..., Any], connect: Callable[..., Any]
    ) -> None:
        service = connect(**role_that_may("profile:SearchProfiles", DOMAIN_ARN))
        parameters = {"DomainName": DOMAIN, "KeyName": "gtm_pixel_endpoint_id", "Values": ["e1"]}
        assert service.search_profiles(**parameters)["Items"] == []
        assert service.search_profiles(**parameters, MaxResults=5)["Items"] == []

    @pytest.mark.parametrize(
        ("action", "resources"),
        [
            ("profile:PutProfileObject", [DOMAIN_ARN]),
            ("profile:PutProfileObject", [TYPE_ARN]),
            ("profile:PutProfileObject", [DOMAIN_ARN, f"{TYPE_ARN}-other"]),
            ("profile:SearchProfiles", [DOMAIN_ARN, TYPE_ARN]),
        ],
    )
    def test_a_role_without_the_permission_is_turned_away(
        self,
        *,
        role_that_may: Callable[..., Any],
        connect: Callable[..., Any],
        recorder: Recorder,
        action: str,
        resources: list[str],
    ) -> None:
        service = connect(**role_that_may(action, *resources))
        assert refused(put, service, an_event()) == (403, "AccessDeniedException")
        assert recorder.events() == []

    def test_a_wrong_secret_is_turned_away(
        self, role_that_may: Callable[..., Any], connect: Callable[..., Any]
    ) -> None:
        credentials = role_that_may("profile:PutProfileObject", DOMAIN_ARN, TYPE_ARN)
        service = connect(**{**credentials, "aws_secret_access_key": "guessed"})
        assert refused(put, service, an_event()) == (403, "AccessDeniedException")
