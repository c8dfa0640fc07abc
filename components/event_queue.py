"""The queue between the API and the event processor, and its dead-letter queue.

Both are encrypted, keep messages as long as SQS can, and refuse requests without TLS.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.queues import create_queue, create_queue_policy
from components.safeguards import NO_SAFEGUARDS, Safeguards


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

        dead_letter_queue = create_queue(f"{name}-dead-letter", args.safeguards, kept)
        queue = create_queue(
            name,
            args.safeguards,
            kept,
            visibility_timeout_seconds=visibility_timeout_seconds(
                consumer_timeout_seconds=args.consumer_timeout_seconds,
                batch_window_seconds=args.batch_window_seconds,
            ),
            redrive_policy=pulumi.Output.json_dumps(
                {
                    "deadLetterTargetArn": dead_letter_queue.arn,
                    "maxReceiveCount": args.max_receive_count,
                }
            ),
        )
        aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow",
            queue_url=dead_letter_queue.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
            ),
            opts=child,
        )
        create_queue_policy(f"{name}-tls-only", queue, child)
        create_queue_policy(f"{name}-dead-letter-tls-only", dead_letter_queue, child)

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
