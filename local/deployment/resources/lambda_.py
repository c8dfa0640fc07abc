"""AWS Lambda: functions, who may invoke them, and the queues that feed them."""

import json
from pathlib import Path

import pulumi

from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceError,
    ResourceType,
    autoname,
    names,
    present,
)
from local.deployment.resources.target import FunctionLogging, Target

_ENVIRONMENT_BYTES = 4 * 1024  # Lambda quotas

_PERMISSION_SOURCES = {"sourceArn": "SourceArn", "sourceAccount": "SourceAccount"}


def _function(target: Target, name: str, inputs: Properties) -> Created:
    function_name = inputs.get("name") or autoname(name)
    code = inputs["code"]
    if not isinstance(code, pulumi.FileArchive) or not Path(code.path).is_file():
        raise ResourceError("its code must be a FileArchive of an existing zip file")
    variables = inputs.get("environment", {}).get("variables", {})
    if len(json.dumps(variables, separators=(",", ":")).encode()) > _ENVIRONMENT_BYTES:
        raise ResourceError("its environment variables exceed Lambda's limit of 4 KB")
    logging = inputs.get("loggingConfig", {})
    target.function_logging[function_name] = FunctionLogging(
        log_group=logging.get("logGroup", f"/aws/lambda/{function_name}"),
        log_format=logging.get("logFormat", "Text"),
    )
    tags = target.tags(inputs)
    function = target.client("lambda").create_function(
        FunctionName=function_name,
        Role=inputs["role"],
        Runtime=inputs["runtime"],
        Handler=inputs["handler"],
        Code={"ZipFile": Path(code.path).read_bytes()},
        Timeout=int(inputs.get("timeout", 3)),
        MemorySize=int(inputs.get("memorySize", 128)),
        Architectures=inputs.get("architectures", ["x86_64"]),
        Environment={"Variables": variables},
        TracingConfig={"Mode": inputs.get("tracingConfig", {}).get("mode", "PassThrough")},
        Publish=inputs.get("publish", False),
        **present(Description=inputs.get("description"), Tags=tags),
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


def _invoke_arn(target: Target, arn: str) -> str:
    """How API Gateway names a function, a version or an alias."""
    cloud = target.cloud
    return (
        f"arn:{cloud.partition}:apigateway:{cloud.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    )


def _alias(target: Target, name: str, inputs: Properties) -> Created:
    client, version = target.client("lambda"), inputs["functionVersion"]
    published = [
        one["Version"]
        for one in client.list_versions_by_function(FunctionName=inputs["functionName"])["Versions"]
    ]
    if version not in published:
        raise ResourceError(
            f"functionVersion is {version!r}, and the local run has the newest version alone: "
            "set processorVersion and authorizerVersion to 0 with --config"
        )
    alias_name = inputs.get("name") or autoname(name)
    alias = client.create_alias(
        FunctionName=inputs["functionName"],
        Name=alias_name,
        FunctionVersion=version,
        **present(Description=inputs.get("description")),
    )
    arn = alias["AliasArn"]
    return arn, {**inputs, "name": alias_name, "arn": arn, "invokeArn": _invoke_arn(target, arn)}


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


def _recursion_config(target: Target, _: str, inputs: Properties) -> Created:
    """Only checked: moto has no such operation, and the local run never ends a loop."""
    if inputs["recursiveLoop"] not in ("Allow", "Terminate"):
        raise ResourceError(
            f"recursiveLoop is {inputs['recursiveLoop']!r}; it must be 'Allow' or 'Terminate'"
        )
    target.cloud.client("lambda").get_function_configuration(FunctionName=inputs["functionName"])
    return inputs["functionName"], dict(inputs)


def _event_source_mapping(target: Target, _: str, inputs: Properties) -> Created:
    _check_visibility_timeout(target, inputs["eventSourceArn"], inputs["functionName"])
    scaling = inputs.get("scalingConfig", {}).get("maximumConcurrency")
    mapping = target.client("lambda").create_event_source_mapping(
        EventSourceArn=inputs["eventSourceArn"],
        FunctionName=inputs["functionName"],
        BatchSize=int(inputs.get("batchSize", 10)),
        MaximumBatchingWindowInSeconds=int(inputs.get("maximumBatchingWindowInSeconds", 0)),
        # moto would run a mapping inside SendMessage. The Cloud takes the mapping from the queue below.
        Enabled=False,
        **present(
            FunctionResponseTypes=inputs.get("functionResponseTypes"),
            ScalingConfig=scaling and {"MaximumConcurrency": int(scaling)},
        ),
    )
    enabled = inputs.get("enabled", True)
    target.cloud.detach_event_source(mapping["UUID"])
    target.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
    target.event_sources.append(mapping["UUID"])
    outputs = {
        "uuid": mapping["UUID"],
        "arn": mapping.get("EventSourceMappingArn"),
        "functionArn": mapping["FunctionArn"],
        "state": "Enabled" if enabled else "Disabled",
    }
    return mapping["UUID"], {**inputs, **outputs}


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
    ),
    "Alias": ResourceType(_alias, names("name", "description", "functionName", "functionVersion")),
    "Permission": ResourceType(
        _permission,
        names("statementId", "action", "function", "qualifier", "principal", *_PERMISSION_SOURCES),
    ),
    "FunctionRecursionConfig": ResourceType(_recursion_config, names("functionName", "recursiveLoop")),
    "EventSourceMapping": ResourceType(
        _event_source_mapping,
        {
            **names("eventSourceArn", "functionName", "batchSize", "maximumBatchingWindowInSeconds"),
            **names("functionResponseTypes", "enabled"),
            "scalingConfig": names("maximumConcurrency"),
        },
    ),
}
