"""Creating declared resources in moto: what is refused, and what is read back."""

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from local.cloud import Cloud
from local.resources import ResourceError, Resources

QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"
SOURCE = "aws:lambda/eventSourceMapping:EventSourceMapping"


@pytest.fixture
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud, api_url="http://127.0.0.1:8080", default_tags={"project": "gtm-pixel"})


@pytest.fixture
def function(make_role: Callable[..., str], tmp_path: Path) -> Mapping[str, Any]:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", "")
    role = make_role("function-role", allowed=[])
    code = pulumi.FileArchive(str(archive))
    return {"role": role, "runtime": "python3.13", "handler": "index.handler", "code": code, "timeout": 60}


def test_an_unknown_type_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"does not know the resource type aws:sns/topic:Topic \(t\)"):
        resources.create("aws:sns/topic:Topic", "t", {})


def test_an_unknown_property_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"aws:sqs/queue:Queue q: .* support its property fifoQueue"):
        resources.create(QUEUE, "q", {"fifoQueue": True})


def test_an_unknown_property_inside_another_is_refused_by_its_path(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    with pytest.raises(ResourceError, match=r"its property loggingConfig\.applicationLogLevel"):
        resources.create(FUNCTION, "f", {**function, "loggingConfig": {"applicationLogLevel": "INFO"}})


def test_an_unknown_function_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(ResourceError, match="does not know the function aws:index/getAmi:getAmi"):
        resources.invoke("aws:index/getAmi:getAmi", {})


def test_an_answer_of_moto_that_refuses_is_one_line(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"^aws:iam/rolePolicy:RolePolicy p: [^\n]*none[^\n]*$"):
        resources.create("aws:iam/rolePolicy:RolePolicy", "p", {"role": "none", "policy": "{}"})


def test_names_are_made_as_pulumi_makes_them(resources: Resources) -> None:
    _, first = resources.create(QUEUE, "events", {})
    _, second = resources.create(QUEUE, "events", {})
    assert re.fullmatch(r"events-[0-9a-f]{7}", first["name"])
    assert first["name"] != second["name"]


def test_what_a_queue_answers_is_what_moto_has(resources: Resources, cloud: Cloud) -> None:
    id_, outputs = resources.create(
        QUEUE, "q", {"visibilityTimeoutSeconds": 360.0, "sqsManagedSseEnabled": True}
    )
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])["Attributes"]
    assert (outputs["url"], outputs["arn"]) == (id_, attributes["QueueArn"])
    assert (attributes["VisibilityTimeout"], attributes["SqsManagedSseEnabled"]) == ("360", "true")


def test_default_tags_are_on_a_resource_beside_its_own(resources: Resources, cloud: Cloud) -> None:
    url, _ = resources.create(QUEUE, "q", {"tags": {"own": "1"}})
    assert cloud.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"project": "gtm-pixel", "own": "1"}


def test_account_region_and_partition_are_those_of_the_cloud(resources: Resources, cloud: Cloud) -> None:
    answers = [
        resources.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"],
        resources.invoke("aws:index/getRegion:getRegion", {})["region"],
        resources.invoke("aws:index/getPartition:getPartition", {})["partition"],
    ]
    assert answers == [cloud.account_id, cloud.region, "aws"]


def test_more_than_four_kilobytes_of_environment_are_refused(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    with pytest.raises(ResourceError, match="4 KB"):
        resources.create(FUNCTION, "f", {**function, "environment": {"variables": {"A": "x" * 4096}}})


def test_code_that_is_not_there_is_refused(resources: Resources, function: Mapping[str, Any]) -> None:
    with pytest.raises(ResourceError, match="FileArchive of a zip file that exists"):
        resources.create(FUNCTION, "f", {**function, "code": pulumi.FileArchive("missing.zip")})


def test_a_queue_that_shows_messages_again_too_soon_is_refused_as_event_source(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    _, queue = resources.create(QUEUE, "q", {"visibilityTimeoutSeconds": 59})
    name, _ = resources.create(FUNCTION, "f", function)
    with pytest.raises(ResourceError, match=r"visibility timeout: 59 seconds is less than .* 60 seconds"):
        resources.create(SOURCE, "s", {"eventSourceArn": queue["arn"], "functionName": name})


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


@pytest.mark.parametrize(("declared", "enabled"), [({}, True), ({"enabled": False}, False)])
def test_a_mapping_is_disabled_in_moto_and_kept_as_declared(
    resources: Resources,
    function: Mapping[str, Any],
    cloud: Cloud,
    declared: Mapping[str, Any],
    enabled: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    _, queue = resources.create(QUEUE, "q", {"visibilityTimeoutSeconds": 360})
    name, _ = resources.create(FUNCTION, "f", function)

    id_, _ = resources.create(SOURCE, "s", {"eventSourceArn": queue["arn"], "functionName": name, **declared})

    assert cloud.client("lambda").get_event_source_mapping(UUID=id_)["State"] == "Disabled"
    assert [source.enabled for source in resources.event_sources] == [enabled]
