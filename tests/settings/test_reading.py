"""All settings together: defaults, problems, settings without effect, and Pulumi.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.destinations.customer_profiles import CustomerProfilesArgs
from components.event_pixel import EventPixelArgs
from components.safeguards import NO_SAFEGUARDS
from components.tls_policy import TlsPolicy
from contract.scenario import ProfileUpdates, TimestampSource
from settings.destinations import GROUPS
from settings.groups import Stack
from settings.oidc import PREFIX
from settings.reading import ALL, GENERAL, read
from tests.settings.stacks import AUTHENTICATED, FIREHOSE, PINPOINT, TEMPLATE, load, problems

PROJECT = Path(__file__).parents[2]
SCHEMA: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]

ELSEWHERE = {"pinpoint": FIREHOSE, "customer-profiles": FIREHOSE, "firehose": {}}
"""Each destination, and a stack that has another in its place."""


def test_the_defaults_are_an_open_stack_that_updates_no_profile() -> None:
    assert load() == EventPixelArgs(
        stack_name="gtm-pixel-test",
        region="eu-west-1",
        oidc=None,
        stage_name="v1",
        previous_stage_name=None,
        allowed_origins=(),
        throttling_rate_limit=1000,
        throttling_burst_limit=2000,
        method_throttles=(),
        domain=None,
        execute_api_endpoint=True,
        tls_policy=TlsPolicy.TLS_1_2,
        web_acl=None,
        safeguards=NO_SAFEGUARDS,
        access_logs=False,
        protect=False,
        alarms=None,
        dashboard=False,
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
        processor_version=None,
        authorizer_version=None,
        log_retention_days=30,
        tracing=False,
    )


def test_destinations_keep_their_order() -> None:
    loaded = load(**{**PINPOINT, "destinations": ["firehose", "customer-profiles", "pinpoint"]})

    assert [destination.name for destination in loaded.destinations] == [
        *("firehose", "customer-profiles", "pinpoint")
    ]


class TestPulumiYaml:
    """The program's settings are those that Pulumi.yaml declares."""

    def test_it_has_the_same_settings(self) -> None:
        assert set(SCHEMA) == set(ALL)

    @pytest.mark.parametrize("key", SCHEMA)
    def test_it_has_the_same_default(self, key: str) -> None:
        assert SCHEMA[key]["default"] == ALL[key].default

    @pytest.mark.parametrize("key", SCHEMA)
    def test_it_says_the_type_and_describes_the_setting(self, key: str) -> None:
        types = {"string": str, "boolean": bool, "integer": int, "array": list}

        assert types[SCHEMA[key]["type"]] is type(SCHEMA[key]["default"])
        assert SCHEMA[key]["description"].endswith(".")


