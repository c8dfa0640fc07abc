"""The Amazon SNS topic that alarms and the budget tell, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.iam import deny_insecure_transport, policy_document
from components.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmTopicArgs:
    location: Location

    # Who gets the messages, once the address is confirmed.
    email: str

    # A key of the customer's own, which CloudWatch and AWS Budgets may use. Without one, the topic has no
    # server-side encryption: CloudWatch may not use the key that AWS manages for SNS (docs/fidelity.md).
    kms_key_arn: str | None = None


class AlarmTopic(pulumi.ComponentResource):
    """A topic to which only this account's alarms and budgets may publish, with one subscriber."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("gtm-pixel:index:AlarmTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        topic = aws.sns.Topic(name, kms_master_key_id=args.kms_key_arn, opts=child)
        location = args.location
        policy = aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=policy_document(
                _publish(
                    "Alarms",
                    "cloudwatch.amazonaws.com",
                    topic.arn,
                    location,
                    pulumi.Output.concat(
                        *("arn:", location.partition, ":cloudwatch:", location.region, ":"),
                        *(location.account_id, ":alarm:*"),
                    ),
                ),
                _publish(
                    "Budgets",
                    "budgets.amazonaws.com",
                    topic.arn,
                    location,
                    pulumi.Output.concat("arn:", location.partition, ":budgets::", location.account_id, ":*"),
                ),
                deny_insecure_transport("sns:Publish", topic.arn),
            ),
            opts=child,
        )
        aws.sns.TopicSubscription(
            f"{name}-email", topic=topic.arn, protocol="email", endpoint=args.email, opts=child
        )

        # AWS Budgets tests whether it may publish when it gets the topic.
        self.topic_arn = policy.arn
        self.register_outputs({"topic_arn": self.topic_arn})


def _publish(
    what: str,
    service: str,
    topic_arn: pulumi.Input[str],
    location: Location,
    source_arn: pulumi.Input[str],
) -> dict[str, object]:
    """A statement that lets a service publish for this account's alarms or budgets."""
    return {
        "Sid": f"{what}Publish",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": location.account_id},
            "ArnLike": {"aws:SourceArn": source_arn},
        },
    }
