"""Amazon SNS: topics, their policies and subscriptions. Nothing here publishes to them."""

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


def _topic(target: Target, name: str, inputs: Properties) -> Created:
    topic = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    arn = target.client("sns").create_topic(
        Name=topic,
        **present(
            Attributes=present(KmsMasterKeyId=inputs.get("kmsMasterKeyId")),
            Tags=as_pairs(tags),
        ),
    )["TopicArn"]
    return arn, {**inputs, "name": topic, "arn": arn, "tagsAll": tags}


def _topic_policy(target: Target, _: str, inputs: Properties) -> Created:
    target.client("sns").set_topic_attributes(
        TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"]
    )
    return inputs["arn"], dict(inputs)


def _subscription(target: Target, _: str, inputs: Properties) -> Created:
    arn = target.client("sns").subscribe(
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return arn, {**inputs, "arn": arn}


RESOURCES = {
    "Topic": ResourceType(_topic, names("name", "kmsMasterKeyId", "tags")),
    "TopicPolicy": ResourceType(_topic_policy, names("arn", "policy")),
    "TopicSubscription": ResourceType(_subscription, names("topic", "protocol", "endpoint")),
}
