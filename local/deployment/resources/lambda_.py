"""AWS Lambda: functions, who may invoke them, and the queues that feed them."""

import json
from pathlib import Path
from typing import Any

import pulumi

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceError,
    ResourceType,
    autoname,
    changed,
    names,
    present,
)
from local.deployment.resources.tags import check_retag, retag
from local.deployment.resources.target import Target

_ENVIRONMENT_BYTES = 4 * 1024  # Lambda quotas

_PERMISSION_SOURCES = {"sourceArn": "SourceArn", "sourceAccount": "SourceAccount"}
_PERMISSION = names("statementId", "action", "function", "qualifier", "principal", *_PERMISSION_SOURCES)


def _function(target: Target, name: str, inputs: Properties) -> Created:
    function_name = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    function = target.client("lambda").create_function(
        FunctionName=function_name,
        Code={"ZipFile": _archive(inputs)},
        Architectures=inputs.get("architectures", ["x86_64"]),
        Publish=inputs.get("publish", False),
        **_configuration(inputs),
        **present(Tags=tags),
    )
    arn = function["FunctionArn"]
    outputs = {
        "name": function_name,
        "arn": arn,
        "invokeArn": _invoke_arn(target, arn),
        "version": function["Version"],
        "lastModified": function["LastModified"],
        "tagsAll": tags,
    }
    return function_name, {**inputs, **outputs}


def _update_function(target: Target, existing: Existing, inputs: Properties) -> dict[str, str]:
    """The configuration first, then the code, then a version of both."""
    client, name = target.client("lambda"), existing.id
    code = ("code", "architectures")
    if changed(existing, inputs, *inputs.keys() - {*code, "publish", "tags", "tagsAll"}):
        client.update_function_configuration(FunctionName=name, **_configuration(inputs))
    if changed(existing, inputs, *code):
        client.update_function_code(
            FunctionName=name, ZipFile=_archive(inputs), Architectures=inputs.get("architectures", ["x86_64"])
        )
    return {"version": client.publish_version(FunctionName=name)["Version"]} if inputs.get("publish") else {}


def _delete_function(target: Target, existing: Existing) -> None:
    target.client("lambda").delete_function(FunctionName=existing.id)


def _configuration(inputs: Properties) -> dict[str, Any]:
    """The parameters that CreateFunction and UpdateFunctionConfiguration share."""
    variables = inputs.get("environment", {}).get("variables", {})
    if len(json.dumps(variables, separators=(",", ":")).encode()) > _ENVIRONMENT_BYTES:
        raise ResourceError("its environment variables exceed Lambda's limit of 4 KB")
    return {
        "Role": inputs["role"],
        "Runtime": inputs["runtime"],
        "Handler": inputs["handler"],
        "Timeout": int(inputs.get("timeout", 3)),
        "MemorySize": int(inputs.get("memorySize", 128)),
        "Environment": {"Variables": variables},
        "TracingConfig": {"Mode": inputs.get("tracingConfig", {}).get("mode", "PassThrough")},
        **present(Description=inputs.get("description")),
    }


def _archive(inputs: Properties) -> bytes:
    code = inputs["code"]
    if not isinstance(code, pulumi.FileArchive) or not Path(code.path).is_file():
        raise ResourceError("its code must be a FileArchive of an existing zip file")
    return Path(code.path).read_bytes()