class TestWhatIsWrong:
    def test_every_problem_is_reported_in_one_run(self) -> None:
        assert problems(
            stageNam="v2",
            authMode="opne",
            destinations=["firehose", "pinpoint"],
            firehoseRetentionDays=0,
            batchSize=100,
            batchWindowSeconds=0,
            allowedOrigins=["a.example", "https://b.example", 1],
        ) == [
            "stageNam: there is no such setting. Did you mean stageName?",
            "authMode: 'opne' is not open or authenticated. Did you mean open?",
            *(
                f"allowedOrigins[{position}]: {value} is not an origin: scheme, host and optional port, "
                "lower "
                "case, no path, at most 255 characters. Set one such as https://www.example.com."
                for position, value in ((0, "'a.example'"), (2, "1"))
            ),
            "firehoseRetentionDays: 0 is out of range. Set a whole number from 1 to 3650.",
            "pinpointApplicationId: it is not set. Set the project id that the Amazon Pinpoint console "
            "shows.",
            "batchWindowSeconds: 0 does not go with batchSize 100: AWS Lambda needs a window above 10 "
            "messages. "
            "Set batchWindowSeconds to 1 or more, or batchSize to 10 or less.",
        ]

    def test_a_key_may_have_a_slip_in_its_case(self) -> None:
        assert problems(AUTHMODE="open") == ["AUTHMODE: there is no such setting. Did you mean authMode?"]

    def test_a_value_that_is_not_finished_leads_to_its_end(self) -> None:
        assert problems(profileUpdates="allow") == [
            "profileUpdates: 'allow' is not none or allowlist or all. Did you mean allowlist?"
        ]

    def test_a_key_that_is_like_no_other_leads_to_the_list(self) -> None:
        assert problems(colour="red") == [
            "colour: there is no such setting. docs/settings.md lists the settings."
        ]

    def test_a_value_with_line_breaks_stays_one_line(self) -> None:
        assert problems(stageName="a\nb\u2028c\r") == [
            "stageName: 'a\\nb\\u2028c\\r' is not 1 to 128 letters, digits, - and _. Set a name such as v1."
        ]

    def test_a_long_value_is_cut(self) -> None:
        (line,) = problems(stageName="x" * 10_000)

        assert f"{'x' * 99}… is not" in line

    def test_without_a_choice_the_error_lists_the_destinations(self) -> None:
        assert problems(customerProfilesDomain="") == [
            "customerProfilesDomain: it is not set. Set the domain's name, such as amazon-connect-example.",
            "destinations: it is customer-profiles alone, the default. Keep it, or set one or more of "
            "customer-profiles (Amazon Connect Customer Profiles, for profiles, segments and campaigns), "
            "firehose (Amazon Data Firehose to Amazon S3, for analytics), "
            "eventbridge (Amazon EventBridge, whose rules send events on to any other product), "
            "pinpoint (Amazon Pinpoint, whose support AWS ended on 2026-10-30).",
        ]

    def test_a_chosen_destination_is_reported_with_its_missing_settings(self) -> None:
        chosen = ["firehose", "customer-profiles"]

        assert problems(destinations=chosen, customerProfilesDomain="") == [
            "customerProfilesDomain: it is not set. Set the domain's name, such as amazon-connect-example."
        ]

    @pytest.mark.parametrize("key", ALL)
    def test_null_sets_nothing(self, key: str) -> None:
        null: dict[str, Any] = {key: None}
        default: dict[str, Any] = {key: ALL[key].default}

        assert problems(**null) == problems(**default)

    @pytest.mark.parametrize("key", [key for key in ALL if isinstance(ALL[key].default, list)])
    @pytest.mark.parametrize("value", [[None], {"a": 1}, "one", [{}], [[]], {}], ids=repr)
    def test_a_wrong_list_is_a_problem_and_no_crash(self, key: str, value: Any) -> None:
        """Each may also be a setting without effect, which is not read."""
        stack: dict[str, Any] = {**AUTHENTICATED, key: value}

        assert all(": " in line for line in problems(**stack))

    def test_keys_begin_with_the_name_of_the_project(self) -> None:
        with pytest.raises(Exception, match=r"^gtm-pixel:authMode: 'x'"):
            read({"authMode": "x", **FIREHOSE}, Stack(name="a"), prefix="gtm-pixel:")


class TestWithoutEffect:
    @pytest.mark.parametrize("destination", ELSEWHERE)
    def test_settings_of_another_destination_are_refused(self, destination: str) -> None:
        for setting in GROUPS[destination].settings:
            assert problems(**ELSEWHERE[destination], **{setting.key: _another(setting.default)}) == [
                f"{setting.key}: {_as_written(_another(setting.default))} has no effect without destination "
                f"{destination}. Add {destination} to destinations, or run: pulumi config rm-all "
                f"{setting.key}"
            ]

    def test_the_way_back_to_the_open_scenario_is_one_command(self) -> None:
        assert problems(**AUTHENTICATED | {"authMode": "open", "oidcCookie": "id_token"}) == [
            "oidcIssuer: 'https://issuer.example/pool' has no effect while authMode is open. Set authMode to "
            "authenticated, or run: pulumi config rm-all oidcIssuer oidcAudiences oidcCookie"
        ]

    @pytest.mark.parametrize("stack", [PINPOINT, FIREHOSE], ids=["pinpoint", "firehose"])
    def test_a_setting_at_its_default_counts_as_not_given(self, stack: dict[str, Any]) -> None:
        """The engine passes defaults to the program as if they were set."""
        defaults = {key: setting.default for key, setting in ALL.items() if key not in stack}

        assert load(**defaults, **stack) == load(**stack)

    def test_a_setting_that_is_emptied_is_not_given(self) -> None:
        assert load(oidcEndpointClaim="") == load()

    @pytest.mark.parametrize("name", GROUPS)
    def test_settings_of_a_destination_begin_with_its_name(self, name: str) -> None:
        """The local run goes by the prefix, and so do people."""
        first, *others = name.split("-")
        prefix = first + "".join(word.capitalize() for word in others)

        assert [s.key for s in GROUPS[name].settings] == [k for k in ALL if begins(k, prefix)]

    def test_settings_of_openid_connect_begin_with_oidc(self) -> None:
        assert [key for key in ALL if begins(key, PREFIX)] == [
            *("oidcIssuer", "oidcAudiences", "oidcJwksUri", "oidcEndpointClaim", "oidcCookie")
        ]
        assert not [setting.key for setting in GENERAL if begins(setting.key, PREFIX)]


def begins(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and key[len(prefix)].isupper()


def _another(default: Any) -> Any:
    if isinstance(default, bool):
        return not default
    return default + 1 if isinstance(default, int) else ["one"] if isinstance(default, list) else "one"


def _as_written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
