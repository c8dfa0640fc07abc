"""Every setting and every error message."""

import json
import math
import pkgutil
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import botocore.session
import pulumi
import pytest
import yaml
from hypothesis import assume, given, reject
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import settings
from components.destinations.customer_profiles import CustomerProfilesArgs
from components.destinations.firehose import FirehoseArgs, FirehoseStreamArgs
from components.destinations.pinpoint import PinpointArgs
from components.event_pixel import EventPixelArgs
from components.profile_template import (
    EventTriggerArgs,
    ProfileTemplateArgs,
    TriggerConditionArgs,
    profile_template,
    template_body,
)
from components.token_authorizer import OidcArgs
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from handler import destinations
from handler.tokens import keys as signing_keys
from settings import triggers
from settings.values import SettingsError
from tests.profile_templates import findings, refusals, service_model
from tests.recording import record

PROJECT = Path(__file__).parents[2]
SCHEMA: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
APPLICATION_ID = "0123456789abcdef0123456789abcdef"
DOMAIN = "amazon-connect-example"


def load(*, stack: str = "test", **changes: Any) -> EventPixelArgs:
    """The settings of a stack that sets `changes`; defaults come from Pulumi.yaml, as with the engine."""
    defaults = {key: schema["default"] for key, schema in SCHEMA.items()}
    values = {**defaults, **changes}
    if "customer-profiles" in values["destinations"]:
        values.update({"customerProfilesDomain": DOMAIN} | changes)
    config = {
        f"gtm-pixel:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }
    loaded: list[EventPixelArgs] = []
    record(lambda: loaded.append(settings.load(pulumi.Config())), config=config, stack=stack)
    return loaded[0]


TEMPLATE = ProfileTemplateArgs(
    domain_name=DOMAIN,
    new_domain=False,
    object_type_name="gtm-pixel-test",
    expiration_days=366,
    max_events_per_profile=500,
    create_profiles=True,
)


def test_the_defaults_are_an_open_stack_that_updates_no_profile() -> None:
    assert load() == EventPixelArgs(
        oidc=None,
        stage_name="v1",
        allowed_origins=(),
        throttling_rate_limit=1000,
        throttling_burst_limit=2000,
        protect=False,
        destinations=(CustomerProfilesArgs(template=TEMPLATE, requests_per_second=20),),
        profile_updates=ProfileUpdates.NONE,
        profile_attributes=(),
        timestamp_source=TimestampSource.GATEWAY,
        ignored_endpoint_ids=(),
        retry_hours=6,
        max_receive_count=5,
        batch_size=100,
        batch_window_seconds=1,
        maximum_concurrency=5,
        function_timeout_seconds=60,
        function_memory_mb=512,
        access_logs=False,
        log_retention_days=30,
        tracing=False,
    )


PINPOINT: dict[str, Any] = {"destinations": ["pinpoint"], "pinpointApplicationId": APPLICATION_ID}
FIREHOSE: dict[str, Any] = {"destinations": ["firehose"]}

AUTHENTICATED: dict[str, Any] = {
    "authMode": "authenticated",
    "oidcIssuer": "https://issuer.example/pool",
    "oidcAudiences": ["client-1"],
    "profileAttributes": ["plan"],
}


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in AUTHENTICATED.items() if name != key}


def test_an_authenticated_stack_updates_profiles_unless_it_says_otherwise() -> None:
    loaded = load(**AUTHENTICATED)

    assert loaded.auth_mode is AuthMode.AUTHENTICATED
    assert loaded.profile_updates is ProfileUpdates.ALL
    assert loaded.oidc == OidcArgs(
        issuer="https://issuer.example/pool",
        audiences=("client-1",),
        jwks_uri=None,
        endpoint_claim="sub",
        cookie=None,
    )


def test_an_authenticated_stack_may_say_where_keys_claim_and_cookie_are() -> None:
    loaded = load(
        **AUTHENTICATED,
        oidcJwksUri="https://issuer.example/keys",
        oidcEndpointClaim="custom:endpoint_id",
        oidcCookie="id_token",
        profileUpdates="none",
    )

    assert loaded.profile_updates is ProfileUpdates.NONE
    assert loaded.oidc == OidcArgs(
        issuer="https://issuer.example/pool",
        audiences=("client-1",),
        jwks_uri="https://issuer.example/keys",
        endpoint_claim="custom:endpoint_id",
        cookie="id_token",
    )


def test_every_setting_has_a_type_a_default_and_a_description() -> None:
    assert {
        key for key, schema in SCHEMA.items() if {"type", "default", "description"} - set(schema)
    } == set()


def test_a_list_of_origins_is_kept_in_order() -> None:
    origins = ["https://www.example.com", "http://localhost:3000"]

    assert load(allowedOrigins=origins).allowed_origins == tuple(origins)


def test_an_allow_list_goes_with_its_attributes() -> None:
    loaded = load(**PINPOINT, profileUpdates="allowlist", profileAttributes=["plan", "first name"])

    assert (loaded.profile_updates, loaded.profile_attributes) == ("allowlist", ("plan", "first name"))


def test_the_pinpoint_application_may_have_a_region_of_its_own() -> None:
    assert load(**PINPOINT, pinpointRegion="us-gov-west-1").destinations == (
        PinpointArgs(application_id=APPLICATION_ID, region="us-gov-west-1"),
    )


def test_destinations_keep_their_order() -> None:
    loaded = load(**{**PINPOINT, "destinations": ["firehose", "customer-profiles", "pinpoint"]})

    assert [destination.name for destination in loaded.destinations] == [
        "firehose",
        "customer-profiles",
        "pinpoint",
    ]


# ---- Customer Profiles --------------------------------------------------------------------------------


def customer_profiles(**changes: Any) -> CustomerProfilesArgs:
    (destination,) = load(**changes).destinations
    assert isinstance(destination, CustomerProfilesArgs)
    return destination


