"""Amazon CloudWatch Logs: log groups and log streams."""

from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceType,
    autoname,
    names,
    present,
)
from local.deployment.resources.target import Target


def _log_group(target: Target, name: str, inputs: Properties) -> Created:
    logs = target.client("logs")
    group = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    logs.create_log_group(logGroupName=group, **present(tags=tags))
    if inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=int(inputs["retentionInDays"]))
    return group, {
        **inputs,
        "name": group,
        "arn": target.arn("logs", f"log-group:{group}"),
        "tagsAll": tags,
    }


def _log_stream(target: Target, name: str, inputs: Properties) -> Created:
    group, stream = inputs["logGroupName"], inputs.get("name") or autoname(name)
    target.client("logs").create_log_stream(logGroupName=group, logStreamName=stream)
    arn = target.arn("logs", f"log-group:{group}:log-stream:{stream}")
    return stream, {**inputs, "name": stream, "arn": arn}


RESOURCES = {
    "LogGroup": ResourceType(_log_group, names("name", "retentionInDays", "tags")),
    "LogStream": ResourceType(_log_stream, names("name", "logGroupName")),
}
