"""Every setting and every error message."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import settings
from components.destinations import PinpointArgs
from components.token_authorizer import TokenIssuerArgs
from tests.recording import record

PROJECT = Path(__file__).parents[1]
SCHEMA: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
APPLICATION_ID = "0123456789abcdef0123456789abcdef"


def load(**changes: Any) -> settings.Settings:
    """The settings of a stack that sets `changes`; defaults come from Pulumi.yaml, as with the engine."""
    defaults = {key: schema["default"] for key, schema in SCHEMA.items()}
    values = {**defaults, "pinpointApplicationId": APPLICATION_ID, **changes}
    config = {
        f"gtm-pixel:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }
    loaded: list[settings.Settings] = []
    record(lambda: loaded.append(settings.load(pulumi.Config())), config=config)
    return loaded[0]


def test_the_defaults_are_an_open_stack_that_updates_no_profile() -> None:
    assert load() == settings.Settings(
        auth_mode=settings.AuthMode.OPEN,
        token_issuer=None,
        stage_name="v1",
        allowed_origins=(),
        throttling_rate_limit=1000,
        throttling_burst_limit=2000,
        destinations=(PinpointArgs(application_id=APPLICATION_ID),),
        profile_updates=settings.ProfileUpdates.NONE,
        profile_attributes=(),
        timestamp_source=settings.TimestampSource.GATEWAY,
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


AUTHENTICATED: dict[str, Any] = {
    "authMode": "authenticated",
    "tokenIssuer": "https://issuer.example/pool",
    "tokenAudience": "client-1",
}


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in AUTHENTICATED.items() if name != key}


def test_an_authenticated_stack_updates_profiles_unless_it_says_otherwise() -> None:
    loaded = load(**AUTHENTICATED)

    assert loaded.auth_mode is settings.AuthMode.AUTHENTICATED
    assert loaded.profile_updates is settings.ProfileUpdates.ALL
    assert loaded.token_issuer == TokenIssuerArgs(
        issuer="https://issuer.example/pool",
        audience="client-1",
        jwks_uri=None,
        endpoint_claim="sub",
        cookie=None,
    )


def test_an_authenticated_stack_may_say_where_keys_claim_and_cookie_are() -> None:
    loaded = load(
        **AUTHENTICATED,
        jwksUri="https://issuer.example/keys",
        endpointClaim="custom:endpoint_id",
        tokenCookie="id_token",
        profileUpdates="none",
    )

    assert loaded.profile_updates is settings.ProfileUpdates.NONE
    assert loaded.token_issuer == TokenIssuerArgs(
        issuer="https://issuer.example/pool",
        audience="client-1",
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
    loaded = load(profileUpdates="allowlist", profileAttributes=["plan"])

    assert (loaded.profile_updates, loaded.profile_attributes) == ("allowlist", ("plan",))


def test_the_pinpoint_application_may_have_a_region_of_its_own() -> None:
    assert load(pinpointRegion="us-gov-west-1").destinations == (
        PinpointArgs(application_id=APPLICATION_ID, region="us-gov-west-1"),
    )


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
            f"{key}: {value!r} has no effect while authMode is open. "
            "Set authMode to authenticated, or remove the setting.",
        )
        for key, value in {
            "tokenIssuer": "https://issuer.example",
            "tokenAudience": "client-1",
            "jwksUri": "https://issuer.example/keys",
            "endpointClaim": "email",
            "tokenCookie": "id_token",
        }.items()
    ),
    (
        _without("tokenIssuer"),
        "tokenIssuer: it is not set. Set the issuer as in the iss claim, for example "
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE.",
    ),
    (
        {**AUTHENTICATED, "tokenIssuer": "http://issuer.example"},
        "tokenIssuer: 'http://issuer.example' is not an https URL. Set the issuer as in the iss claim, for "
        "example https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE.",
    ),
    (
        _without("tokenAudience"),
        "tokenAudience: it is not set. Set the client id that your tokens are issued for.",
    ),
    (
        {**AUTHENTICATED, "jwksUri": "keys.json"},
        "jwksUri: 'keys.json' is not an https URL. Set the issuer's JWKS address, or nothing.",
    ),
    (
        {**AUTHENTICATED, "endpointClaim": ""},
        "endpointClaim: it is not set. Set sub.",
    ),
    (
        {**AUTHENTICATED, "tokenCookie": "a cookie"},
        "tokenCookie: 'a cookie' is not a cookie name. Set the cookie's name, or nothing.",
    ),
    ({"stageName": ""}, "stageName: it is not set. Set v1."),
    (
        {"stageName": "a/b"},
        "stageName: 'a/b' is not letters, digits, - and _, at most 128 of them. Set v1.",
    ),
    (
        {"destinations": []},
        "destinations: the list is empty; events need at least one destination. "
        "Set --path 'destinations[0]' to pinpoint.",
    ),
    ({"destinations": ["pinpiont"]}, "destinations: 'pinpiont' is not known. Set pinpoint."),
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
        {"pinpointApplicationId": ""},
        "pinpointApplicationId: it is not set. Set the project id that the Amazon Pinpoint console shows.",
    ),
    (
        {"pinpointApplicationId": "abc"},
        "pinpointApplicationId: 'abc' is not the application's 32 hexadecimal characters. "
        "Set the project id that the Amazon Pinpoint console shows.",
    ),
    (
        {"pinpointRegion": "Oregon"},
        "pinpointRegion: 'Oregon' is not an AWS Region. "
        "Set one such as us-east-1, or leave it empty for the stack's own.",
    ),
    (
        {"profileUpdates": "some"},
        "profileUpdates: 'some' is not known. Set none or allowlist or all.",
    ),
    (
        {"profileUpdates": "allowlist"},
        "profileAttributes: the list is empty, so profileUpdates allowlist would let nothing through. "
        "List the attributes, or set profileUpdates to none.",
    ),
    (
        {"profileAttributes": ["plan"]},
        "profileAttributes: the list has no effect while profileUpdates is none. "
        "Set profileUpdates to allowlist, or remove the list.",
    ),
    (
        {"profileUpdates": "allowlist", "profileAttributes": ["a:b"]},
        "profileAttributes: 'a:b' is not a user attribute name: 1 to 50 characters without # : ? \\ /. "
        "Set the name as it follows usat_ in the URL.",
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
    with pytest.raises(settings.SettingsError) as error:
        load(**changes)

    assert str(error.value) == f"gtm-pixel:{message}"


def test_every_setting_is_covered_by_an_error_or_is_free_of_rules() -> None:
    assert {message.partition(":")[0] for _, message in ERRORS} >= set(SCHEMA)
