"""The stack's configuration as the engine passes it: strings, for the project and for others."""

import json
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest

import settings
from components.event_pixel import EventPixelArgs
from settings import SettingsError
from settings.destinations import GROUPS
from settings.reading import ALL
from settings.stack_configuration import AWS_KEYS
from tests.recording import record

DOMAIN = "gtm-pixel:customerProfilesDomain"
LEAST = {"aws:region": "eu-central-1", DOMAIN: "amazon-connect-example"}


@pytest.fixture(autouse=True)
def _no_region_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def load(config: dict[str, str], stack: str = "test") -> EventPixelArgs:
    loaded: list[EventPixelArgs] = []
    record(lambda: loaded.append(settings.load()), config=config, stack=stack)
    return loaded[0]


def problems(config: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        load(config)
    return str(error.value).split("\n")


def test_other_types_than_strings_arrive_as_json() -> None:
    loaded = load(
        {
            **LEAST,
            "gtm-pixel:stageName": "007",
            "gtm-pixel:batchSize": "+50",
            "gtm-pixel:tracing": "true",
            "gtm-pixel:allowedOrigins": '["https://www.example.com"]',
        }
    )

    assert (loaded.stage_name, loaded.batch_size, loaded.tracing) == ("007", 50, True)
    assert loaded.allowed_origins == ("https://www.example.com",)


def test_the_stack_names_its_object_types() -> None:
    (destination,) = load(LEAST, stack="prod").destinations

    assert destination.template.object_type_name == "gtm-pixel-prod"  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


@pytest.mark.parametrize("value", ["many", "1.5", "[", "", "null", "1_000"])
def test_a_number_that_is_none_is_a_problem(value: str) -> None:
    if value == "null":
        assert load({**LEAST, "gtm-pixel:batchSize": value}).batch_size == 100
    else:
        (line,) = problems({**LEAST, "gtm-pixel:batchSize": value})
        assert line.startswith("gtm-pixel:batchSize: ")


def test_an_empty_stack_reports_its_missing_settings() -> None:
    region, domain, destinations = problems({})

    assert region == (
        "aws:region: it is not set. Set the AWS Region to deploy to: "
        "pulumi config set aws:region eu-central-1"
    )
    assert domain.startswith("gtm-pixel:customerProfilesDomain: it is not set. Set the domain's name")
    assert destinations.startswith("gtm-pixel:destinations: it is customer-profiles alone, the default.")
    assert "firehose" in destinations
    assert "pinpoint" in destinations


def test_the_region_may_come_from_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without = {DOMAIN: LEAST[DOMAIN]}
    assert len(problems(without)) == 1

    with monkeypatch.context() as patched:
        patched.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        assert load(without).region == "eu-west-2"
        patched.setenv("AWS_REGION", "eu-west-1")
        assert load(without).region == "eu-west-1"
        assert load(LEAST).region == "eu-central-1"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").touch()
    assert load(without).region is None


@pytest.mark.parametrize(
    ("region", "fix"),
    [
        ("eu-centrl-1", "Did you mean eu-central-1?"),
        ("us-esat-1", "Did you mean us-east-1?"),
        ("mars", "Set one such as eu-central-1."),
    ],
)
def test_a_region_that_does_not_exist_is_an_error_of_one_line(region: str, fix: str) -> None:
    assert problems({**LEAST, "aws:region": region}) == [
        f"aws:region: '{region}' is not an AWS Region that this version knows. {fix} For a newer Region, set "
        "aws:skipRegionValidation to true."
    ]
    load({**LEAST, "aws:region": region, "aws:skipRegionValidation": "true"})


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("aws:regoin", "aws:regoin: the AWS provider has no such setting. Did you mean aws:region?"),
        ("gtm-pixel:region", "gtm-pixel:region: there is no such setting. Did you mean aws:region?"),
        ("aws:colour", "aws:colour: the AWS provider has no such setting. Remove it."),
        (
            "gtm-pixle:authMode",
            "gtm-pixle:authMode: this project is gtm-pixel, and ignores the settings of gtm-pixle. "
            "Did you mean gtm-pixel:authMode?",
        ),
        (
            "gtm-pixle:authMdoe",
            "gtm-pixle:authMdoe: this project is gtm-pixel, and ignores the settings of gtm-pixle. "
            "Did you mean gtm-pixel:authMode?",
        ),
        (
            "shop:destinations",
            "shop:destinations: this project is gtm-pixel, and ignores the settings of shop. "
            "Did you mean gtm-pixel:destinations?",
        ),
    ],
)
def test_a_slip_in_a_key_is_noticed(key: str, line: str) -> None:
    assert problems({**LEAST, key: "open"}) == [line]


