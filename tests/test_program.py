"""The program as a whole under Pulumi's mocks: what `pulumi up` would register for a stack."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.recording import Recording, record

PROJECT = Path(__file__).parents[1]


def stack_config(stack: str, **changes: Any) -> dict[str, str]:
    """The configuration that the engine gives the program for a stack of this project."""
    schema = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    values = {f"gtm-pixel:{key}": setting["default"] for key, setting in schema.items()}
    values |= yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text())["config"]
    values |= {f"gtm-pixel:{key}": value for key, value in changes.items()}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def recorded(stack: str = "dev", **changes: Any) -> Recording:
    return record(
        lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"),
        config=stack_config(stack, **changes),
    )


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded()


@pytest.fixture(scope="module")
def authenticated() -> Recording:
    return recorded("prod")


def test_a_stack_exports_what_people_need(recording: Recording) -> None:
    assert recording.outputs == {
        "events_url": "https://api.test/v1/events",
        "gtm_image_url": "https://api.test/v1/events?event={{Event}}&endpoint_id={{endpoint_id}}",
        "queue_url": "https://sqs.eu-west-1.test/123456789012/gtm-pixel-events-1a2b3c4",
        "dead_letter_queue_url": (
            "https://sqs.eu-west-1.test/123456789012/gtm-pixel-events-dead-letter-1a2b3c4"
        ),
        "function_name": "gtm-pixel-processor-1a2b3c4",
        "log_group": "gtm-pixel-processor-logs-1a2b3c4",
        "auth_mode": "open",
        "destinations": ["pinpoint"],
    }


def test_whoever_deploys_is_warned_that_pinpoint_has_ended(recording: Recording) -> None:
    (warning,) = recording.log

    assert "Amazon Pinpoint reached end of support on 2026-10-30" in warning


def test_every_resource_belongs_to_a_component(recording: Recording) -> None:
    components = {resource.name for resource in recording.resources if resource.type.startswith("gtm-pixel:")}

    assert components == {"gtm-pixel-events", "gtm-pixel-api", "gtm-pixel-processor"}
    orphans = [
        resource.name
        for resource in recording.resources
        if resource.type.startswith("aws:") and resource.parent not in components
    ]
    assert orphans == []


def test_two_stacks_in_one_account_share_no_physical_name(recording: Recording) -> None:
    """Physical names come from Pulumi, with a random suffix; only the stage, inside its API, has its own."""
    fixed = {
        resource.name: resource.inputs["name"]
        for resource in recording.resources
        if "name" in resource.inputs
    }

    assert fixed == {}


def test_a_stack_in_another_stage_keeps_everything_else() -> None:
    assert recorded(stageName="live").outputs["events_url"] == "https://api.test/live/events"


def test_the_function_carries_the_built_archive(recording: Recording) -> None:
    archive = Path(recording["gtm-pixel-processor"].inputs["code"].path)

    assert archive.is_file()
    assert archive.suffix == ".zip"


class TestTheAuthenticatedScenario:
    """Pulumi.prod.yaml beside Pulumi.dev.yaml."""

    def test_it_adds_an_authorizer(self, recording: Recording, authenticated: Recording) -> None:
        added = set(authenticated.names()) - set(recording.names())

        assert added == {
            "gtm-pixel-authorizer",
            "gtm-pixel-authorizer-role",
            "gtm-pixel-authorizer-policy",
            "gtm-pixel-authorizer-logs",
            "gtm-pixel-api-invoke-authorizer",
        }

    def test_switching_changes_nothing_of_the_url(
        self, recording: Recording, authenticated: Recording
    ) -> None:
        """The same REST API, stage and path: no resource that carries the URL is replaced."""
        apis = [dict(run["gtm-pixel-api"].inputs) for run in (recording, authenticated)]
        paths = [set(json.loads(api.pop("body"))["paths"]) for api in apis]

        assert apis[0] == apis[1]
        assert paths == [{"/events"}, {"/events"}]
        assert recording["gtm-pixel-api-stage"].inputs == authenticated["gtm-pixel-api-stage"].inputs
        assert recording.outputs["events_url"] == authenticated.outputs["events_url"]

    def test_it_says_so(self, authenticated: Recording) -> None:
        assert authenticated.outputs["auth_mode"] == "authenticated"
        assert (
            authenticated["gtm-pixel-processor"].inputs["environment"]["variables"]["AUTH_MODE"]
            == "authenticated"
        )

    def test_profile_updates_are_on_and_in_the_open_scenario_off(
        self, recording: Recording, authenticated: Recording
    ) -> None:
        variables = [
            run["gtm-pixel-processor"].inputs["environment"]["variables"]
            for run in (recording, authenticated)
        ]

        assert [variables_["PROFILE_UPDATES"] for variables_ in variables] == ["none", "all"]
