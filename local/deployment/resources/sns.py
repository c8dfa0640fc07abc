"""Amazon SNS: topics, their policies and subscriptions. Nothing here publishes to them."""

import json

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    as_pairs,
    autoname,
    changed,
    names,
    present,
)
from local.deployment.resources.tags import retag
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


def _update_topic(target: Target, existing: Existing, inputs: Properties) -> None:
    if changed(existing, inputs, "kmsMasterKeyId"):
        _set_topic_attribute(target, existing.id, "KmsMasterKeyId", inputs.get("kmsMasterKeyId", ""))


def _delete_topic(target: Target, existing: Existing) -> None:
    target.client("sns").delete_topic(TopicArn=existing.id)


def _topic_policy(target: Target, _: str, inputs: Properties) -> Created:
    _set_topic_attribute(target, inputs["arn"], "Policy", inputs["policy"])
    return inputs["arn"], dict(inputs)


def _reset_topic_policy(target: Target, existing: Existing) -> None:
    """A topic always has a policy. The provider sets one that lets the account do what it may anyway."""
    account = f"arn:{target.cloud.partition}:iam::{target.cloud.account_id}:root"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:Publish"],
        "Resource": existing.id,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    _set_topic_attribute(target, existing.id, "Policy", json.dumps(policy))


def _set_topic_attribute(target: Target, arn: str, name: str, value: str) -> None:
    target.client("sns").set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


def _subscription(target: Target, _: str, inputs: Properties) -> Created:
    arn = target.client("sns").subscribe(
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return arn, {**inputs, "arn": arn}


def _unsubscribe(target: Target, existing: Existing) -> None:
    target.client("sns").unsubscribe(SubscriptionArn=existing.id)


_SUBSCRIPTION = names("topic", "protocol", "endpoint")

RESOURCES = {
    "Topic": ResourceType(
        _topic,
        names("name", "kmsMasterKeyId", "tags"),
        replaced_by=("name",),
        update=_update_topic,
        retag=retag("sns", "ResourceArn"),
        delete=_delete_topic,
    ),
    "TopicPolicy": ResourceType(
        _topic_policy, names("arn", "policy"), replaced_by=("arn",), delete=_reset_topic_policy
    ),
    "TopicSubscription": ResourceType(
        _subscription, _SUBSCRIPTION, replaced_by=_SUBSCRIPTION, delete=_unsubscribe
    ),
}