def test_the_domain_may_be_a_new_one_and_the_rest_said_too() -> None:
    destination = customer_profiles(
        customerProfilesNewDomain=True,
        customerProfilesObjectType="events-2",
        customerProfilesExpirationDays=30,
        customerProfilesMaxEventsPerProfile=99,
        customerProfilesCreate=False,
        profileAttributes=["plan"],
        customerProfilesTriggerAttributes=["currency"],
        customerProfilesTriggerMetrics=["value"],
        customerProfilesSearchAttributes=["order_number"],
    )

    assert destination.template == replace(
        TEMPLATE,
        new_domain=True,
        object_type_name="events-2",
        expiration_days=30,
        max_events_per_profile=99,
        create_profiles=False,
        profile_attributes=("plan",),
        trigger_attributes=("currency",),
        trigger_metrics=("value",),
        search_attributes=("order_number",),
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "id",
            "user_id",
            "customer_id",
            "crm_id",
            "profile_id",
            "account_number",
            "username",
            "loyalty_number",
        ),
        *("email", "E_Mail", "mail", "user_email", "PersonalEmailAddress", "business_email_address"),
        *("phone", "phone_number", "MobilePhoneNumber", "home_phone", "mobile", "telephone", "msisdn"),
        *("gtm_pixel_order_id", "_email", "_phone", "_account_id"),
    ],
)
def test_an_attribute_that_identifies_a_customer_is_let_through_only_where_that_is_meant(name: str) -> None:
    given: dict[str, Any] = {"profileUpdates": "all", "profileAttributes": [name]}
    with pytest.raises(
        SettingsError, match=r"identifies a customer.*customerProfilesAllowIdentityAttributes"
    ):
        load(**given)
    meant = load(**given, customerProfilesAllowIdentityAttributes=True)
    assert meant.profile_attributes == (name,)
    # Nobody can write it, but an import of endpoints may.
    assert load(profileUpdates="none", profileAttributes=[name]).profile_attributes == (name,)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "plan",
            "tier",
            "loyalty_points",
            "email_opt_in",
            "phone_verified",
            "mobile_app",
            "first_name",
            "city",
        ),
        *(
            "identity",
            "paid",
            "valid_until",
            "customer_since",
            "number_of_orders",
            "telegram",
            "mailing_list",
        ),
    ],
)
def test_an_attribute_that_only_sounds_like_it_identifies_nobody(name: str) -> None:
    assert load(profileUpdates="all", profileAttributes=[name]).profile_attributes == (name,)


def test_ignored_endpoint_ids_are_taken_as_they_are_written() -> None:
    assert load(ignoredEndpointIds=["anonymous", "Gast "]).ignored_endpoint_ids == ("anonymous", "Gast ")


@pytest.mark.parametrize("profile_updates", ["none", "allowlist", "all"])
def test_attributes_are_declared_whatever_may_update_them(profile_updates: str) -> None:
    loaded = load(profileUpdates=profile_updates, profileAttributes=["plan"])

    assert loaded.profile_attributes == ("plan",)
    assert customer_profiles(profileAttributes=["plan"]).template.profile_attributes == ("plan",)


@pytest.mark.parametrize(
    ("quota", "copies", "share"), [(100, 5, 20), (100, 7, 14), (99, 50, 1), (100, 100, 1)]
)
def test_the_copies_of_the_function_share_the_quota(quota: int, copies: int, share: int) -> None:
    destination = customer_profiles(
        customerProfilesRequestsPerSecond=quota, maximumConcurrency=copies, batchSize=10
    )

    assert destination.requests_per_second == share
    assert share * copies <= quota


def test_an_event_trigger_needs_a_name_and_an_event() -> None:
    destination = customer_profiles(
        customerProfilesTriggers=[{"name": "purchase", "event": "purchase_success"}]
    )

    assert destination.template.event_triggers == (
        EventTriggerArgs(name="gtm-pixel-test-purchase", event_type="purchase_success"),
    )


def test_an_event_trigger_may_say_more() -> None:
    campaign = "arn:aws:connect-campaigns:eu-central-1:123456789012:campaign/0a1b2c3d-0000-1111"
    destination = customer_profiles(
        customerProfilesTriggerAttributes=["currency"],
        customerProfilesTriggerMetrics=["value"],
        customerProfilesTriggers=[
            {
                "name": "purchase",
                "event": "purchase_success",
                "conditions": [
                    {"attribute": "currency", "operator": "CONTAINS", "values": ["EUR", "CHF"]},
                    {"metric": "value", "operator": "BETWEEN", "values": [100, 200.5]},
                    {"metric": "value", "operator": "LESS_THAN", "values": [200.0]},
                    {"metric": "value", "operator": "NOT_BETWEEN", "values": ["-1e3", "0.50"]},
                ],
                "segment": "customers",
                "expirationMinutes": 15,
                "maxInvocationsPerDay": 1000,
                "campaignArn": campaign,
            }
        ],
    )

    assert destination.template.event_triggers == (
        EventTriggerArgs(
            name="gtm-pixel-test-purchase",
            event_type="purchase_success",
            conditions=(
                TriggerConditionArgs(field="evat_currency", operator="CONTAINS", values=("EUR", "CHF")),
                TriggerConditionArgs(field="evmt_value", operator="BETWEEN", values=("100", "200.5")),
                TriggerConditionArgs(field="evmt_value", operator="LESS_THAN", values=("200",)),
                TriggerConditionArgs(field="evmt_value", operator="NOT_BETWEEN", values=("-1e3", "0.50")),
            ),
            segment="customers",
            expiration_minutes=15,
            max_invocations_per_day=1000,
            campaign_arn=campaign,
        ),
    )


@pytest.mark.parametrize(
    ("entry", "operator"),
    [
        ({"attribute": "currency", "values": ["EUR"]}, "INCLUSIVE"),
        ({"metric": "value", "values": [100]}, "EQUAL"),
    ],
)
def test_a_condition_that_names_no_operator_is_for_the_value_itself(
    entry: dict[str, Any], operator: str
) -> None:
    (trigger_,) = customer_profiles(**condition(**entry)).template.event_triggers

    assert [condition_.operator for condition_ in trigger_.conditions] == [operator]


@pytest.mark.parametrize(
    ("batch_size", "quota", "copies", "timeout"),
    [
        (10_000, 100, 4, 80),  # 1000 requests at 25 a second: 40 s
        (200, 2, 2, 40),  # 20 at 1: 20 s
        (10_000, 100, 50, 540),  # 1000 at 2: 500 s
    ],
)
def test_a_batch_may_take_all_the_time_there_is(
    batch_size: int, quota: int, copies: int, timeout: int
) -> None:
    loaded = load(
        batchSize=batch_size,
        customerProfilesRequestsPerSecond=quota,
        maximumConcurrency=copies,
        functionTimeoutSeconds=timeout,
    )

    assert loaded.batch_size == batch_size


def test_the_size_of_batches_is_free_where_no_request_waits_for_its_turn() -> None:
    assert load(**FIREHOSE, batchSize=10_000, maximumConcurrency=1_000).batch_size == 10_000


def test_a_stack_whose_name_customer_profiles_cannot_have_is_refused() -> None:
    with pytest.raises(SettingsError) as error:
        load(stack="eu.prod")

    assert str(error.value) == (
        "gtm-pixel:destinations: customer-profiles names its object types after the stack, and "
        "'gtm-pixel-eu.prod' is not letters, digits, - and _, no digit or - first, at most 245 of them. Set "
        "customerProfilesObjectType, or rename the stack."
    )