@pytest.mark.parametrize("key", ["aws:defaultTags", "pulumi:tags", "datadog:apiKey"])
def test_keys_of_other_namespaces_are_left_alone(key: str) -> None:
    load({**LEAST, key: "{}"})


@pytest.mark.parametrize("key", [key for key, setting in ALL.items() if isinstance(setting.default, str)])
@pytest.mark.parametrize("value", ["[1]", '["a"]', '{"a": "b"}', "[]", "{}"])
def test_a_list_or_an_object_in_place_of_a_string_is_a_problem(key: str, value: str) -> None:
    everything = {
        "gtm-pixel:authMode": "authenticated",
        "gtm-pixel:destinations": json.dumps(list(GROUPS)),
        f"gtm-pixel:{key}": value,
    }

    start = f"gtm-pixel:{key}: {json.loads(value)} "
    assert [line for line in problems(everything) if line.startswith(start)] != []


@pytest.mark.parametrize("value", ["NaN", "Infinity", "[" * 100_000])
def test_a_value_is_shown_as_it_was_written(value: str) -> None:
    (line,) = problems({**LEAST, "gtm-pixel:batchSize": value})

    assert line.startswith(f"gtm-pixel:batchSize: '{value[:90]}")


@pytest.mark.parametrize(
    ("tags", "line"),
    [
        ("x", "aws:defaultTags: 'x' has no tags."),
        ("[]", "aws:defaultTags: [] has no tags."),
        ('{"tgas": {"a": "b"}}', "aws:defaultTags.tgas: there is no such setting."),
        ('{"tags": ["a"]}', "aws:defaultTags.tags: ['a'] is not an object."),
        ('{"tags": {"a": {"b": 1}}}', "aws:defaultTags.tags.a: {'b': 1} is not a string."),
        ('{"tags": {"a": null}}', "aws:defaultTags.tags.a: null is not a string."),
    ],
)
def test_tags_that_no_resource_would_have_are_a_problem(tags: str, line: str) -> None:
    assert problems({**LEAST, "aws:defaultTags": tags}) == [f"{line} Write {{tags: {{NAME: VALUE}}}}."]


@pytest.mark.parametrize("tags", ["null", "{}", '{"tags": null}', '{"tags": {"a": "b", "c": 1, "d": true}}'])
def test_tags_may_be_numbers_or_none(tags: str) -> None:
    load({**LEAST, "aws:defaultTags": tags})


def test_problems_of_all_settings_are_reported_in_one_run() -> None:
    wrong: dict[str, Any] = {
        **LEAST,
        "aws:regoin": "x",
        "gtm-pixel:authMode": "x",
        "gtm-pixel:batchSize": "0",
    }

    assert [line.partition(": ")[0] for line in problems(wrong)] == [
        *("aws:regoin", "gtm-pixel:authMode", "gtm-pixel:batchSize")
    ]


def test_the_keys_of_the_provider_are_those_of_its_package() -> None:
    config = Path(pulumi_aws.__file__).parent / "config" / "vars.py"
    own = AWS_KEYS - {"assumeRole"}

    assert [key for key in own if f"__config__.get('{key}')" not in _calls(config)] == []
    assert _calls(config).count("__config__.get(") == len(own)


def _calls(config: Path) -> str:
    """The module's text with one spelling of the readers."""
    text = config.read_text()
    for reader in ("get_bool", "get_int", "get_float", "get_object"):
        text = text.replace(f"__config__.{reader}(", "__config__.get(")
    return text
