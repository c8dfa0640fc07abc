"""The local run needs no property of a resource that the program may leave out.

The resources are those of a whole stack. Each is created again, without one of its properties at a time.
"""

import inspect
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from local.deployment import program, stack_config
from local.deployment.cloud import Cloud
from local.deployment.resources import Created, ResourceError, Resources
from local.deployment.stack import Stack
from tests.test_program import EVERYTHING
from tests.test_program import stack_config as configuration

PROJECT = Path(__file__).parents[3]

ALIAS = "aws:lambda/alias:Alias"
STAGE = "aws:apigateway/stage:Stage"

NEEDED_HERE = {
    ("Function", "code"),
    ("Function", "runtime"),
    ("Function", "handler"),
    ("RestApi", "body"),
    ("FirehoseDeliveryStream", "extendedS3Configuration"),
    ("Stack", "templateBody"),
    ("EventSourceMapping", "eventSourceArn"),
    ("BucketLifecycleConfiguration", "rules"),
    ("BucketServerSideEncryptionConfiguration", "rules"),
    ("BucketServerSideEncryptionConfiguration", "bucket"),
    ("DomainName", "endpointConfiguration"),
    ("DomainName", "regionalCertificateArn"),
    ("BasePathMapping", "stageName"),
    ("Record", "aliases"),
    *(("MetricAlarm", name) for name in ("comparisonOperator", "evaluationPeriods", "threshold")),
    *(("Budget", name) for name in ("limitAmount", "limitUnit")),
}
"""Properties that only the local run requires, because AWS also accepts them in other ways."""


class Noting(Resources):
    """Keeps the inputs of each resource. Functions get a small archive: the real one is 6 MB."""

    def __init__(self, *args: Any, code: pulumi.FileArchive, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cloud: Cloud = args[0]
        self._code = code
        self.created: list[tuple[str, str, Mapping[str, Any]]] = []
        self.deployed: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()

    def create(self, type_: str, name: str, inputs: Mapping[str, Any]) -> Created:
        if "code" in inputs:
            inputs = {**inputs, "code": self._code}
        self.created.append((type_, name, inputs))
        return super().create(type_, name, inputs)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noting]:
    """Every resource that a stack can have, without default tags."""
    archive = tmp_path_factory.mktemp("code") / "code.zip"
    zipfile.ZipFile(archive, "w").close()
    settings = {
        key: value for key, value in configuration("prod", **EVERYTHING).items() if key != "aws:defaultTags"
    }
    config = stack_config.StackConfig(project="gtm-pixel", stack="test", values=settings)
    with Cloud(region=config.region) as cloud:
        resources = Noting(
            cloud,
            api_url="http://127.0.0.1:8080",
            default_tags={},
            code=pulumi.FileArchive(str(archive)),
        )
        program.run(PROJECT, config, Stack(resources), lambda _: None)
        # What tests create themselves is none of it. Of resources with the same properties, one is enough.
        kinds = {(type_, *paths(inputs)): (type_, name, inputs) for type_, name, inputs in resources.created}
        resources.deployed = tuple(kinds.values())
        yield resources


def paths(value: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every property, also of those inside others."""
    for key, inner in value.items():
        yield (*above, key)
        if isinstance(inner, dict) and key != "variables":
            yield from paths(inner, (*above, key))


def without(value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    key, *deeper = path
    if not deeper:
        return {name: inner for name, inner in value.items() if name != key}
    return {**value, key: without(value[key], tuple(deeper))}


def required(type_: str) -> set[str]:
    """The properties that the SDK wants of a resource."""
    if type_ == "pulumi:index:Stash":
        return {"input"}
    package = type_.partition(":")[2].partition("/")[0]
    module = getattr(aws, "lambda_" if package == "lambda" else package)
    arguments = getattr(module, f"{type_.rpartition(':')[2]}Args").__init__
    return {
        re.sub("_(.)", lambda letter: letter[1].upper(), parameter.name)
        for parameter in inspect.signature(arguments).parameters.values()
        if parameter.default is inspect.Parameter.empty and parameter.name != "__self__"
    }


def create(stack: Noting, type_: str, name: str, inputs: Mapping[str, Any]) -> str | None:
    """Create a resource once more. Returns its error, if any."""
    if type_ == ALIAS:  # fixed names, once in each function
        functions = stack.cloud.client("lambda")
        with suppress(ClientError, KeyError):
            functions.delete_alias(FunctionName=inputs["functionName"], Name=inputs["name"])
    if type_ == STAGE:  # and once in each API
        apigateway = stack.cloud.client("apigateway")
        with suppress(ClientError, KeyError):
            apigateway.delete_stage(restApiId=inputs["restApi"], stageName=inputs["stageName"])
    try:
        stack.create(type_, name, inputs)
    except ResourceError as error:
        return str(error)
    return None


def test_a_resource_can_do_without_each_property_that_aws_can_do_without(stack: Noting) -> None:
    failures: list[str] = []
    for type_, name, inputs in stack.deployed:
        kind = type_.rpartition(":")[2]
        needed = {*required(type_), *(key for one, key in NEEDED_HERE if one == kind)}
        for path in paths(inputs):
            error = create(stack, type_, name, without(inputs, path))
            if error and ("needs its property" not in error or (path[0] not in needed and len(path) == 1)):
                failures.append(f"{'.'.join(path)}: {error}")
        assert create(stack, type_, name, inputs) is None

    assert not failures, "\n".join(failures)


def test_a_required_property_is_named(stack: Noting) -> None:
    (inputs,) = [inputs for type_, _, inputs in stack.deployed if type_.endswith(":RestApi")][:1]

    with pytest.raises(ResourceError, match=r"RestApi api: the local run needs its property body$"):
        stack.create("aws:apigateway/restApi:RestApi", "api", without(inputs, ("body",)))
