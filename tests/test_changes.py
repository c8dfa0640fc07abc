"""The order in which a change reaches AWS, as the program declares it, and what it changes for callers.

The engine updates what another resource depends on first, and deletes it last.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from local.deployment.resources.declaration import comparable
from tests.recording import Recording, Refusal, record, refused
from tests.test_program import (
    DOMAIN,
    EVERYTHING,
    MONITORED,
    UNMONITORED,
    recorded,
    refused_stack,
    run_program,
    stack_config,
)

FUNCTIONS = ["gtm-pixel-processor", "gtm-pixel-authorizer"]


@pytest.fixture(scope="module")
def everything() -> Recording:
    return recorded("prod", **EVERYTHING)


def prod(**settings: Any) -> Recording:
    return recorded("prod", **{**UNMONITORED, **settings})


def refused_later(first: Mapping[str, str]) -> Refusal:
    """What a stack with another first deployment is told."""
    return refused(run_program, config=stack_config("pinpoint"), first_deployment=first)


class TestTheOrder:
    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_a_function_has_its_permissions_before_its_code_and_configuration(
        self, everything: Recording, function: str
    ) -> None:
        assert f"{function}-policy" in everything.needed_by(function)

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_callers_get_code_and_configuration_in_one_step_after_both(
        self, everything: Recording, function: str
    ) -> None:
        """An update of a function changes its configuration first, and its code some seconds later."""
        assert everything[function].inputs["publish"] is True
        assert function in everything.needed_by(f"{function}-live")

    def test_events_come_once_the_alias_may_loop(self, everything: Recording) -> None:
        needed = everything.needed_by("gtm-pixel-processor-source")

        assert {"gtm-pixel-processor-live", "gtm-pixel-processor-recursion"} <= needed

    def test_the_api_comes_after_all_that_takes_events(self, everything: Recording) -> None:
        needed = everything.needed_by("gtm-pixel-api")

        assert needed >= {
            *("gtm-pixel-events", "gtm-pixel-processor-live", "gtm-pixel-processor-source"),
            "gtm-pixel-authorizer-live",
        }

    def test_a_stage_gets_a_deployment_once_the_authorizer_may_be_called(self, everything: Recording) -> None:
        needed = everything.needed_by("gtm-pixel-api-stage-v1")

        assert {"gtm-pixel-api-invoke-authorizer", "gtm-pixel-api-deployment"} <= needed

    def test_a_domain_leads_to_a_stage_once_its_limits_are_there(self, everything: Recording) -> None:
        needed = everything.needed_by("gtm-pixel-domain-mapping")

        assert {
            "gtm-pixel-api-throttling-v1",
            "gtm-pixel-api-throttling-v1-post",
            "gtm-pixel-web-acl-association-v1",
        } <= needed


class TestTheVersionThatIsCalled:
    def test_is_the_newest(self, everything: Recording) -> None:
        assert everything["gtm-pixel-processor-live"].inputs["functionVersion"] == "7"
        assert everything.outputs["processor_version"] == "7"

    def test_is_an_earlier_one_after_a_rollback(self) -> None:
        back = prod(processorVersion=4, authorizerVersion=2)

        assert back["gtm-pixel-processor-live"].inputs["functionVersion"] == "4"
        assert back["gtm-pixel-authorizer-live"].inputs["functionVersion"] == "2"
        assert back.outputs["processor_version"] == "4"
        assert back.outputs["authorizer_version"] == "2"

    def test_is_behind_an_alias_for_the_queue_and_for_api_gateway(self, everything: Recording) -> None:
        alias = everything["gtm-pixel-processor-source"].inputs["functionName"]
        uri = everything["gtm-pixel-api"].inputs["body"]
        permission = everything["gtm-pixel-api-invoke-authorizer"].inputs

        assert alias.endswith(":gtm-pixel-processor-1a2b3c4:live")
        assert "gtm-pixel-authorizer-1a2b3c4:live/invocations" in uri
        assert permission["function"] == "gtm-pixel-authorizer-1a2b3c4"
        assert permission["qualifier"] == "live"


class TestTheFirstDeployment:
    """Its name and Region stay in the stack's state, and later deployments are compared with them."""

    def test_is_kept(self, everything: Recording) -> None:
        kept = everything["gtm-pixel-first-deployment"]

        assert kept.inputs["input"] == {"stack_name": "gtm-pixel-test", "region": "eu-central-1"}

    def test_comes_before_everything_else(self, everything: Recording) -> None:
        waiting = [r.name for r in everything.resources if "gtm-pixel-first-deployment" in r.depends_on]

        assert "gtm-pixel" in waiting
        assert {r.name for r in everything.resources if not r.parent} == {
            "gtm-pixel",
            "gtm-pixel-first-deployment",
        }

    def test_a_renamed_stack_is_refused_before_anything_is_declared(self) -> None:
        refusal = refused_later({"stack_name": "gtm-pixel-before", "region": "us-east-1"})

        assert [r.name for r in refusal.resources] == ["gtm-pixel-first-deployment"]
        assert refusal.error == (
            "deployedAs: this stack was deployed as gtm-pixel-before, and gtm-pixel-test would name its "
            "object types, metrics and alarms anew, without their history. Keep the names: "
            "pulumi config set deployedAs gtm-pixel-before"
        )

    def test_another_region_is_refused_before_anything_is_declared(self) -> None:
        refusal = refused_later({"stack_name": "gtm-pixel-test", "region": "eu-west-1"})

        assert [r.name for r in refusal.resources] == ["gtm-pixel-first-deployment"]
        assert refusal.error.startswith(
            "aws:region: us-east-1 would replace the URL and the queues of this stack, which is in eu-west-1."
        )

    def test_a_region_that_only_the_provider_knows_is_not_compared(self) -> None:
        then = {"stack_name": "gtm-pixel-test", "region": ""}
        again = record(
            run_program, config=stack_config("pinpoint"), region="us-east-1", first_deployment=then
        )

        assert "gtm-pixel-api" in again.names()

    def test_a_renamed_stack_keeps_its_names(self) -> None:
        before = recorded("prod", name="before", **MONITORED)
        after = recorded("prod", name="after", deployedAs="gtm-pixel-before", **MONITORED)

        def inputs(recording: Recording) -> dict[str, Any]:
            return {r.name: comparable(r.inputs) for r in recording.resources}

        assert inputs(after) == inputs(before)
        assert after.outputs == before.outputs


