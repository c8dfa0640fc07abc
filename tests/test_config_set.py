"""The CLI accepts every `pulumi config set` of README and docs, with realistic values."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings.destinations import event_triggers
from tests.pulumi_cli import SECRET_KEY, ConfigSet, config_sets, may_look_like_a_secret, stack_config

PROJECT = Path(__file__).parents[1]
SCHEMA: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
COMMANDS = [
    pytest.param(command, id=f"{document.name}:{command.key}")
    for document in DOCUMENTS
    for command in config_sets(document.read_text())
]

COGNITO_ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab1Cd2Ef3"
COGNITO_CLIENT = "3n4b5urk1ft4fl3mg5e62d9ado"

# Amazon Cognito, Auth0, Microsoft Entra ID and Azure AD B2C, Okta, Keycloak, Google.
ISSUERS = re.compile(
    r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9-]+_[A-Za-z0-9]{9}"
    r"|https://[a-z0-9-]+(\.[a-z]{2})?\.auth0\.com/"
    r"|https://(login\.microsoftonline\.com|[a-z0-9]+\.b2clogin\.com)/[0-9a-f-]{36}/v2\.0/?"
    r"|https://[a-z0-9-]+\.okta\.com(/oauth2/[a-z0-9]+)?"
    r"|https://[a-z0-9.-]+/realms/[a-z0-9-]+"
    r"|https://accounts\.google\.com"
)
CLIENTS = re.compile(
    r"[a-z0-9]{26}|[A-Za-z0-9]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|0oa[A-Za-z0-9]{17}"
    r"|[0-9]{10,}(-[a-z0-9]{32}\.apps\.googleusercontent\.com)?"
)


def test_the_documents_have_such_commands() -> None:
    assert len(COMMANDS) >= 12


@pytest.mark.parametrize("key", [*SCHEMA, *event_triggers.KEYS])
def test_no_key_makes_the_cli_suspect_a_secret(key: str) -> None:
    assert not SECRET_KEY.search(key)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_documents_is_accepted_by_the_cli(command: ConfigSet) -> None:
    assert not may_look_like_a_secret(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_documents_sets_a_setting_to_a_value_of_its_type(command: ConfigSet) -> None:
    assert command.setting in {*SCHEMA, "aws:region"}
    kind = SCHEMA.get(command.setting, {"type": "string"})["type"]
    first = command._replace(key=re.sub(r"\[\d+\]", "[0]", command.key))
    (value,) = stack_config([first]).values()

    assert isinstance(value, list) == (kind == "array")
    assert not isinstance(value, list) or [type(element) for element in value] == [str]


def test_no_document_removes_the_settings_of_a_stack_with_the_stack() -> None:
    """`pulumi stack rm` deletes Pulumi.STACK.yaml as well, unless it is told not to."""
    removals = [
        line
        for document in DOCUMENTS
        for line in document.read_text().splitlines()
        if "pulumi stack rm" in line
    ]

    assert removals
    assert [line for line in removals if "--preserve-config" not in line] == []


@pytest.mark.parametrize(
    ("setting", "pattern"), [("oidcIssuer", ISSUERS), ("oidcAudiences", CLIENTS)], ids=["issuers", "clients"]
)
def test_issuers_and_clients_of_the_documents_look_like_real_ones(
    setting: str, pattern: re.Pattern[str]
) -> None:
    """With other values, the CLI's suspicion would never show."""
    values = [
        command.value
        for document in DOCUMENTS
        for command in config_sets(document.read_text())
        if command.setting == setting
    ]

    assert values
    assert [value for value in values if not pattern.fullmatch(value)] == []


class TestTheRuleItself:
    """Seen with the real CLI, version 3.260."""

    @pytest.mark.parametrize(
        ("key", "value"),
        [("tokenIssuer", COGNITO_ISSUER), ("tokenAudience", COGNITO_CLIENT), ("TOKENS", COGNITO_CLIENT)],
    )
    def test_it_refuses_random_looking_values_under_a_suspicious_key(self, key: str, value: str) -> None:
        (command,) = config_sets(f"pulumi config set {key} {value}")

        assert may_look_like_a_secret(command)

    @pytest.mark.parametrize(
        "command",
        [
            f"oidcIssuer {COGNITO_ISSUER}",
            f"--path 'oidcAudiences[0]' {COGNITO_CLIENT}",
            f"--plaintext tokenIssuer {COGNITO_ISSUER}",
            f"--secret tokenIssuer {COGNITO_ISSUER}",
            "tokenCookie id",
        ],
    )
    def test_it_accepts_everything_else(self, command: str) -> None:
        (parsed,) = config_sets(f"pulumi config set {command}   # yours")

        assert not may_look_like_a_secret(parsed)

    def test_digits_in_a_list_are_a_number_unless_their_type_is_given(self) -> None:
        digits, text = config_sets(
            "pulumi config set --path 'oidcAudiences[0]' 1234567890\n"
            "pulumi config set --path --type string 'oidcAudiences[0]' 1234567890"
        )

        assert stack_config([digits]) == {"gtm-pixel:oidcAudiences": [1234567890]}
        assert stack_config([text]) == {"gtm-pixel:oidcAudiences": ["1234567890"]}
