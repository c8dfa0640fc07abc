"""The queue between the API and the event processor, and its dead-letter queue.

Both are encrypted, keep messages as long as SQS can, and refuse requests without TLS.
"""

from dataclasses import dataclass
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.iam import deny_insecure_transport, policy_document
from components.safeguards import NO_SAFEGUARDS, Safeguards
from contract.sqs import LONGEST_RETENTION_DAYS

RETENTION_SECONDS = LONGEST_RETENTION_DAYS * 24 * 60 * 60


def visibility_timeout_seconds(*, consumer_timeout_seconds: int, batch_window_seconds: int) -> int:
    """How long the queue hides a received message.

    AWS Lambda asks for at least six times the function's timeout plus the batch window, so that it can retry
    when the function is throttled ("Configuring a queue to use with Lambda").
    """
    return 6 * consumer_timeout_seconds + batch_window_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQueueArgs:
    # Timeout of the function that reads the queue, in seconds.
    consumer_timeout_seconds: int

    # Longest time that messages wait for a batch to fill, in seconds.
    batch_window_seconds: int

    # Receives of a message before the queue moves it to the dead-letter queue (1 to 1,000). A message is
    # received again only if the function crashed.
    max_receive_count: int

    # Refuse to delete or replace the queues, which hold waiting events.
    protect: bool = False

    safeguards: Safeguards = NO_SAFEGUARDS


class EventQueue(pulumi.ComponentResource):
    """A standard SQS queue for events and its dead-letter queue."""

    queue_arn: pulumi.Output[str]
    queue_name: pulumi.Output[str]
    queue_url: pulumi.Output[str]
    dead_letter_queue_arn: pulumi.Output[str]
    dead_letter_queue_name: pulumi.Output[str]
    dead_letter_queue_url: pulumi.Output[str]

    def __init__(self, name: str, args: EventQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("gtm-pixel:index:EventQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)

        dead_letter_queue = aws.sqs.Queue(
            f"{name}-dead-letter",
            message_retention_seconds=RETENTION_SECONDS,
            **_encryption(args.safeguards),
            opts=kept,
        )
        queue = aws.sqs.Queue(
            name,
            message_retention_seconds=RETENTION_SECONDS,
            visibility_timeout_seconds=visibility_timeout_seconds(
                consumer_timeout_seconds=args.consumer_timeout_seconds,
                batch_window_seconds=args.batch_window_seconds,
            ),
            **_encryption(args.safeguards),
            redrive_policy=pulumi.Output.json_dumps(
                {
                    "deadLetterTargetArn": dead_letter_queue.arn,
                    "maxReceiveCount": args.max_receive_count,
                }
            ),
            opts=kept,
        )
        aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow",
            queue_url=dead_letter_queue.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
            ),
            opts=child,
        )
        self._require_tls(f"{name}-tls-only", queue, child)
        self._require_tls(f"{name}-dead-letter-tls-only", dead_letter_queue, child)

        self.queue_arn = queue.arn
        self.queue_name = queue.name
        self.queue_url = queue.url
        self.dead_letter_queue_arn = dead_letter_queue.arn
        self.dead_letter_queue_name = dead_letter_queue.name
        self.dead_letter_queue_url = dead_letter_queue.url
        self.register_outputs(
            {
                "queue_arn": self.queue_arn,
                "queue_name": self.queue_name,
                "queue_url": self.queue_url,
                "dead_letter_queue_arn": self.dead_letter_queue_arn,
                "dead_letter_queue_name": self.dead_letter_queue_name,
                "dead_letter_queue_url": self.dead_letter_queue_url,
            }
        )

    @staticmethod
    def _require_tls(name: str, queue: aws.sqs.Queue, child: pulumi.ResourceOptions) -> None:
        """Deny every request to the queue without TLS."""
        aws.sqs.QueuePolicy(
            name,
            queue_url=queue.url,
            policy=policy_document(deny_insecure_transport("sqs:*", queue.arn)),
            opts=child,
        )


class _Encryption(TypedDict, total=False):
    sqs_managed_sse_enabled: bool
    kms_master_key_id: str


def _encryption(safeguards: Safeguards) -> _Encryption:
    """Encryption at rest: with the account's key if it has one, otherwise with a key of Amazon SQS."""
    if safeguards.kms_key_arn is None:
        return {"sqs_managed_sse_enabled": True}
    return {"kms_master_key_id": safeguards.kms_key_arn}