def test_object_types_may_have_another_name_than_the_stack() -> None:
    (destination,) = load(stack="eu.prod", customerProfilesObjectType="events").destinations

    assert isinstance(destination, CustomerProfilesArgs)
    assert destination.template.object_type_name == "events"


def test_event_triggers_are_named_after_the_object_type() -> None:
    """A trigger of another type is then another trigger: one of the same name could not be made beside it."""
    destination = customer_profiles(
        customerProfilesObjectType="events",
        customerProfilesTriggers=[{"name": "purchase", "event": "purchase_success"}],
    )

    assert [trigger.name for trigger in destination.template.event_triggers] == ["events-purchase"]


# ---- Firehose -----------------------------------------------------------------------------------------


def test_firehose_is_a_new_stream_and_bucket_unless_it_says_otherwise() -> None:
    assert load(**FIREHOSE, logRetentionDays=7).destinations == (
        FirehoseArgs(
            stream=FirehoseStreamArgs(buffer_seconds=300, retention_days=395, log_retention_days=7),
            app_id="gtm-pixel-test",
        ),
    )


def test_firehose_may_be_a_stream_that_exists_with_the_application_that_queries_know() -> None:
    loaded = load(**FIREHOSE, firehoseStream="events.v1", firehoseAppId=APPLICATION_ID)

    assert loaded.destinations == (FirehoseArgs(stream="events.v1", app_id=APPLICATION_ID),)


# ---- Errors -------------------------------------------------------------------------------------------


def trigger(**changes: Any) -> dict[str, Any]:
    """A stack with one event trigger, and what conditions may use."""
    return {
        "customerProfilesTriggerAttributes": ["currency"],
        "customerProfilesTriggerMetrics": ["value"],
        "customerProfilesTriggers": [{"name": "purchase", "event": "purchase", **changes}],
    }


def condition(**entry: Any) -> dict[str, Any]:
    return trigger(conditions=[entry])


def names(count: int, length: int = 4, prefix: str = "a") -> list[str]:
    """Distinct names of one length."""
    return [prefix + str(number).zfill(length - 1) for number in range(count)]


_FIELD_RULE = (
    "is not a name that Customer Profiles has: 1 to 50 letters, digits and _, and no digit first. "
    "Set the name as it follows"
)
_VALUES_RULE = "is not a list of 1 to 10 values of 1 to 255 printable ASCII characters. Set such a list."

CAMPAIGN = "arn:aws:connect-campaigns:eu-central-1:123456789012:campaign/0a1b2c3d"


ELSEWHERE = {
    settings.DestinationName.PINPOINT: "firehose",
    settings.DestinationName.CUSTOMER_PROFILES: "firehose",
    settings.DestinationName.FIREHOSE: "customer-profiles",
}
"""Each destination, and one that a stack has in its place."""


def _other_than_default(key: str) -> tuple[Any, str]:
    """A value that someone has set, and how an error shows it."""
    match SCHEMA[key]["type"]:
        case "boolean":
            value = not SCHEMA[key]["default"]
        case "integer":
            value = SCHEMA[key]["default"] + 1
        case "array":
            value = ["one"]
        case _:
            return "one", "'one'"
    return value, json.dumps(value)


def _not_objects(path: str, value: Any) -> str:
    return f"{path}: {value!r} is not a list of objects. Set one key at a time with --path '{path}[0].KEY'."


