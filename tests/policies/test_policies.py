"""The policies of people who work with a stack: for exactly the resources that the stack has."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from policies import policy
from policies.__main__ import main

OUTPUTS = {
    "region": "eu-central-1",
    "queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/queue-1a2b3c4",
    "dead_letter_queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-5d6e7f8",
    "function_name": "processor-1a2b3c4",
    "log_group": "/aws/lambda/processor",
    "destinations": ["firehose"],
}


def resources_of(policy: Mapping[str, Any]) -> dict[str, list[str]]:
    return {statement["Sid"]: statement["Resource"] for statement in policy["Statement"]}


def test_a_placeholder_becomes_the_stacks_own_resource() -> None:
    found = resources_of(policy.fill_in(policy.read("operator"), OUTPUTS))

    assert found["SendThemAgain"] == ["arn:aws:sqs:eu-central-1:123456789012:queue-1a2b3c4"]
    assert found["TakeDeadLetters"] == ["arn:aws:sqs:eu-central-1:123456789012:dead-5d6e7f8"]


def test_a_resource_that_the_stack_lacks_is_left_out_and_so_is_a_statement_without_any() -> None:
    found = resources_of(policy.fill_in(policy.read("operator"), OUTPUTS))

    assert found["ReadLogs"] == ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/processor:*"]
    assert "ReadRecordedEvents" not in found
    assert "{" not in json.dumps([*found.values()])


def test_a_key_may_be_used_through_queues_and_bucket_only() -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1"
    filled_in = policy.fill_in(policy.read("operator"), {**OUTPUTS, "kms_key_arn": key})

    (statement,) = [one for one in filled_in["Statement"] if "kms:Decrypt" in one["Action"]]
    assert statement["Resource"] == [key]
    assert statement["Condition"] == {
        "StringEquals": {
            "kms:ViaService": ["sqs.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com"]
        }
    }


def test_only_a_web_acl_that_the_stack_made_is_asked_what_it_blocks() -> None:
    acl = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/one/1"
    of_others, own = (
        resources_of(policy.fill_in(policy.read("operator"), {**OUTPUTS, "web_acl_arn": acl, **rule}))
        for rule in ({}, {"web_acl_rule": "rate-per-ip"})
    )

    assert own["CountBlockedAddresses"] == [acl]
    assert "CountBlockedAddresses" not in of_others


def test_only_actions_without_a_resource_of_their_own_are_for_all_resources() -> None:
    everywhere = [
        statement["Sid"] for statement in policy.read("operator")["Statement"] if "*" in statement["Resource"]
    ]

    assert everywhere == ["ReadWhatHasNoArn"]


def test_every_action_is_spelled_out() -> None:
    actions = [one for statement in policy.read("operator")["Statement"] for one in statement["Action"]]

    assert [action for action in actions if not re.fullmatch(r"[a-z0-9]+:[A-Z]\w+", action)] == []
    assert len(actions) == len(set(actions))


def test_the_command_prints_the_policy_of_the_outputs_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(OUTPUTS).encode("utf-8-sig"))))

    assert main(["operator"]) == 0
    assert json.loads(capsys.readouterr().out) == policy.fill_in(policy.read("operator"), OUTPUTS)


@pytest.mark.parametrize(
    ("arguments", "given"), [([], "{}"), (["none"], "{}"), (["operator"], "no JSON"), (["operator"], "{}")]
)
def test_wrong_use_is_an_error_of_one_line(
    arguments: list[str], given: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode())))

    assert main(arguments) == 2
    assert re.fullmatch(r"error: .+\n", capsys.readouterr().err)
