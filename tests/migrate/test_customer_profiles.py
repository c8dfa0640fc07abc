"""Calls to Customer Profiles, through boto3 and over HTTP."""

import json
from collections.abc import Iterator

import pytest

from components import profile_template
from local.fakes.customer_profiles import PlannedResponse
from migrate.customer_profiles import (
    ENDPOINT_KEY,
    MAX_SEARCH_KEYS,
    OPT_OUT_ATTRIBUTE,
    CallError,
    CustomerProfiles,
    FoundProfile,
    ItemResponse,
    SetupError,
    declared_attributes,
)
from migrate.profiles import Kind
from tests.migrate.service import DOMAIN, ENDPOINTS_TYPE, REGION, Service
from tests.ports import NOBODY

pytestmark = pytest.mark.usefixtures("service")

OK = ItemResponse(status=200)


@pytest.fixture
def profiles() -> Iterator[CustomerProfiles]:
    made = connect()
    yield made
    made.close()


def connect(domain: str = DOMAIN, region: str | None = None) -> CustomerProfiles:
    return CustomerProfiles(domain=domain, object_type=ENDPOINTS_TYPE, region=region, connections=2)


def an_object(endpoint_id: str, **parts: object) -> str:
    return json.dumps({"endpoint_id": endpoint_id, **parts})


def test_objects_become_profiles(profiles: CustomerProfiles, service: Service) -> None:
    objects = [an_object("e1", user_attributes={"plan": "gold"}), an_object("e2", user_id="u2")]

    assert profiles.put(objects) == [OK, OK]
    assert service.fake.profile("e1") == {"gtm_pixel_endpoint_id": "e1", "plan": "gold"}
    assert service.fake.profile("e2") == {"gtm_pixel_endpoint_id": "e2", "user_id": "u2"}


def test_an_address_becomes_the_profiles_own(profiles: CustomerProfiles, service: Service) -> None:
    profiles.put([an_object("e1", email="e1@example.com"), an_object("e2", phone="+491711234567")])

    assert [profile.get("EmailAddress") for profile in service.fake.profiles] == ["e1@example.com", None]
    assert [profile.get("PhoneNumber") for profile in service.fake.profiles] == [None, "+491711234567"]


def test_ten_objects_are_one_request(profiles: CustomerProfiles, service: Service) -> None:
    assert profiles.put([an_object(f"e{number}") for number in range(10)]) == [OK] * 10
    assert service.put_sizes == [10]


def test_responses_are_in_the_order_of_the_objects(profiles: CustomerProfiles, service: Service) -> None:
    service.fake.plan(PlannedResponse(item_failures={"1": (503, "planned")}, items_left_out=["2"]))

    assert profiles.put([an_object(f"e{number}") for number in range(4)]) == [
        OK,
        ItemResponse(status=503),
        ItemResponse(status=None),
        OK,
    ]


def test_an_object_that_the_service_refuses_is_refused_alone(profiles: CustomerProfiles) -> None:
    assert profiles.put([an_object("e1"), an_object(""), an_object("e3")]) == [
        OK,
        ItemResponse(status=400),
        OK,
    ]


def test_a_concurrent_update_is_recognized_by_its_message(
    profiles: CustomerProfiles, service: Service
) -> None:
    text = "Concurrent update in progress"
    service.fake.plan(PlannedResponse(item_failures={"0": (400, text)}))

    assert profiles.put([an_object("e1")]) == [ItemResponse(status=400, concurrent=True)]


@pytest.mark.parametrize(
    ("planned", "expected"),
    [
        (PlannedResponse(status=429), (429, False)),
        (PlannedResponse(status=500), (500, False)),
        (PlannedResponse(status=400, message="A concurrent update is in progress"), (400, True)),
        (PlannedResponse(status=400, message="e1@example.com is wrong"), (400, False)),
    ],
)
def test_an_error_of_a_request_has_a_status_and_no_text(
    profiles: CustomerProfiles, service: Service, planned: PlannedResponse, expected: tuple[int, bool]
) -> None:
    service.fake.plan(planned)

    with pytest.raises(CallError) as caught:
        profiles.put([an_object("e1")])

    assert (caught.value.status, caught.value.concurrent) == expected
    assert str(caught.value) == f"status {expected[0]}"
    assert caught.value.__cause__ is None
    assert len(service.put_sizes) == 1  # boto3 itself does not try again