ERRORS: list[tuple[dict[str, Any], str]] = [
    (
        {"profileUpdate": "all"},
        "profileUpdate: there is no such setting. Did you mean profileUpdates?",
    ),
    (
        {"colour": "red"},
        "colour: there is no such setting. Pulumi.yaml lists the settings there are.",
    ),
    ({"authMode": "opne"}, "authMode: 'opne' is not known. Set open or authenticated."),
    *(
        (
            {key: value},
            f"{key}: {shown} has no effect while authMode is open. "
            f"Set authMode to authenticated, or run: pulumi config rm-all {key}",
        )
        for key, value, shown in (
            ("oidcIssuer", "https://issuer.example", "'https://issuer.example'"),
            ("oidcAudiences", ["client-1"], '["client-1"]'),
            ("oidcJwksUri", "https://issuer.example/keys", "'https://issuer.example/keys'"),
            ("oidcEndpointClaim", "email", "'email'"),
            ("oidcCookie", "id_token", "'id_token'"),
        )
    ),
    (
        _without("oidcIssuer"),
        "oidcIssuer: it is not set. Set the issuer as in the iss claim, for example "
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1Cd2Ef3.",
    ),
    *(
        (
            {**AUTHENTICATED, "oidcIssuer": url},
            f"oidcIssuer: {url!r} is not an https URL. Set the issuer as in the iss claim, for example "
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1Cd2Ef3.",
        )
        for url in (
            *(
                "http://issuer.example",
                "http://localhost:8080/realms/site",
                "http://127.0.0.1/",
                "http://localhost.issuer.example/",
                "http://127.0.0.1@issuer.example/",
            ),
            *(
                "https://user@issuer.example",
                "https://",
                "https://issuer.ex\u00e4mple",
                "https://issuer.example/#a",
            ),
        )
    ),
    (
        _without("oidcAudiences"),
        "oidcAudiences: the list is empty, so no token would count. "
        "Set --path 'oidcAudiences[0]' to the client id that your tokens are issued for.",
    ),
    *(
        (
            {**AUTHENTICATED, "oidcAudiences": [audience]},
            f"oidcAudiences: {audience!r} is not text of 1 to 256 characters without spaces. "
            "Set the client id as it is in aud (or client_id) of your tokens.",
        )
        for audience in ("", "client 1", "c" * 257)
    ),
    (
        {**AUTHENTICATED, "oidcAudiences": ["client-1", "client-1"]},
        "oidcAudiences: 'client-1' is listed twice. List it once.",
    ),
    (
        {**AUTHENTICATED, "oidcAudiences": [f"{'c' * 250}{number}" for number in range(7)]},
        "oidcAudiences: the list takes 1801 bytes; the token authorizer has room for 1800 in its "
        "environment. List fewer.",
    ),
    (
        {**AUTHENTICATED, "oidcJwksUri": "keys.json"},
        "oidcJwksUri: 'keys.json' is not an https URL. Set the issuer's JWKS address, or nothing.",
    ),
    (
        {**AUTHENTICATED, "oidcEndpointClaim": ""},
        "oidcEndpointClaim: it is not set. Set sub.",
    ),
    (
        {**AUTHENTICATED, "oidcCookie": "a cookie"},
        "oidcCookie: 'a cookie' is not a cookie name. Set the cookie's name, or nothing.",
    ),
    ({"stageName": ""}, "stageName: it is not set. Set v1."),
    (
        {"stageName": "a/b"},
        "stageName: 'a/b' is not letters, digits, - and _, at most 128 of them. Set v1.",
    ),
    (
        {"destinations": []},
        "destinations: the list is empty; events need at least one destination. "
        "Set --path 'destinations[0]' to customer-profiles.",
    ),
    (
        {"destinations": ["pinpiont"]},
        "destinations: 'pinpiont' is not known. Set pinpoint or customer-profiles or firehose.",
    ),
    (
        {"destinations": ["pinpoint", "pinpoint"]},
        "destinations: 'pinpoint' is listed twice. List it once.",
    ),
    (
        {"destinations": "pinpoint"},
        "destinations: 'pinpoint' is not a list. Set a list.",
    ),
    (
        {"destinations": {"a": 1}},
        "destinations: {'a': 1} is not a list of texts. Set one at a time with --path 'destinations[0]'.",
    ),
    (
        {"destinations": [1]},
        "destinations: [1] is not a list of texts. Set one at a time with --path 'destinations[0]'.",
    ),
    (
        {**PINPOINT, "pinpointApplicationId": ""},
        "pinpointApplicationId: it is not set. Set the project id that the Amazon Pinpoint console shows.",
    ),
    (
        {**PINPOINT, "pinpointApplicationId": "abc"},
        "pinpointApplicationId: 'abc' is not the application's 32 hexadecimal characters. "
        "Set the project id that the Amazon Pinpoint console shows.",
    ),
    (
        {**PINPOINT, "pinpointRegion": "Oregon"},
        "pinpointRegion: 'Oregon' is not an AWS Region. "
        "Set one such as us-east-1, or leave it empty for the stack's own.",
    ),
    (
        {"customerProfilesDomain": ""},
        "customerProfilesDomain: it is not set. Set the domain's name, such as amazon-connect-example.",
    ),
    *(
        (
            {"customerProfilesDomain": name},
            f"customerProfilesDomain: {name!r} is not a name that Amazon Connect can use: amazon-connect- "
            "and then letters, digits, - and _, at most 64 characters in all. Set the domain's name, such as "
            "amazon-connect-example.",
        )
        for name in ("example", "amazon-connect-", "amazon-connect-a.b", "amazon-connect-" + "a" * 50)
    ),
    (
        {"customerProfilesNewDomain": "maybe"},
        "customerProfilesNewDomain: 'maybe' is not true or false. Set true or false.",
    ),
    (
        {"customerProfilesRequestsPerSecond": 0},
        "customerProfilesRequestsPerSecond: 0 is out of range. Set 1 to 100000.",
    ),
    (
        {"customerProfilesRequestsPerSecond": 10, "maximumConcurrency": 11},
        "customerProfilesRequestsPerSecond: 10 is less than one request for each copy of the function "
        "(maximumConcurrency 11). Set 11 or more, or lower maximumConcurrency.",
    ),
    (
        {"batchSize": 401, "customerProfilesRequestsPerSecond": 100, "maximumConcurrency": 100},
        "batchSize: 401 messages are 41 requests to Customer Profiles, which at 1 a second "
        "(customerProfilesRequestsPerSecond 100, maximumConcurrency 100) take longer than the 40 s that "
        "functionTimeoutSeconds 60 leaves for them. Set 400 or less, or lower maximumConcurrency, or raise "
        "functionTimeoutSeconds.",
    ),
    (
        {"batchSize": 10_000, "functionTimeoutSeconds": 69},
        "batchSize: 10000 messages are 1000 requests to Customer Profiles, which at 20 a second "
        "(customerProfilesRequestsPerSecond 100, maximumConcurrency 5) take longer than the 29 s that "
        "functionTimeoutSeconds 69 leaves for them. Set 5800 or less, or lower maximumConcurrency, or raise "
        "functionTimeoutSeconds.",
    ),
    (
        {"customerProfilesExpirationDays": 1099},
        "customerProfilesExpirationDays: 1099 is out of range. Set 1 to 1098.",
    ),
    *(
        (
            {"customerProfilesMaxEventsPerProfile": events},
            f"customerProfilesMaxEventsPerProfile: {events} is out of range. Set 1 to 1000.",
        )
        for events in (0, 1001)
    ),
    *(
        (
            {"customerProfilesObjectType": name},
            f"customerProfilesObjectType: {name!r} is not the name of an object type: letters, digits, - and "
            "_, no digit or - first, at most 245 of them. Set such a name, or nothing for the stack's own.",
        )
        for name in ("my events", "2nd", "-", "n" * 246)
    ),
    (
        {"customerProfilesCreate": "maybe"},
        "customerProfilesCreate: 'maybe' is not true or false. Set true or false.",
    ),
    (
        # The way back to open: every setting that has to go, in one command.
        {**AUTHENTICATED, "oidcCookie": "id_token", "authMode": "open"},
        "oidcIssuer: 'https://issuer.example/pool' has no effect while authMode is open. Set authMode to "
        "authenticated, or run: pulumi config rm-all oidcIssuer oidcAudiences oidcCookie",
    ),
    *(
        (
            {"destinations": [elsewhere], key: given},
            f"{key}: {shown} has no effect without destination {destination}. "
            f"Add {destination} to destinations, or run: pulumi config rm-all {key}",
        )
        for destination, elsewhere in ELSEWHERE.items()
        for key in settings.settings_of(settings.setting_prefix(destination))
        for given, shown in [_other_than_default(key)]
    ),
    *(
        ({key: [name]}, f"{key}: {name!r} {_FIELD_RULE} {prefix} in the URL, or leave it out.")
        for key, prefix in {
            "customerProfilesTriggerAttributes": "evat_",
            "customerProfilesTriggerMetrics": "evmt_",
            "customerProfilesSearchAttributes": "evat_",
        }.items()
        for name in ("first name", "1st", "a-b", "", "n" * 51)
    ),
    *(
        (
            {"profileAttributes": [name]},
            f"profileAttributes: {name!r} is not a name that Customer Profiles has: 1 to 59 letters, "
            "digits, _, - and dots. Set the name as it follows usat_ in the URL, or leave it out.",
        )
        for name in ("first name", "é", "", "n" * 60)
    ),
    (
        {"profileAttributes": ["plan", "address.city", "address_city"]},
        "profileAttributes: 'address.city' and 'address_city' are one attribute of a profile, which has _ "
        "for a dot. Leave one of them out.",
    ),
    (
        {"profileAttributes": ["gtm_pixel.opt_out"]},
        "profileAttributes: 'gtm_pixel.opt_out' is the attribute that says where a customer has opted out. "
        "Leave it out.",
    ),
    (
        {"customerProfilesTriggerMetrics": ["value", "value"]},
        "customerProfilesTriggerMetrics: 'value' is listed twice. List it once.",
    ),
    (
        {"customerProfilesSearchAttributes": names(9)},
        "customerProfilesSearchAttributes: 9 names are too many: an object type has 10 "
        "keys, and the event and the "
        "endpoint id take two. Set 8 or fewer.",
    ),
    *(
        (
            {"customerProfilesSearchAttributes": [name]},
            f"customerProfilesSearchAttributes: {name!r} would take the name of a key that is "
            f"there already. Leave it out.",
        )
        for name in ("event_key", "endpoint_id")
    ),
    (
        {"profileAttributes": ["plan", "gtm_pixel_endpoint_id"]},
        "profileAttributes: 'gtm_pixel_endpoint_id' is the attribute that says which endpoint a profile is. "
        "Leave it out.",
    ),
    (
        {"profileAttributes": names(244), "customerProfilesTriggerMetrics": names(2)},
        "profileAttributes: 244 names and those of the other lists make 251 fields of an object type, which "
        "has at most 250. List fewer.",
    ),
    (
        {"customerProfilesTriggerMetrics": names(246)},
        "customerProfilesTriggerMetrics: 246 names and those of the other lists make 251 "
        "fields of an object type, which has "
        "at most 250. List fewer.",
    ),
    (
        {"profileAttributes": names(44, 50), "customerProfilesTriggerAttributes": names(3, 50)},
        "profileAttributes: the names of attributes and ignoredEndpointIds take 2640 bytes; a Lambda "
        "function has room for 2600 in its environment. List fewer, or with shorter names.",
    ),
    (
        {**PINPOINT, "profileUpdates": "allowlist", "profileAttributes": names(47, 50)},
        "profileAttributes: the names of attributes and ignoredEndpointIds take 2638 bytes; a Lambda "
        "function has room for 2600 in its environment. List fewer, or with shorter names.",
    ),
    (
        {"customerProfilesTriggers": {"name": "purchase"}},
        _not_objects("customerProfilesTriggers", {"name": "purchase"}),
    ),
    ({"customerProfilesTriggers": ["purchase"]}, _not_objects("customerProfilesTriggers", ["purchase"])),
    (
        {"customerProfilesTriggers": [{"name": "purchase", "event": "purchase", "segmnet": "vip"}]},
        "customerProfilesTriggers[0].segmnet: there is no such setting. Did you mean segment?",
    ),
    (
        {"customerProfilesTriggers": [{"event": "purchase"}]},
        "customerProfilesTriggers[0].name: it is not set. Set letters, digits, - and _, at most 64 of them.",
    ),
    *(
        (
            trigger(name=name),
            f"customerProfilesTriggers[0].name: {name!r} is not letters, digits, - and _, at "
            f"most 64 of them. "
            "Set letters, digits, - and _, at most 64 of them.",
        )
        for name in ("large purchase", "n" * 65)
    ),
    (
        trigger(name="n" * 50),
        f"customerProfilesTriggers[0].name: 'gtm-pixel-test-{'n' * 50}', which begins "
        f"with the name of the object type, "
        "has 65 characters; an event trigger's name has at most 64. Set a shorter one.",
    ),
    (
        {"customerProfilesTriggers": [{"name": "purchase", "event": event} for event in ("a", "b")]},
        "customerProfilesTriggers: 'purchase' is listed twice. List it once.",
    ),
    (
        {
            "customerProfilesTriggers": [
                {"name": name, "event": "a", "campaignArn": CAMPAIGN} for name in ("a", "b")
            ]
        },
        f"customerProfilesTriggers: {CAMPAIGN!r} is listed twice. List it once.",
    ),
    (
        {"customerProfilesTriggers": [{"name": "purchase"}]},
        "customerProfilesTriggers[0].event: it is not set. Set a text of 1 to 255 "
        "printable ASCII characters.",
    ),
    *(
        (
            trigger(event=event),
            f"customerProfilesTriggers[0].event: {event!r} is not a text of 1 to 255 "
            f"printable ASCII characters. "
            "Set a text of 1 to 255 printable ASCII characters.",
        )
        for event in ("", "e" * 256, 1, "achat termin\u00e9", "a\nb", "a\x7f")
    ),
    *(
        (
            trigger(segment=segment),
            f"customerProfilesTriggers[0].segment: {segment!r} is not the name of a segment "
            f"definition: letters, "
            "digits, - and _, at most 64 of them. Set the name of a segment definition: letters, digits, "
            "- and _, at most 64 of them.",
        )
        for segment in ("big spenders", "s" * 65)
    ),
    *(
        (
            trigger(**{key: value}),
            f"customerProfilesTriggers[0].{key}: {value!r} is out of range. Set 1 to {most}.",
        )
        for key, most in {"expirationMinutes": 15, "maxInvocationsPerDay": 1000}.items()
        for value in (0, most + 1, "ten", True)
    ),
    (
        trigger(campaignArn="arn:aws:s3:::bucket"),
        "customerProfilesTriggers[0].campaignArn: 'arn:aws:s3:::bucket' is not the ARN of a campaign. "
        "Set the ARN of a campaign.",
    ),
    (trigger(conditions=["a"]), _not_objects("customerProfilesTriggers[0].conditions", ["a"])),
    (
        trigger(conditions=[{"attribute": "currency", "values": ["EUR"]}] * 10),
        "customerProfilesTriggers[0].conditions: 10 are too many: an event trigger has "
        "10, and the event type takes "
        "one. Set 9 or fewer.",
    ),
    (
        condition(attribute="currency", values=["EUR"], unit="m"),
        "customerProfilesTriggers[0].conditions[0].unit: there is no such setting. "
        "Pulumi.yaml lists the settings there are.",
    ),
    *(
        (
            condition(**entry),
            "customerProfilesTriggers[0].conditions[0]: it needs either attribute or metric. "
            "Set one of them.",
        )
        for entry in ({"values": ["a"]}, {"attribute": "currency", "metric": "value", "values": ["a"]})
    ),
    (
        condition(attribute="value", values=["a"]),
        "customerProfilesTriggers[0].conditions[0].attribute: 'value' is not in "
        "customerProfilesTriggerAttributes, so that event "
        "triggers cannot see it. Add it to customerProfilesTriggerAttributes.",
    ),
    (
        condition(metric="currency", values=["a"]),
        "customerProfilesTriggers[0].conditions[0].metric: 'currency' is not in "
        "customerProfilesTriggerMetrics, so that event triggers "
        "cannot see it. Add it to customerProfilesTriggerMetrics.",
    ),
    *(
        (
            condition(attribute="currency", operator=operator, values=["1", "2"]),
            f"customerProfilesTriggers[0].conditions[0].operator: {operator!r} does not go "
            f"with an attribute. "
            "Set INCLUSIVE or EXCLUSIVE or CONTAINS or BEGINS_WITH or ENDS_WITH or BEFORE or AFTER or ON.",
        )
        for operator in ("IS", "inclusive", 1, ["ON"], *map(str, triggers.METRIC_OPERATORS))
    ),
    *(
        (
            condition(metric="value", operator=operator, values=[1]),
            f"customerProfilesTriggers[0].conditions[0].operator: {operator!r} does not go with a metric. "
            "Set EQUAL or GREATER_THAN or GREATER_THAN_OR_EQUAL or LESS_THAN or LESS_THAN_OR_EQUAL or "
            "BETWEEN or NOT_BETWEEN.",
        )
        for operator in ("IS", None, *map(str, triggers.ATTRIBUTE_OPERATORS))
    ),
    *(
        (
            condition(attribute="currency", values=values),
            f"customerProfilesTriggers[0].conditions[0].values: {values!r} {_VALUES_RULE}",
        )
        for values in ([], "EUR", ["a"] * 11, ["v" * 256], [""], [True], [["EUR"]], ["\u20ac"], ["a\tb"])
    ),
    (
        condition(attribute="currency"),
        f"customerProfilesTriggers[0].conditions[0].values: None {_VALUES_RULE}",
    ),
    *(
        (
            condition(metric="value", operator=operator, values=values),
            f"customerProfilesTriggers[0].conditions[0].values: {values!r} does not go with "
            f"{operator}, which wants two "
            "numbers in ascending order. Set two numbers: the least and the most.",
        )
        for operator in ("BETWEEN", "NOT_BETWEEN")
        for values in ([1], [1, 2, 3], [2, 1], [1, 1], ["9", "10", "a"], ["a", 1], [1, True], None)
    ),
    *(
        (
            condition(metric="value", operator=operator, values=values),
            f"customerProfilesTriggers[0].conditions[0].values: {values!r} does not go with "
            f"{operator}, which wants one "
            "number. Set one number.",
        )
        for operator in ("EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL")
        for values in ([], 1, None, [1, 2], [1, "a"])
    ),
    *(
        (
            condition(metric="value", values=[value]),
            f"customerProfilesTriggers[0].conditions[0].values: [{value!r}] does not go with "
            f"EQUAL, which wants one "
            "number. Set one number.",
        )
        for value in (
            *("", "a", " 1", "1_000", "1,5", "0x1", "\u0661", "nan", "inf", "-Infinity", "1e999", "1" * 256),
            *(True, None, [1], math.nan, math.inf, 10**400),
        )
    ),
    *(
        (
            condition(attribute="currency", operator=operator, values=["EUR", "USD"]),
            f"customerProfilesTriggers[0].conditions[0].values: ['EUR', 'USD'] does not go "
            f"with {operator}, which wants "
            "one value. Set one value, or operator CONTAINS, which holds for any of several.",
        )
        for operator in ("INCLUSIVE", "BEGINS_WITH", "ENDS_WITH", "BEFORE", "AFTER", "ON")
    ),
    *(
        (
            {**FIREHOSE, "firehoseStream": "events", key: 60},
            f"{key}: 60 has no effect on the existing stream 'events'. "
            f"Set it where that stream is managed, or run: pulumi config rm-all {key}",
        )
        for key in ("firehoseBufferSeconds", "firehoseRetentionDays")
    ),
    (
        {**FIREHOSE, "firehoseStream": "a/b"},
        "firehoseStream: 'a/b' is not the name of a stream: letters, digits, _ . and -, at most 64 of them. "
        "Set the name that Amazon Data Firehose shows, or nothing for a new stream.",
    ),
    *(
        (
            {**FIREHOSE, "firehoseAppId": app_id},
            f"firehoseAppId: {app_id!r} is not letters, digits, . _ and -, at most 128 of them. Set what "
            "your queries filter application.app_id by, or nothing for the stack's name.",
        )
        for app_id in ("a b", '"', "\u00e9", "a" * 129)
    ),
    (
        {**FIREHOSE, "firehoseBufferSeconds": 901},
        "firehoseBufferSeconds: 901 is out of range. Set 0 to 900.",
    ),
    (
        {**FIREHOSE, "firehoseRetentionDays": 0},
        "firehoseRetentionDays: 0 is out of range. Set 1 to 3650.",
    ),
    (
        {"profileUpdates": "some"},
        "profileUpdates: 'some' is not known. Set none or allowlist or all.",
    ),
    *(
        (
            {"profileUpdates": profile_updates},
            "profileAttributes: the list is empty, and Customer Profiles has only attributes that are "
            f"declared, so profileUpdates {profile_updates} would let nothing through. "
            "List the attributes, or set profileUpdates to none.",
        )
        for profile_updates in ("allowlist", "all")
    ),
    (
        {**PINPOINT, "profileUpdates": "allowlist"},
        "profileAttributes: the list is empty, so profileUpdates allowlist would let nothing through. "
        "List the attributes, or set profileUpdates to none.",
    ),
    (
        {**PINPOINT, "profileAttributes": ["plan"]},
        "profileAttributes: the list has no effect while profileUpdates is none. "
        "Set profileUpdates to allowlist, or remove the list.",
    ),
    (
        {**PINPOINT, "profileUpdates": "allowlist", "profileAttributes": ["a:b"]},
        "profileAttributes: 'a:b' is not a user attribute name: 1 to 50 characters without # : ? \\ /. "
        "Set the name as it follows usat_ in the URL.",
    ),
    *(
        (
            {"profileUpdates": "allowlist", "profileAttributes": ["plan", name]},
            f"profileAttributes: {name!r} identifies a customer: whoever may write it could have their "
            "profile merged with another customer's. Leave it out, or set "
            "customerProfilesAllowIdentityAttributes to true if that is meant (docs/security.md, Merged "
            "profiles).",
        )
        for name in ("user_id", "UserId", "e_mail", "EmailAddress", "phone_number", "gtm_pixel_order")
    ),
    (
        {"customerProfilesAllowIdentityAttributes": "perhaps"},
        "customerProfilesAllowIdentityAttributes: 'perhaps' is not true or false. Set true or false.",
    ),
    *(
        (
            {"ignoredEndpointIds": [id_]},
            f"ignoredEndpointIds: {id_!r} is not an endpoint id: 1 to 255 characters, not only spaces. "
            "Set what your site sends for visitors whom it does not know, such as anonymous.",
        )
        for id_ in ("", "  ", "x" * 256)
    ),
    (
        {"ignoredEndpointIds": ["Guest", " guest"]},
        "ignoredEndpointIds: ' guest' is listed twice; case and spaces around it do not count. List it once.",
    ),
    (
        {"ignoredEndpointIds": [0]},
        "ignoredEndpointIds: [0] is not a list of texts. "
        "Set one at a time with --path 'ignoredEndpointIds[0]'.",
    ),
    (
        {**PINPOINT, "ignoredEndpointIds": ["x" * 250 + str(number) for number in range(12)]},
        "ignoredEndpointIds: the names of attributes and ignoredEndpointIds take 3092 bytes; a Lambda "
        "function has room for 2600 in its environment. List fewer, or with shorter names.",
    ),
    ({"timestampSource": "clock"}, "timestampSource: 'clock' is not known. Set gateway or url."),
    (
        {"allowedOrigins": ["*", "https://a.example"]},
        "allowedOrigins: '*' already allows every origin, so the other origins have no effect. "
        "Keep either '*' or the list.",
    ),
    *(
        (
            {"allowedOrigins": [origin]},
            f"allowedOrigins: {origin!r} is not an origin: scheme, host and optional port, lower case, "
            "no path. Set one such as https://www.example.com.",
        )
        for origin in ("https://a.example/", "a.example", 'https://a"#set($x)', "https://A.example", "null")
    ),
    ({"throttlingRateLimit": 0}, "throttlingRateLimit: 0 is out of range. Set 1 to 100000."),
    ({"throttlingBurstLimit": 0}, "throttlingBurstLimit: 0 is out of range. Set 1 to 100000."),
    ({"retryHours": 0}, "retryHours: 0 is out of range. Set 1 to 336."),
    ({"retryHours": 337}, "retryHours: 337 is out of range. Set 1 to 336."),
    ({"maxReceiveCount": 1001}, "maxReceiveCount: 1001 is out of range. Set 1 to 1000."),
    ({"batchSize": 10001}, "batchSize: 10001 is out of range. Set 1 to 10000."),
    ({"batchSize": "many"}, "batchSize: 'many' is not a whole number. Set a whole number."),
    ({"batchWindowSeconds": 301}, "batchWindowSeconds: 301 is out of range. Set 0 to 300."),
    (
        {"batchSize": 11, "batchWindowSeconds": 0},
        "batchWindowSeconds: 0 does not go with batchSize 11: AWS Lambda wants a window above 10 messages. "
        "Set batchWindowSeconds to 1 or more, or batchSize to 10 or less.",
    ),
    ({"maximumConcurrency": 1}, "maximumConcurrency: 1 is out of range. Set 2 to 1000."),
    ({"functionTimeoutSeconds": 901}, "functionTimeoutSeconds: 901 is out of range. Set 40 to 900."),
    ({"functionMemoryMb": 64}, "functionMemoryMb: 64 is out of range. Set 128 to 10240."),
    ({"accessLogs": "maybe"}, "accessLogs: 'maybe' is not true or false. Set true or false."),
    ({"protect": "maybe"}, "protect: 'maybe' is not true or false. Set true or false."),
    ({"tracing": "maybe"}, "tracing: 'maybe' is not true or false. Set true or false."),
    ({"logRetentionDays": 0}, "logRetentionDays: 0 is out of range. Set 1 to 3653."),
    (
        {"logRetentionDays": 31},
        "logRetentionDays: 31 is not a retention that CloudWatch Logs has. Set 30, the nearest one.",
    ),
]


