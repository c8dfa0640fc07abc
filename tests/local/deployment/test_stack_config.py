"""Configuration as the Pulumi engine would pass it, and errors of one line."""

import json
from pathlib import Path

import pytest

from local.deployment.stack_config import StackConfig, StackConfigError, load

PROJECT = """
name: gtm-pixel
runtime: python
config:
  stageName: {type: string, default: v1}
  maxReceiveCount: {type: integer, default: 5}
  tracing: {type: boolean, default: false}
  destinations: {type: array, items: {type: string}, default: [pinpoint]}
  ports: {type: array, items: {type: integer}, default: []}
  customerProfilesTriggers: {type: array, items: {type: object}, default: []}
  pinpointApplicationId: {type: string}
  short: hand
  aws:maxRetries: 3
"""

STACK = """
config:
  aws:region: eu-west-1
  aws:defaultTags: {tags: {project: gtm-pixel}}
  gtm-pixel:pinpointApplicationId: 0123
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    return tmp_path


def loaded(project: Path, *overrides: str) -> StackConfig:
    return load(project, "dev", overrides)


def refusal(project: Path, *overrides: str, stack: str = "dev") -> str:
    with pytest.raises(StackConfigError) as raised:
        load(project, stack, overrides)
    message = str(raised.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("override", ["stageName=v2", "gtm-pixel:stageName=v2"])
def test_it_knows_which_settings_were_given_with_config(project: Path, override: str) -> None:
    config = loaded(project, override)

    assert config.overrides(["tracing", "stageName"])
    assert not config.overrides(["tracing", "pinpointApplicationId"])


def test_settings_can_be_put_over_it(project: Path) -> None:
    config = loaded(project, "stageName=v2").with_settings({"stageName": "v3"})

    assert (config.setting("stageName"), config.region) == ("v3", "eu-west-1")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("gtm-pixel:stageName", "v1"),
        ("gtm-pixel:maxReceiveCount", "5"),
        ("gtm-pixel:tracing", "false"),
        ("gtm-pixel:destinations", '["pinpoint"]'),
        ("gtm-pixel:short", "hand"),
        ("aws:maxRetries", "3"),
    ],
)
def test_a_setting_without_a_value_has_its_default_as_text(project: Path, key: str, text: str) -> None:
    assert loaded(project).values[key] == text


def test_a_scalar_of_the_stack_keeps_its_spelling(project: Path) -> None:
    assert loaded(project).values["gtm-pixel:pinpointApplicationId"] == "0123"


def test_region_and_default_tags_are_those_of_the_provider(project: Path) -> None:
    config = loaded(project)
    assert (config.region, config.default_tags) == ("eu-west-1", {"project": "gtm-pixel"})


@pytest.mark.parametrize(
    ("override", "key", "text"),
    [
        ("stageName=v2", "gtm-pixel:stageName", "v2"),
        ("gtm-pixel:stageName=v2", "gtm-pixel:stageName", "v2"),
        ("stageName=a=b", "gtm-pixel:stageName", "a=b"),
        ("aws:region=us-west-2", "aws:region", "us-west-2"),
        ("maxReceiveCount=7", "gtm-pixel:maxReceiveCount", "7"),
        ("tracing=true", "gtm-pixel:tracing", "true"),
        ("destinations=pinpoint, firehose", "gtm-pixel:destinations", '["pinpoint", "firehose"]'),
        ('destinations=["a,b"]', "gtm-pixel:destinations", '["a,b"]'),
        ("destinations=", "gtm-pixel:destinations", "[]"),
        ("ports=80,443", "gtm-pixel:ports", '["80", "443"]'),
        ('customerProfilesTriggers=[{"name": "a"}]', "gtm-pixel:customerProfilesTriggers", '[{"name": "a"}]'),
    ],
)
def test_an_override_wins_over_the_stack(project: Path, override: str, key: str, text: str) -> None:
    assert loaded(project, override).values[key] == text


def test_of_two_overrides_the_later_counts(project: Path) -> None:
    assert loaded(project, "stageName=a", "stageName=b").setting("stageName") == "b"


class TestWhatAnOverrideSwitchesOff:
    """A destination or the scenario that the stack's file has, and that the trial does without."""

    CONFIG = """
  customerProfilesDomain: {type: string, default: ""}
  oidcIssuer: {type: string, default: ""}
  authMode: {type: string, default: open}
  profileAttributes: {type: array, items: {type: string}, default: []}
"""
    GIVEN = """
  gtm-pixel:destinations: [customer-profiles, pinpoint]
  gtm-pixel:customerProfilesDomain: amazon-connect-example
  gtm-pixel:authMode: authenticated
  gtm-pixel:oidcIssuer: https://issuer.example
  gtm-pixel:profileAttributes: [plan]
"""

    @pytest.fixture
    def project(self, project: Path) -> Path:
        (project / "Pulumi.yaml").write_text(PROJECT + self.CONFIG)
        (project / "Pulumi.dev.yaml").write_text(STACK + self.GIVEN)
        return project

    def test_its_settings_go_with_a_destination(self, project: Path) -> None:
        config = loaded(project, "destinations=pinpoint")

        assert config.setting("customerProfilesDomain") == ""
        assert config.setting("profileAttributes") == ["plan"]

    def test_its_settings_go_with_the_authenticated_scenario(self, project: Path) -> None:
        assert loaded(project, "authMode=open").setting("oidcIssuer") == ""

    def test_what_stays_keeps_its_settings(self, project: Path) -> None:
        config = loaded(project, "destinations=customer-profiles", "authMode=authenticated")

        assert config.setting("customerProfilesDomain") == "amazon-connect-example"
        assert config.setting("oidcIssuer") == "https://issuer.example"

    def test_an_override_of_such_a_setting_stays_for_the_program_to_refuse(self, project: Path) -> None:
        config = loaded(project, "destinations=pinpoint", "customerProfilesDomain=mine", "authMode=open")

        assert config.setting("customerProfilesDomain") == "mine"

    def test_in_the_file_itself_nothing_is_switched_off(self, project: Path) -> None:
        (project / "Pulumi.dev.yaml").write_text(
            STACK + self.GIVEN.replace("[customer-profiles, pinpoint]", "[pinpoint]")
        )

        assert loaded(project).setting("customerProfilesDomain") == "amazon-connect-example"