def test_no_response_is_an_error_without_a_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", NOBODY)

    with pytest.raises(CallError) as caught:
        connect().put([an_object("e1")])

    assert caught.value.status is None


def test_an_unknown_domain_is_not_found() -> None:
    with pytest.raises(CallError, match="status 404"):
        connect("amazon-connect-other").put([an_object("e1")])


def test_the_object_type_says_which_attributes_are_declared(profiles: CustomerProfiles) -> None:
    assert declared_attributes(profiles.object_type()) == {"plan", "loyalty_tier"}


def test_the_names_are_those_of_the_stack() -> None:
    assert (ENDPOINT_KEY, OPT_OUT_ATTRIBUTE) == (
        profile_template.ENDPOINT_KEY,
        profile_template.OPT_OUT_ATTRIBUTE,
    )


def test_profiles_are_found_by_any_of_five_keys(profiles: CustomerProfiles) -> None:
    profiles.put(
        [an_object("e1", email="e1@example.com", opt_out="NONE"), an_object("e2", phone="+491711234567")]
    )
    found = profiles.search(["e1", "e2", "e3", "e4", "e5"])

    assert [(one.keys, one.addresses, one.opt_out) for one in found] == [
        ({"e1"}, {Kind.EMAIL: "e1@example.com"}, "NONE"),
        ({"e2"}, {Kind.PHONE: "+491711234567"}, None),
    ]
    assert MAX_SEARCH_KEYS == 5


def test_a_search_that_responds_not_found_finds_nothing(
    profiles: CustomerProfiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_found(*_: object, **_more: object) -> Iterator[object]:
        raise CallError(404)

    monkeypatch.setattr(profiles, "_pages", not_found)

    assert profiles.search(["e1"]) == []


def test_addresses_are_taken_off_a_profile(profiles: CustomerProfiles) -> None:
    profiles.put([an_object("e1", email="e1@example.com", phone="+491711234567")])
    (found,) = profiles.search(["e1"])
    profiles.remove_addresses(found.profile_id, [Kind.EMAIL])

    (after,) = profiles.search(["e1"])
    assert after.addresses == {Kind.PHONE: "+491711234567"}


def test_a_response_without_matched_keys_is_read_by_attributes(
    profiles: CustomerProfiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = {"ProfileId": "p", "Attributes": {ENDPOINT_KEY: "e1"}}
    monkeypatch.setattr(profiles, "_pages", lambda *_args, **_more: [item])

    assert profiles.search(["e1"]) == [
        FoundProfile(profile_id="p", keys=frozenset({"e1"}), addresses={}, opt_out=None)
    ]


def test_lists_are_read_to_their_last_page(profiles: CustomerProfiles, service: Service) -> None:
    many = [{"Uri": f"arn:aws:x:{number}"} for number in range(150)]
    service.fake.describe(DOMAIN, integrations=many)

    assert [one["Uri"] for one in profiles.integrations()] == [one["Uri"] for one in many]
    assert [one["ObjectTypeName"] for one in profiles.object_types()] == [
        ENDPOINTS_TYPE.removesuffix("-endpoints"),
        ENDPOINTS_TYPE,
    ]
    assert profiles.domain()["DomainName"] == DOMAIN


def test_the_region_is_the_configured_one_unless_it_is_given() -> None:
    assert (connect().region, connect(region="us-east-1").region) == (REGION, "us-east-1")


def test_a_missing_region_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    with pytest.raises(SetupError, match="--region"):
        connect()


def test_missing_credentials_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(SetupError, match="credentials"):
        connect().put([an_object("e1")])


@pytest.mark.parametrize("url", ["foo", "http://", "http://a b", "http://[::1", "http://127.0.0.1:99999"])
def test_an_invalid_endpoint_url_is_an_error(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", url)

    with pytest.raises(SetupError, match=r"configuration is invalid; .* the endpoint URL"):
        connect()


def test_an_unknown_aws_profile_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this-profile")

    with pytest.raises(SetupError, match="configuration"):
        connect()