class TestANewStageName:
    def test_the_old_url_goes_on_with_the_same_limits(self) -> None:
        both = prod(stageName="v2", previousStageName="v1")
        one = prod()

        assert both.outputs["events_url"] == "https://api.test/v2/events"
        assert both.outputs["previous_events_url"] == "https://api.test/v1/events"
        for name in ("gtm-pixel-api-stage-v1", "gtm-pixel-api-throttling-v1"):
            assert both[name].inputs == one[name].inputs
            assert both[name.replace("v1", "v2")].inputs == {**one[name].inputs, "stageName": "v2"}

    def test_both_stages_are_behind_the_web_acl(self) -> None:
        both = prod(stageName="v2", previousStageName="v1")

        assert {"gtm-pixel-web-acl-association-v1", "gtm-pixel-web-acl-association-v2"} <= set(both.names())

    def test_a_domain_leads_to_the_new_stage(self) -> None:
        both = prod(stageName="v2", previousStageName="v1", **DOMAIN)

        assert both["gtm-pixel-domain-mapping"].inputs["stageName"] == "v2"

    def test_alarms_count_the_requests_of_both(self) -> None:
        """Until the tags are republished, all requests come to the former stage."""
        both = recorded("prod", stageName="v2", previousStageName="v1")
        api = {"ApiName": both.outputs["api_name"]}

        assert both["gtm-pixel-monitoring-api-errors"].inputs["dimensions"] == api
        assert both["gtm-pixel-monitoring-dashboard"].inputs["dashboardBody"].count('"Stage"') == 0

    @pytest.mark.parametrize(
        ("settings", "first", "new"),
        [
            ({}, "v1", None),
            ({"stageName": "v2", "previousStageName": "v1"}, "v1", "v2"),
        ],
        ids=["one stage", "two stages"],
    )
    def test_the_stage_of_earlier_versions_is_kept_under_its_new_name(
        self, settings: dict[str, str], first: str, new: str | None
    ) -> None:
        recording = prod(**settings)

        for former in ("gtm-pixel-api-stage", "gtm-pixel-api-throttling", "gtm-pixel-web-acl-association"):
            assert former in recording[f"{former}-{first}"].former_names
            assert new is None or former not in recording[f"{former}-{new}"].former_names

    def test_the_two_names_differ(self) -> None:
        refusal = refused_stack("prod", previousStageName="v1")

        assert "previousStageName: 'v1' is the stage that stageName names." in refusal.error