@pytest.mark.parametrize(("changes", "message"), ERRORS, ids=lambda value: str(value)[:60])
def test_a_wrong_setting_is_one_line_with_key_value_rule_and_fix(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as error:
        load(**changes)

    assert str(error.value) == f"gtm-pixel:{message}"


def test_a_setting_at_its_default_is_not_refused_where_it_has_no_effect() -> None:
    """The engine hands defaults to the program as if they were set, integers and lists as their JSON."""
    keys = [key for key in SCHEMA if key not in ("destinations", "pinpointApplicationId")]

    for stack in PINPOINT, FIREHOSE:
        assert load(**stack, **{key: SCHEMA[key]["default"] for key in keys}) == load(**stack)


def test_a_setting_that_is_emptied_is_not_set() -> None:
    assert load(oidcEndpointClaim="") == load()


@pytest.mark.parametrize("destination", ELSEWHERE)
def test_what_only_one_destination_reads_begins_with_its_name(
    destination: settings.DestinationName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule knows a destination's settings by their prefix: one without it would never be refused."""
    reads: dict[str, set[str]] = {}
    for name in (destination.value, ELSEWHERE[destination]):
        stack = PINPOINT if name == "pinpoint" else {"destinations": [name]}
        reads[name] = _keys_read(monkeypatch, **stack)

    own = reads[destination.value] - reads[ELSEWHERE[destination]]
    assert own
    assert own <= set(settings.settings_of(settings.setting_prefix(destination)))


def _keys_read(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> set[str]:
    """The settings that loading a stack reads, the rule about those without effect left out."""
    keys: set[str] = set()
    get = pulumi.Config._get

    def noting(self: pulumi.Config, key: str, *args: Any, **kwargs: Any) -> Any:
        keys.add(key)
        return get(self, key, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(pulumi.Config, "_get", noting)
        patched.setattr(settings, "_refuse_without_effect", lambda *_: None)
        load(**changes)
    return keys


def test_every_setting_is_covered_by_an_error_or_is_free_of_rules() -> None:
    assert {message.partition(":")[0] for _, message in ERRORS} >= set(SCHEMA)


# ---- Whatever loads, AWS takes ------------------------------------------------------------------------


def test_names_that_fill_the_limits_are_taken() -> None:
    template = customer_profiles(
        profileAttributes=names(120),
        customerProfilesTriggerMetrics=names(117),
        customerProfilesSearchAttributes=names(8, 50),
    ).template

    assert len(profile_template(template)["Resources"]["EventsType"]["Properties"]["Fields"]) == 250
    assert refusals(profile_template(template)) == []


@given(
    url=st.from_regex(settings._HTTPS_URL, fullmatch=True),
    local_url=st.from_regex(settings._LOCAL_URL, fullmatch=True),
)
def test_the_authorizer_takes_every_url_that_settings_take(url: str, local_url: str) -> None:
    """What it refuses would be deployed, and no token would ever be verified."""
    ports = [re.search(r":([0-9]+)(/|$)", one) for one in (url, local_url)]
    assume(all(port is None or 0 < int(port[1]) < 2**16 for port in ports))

    assert signing_keys.is_acceptable_url(url)
    assert signing_keys.is_acceptable_url(local_url, loopback_http=True)


def test_in_the_local_run_an_issuer_may_be_on_the_same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GTM_PIXEL_LOCAL_RUN", "1")
    stack = load(
        **{
            **AUTHENTICATED,
            "oidcIssuer": "http://localhost:8080/site",
            "oidcJwksUri": "http://127.0.0.1/keys",
        }
    )

    assert stack.oidc is not None
    assert (stack.oidc.issuer, stack.oidc.jwks_uri) == ("http://localhost:8080/site", "http://127.0.0.1/keys")
    with pytest.raises(SettingsError, match="oidcIssuer"):
        load(**{**AUTHENTICATED, "oidcIssuer": "http://issuer.example/"})


def test_a_template_is_as_long_as_the_provider_sends_it() -> None:
    def long_stack(event_type: str) -> dict[str, Any]:
        triggers = [{"name": name, "event": event_type} for name in names(30)]
        return {"customerProfilesTriggerMetrics": names(100, 50), "customerProfilesTriggers": triggers}

    load(**long_stack("e" * 255))
    with pytest.raises(
        SettingsError, match=r"^gtm-pixel:customerProfilesTriggerMetrics: 100 entries .* 51200\. "
    ):
        load(**long_stack("&" * 255))


def test_a_template_that_is_too_long_for_cloudformation_is_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"^gtm-pixel:customerProfilesTriggerMetrics: 200 entries .* 51200\. "
    ):
        load(
            customerProfilesTriggerMetrics=names(200, 50),
            profileAttributes=names(40, 20),
            customerProfilesTriggers=[{"name": name, "event": "e" * 255} for name in names(30)],
        )


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,49}", fullmatch=True)
PROFILE_ATTRIBUTES = st.from_regex(r"[A-Za-z0-9_.-]{1,59}", fullmatch=True)
OBJECT_TYPE_NAMES = st.just("") | st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True)
PROFILE_NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255)
NUMBERS = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15)


