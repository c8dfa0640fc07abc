"""Amazon SQS: queues, their policies, and which queues may use one as dead-letter queue."""

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    as_string,
    autoname,
    changed,
    names,
    present,
)
from local.deployment.resources.tags import retag
from local.deployment.resources.target import Target

_QUEUE_ATTRIBUTES = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "redrivePolicy": "RedrivePolicy",
}


def _queue(target: Target, name: str, inputs: Properties) -> Created:
    sqs = target.client("sqs")
    queue_name = inputs.get("name") or autoname(name)
    attributes = {
        attribute: as_string(inputs[key]) for key, attribute in _QUEUE_ATTRIBUTES.items() if key in inputs
    }
    tags = target.tags(inputs)
    url = sqs.create_queue(QueueName=queue_name, **present(Attributes=attributes, tags=tags))["QueueUrl"]
    arn = target.arn("sqs", queue_name)
    return url, {**inputs, "name": queue_name, "url": url, "arn": arn, "tagsAll": tags}


def _update_queue(target: Target, existing: Existing, inputs: Properties) -> None:
    attributes = {
        attribute: as_string(inputs[key])
        for key, attribute in _QUEUE_ATTRIBUTES.items()
        if key in inputs and changed(existing, inputs, key)
    }
    # The provider leaves the other attributes as they are if they are no longer given.
    if "kmsMasterKeyId" in existing.inputs and "kmsMasterKeyId" not in inputs:
        attributes["KmsMasterKeyId"] = ""
    _set_queue_attributes(target, existing.id, attributes)


def _delete_queue(target: Target, existing: Existing) -> None:
    target.client("sqs").delete_queue(QueueUrl=existing.id)


def _queue_policy(target: Target, _: str, inputs: Properties) -> Created:
    _set_queue_attributes(target, inputs["queueUrl"], {"Policy": inputs["policy"]})
    return inputs["queueUrl"], dict(inputs)


def _redrive_allow_policy(target: Target, _: str, inputs: Properties) -> Created:
    _set_queue_attributes(target, inputs["queueUrl"], {"RedriveAllowPolicy": inputs["redriveAllowPolicy"]})
    return inputs["queueUrl"], dict(inputs)


def _set_queue_attributes(target: Target, url: str, attributes: Properties) -> None:
    target.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


RESOURCES = {
    "Queue": ResourceType(
        _queue,
        names("name", "tags", *_QUEUE_ATTRIBUTES),
        replaced_by=("name",),
        update=_update_queue,
        retag=retag("sqs", "QueueUrl", "url", what="queue", in_pairs=False),
        delete=_delete_queue,
    ),
    "QueuePolicy": ResourceType(
        _queue_policy,
        names("queueUrl", "policy"),
        replaced_by=("queueUrl",),
        delete=lambda target, existing: _set_queue_attributes(target, existing.id, {"Policy": ""}),
    ),
    "RedriveAllowPolicy": ResourceType(
        _redrive_allow_policy,
        names("queueUrl", "redriveAllowPolicy"),
        replaced_by=("queueUrl",),
        delete=lambda target, existing: _set_queue_attributes(
            target, existing.id, {"RedriveAllowPolicy": ""}
        ),
    ),
}