def _invoke_arn(target: Target, arn: str) -> str:
    """How API Gateway names a function, a version or an alias."""
    cloud = target.cloud
    return (
        f"arn:{cloud.partition}:apigateway:{cloud.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    )


def _alias(target: Target, name: str, inputs: Properties) -> Created:
    _check_version(target, inputs)
    alias_name = inputs.get("name") or autoname(name)
    alias = target.client("lambda").create_alias(
        FunctionName=inputs["functionName"],
        Name=alias_name,
        FunctionVersion=inputs["functionVersion"],
        **present(Description=inputs.get("description")),
    )
    arn = alias["AliasArn"]
    return arn, {**inputs, "name": alias_name, "arn": arn, "invokeArn": _invoke_arn(target, arn)}


def _update_alias(target: Target, existing: Existing, inputs: Properties) -> None:
    _check_version(target, inputs)
    target.client("lambda").update_alias(
        FunctionName=inputs["functionName"],
        Name=existing.outputs["name"],
        FunctionVersion=inputs["functionVersion"],
        Description=inputs.get("description", ""),
    )


def _delete_alias(target: Target, existing: Existing) -> None:
    target.client("lambda").delete_alias(
        FunctionName=existing.inputs["functionName"], Name=existing.outputs["name"]
    )


def _check_version(target: Target, inputs: Properties) -> None:
    name, version = inputs["functionName"], inputs["functionVersion"]
    versions = target.cloud.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
    if version not in [one["Version"] for one in versions]:
        raise ResourceError(
            f"functionVersion is {version!r}, and the local run has the newest version alone: "
            "set processorVersion and authorizerVersion to 0 with --config"
        )


def _permission(target: Target, name: str, inputs: Properties) -> Created:
    statement_id = inputs.get("statementId") or autoname(name)
    target.client("lambda").add_permission(
        FunctionName=inputs["function"],
        StatementId=statement_id,
        Action=inputs["action"],
        Principal=inputs["principal"],
        **present(
            Qualifier=inputs.get("qualifier"),
            **{parameter: inputs.get(key) for key, parameter in _PERMISSION_SOURCES.items()},
        ),
    )
    return statement_id, {**inputs, "statementId": statement_id}


def _remove_permission(target: Target, existing: Existing) -> None:
    target.client("lambda").remove_permission(
        FunctionName=existing.inputs["function"],
        StatementId=existing.id,
        **present(Qualifier=existing.inputs.get("qualifier")),
    )


def _recursion_config(target: Target, _: str, inputs: Properties) -> Created:
    """Only checked: moto has no such operation, and the local run never ends a loop."""
    if inputs["recursiveLoop"] not in ("Allow", "Terminate"):
        raise ResourceError(
            f"recursiveLoop is {inputs['recursiveLoop']!r}; it must be 'Allow' or 'Terminate'"
        )
    function = target.cloud.client("lambda").get_function_configuration(FunctionName=inputs["functionName"])
    target.check_permission("lambda:PutFunctionRecursionConfig", function["FunctionArn"])
    return inputs["functionName"], dict(inputs)


def _reset_recursion_config(target: Target, existing: Existing) -> None:
    """The provider sets the default: there is nothing to delete."""
    _recursion_config(target, existing.name, {**existing.inputs, "recursiveLoop": "Terminate"})


def _event_source_mapping(target: Target, _: str, inputs: Properties) -> Created:
    _check_visibility_timeout(target, inputs["eventSourceArn"], inputs["functionName"])
    mapping = target.client("lambda").create_event_source_mapping(
        EventSourceArn=inputs["eventSourceArn"],
        # moto would run a mapping inside SendMessage. The Cloud takes the mapping from the queue below.
        Enabled=False,
        **_mapping_parameters(inputs),
    )
    target.cloud.detach_event_source(mapping["UUID"])
    enabled, tags = inputs.get("enabled", True), target.tags(inputs)
    target.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
    outputs = {
        "uuid": mapping["UUID"],
        "arn": target.arn("lambda", f"event-source-mapping:{mapping['UUID']}"),
        "functionArn": mapping["FunctionArn"],
        "tagsAll": tags,
        "state": "Enabled" if enabled else "Disabled",
    }
    return mapping["UUID"], {**inputs, **outputs}


def _update_event_source_mapping(target: Target, existing: Existing, inputs: Properties) -> None:
    _check_visibility_timeout(target, inputs["eventSourceArn"], inputs["functionName"])
    target.client("lambda").update_event_source_mapping(
        UUID=existing.id, Enabled=inputs.get("enabled", True), **_mapping_parameters(inputs)
    )


def _delete_event_source_mapping(target: Target, existing: Existing) -> None:
    target.client("lambda").delete_event_source_mapping(UUID=existing.id)


def _mapping_parameters(inputs: Properties) -> dict[str, Any]:
    scaling = inputs.get("scalingConfig", {}).get("maximumConcurrency")
    return {
        "FunctionName": inputs["functionName"],
        "BatchSize": int(inputs.get("batchSize", 10)),
        "MaximumBatchingWindowInSeconds": int(inputs.get("maximumBatchingWindowInSeconds", 0)),
        **present(
            FunctionResponseTypes=inputs.get("functionResponseTypes"),
            ScalingConfig=scaling and {"MaximumConcurrency": int(scaling)},
        ),
    }


def _check_visibility_timeout(target: Target, queue_arn: str, function_name: str) -> None:
    """Lambda refuses a queue that shows a message again while the function may still be running."""
    sqs = target.cloud.client("sqs")  # Lambda looks, not the deployer
    url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    function = target.cloud.client("lambda").get_function_configuration(FunctionName=function_name)
    if int(attributes["VisibilityTimeout"]) < function["Timeout"]:
        raise ResourceError(  # Lambda's own message
            f"Queue visibility timeout: {attributes['VisibilityTimeout']} seconds is less than "
            f"Function timeout: {function['Timeout']} seconds"
        )


RESOURCES = {
    "Function": ResourceType(
        _function,
        {
            **names("name", "description", "role", "runtime", "architectures", "handler", "code"),
            **names("timeout", "memorySize", "publish", "tags"),
            "environment": names("variables"),
            "loggingConfig": names("logFormat", "logGroup"),
            "tracingConfig": names("mode"),
        },
        replaced_by=("name",),
        update=_update_function,
        retag=retag("lambda", "Resource", in_pairs=False),
        delete=_delete_function,
    ),
    "Alias": ResourceType(
        _alias,
        names("name", "description", "functionName", "functionVersion"),
        replaced_by=("name", "functionName"),
        update=_update_alias,
        delete=_delete_alias,
    ),
    "Permission": ResourceType(
        _permission,
        _PERMISSION,
        replaced_by=_PERMISSION,
        delete=_remove_permission,
    ),
    "FunctionRecursionConfig": ResourceType(
        _recursion_config,
        names("functionName", "recursiveLoop"),
        replaced_by=("functionName",),
        delete=_reset_recursion_config,
    ),
    "EventSourceMapping": ResourceType(
        _event_source_mapping,
        {
            **names("eventSourceArn", "functionName", "batchSize", "maximumBatchingWindowInSeconds"),
            **names("functionResponseTypes", "enabled", "tags"),
            "scalingConfig": names("maximumConcurrency"),
        },
        replaced_by=("eventSourceArn",),
        update=_update_event_source_mapping,
        retag=check_retag("lambda:UntagResource", "lambda:TagResource"),
        delete=_delete_event_source_mapping,
    ),
}
