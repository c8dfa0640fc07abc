"""Checks docs/leaving-pinpoint.md against the commands that it tells people to run."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jmespath
import pytest
import yaml
from botocore.validate import ParamValidator

from local.fakes.customer_profiles_object_types import read_object_types
from migrate.__main__ import main
from migrate.endpoints import DropReason, SkipReason
from tests.aws_cli import HIGH_LEVEL, options, parameters_of, words_of
from tests.migrate.exports import numbered, write_export
from tests.migrate.service import DOMAIN, ENDPOINTS_TYPE, REGION, TEMPLATE, Service
from tests.migrate.test_domain_check import INTEGRATIONS
from tests.settings.stacks import APPLICATION_ID, load

PROJECT = Path(__file__).parents[2]
GUIDE = (PROJECT / "docs" / "leaving-pinpoint.md").read_text(encoding="utf-8")

MIGRATE = ".venv/bin/python -m migrate"

SUBSTITUTION = r"\$\((.*)\)"

# How deep the queries of the guide go into a response, and how many values an enumeration has there.
DEEPEST_QUERY = 4
MOST_ENUMERATED = 6


def blocks(language: str) -> list[str]:
    """The code blocks of one language, without their indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


def shell_lines() -> list[str]:
    return "".join(blocks("bash")).replace("\\\n", " ").splitlines()


def commands(program: str) -> list[str]:
    """Commands of the shell blocks that begin with this, including those assigned to a variable."""
    found = [re.sub(rf'^(?:export )?[A-Z_]+="?{SUBSTITUTION}"?', r"\1", line) for line in shell_lines()]
    return [command for command in found if command.startswith(program + " ")]


def prose(heading: str) -> str:
    return GUIDE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def a_response(shape: Any, place: int = 0, depth: int = 0) -> Any:
    """A response with every field of the service's model. Lists go through the values of an enumeration."""
    match shape.type_name:
        case "structure" if depth < DEEPEST_QUERY:
            return {name: a_response(part, place, depth + 1) for name, part in shape.members.items()}
        case "list":
            return [a_response(shape.member, at, depth) for at in range(MOST_ENUMERATED)]
        case "string" if shape.enum:
            return shape.enum[place % len(shape.enum)]
        case other:
            return other


def test_there_are_commands_to_check() -> None:
    assert len(commands("aws")) > 15
    assert len(commands(MIGRATE)) >= 4


def test_the_import_is_started_by_the_projects_python_everywhere() -> None:
    assert GUIDE.count("python -m migrate") == GUIDE.count(MIGRATE)


def test_the_shell_can_read_every_command() -> None:
    read = subprocess.run(
        ["/bin/bash", "-n"], input="".join(blocks("bash")), text=True, capture_output=True, check=False
    )

    assert (read.returncode, read.stderr) == (0, "")


def test_every_shell_variable_is_set_before_it_is_used() -> None:
    known: set[str] = set()
    for line in shell_lines():
        assert set(re.findall(r"\$\{?([A-Z_]+)", line)) <= known, line
        known.update(re.findall(r"^(?:export )?([A-Z_]+)=", line))

    assert known >= {"MAPPING", "DOMAIN", "TYPE", "PROFILE", "INSTANCE", "CAMPAIGN"}


def test_every_output_that_a_command_asks_for_is_one_of_the_stack() -> None:
    asked = set(re.findall(r"pulumi stack output ([a-z_]+)", GUIDE))
    sources = [PROJECT / "__main__.py", *(PROJECT / "components").rglob("*.py")]
    code = "".join(source.read_text(encoding="utf-8") for source in sources)

    assert {"region", "customer_profiles_domain"} <= asked
    assert [name for name in asked if f'"{name}"' not in code] == []


@pytest.mark.parametrize("command", commands("aws"))
def test_a_command_of_the_aws_cli_is_an_operation_of_its_service(command: str) -> None:
    if tuple(shlex.split(command)[1:3]) in HIGH_LEVEL:
        return
    operation, parameters = parameters_of(command)
    problems = ParamValidator().validate(parameters, operation.input_shape)

    assert not problems.has_errors(), problems.generate_report()


@pytest.mark.parametrize("command", [command for command in commands("aws") if " --query " in command])
def test_a_query_matches_the_services_response(command: str) -> None:
    operation, _ = parameters_of(command)
    (query,) = options(words_of(command)[3:])["--query"]

    assert jmespath.search(query, a_response(operation.output_shape))


def test_a_wrong_query_would_be_noticed() -> None:
    operation, _ = parameters_of("aws connect list-instances")

    assert jmespath.search("InstanceSummaryList[0].Id", a_response(operation.output_shape))
    assert not jmespath.search("InstanceSummaries[0].Id", a_response(operation.output_shape))


