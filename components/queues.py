"""Amazon SQS queues of a stack: encrypted, kept as long as SQS can, and closed to requests without TLS."""

import pulumi
import pulumi_aws as aws

from components.iam import Statement, deny_insecure_transport, policy_document
from components.safeguards import Safeguards
from contract.sqs import LONGEST_RETENTION_DAYS

RETENTION_SECONDS = LONGEST_RETENTION_DAYS * 24 * 60 * 60


def create_queue(
    name: str,
    safeguards: Safeguards,
    opts: pulumi.ResourceOptions,
    *,
    visibility_timeout_seconds: int | None = None,
    redrive_policy: pulumi.Input[str] | None = None,
) -> aws.sqs.Queue:
    """Create a standard queue, encrypted with the account's key, or with a key of SQS."""
    key_arn = safeguards.kms_key_arn
    return aws.sqs.Queue(
        name,
        message_retention_seconds=RETENTION_SECONDS,
        visibility_timeout_seconds=visibility_timeout_seconds,
        redrive_policy=redrive_policy,
        sqs_managed_sse_enabled=True if key_arn is None else None,
        kms_master_key_id=key_arn,
        opts=opts,
    )


def create_queue_policy(
    name: str, queue: aws.sqs.Queue, opts: pulumi.ResourceOptions, *statements: Statement
) -> aws.sqs.QueuePolicy:
    """Create the policy of a queue: `statements`, and no request without TLS."""
    return aws.sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=policy_document(*statements, deny_insecure_transport("sqs:*", queue.arn)),
        opts=opts,
    )