def values(operator: triggers.ComparisonOperator) -> st.SearchStrategy[list[Any]]:
    """Right ones for an operator."""
    if operator in ("BETWEEN", "NOT_BETWEEN"):
        return st.lists(NUMBERS, min_size=2, max_size=2, unique=True).map(sorted)
    if operator in triggers.METRIC_OPERATORS:
        return st.lists(NUMBERS | NUMBERS.map(str), min_size=1, max_size=1)
    most = 1 if operator in triggers.ONE_VALUE_OPERATORS else 10
    return st.lists(TEXTS | NUMBERS, min_size=1, max_size=most)


@st.composite
def conditions(draw: st.DrawFn, kind: str, declared: list[str]) -> dict[str, Any]:
    operators = {
        "attribute": triggers.ATTRIBUTE_OPERATORS,
        "metric": triggers.METRIC_OPERATORS,
    }
    operator = draw(st.sampled_from(operators[kind]))
    return {kind: draw(st.sampled_from(declared)), "operator": operator, "values": draw(values(operator))}


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Any]:
    """Customer Profiles in every way that settings have, most of them right."""
    attributes = draw(st.lists(NAMES, unique=True, min_size=1, max_size=20))
    metrics = draw(st.lists(NAMES, unique=True, min_size=1, max_size=20))
    triggers = st.fixed_dictionaries(
        {
            "name": st.from_regex(r"[A-Za-z0-9_-]{1,49}", fullmatch=True),
            "event": TEXTS,
        },
        optional={
            "conditions": st.lists(
                conditions("attribute", attributes) | conditions("metric", metrics), max_size=9
            ),
            "segment": PROFILE_NAMES,
            "expirationMinutes": st.integers(1, 15),
            "maxInvocationsPerDay": st.integers(1, 1000),
            "campaignArn": st.from_regex(
                r"arn:aws:connect-campaigns:us-east-1:123456789012:campaign/[a-f0-9-]{1,64}", fullmatch=True
            ),
        },
    )
    return {
        "customerProfilesDomain": f"amazon-connect-{draw(PROFILE_NAMES)[:49]}",
        "customerProfilesNewDomain": draw(st.booleans()),
        "customerProfilesObjectType": draw(OBJECT_TYPE_NAMES),
        "customerProfilesExpirationDays": draw(st.integers(1, 1098)),
        "customerProfilesMaxEventsPerProfile": draw(st.integers(1, 1000)),
        "customerProfilesCreate": draw(st.booleans()),
        "profileAttributes": draw(st.lists(PROFILE_ATTRIBUTES, unique=True, max_size=20)),
        "customerProfilesTriggerAttributes": attributes,
        "customerProfilesTriggerMetrics": metrics,
        "customerProfilesSearchAttributes": draw(st.lists(NAMES, unique=True, max_size=8)),
        "customerProfilesTriggers": draw(st.lists(triggers, max_size=4)),
    }


