"""A stack's whole life in the local run: deployed, changed while events arrive, and destroyed.

Every call is the deployer's, under the policies of who deploys. The run is one for all tests of this file.
"""

from collections import Counter
from typing import Final

import pytest

from local.run import LocalRun
from policies import deployer, policy
from tests.local.deployment.stack_life import ALL, Life, live, note_actions, overrides
from tests.policies.provider_calls import ACTIONS, TEMPLATE_ACTIONS
from tests.test_program import SAFEGUARDS

_READS: Final = ("Get", "List", "Describe", "View")

NOT_CALLED: Final = {
    "iam:PassRole": "services ask for it, and moto's do not",
    "iam:CreateServiceLinkedRole": "API Gateway asks for it at an account's first domain name",
    "kms:CreateGrant": "Firehose asks for it",
    "iam:UpdateAssumeRolePolicy": "only another version of the program changes it",
    "iam:UpdateRoleDescription": "the same",
    "events:UpdateEventBus": "the same",
    "profile:DeleteProfileObjectType": "CloudFormation asks for it when the creation of a stack fails",
}
"""Actions that change something and that no change here needs, and who needs them."""


@pytest.fixture(scope="module")
def life() -> Life:
    with pytest.MonkeyPatch.context() as monkeypatch:
        noted: set[str] = set()
        note_actions(monkeypatch, noted)
        with LocalRun.start(stack="prod", overrides=overrides(ALL), echo=lambda _: None) as run:
            return live(run, noted)


class TestEvents:
    def test_every_request_gets_200_during_each_change(self, life: Life) -> None:
        statuses = Counter((one.phase, one.status) for one in life.traffic.sent)

        assert statuses.keys() == {("take away", 200), ("add", 200), ("nothing", 200)}

    def test_every_event_is_recorded_once(self, life: Life) -> None:
        sent = [one.endpoint_id for one in life.traffic.sent]

        assert life.recorded["customer-profiles"] == Counter(sent)
        assert life.dead_letters == 0

    @pytest.mark.parametrize("destination", ["pinpoint", "firehose", "eventbridge"])
    def test_a_destination_that_comes_and_goes_has_no_event_twice(self, life: Life, destination: str) -> None:
        recorded = life.recorded[destination]

        assert set(recorded.values()) == {1}
        assert recorded.keys() >= {one.endpoint_id for one in life.traffic.sent if one.phase == "nothing"}

    def test_nothing_fails_meanwhile(self, life: Life) -> None:
        assert life.problems == []


class TestTheDeployer:
    def test_makes_no_call_if_nothing_has_changed(self, life: Life) -> None:
        assert life.actions["nothing"] - {"sts:GetCallerIdentity"} == set()

    def test_makes_only_calls_that_the_provider_makes(self, life: Life) -> None:
        known = {action for actions in (*ACTIONS.values(), *TEMPLATE_ACTIONS.values()) for action in actions}

        assert set().union(*life.actions.values()) - known - {"sts:GetCallerIdentity"} == set()

    def test_needs_every_permission_to_change_something(self, life: Life) -> None:
        """A permission that no part of a stack's life needs is one too many."""
        statements = [one for name in deployer.POLICIES for one in policy.read(name)["Statement"]]
        allowed = {action for one in statements if one["Effect"] == "Allow" for action in one["Action"]}
        changing = {one for one in allowed if not one.partition(":")[2].startswith(_READS)}

        assert changing - set().union(*life.actions.values()) == NOT_CALLED.keys()

    def test_is_told_which_permission_is_missing(self, life: Life) -> None:
        assert "user/deployer is not authorized to perform: sqs:DeleteQueue" in life.missing_permission


def test_another_region_is_refused_before_anything_changes(life: Life) -> None:
    assert life.other_region.startswith("aws:region: eu-west-1 would replace the URL and the queues")
    assert life.actions["another Region"] == set()


def test_a_change_in_place_leaves_the_new_values(life: Life) -> None:
    tags = {"stack": "prod", "team": "shop"}

    assert life.changed == {
        "queue's timeout": "420",
        "queue's key": SAFEGUARDS["kmsKeyArn"],
        "queue's tags": tags,
        "role's boundary": SAFEGUARDS["permissionsBoundaryArn"],
        "role's tags": tags,
        "function": ("2", 70, 512),
        "batch size": 5,
        "days of logs": 90,
        "limit of POST": 20.0,
        "days of the archive": 40,
        "budget": "60",
    }


def test_only_what_is_retained_is_left(life: Life) -> None:
    assert life.left.keys() == {"buckets", "buses", "queues"}
    assert life.left["buses"] == ["default"]
    (queue,) = life.left["queues"]
    assert "/gtm-pixel-processor-customer-profiles-dead-letter-" in queue
    # That of the stream which was taken away, and that of the later one.
    assert [name.rpartition("-")[0] for name in life.left["buckets"]] == [
        "gtm-pixel-processor-firehose-bucket"
    ] * 2
