"""Functions, permissions and event sources: what is refused, and what moto has."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from local.deployment.cloud import Cloud
from local.deployment.resources import ResourceError, Resources

QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"
SOURCE = "aws:lambda/eventSourceMapping:EventSourceMapping"


def test_more_than_four_kilobytes_of_environment_are_refused(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    with pytest.raises(ResourceError, match="4 KB"):
        resources.create(FUNCTION, "f", {**function, "environment": {"variables": {"A": "x" * 4096}}})


def test_code_that_is_not_there_is_refused(resources: Resources, function: Mapping[str, Any]) -> None:
    with pytest.raises(ResourceError, match="FileArchive of an existing zip file"):
        resources.create(FUNCTION, "f", {**function, "code": pulumi.FileArchive("missing.zip")})


def test_a_queue_that_shows_messages_again_too_soon_is_refused_as_event_source(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    _, queue = resources.create(QUEUE, "q", {"visibilityTimeoutSeconds": 59})
    name, _ = resources.create(FUNCTION, "f", function)
    with pytest.raises(ResourceError, match=r"visibility timeout: 59 seconds is less than .* 60 seconds"):
        resources.create(SOURCE, "s", {"eventSourceArn": queue["arn"], "functionName": name})


def test_an_alias_of_a_version_that_is_not_there_is_refused_in_one_line(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    name, _ = resources.create(FUNCTION, "f", {**function, "publish": True})
    alias = {"functionName": name, "name": "live", "functionVersion": "7"}

    with pytest.raises(ResourceError) as refusal:
        resources.create("aws:lambda/alias:Alias", "a", alias)

    assert str(refusal.value).endswith(
        "functionVersion is '7', and the local run has the newest version alone: "
        "set processorVersion and authorizerVersion to 0 with --config"
    )


def test_a_permission_is_in_the_functions_policy(
    resources: Resources, function: Mapping[str, Any], cloud: Cloud
) -> None:
    name, outputs = resources.create(FUNCTION, "f", function)
    source = "arn:aws:execute-api:us-east-1:123456789012:api/authorizers/*"
    who = {"action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com", "sourceArn": source}

    resources.create("aws:lambda/permission:Permission", "p", {"function": name, **who})

    (statement,) = json.loads(cloud.client("lambda").get_policy(FunctionName=name)["Policy"])["Statement"]
    assert re.fullmatch(r"p-[0-9a-f]{7}", statement.pop("Sid"))
    assert statement.pop("FunctionName", name) == name
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": outputs["arn"],
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }


@pytest.mark.parametrize(("declared", "state"), [({}, "Enabled"), ({"enabled": False}, "Disabled")])
def test_a_mapping_is_as_declared_and_moto_itself_feeds_nothing(
    resources: Resources, function: Mapping[str, Any], cloud: Cloud, declared: Mapping[str, Any], state: str
) -> None:
    _, queue = resources.create(QUEUE, "q", {"visibilityTimeoutSeconds": 360})
    name, _ = resources.create(FUNCTION, "f", function)

    id_, _ = resources.create(SOURCE, "s", {"eventSourceArn": queue["arn"], "functionName": name, **declared})

    assert cloud.client("lambda").get_event_source_mapping(UUID=id_)["State"] == state
    assert cloud.is_event_source_enabled(id_) == (state == "Enabled")
    assert cloud._queue(queue["url"]).lambda_event_source_mappings == {}
