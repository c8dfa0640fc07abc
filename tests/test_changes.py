"""The order in which a change reaches AWS, as the program declares it, and what it changes for callers.

The engine updates what another resource depends on first, and deletes it last.
"""

from typing import Any

import pytest

from tests.recording import Recording
from tests.test_program import EVERYTHING, UNMONITORED, recorded

FUNCTIONS = ["gtm-pixel-processor", "gtm-pixel-authorizer"]


@pytest.fixture(scope="module")
def everything() -> Recording:
    return recorded("prod", **EVERYTHING)


def prod(**settings: Any) -> Recording:
    return recorded("prod", **{**UNMONITORED, **settings})


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
        needed = everything.needed_by("gtm-pixel-api-stage")

        assert {"gtm-pixel-api-invoke-authorizer", "gtm-pixel-api-deployment"} <= needed


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