@pytest.mark.parametrize(
    "command",
    [
        "aws customer-profiles search-profile --domain-name d",
        "aws customer-profiles search-profiles --domain d --key-name k --values v",
        "aws customer-profiles search-profiles --domain-name d --values v",
        "aws lambda update-event-source-mapping --uuid u --no-enable",
        "aws connectcampaignsv2 create-campaign --name n --connect-instance-id i --source '{\"event\": {}}'",
    ],
)
def test_a_wrong_command_would_be_noticed(command: str) -> None:
    with pytest.raises(AssertionError):  # noqa: PT012 - either of the two notices
        operation, parameters = parameters_of(command)
        assert not ParamValidator().validate(parameters, operation.input_shape).has_errors()


@pytest.mark.parametrize("command", commands(MIGRATE))
def test_a_command_of_the_migration_runs(
    command: str, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {
        "region": REGION,
        "customer_profiles_domain": DOMAIN,
        "customer_profiles_endpoints_type": ENDPOINTS_TYPE,
    }
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    for directory in ("export", "rehearsal"):
        write_export(tmp_path / directory / "part.json.gz", numbered(3))
    service.fake.describe(DOMAIN, integrations=INTEGRATIONS)
    monkeypatch.chdir(tmp_path)

    assert main(shlex.split(command)[3:]) == 0
    calls_nothing = any(word in command for word in ("--dry-run", "--csv", "check-domain"))
    assert len(service.fake.profiles) == (0 if calls_nothing else 3)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_a_configuration_of_the_guide_is_accepted_by_the_program(block: str) -> None:
    config = yaml.safe_load(block)["config"]
    settings = {key.removeprefix("gtm-pixel:"): value for key, value in config.items()}
    if "pinpoint" in settings.get("destinations", ()):
        settings["pinpointApplicationId"] = APPLICATION_ID
    loaded = load(**settings)

    if "destinations" in settings:
        assert [destination.name for destination in loaded.destinations] == settings["destinations"]


def test_every_option_of_the_import_is_described() -> None:
    described = set(re.findall(r"--[a-z-]+", prose("Import the endpoints")))

    assert described >= {
        *("--outputs", "--domain", "--object-type", "--region", "--attributes", "--rate", "--dry-run"),
        *("--csv", "--state", "--skipped", "--quiet", "--key"),
    }


@pytest.mark.parametrize("reason", [*SkipReason, *DropReason])
def test_every_reason_of_the_summary_is_described(reason: str) -> None:
    assert f"\n| `{reason}` | " in GUIDE


def test_the_guides_profile_fields_are_those_the_object_type_maps() -> None:
    (endpoints,) = [one for one in read_object_types([TEMPLATE]) if one.name == ENDPOINTS_TYPE]
    targets = {field.target for field in endpoints.fields.values()}
    table = prose("Import the endpoints").partition("### What is imported")[2].partition("\n\n`_email`")[0]
    said = set(re.findall(r"\| `((?:Attributes\.)?[A-Za-z_]+)`", table))

    assert {"Attributes.gtm_pixel_endpoint_id", "Attributes.user_id", "EmailAddress", "PhoneNumber"} <= said
    in_the_export = {"Id", "Address", "OptOut", "EMAIL", "SMS", "VOICE", "NONE"}
    assert said - {"Attributes.NAME"} - in_the_export <= targets
    assert "Attributes.gtm_pixel_opt_out" in said


def test_the_guide_lists_the_permissions_that_the_code_needs() -> None:
    source = (PROJECT / "migrate" / "customer_profiles.py").read_text(encoding="utf-8")
    operations = set(re.findall(r'(?:_call|_pages)\(\s*"([a-z_]+)"', source))
    needed = {f"profile:{name.title().replace('_', '').removeprefix('Batch')}" for name in operations}
    said = set(re.findall(r"profile:[A-Za-z]+", GUIDE))

    # PutConnectInstanceIntegration in the guide needs these two.
    assert said == needed | {"profile:PutIntegration", "profile:GetProfileObjectTypeTemplate"}


def test_every_warning_of_check_domain_has_a_row() -> None:
    rows = prose("Before you begin").partition("| it warns of")[2].partition("\n\n")[0]

    for word in (
        "merges",
        "_email",
        "_phone",
        "gtm_pixel_endpoint_id",
        "`CTR`",
        "Campaign-Orchestration",
        "expire",
    ):
        assert word in rows


def test_the_key_that_finds_a_profile_is_the_object_types() -> None:
    (endpoints,) = [one for one in read_object_types([TEMPLATE]) if one.name == ENDPOINTS_TYPE]
    (key,) = [key.name for key in endpoints.keys if key.is_profile]

    assert any(f"--key-name {key} " in command for command in commands("aws"))


def test_every_placeholder_of_a_new_template_is_in_a_profile() -> None:
    (endpoints,) = [one for one in read_object_types([TEMPLATE]) if one.name == ENDPOINTS_TYPE]
    targets = {field.target for field in endpoints.fields.values()}
    placeholders = set(re.findall(r"\{\{Attributes\.Customer\.([A-Za-z_.]+)\}\}", GUIDE))

    assert placeholders - {"Attributes.colors"} <= targets
