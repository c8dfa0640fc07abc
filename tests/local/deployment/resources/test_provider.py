"""How a resource type is found, and what is refused."""

import importlib
import pkgutil
import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

import local.deployment.resources as resources_package
from local.deployment.cloud import Cloud
from local.deployment.resources import ResourceError, Resources

QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"


def test_an_unknown_type_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"does not know the resource type aws:ec2/vpc:Vpc \(v\)"):
        resources.create("aws:ec2/vpc:Vpc", "v", {})


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


def test_an_error_of_moto_is_reported_in_one_line(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"^aws:iam/rolePolicy:RolePolicy p: [^\n]*none[^\n]*$"):
        resources.create("aws:iam/rolePolicy:RolePolicy", "p", {"role": "none", "policy": "{}"})


def test_names_are_made_as_pulumi_makes_them(resources: Resources) -> None:
    _, first = resources.create(QUEUE, "events", {})
    _, second = resources.create(QUEUE, "events", {})
    assert re.fullmatch(r"events-[0-9a-f]{7}", first["name"])
    assert first["name"] != second["name"]


def test_default_tags_are_added_to_a_resources_own(resources: Resources, cloud: Cloud) -> None:
    url, _ = resources.create(QUEUE, "q", {"tags": {"own": "1"}})
    assert cloud.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"project": "gtm-pixel", "own": "1"}


def test_account_region_and_partition_are_those_of_the_cloud(resources: Resources, cloud: Cloud) -> None:
    found = [
        resources.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"],
        resources.invoke("aws:index/getRegion:getRegion", {})["region"],
        resources.invoke("aws:index/getPartition:getPartition", {})["partition"],
    ]
    assert found == [cloud.account_id, cloud.region, "aws"]


def test_every_table_is_named_as_in_pulumi_aws() -> None:
    for found in pkgutil.iter_modules(resources_package.__path__):
        module = importlib.import_module(f"{resources_package.__name__}.{found.name}")
        for name in getattr(module, "RESOURCES", {}):
            package = (
                pulumi if found.name == "engine" else importlib.import_module(f"pulumi_aws.{found.name}")
            )
            assert issubclass(getattr(package, name), pulumi.CustomResource), f"{found.name}: {name}"
