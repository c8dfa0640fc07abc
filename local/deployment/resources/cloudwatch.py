"""Amazon CloudWatch Logs (log groups and streams) and Amazon EventBridge (buses and archives)."""

from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceType,
    as_pairs,
    autoname,
    names,
    present,
)
from local.deployment.resources.target import Target


def _log_group(target: Target, name: str, inputs: Properties) -> Created:
    logs = target.client("logs")
    group = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    logs.create_log_group(logGroupName=group, **present(kmsKeyId=inputs.get("kmsKeyId"), tags=tags))
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


def _event_bus(target: Target, name: str, inputs: Properties) -> Created:
    bus = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    parameters = present(Description=inputs.get("description"), Tags=as_pairs(tags))
    arn = target.client("events").create_event_bus(Name=bus, **parameters)["EventBusArn"]
    return bus, {**inputs, "name": bus, "arn": arn, "tagsAll": tags}


def _event_archive(target: Target, name: str, inputs: Properties) -> Created:
    archive = inputs.get("name") or autoname(name)
    parameters = present(
        Description=inputs.get("description"),
        EventPattern=inputs.get("eventPattern"),
        RetentionDays=int(inputs.get("retentionDays", 0)),
    )
    arn = target.client("events").create_archive(
        ArchiveName=archive, EventSourceArn=inputs["eventSourceArn"], **parameters
    )["ArchiveArn"]
    return archive, {**inputs, "name": archive, "arn": arn}


RESOURCES = {
    "EventArchive": ResourceType(
        _event_archive, names("name", "description", "eventSourceArn", "eventPattern", "retentionDays")
    ),
    "EventBus": ResourceType(_event_bus, names("name", "description", "tags")),
    "LogGroup": ResourceType(_log_group, names("name", "retentionInDays", "kmsKeyId", "tags")),
    "LogStream": ResourceType(_log_stream, names("name", "logGroupName")),
}
