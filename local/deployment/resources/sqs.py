"""Amazon SQS: queues, their policies, and which queues may use one as dead-letter queue."""

from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceType,
    as_string,
    autoname,
    names,
    present,
)
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


def _queue_policy(target: Target, _: str, inputs: Properties) -> Created:
    return _set_queue_attribute(target, inputs, "Policy", inputs["policy"])


def _redrive_allow_policy(target: Target, _: str, inputs: Properties) -> Created:
    return _set_queue_attribute(target, inputs, "RedriveAllowPolicy", inputs["redriveAllowPolicy"])


def _set_queue_attribute(target: Target, inputs: Properties, attribute: str, document: str) -> Created:
    target.client("sqs").set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={attribute: document})
    return inputs["queueUrl"], dict(inputs)


RESOURCES = {
    "Queue": ResourceType(_queue, names("name", "tags", *_QUEUE_ATTRIBUTES)),
    "QueuePolicy": ResourceType(_queue_policy, names("queueUrl", "policy")),
    "RedriveAllowPolicy": ResourceType(_redrive_allow_policy, names("queueUrl", "redriveAllowPolicy")),
}