def test_a_list_is_parsed(project: Path) -> None:
    assert loaded(project).setting("destinations") == ["pinpoint"]


def test_objects_in_a_list_keep_their_types(project: Path) -> None:
    trigger = {"name": "a", "conditions": [{"metric": "value", "values": [100, "EUR"]}]}
    (project / "Pulumi.dev.yaml").write_text(
        STACK + f"  gtm-pixel:customerProfilesTriggers: [{json.dumps(trigger)}]\n"
    )

    assert loaded(project).setting("customerProfilesTriggers") == [trigger]


def test_an_unknown_stack_is_an_error_that_lists_the_stacks(project: Path) -> None:
    (project / "Pulumi.prod.yaml").write_text(STACK)
    assert refusal(project, stack="test") == "there is no stack 'test': the stacks here are dev and prod"


def test_a_directory_without_a_project_is_an_error(tmp_path: Path) -> None:
    assert "there is no Pulumi.yaml" in refusal(tmp_path)


def test_a_stack_that_is_not_yaml_is_an_error(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: [")
    assert refusal(project).startswith("Pulumi.dev.yaml cannot be read")


def test_an_unknown_setting_is_passed_on_as_the_engine_does(project: Path) -> None:
    assert load(project, "dev", ["stagename=v2"]).values["gtm-pixel:stagename"] == "v2"


def test_a_setting_with_neither_value_nor_default_is_an_error(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: {aws:region: eu-west-1}")
    assert "stack 'dev' has no value for gtm-pixel:pinpointApplicationId" in refusal(project)


@pytest.mark.parametrize("region", [None, "frankfurt", "eu-centrl-1", "eu-central-1a", ""])
def test_the_program_can_run_to_refuse_a_region_that_does_not_exist(
    project: Path, region: str | None
) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: {gtm-pixel:pinpointApplicationId: x}")
    config = load(project, "dev", [] if region is None else [f"aws:region={region}"])

    assert config.region == "us-east-1"
    assert config.values.get("aws:region") == region


@pytest.mark.parametrize("override", ["maxReceiveCount=five", "tracing=yes", "destinations=[1]"])
def test_a_value_of_the_wrong_type_is_left_to_the_program(project: Path, override: str) -> None:
    key, _, value = override.partition("=")
    assert load(project, "dev", [override]).values[f"gtm-pixel:{key}"] == value


def test_a_list_in_place_of_a_string_is_left_to_the_program(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(STACK + "  gtm-pixel:stageName: [v1]\n")
    assert load(project, "dev").values["gtm-pixel:stageName"] == '["v1"]'


def test_null_sets_nothing(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(STACK + "  gtm-pixel:stageName:\n  gtm-pixel:tracing: null\n")
    assert load(project, "dev").values == {
        **load(project, "dev").values,
        "gtm-pixel:stageName": "v1",
        "gtm-pixel:tracing": "false",
    }


@pytest.mark.parametrize("tags", ["null", "[a]", "a", "{tags: [a]}", "{tags: null}", "{tgas: {a: b}}", "1"])
def test_tags_that_are_none_are_left_to_the_program(project: Path, tags: str) -> None:
    (project / "Pulumi.dev.yaml").write_text(
        f"config:\n  gtm-pixel:pinpointApplicationId: x\n  aws:defaultTags: {tags}\n"
    )
    assert load(project, "dev").default_tags == {}


def test_tags_are_strings(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(STACK.replace("{project: gtm-pixel}", "{a: 1, b: true, c: x}"))
    assert load(project, "dev").default_tags == {"a": "1", "b": "true", "c": "x"}


def test_a_duplicate_key_is_an_error(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(
        "config:\n  gtm-pixel:stageName: a\n  aws:region: eu-west-1\n  gtm-pixel:stageName: b\n"
    )
    assert refusal(project) == (
        "Pulumi.dev.yaml cannot be read: it sets gtm-pixel:stageName twice, in lines 2 and 4: remove one"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"config: {a: \xe9}",
        b"config: {1: 2}",
        b"config: {null: 2}",
        b"config:\n\ta: b",
        b"config: {a: 2026-13-45}",
        b"config: {a: b, gtm-pixel:a: c}",
        b"confg: {a: b}",
        b"config: " + b"[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(project: Path, content: bytes) -> None:
    (project / "Pulumi.dev.yaml").write_bytes(content)
    assert refusal(project).startswith("Pulumi.dev.yaml ")


def test_yaml_that_cannot_be_read_has_its_line(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("config:\n  gtm-pixel:stageName: [a\n")
    assert refusal(project) == (
        "Pulumi.dev.yaml cannot be read: line 3: expected ',' or ']', but got '<stream end>': "
        "correct the YAML there"
    )


def test_a_folder_is_no_stack(project: Path) -> None:
    (project / "Pulumi.folder.yaml").mkdir()
    assert refusal(project, stack="folder") == "there is no stack 'folder': the stacks here are dev"


@pytest.mark.parametrize("text", ["config: [a]", "- a", "config: {[a]: b}", "config: a"])
def test_a_file_without_settings_is_an_error_of_one_line(project: Path, text: str) -> None:
    (project / "Pulumi.dev.yaml").write_text(text)
    assert refusal(project).startswith("Pulumi.dev.yaml ")


@pytest.mark.parametrize("override", ["stageName", "=v1"])
def test_an_override_that_is_no_pair_is_an_error(project: Path, override: str) -> None:
    assert refusal(project, override).startswith(f"CONFIG and --config take KEY=VALUE, not '{override}': ")


def test_overrides_that_cannot_be_read_are_told_in_one_run(project: Path) -> None:
    with pytest.raises(StackConfigError) as raised:
        load(project, "dev", ["destinations=a", "b\nc", "ports=[", "=x"])

    assert [line[:40] for line in str(raised.value).split("\n")] == [
        r"CONFIG and --config take KEY=VALUE, not ",
        "gtm-pixel:ports: '[' is not valid JSON: ",
        "CONFIG and --config take KEY=VALUE, not ",
    ]


def test_an_object_in_place_of_a_list_is_left_to_the_program(project: Path) -> None:
    assert loaded(project, 'destinations={"a": 1}').values["gtm-pixel:destinations"] == '{"a": 1}'
    assert loaded(project, "destinations={{a}},b").setting("destinations") == ["{{a}}", "b"]


def test_an_override_that_is_not_json_is_an_error(project: Path) -> None:
    assert refusal(project, "destinations=[pinpoint") == (
        "gtm-pixel:destinations: '[pinpoint' is not valid JSON: put strings in double quotes, and all of "
        """CONFIG in single ones, as in CONFIG='allowedOrigins=["https://www.example.com"]'."""
    )


@pytest.mark.parametrize("value", [{"secure": "v1:abc"}, {"nested": [{"secure": "v1:abc"}]}])
def test_an_encrypted_value_is_an_error(project: Path, value: object) -> None:
    (project / "Pulumi.dev.yaml").write_text(STACK + f"  gtm-pixel:stageName: {json.dumps(value)}\n")
    assert "which the local run cannot decrypt" in refusal(project)


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "ap-southeast-5"])
def test_a_region_is_taken(project: Path, region: str) -> None:
    assert load(project, "dev", [f"aws:region={region}"]).region == region