@given(stack=stacks())
@hypothesis_settings(max_examples=15, deadline=None)
def test_a_stack_that_loads_makes_a_template_that_aws_takes(stack: dict[str, Any]) -> None:
    try:
        template = customer_profiles(**stack).template
    except SettingsError:
        reject()

    assert findings(template_body(template)) == []
    assert refusals(profile_template(template)) == []


def shape(name: str) -> Any:
    return service_model().shape_for(name)


def test_limits_and_operators_are_those_of_the_services_model() -> None:
    values = shape("EventTriggerValues")
    operators = [*triggers.ATTRIBUTE_OPERATORS, *triggers.METRIC_OPERATORS]

    assert sorted(operators) == sorted(shape("ComparisonOperator").enum)
    assert set(operators) == set(triggers.ComparisonOperator)
    assert shape("BatchPutProfileObjectRequestItemList").metadata["max"] == settings.OBJECTS_IN_REQUEST
    assert shape("name").metadata["max"] == triggers.TRIGGER_NAME_CHARACTERS
    assert (
        values.metadata["max"],
        values.member.metadata["max"],
    ) == (triggers.TRIGGER_VALUES, triggers.TRIGGER_VALUE_CHARACTERS)
    assert shape("EventTriggerDimensions").metadata["max"] == triggers.MAXIMUM_DIMENSIONS
    assert shape("maxSize1000").metadata["max"] == triggers.TRIGGER_INVOCATIONS
    assert shape("expirationDaysInteger").metadata["max"] == settings.EXPIRATION_DAYS


@pytest.mark.parametrize("module", [one.name for one in pkgutil.iter_modules(destinations.__path__)])
def test_a_call_to_a_destination_fits_into_the_shortest_time(module: str) -> None:
    limits = getattr(import_module(f"{destinations.__name__}.{module}"), "CALL_LIMITS", None)
    shortest = settings.SHORTEST_FUNCTION_TIMEOUT_SECONDS - settings.CLOSING_SECONDS

    assert limits is None or limits.worst_case_seconds <= shortest


def test_the_longest_wait_of_firehose_is_that_of_its_model() -> None:
    model = botocore.session.get_session().get_service_model("firehose")
    seconds = model.shape_for("IntervalInSeconds").metadata

    assert (seconds["min"], seconds["max"]) == (0, settings.BUFFER_SECONDS)
    assert model.shape_for("DeliveryStreamName").metadata == {
        "min": 1,
        "max": 64,
        "pattern": "[a-zA-Z0-9_.-]+",
    }
