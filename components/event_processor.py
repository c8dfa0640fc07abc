"""The Lambda function that takes batches of events off the queue and records them in the destinations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm
from components.destinations import DestinationArgs
from components.iam import allow
from components.lambda_function import LambdaFunctionArgs, create_function
from components.location import Location
from components.safeguards import NO_SAFEGUARDS, Safeguards
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource

HANDLER = "handler.processor.lambda_handler"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventProcessorArgs:
    # Project and stack, the dimension `service` of every metric.
    stack_name: str

    location: Location

    # The code archive (lambda_package.build).
    archive: Path

    # The queue that the function reads, and to which it sends copies of messages to retry.
    queue_arn: pulumi.Input[str]
    queue_url: pulumi.Input[str]

    # Where the function sends messages that a destination refuses for good.
    dead_letter_queue_arn: pulumi.Input[str]
    dead_letter_queue_url: pulumi.Input[str]

    # Where events are recorded (one or more).
    destinations: Sequence[DestinationArgs]

    # How a message becomes an event.
    auth_mode: AuthMode
    profile_updates: ProfileUpdates
    profile_attributes: Sequence[str]
    timestamp_source: TimestampSource

    # Endpoint ids that the site sends for unknown visitors. Their messages are rejected.
    ignored_endpoint_ids: Sequence[str]

    # How long to retry a message, in hours, and how often the queue delivers one that crashes the function.
    retry_hours: int
    max_receive_count: int

    # Messages in a batch, seconds to wait for a batch to fill, concurrent executions.
    batch_size: int
    batch_window_seconds: int
    maximum_concurrency: int

    timeout_seconds: int
    memory_mb: int

    # The published version that takes events; None is the newest.
    version: int | None = None

    log_retention_days: int
    tracing: bool = False

    safeguards: Safeguards = NO_SAFEGUARDS


class EventProcessor(pulumi.ComponentResource):
    """A Lambda function on the queue, which reports the messages of a batch that failed."""

    function_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    # The published version that takes events.
    version: pulumi.Output[str]

    # The event source mapping, which hands the queue's messages to the function.
    event_source_id: pulumi.Output[str]

    # Stack outputs of the destinations, by name.
    destination_outputs: Mapping[str, pulumi.Input[Any]]

    # Alarms on the destinations' services.
    destination_alarms: Sequence[Alarm]

    def __init__(
        self, name: str, args: EventProcessorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gtm-pixel:index:EventProcessor", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        provisioned = [
            destination.provision(f"{name}-{destination.name}", args.location, child)
            for destination in args.destinations
        ]
        for destination in provisioned:
            pulumi.Output.from_input(destination.warning).apply(self._warn)
        created = create_function(
            name,
            LambdaFunctionArgs(
                stack_name=args.stack_name,
                description="Records events from Google Tag Manager in the destinations",
                archive=args.archive,
                handler=HANDLER,
                environment={
                    **_reading_environment(args),
                    **{key: value for one in provisioned for key, value in one.environment.items()},
                },
                statements=[
                    allow(
                        "ReadQueue",
                        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                        args.queue_arn,
                    ),
                    allow("SendCopies", ["sqs:SendMessage"], args.queue_arn),
                    allow("SendDeadLetters", ["sqs:SendMessage"], args.dead_letter_queue_arn),
                    *args.safeguards.use_key("sqs", args.location),
                    *(statement for one in provisioned for statement in one.statements),
                ],
                timeout_seconds=args.timeout_seconds,
                memory_mb=args.memory_mb,
                version=args.version,
                log_retention_days=args.log_retention_days,
                tracing=args.tracing,
                safeguards=args.safeguards,
            ),
            child,
        )
        # The function sends copies to the queue that invokes it. AWS Lambda would stop such a loop after
        # about 16 turns ("recursive loop detection"); this one ends with the last retry.
        recursion = aws.lambda_.FunctionRecursionConfig(
            f"{name}-recursion",
            function_name=created.function.name,
            recursive_loop="Allow",
            opts=child,
        )
        source = aws.lambda_.EventSourceMapping(
            f"{name}-source",
            event_source_arn=args.queue_arn,
            function_name=created.live.arn,
            batch_size=args.batch_size,
            maximum_batching_window_in_seconds=args.batch_window_seconds,
            scaling_config={"maximum_concurrency": args.maximum_concurrency},
            function_response_types=["ReportBatchItemFailures"],
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[recursion])),
        )

        self.function_name = created.function.name
        self.log_group_name = created.log_group.name
        self.version = created.live.function_version
        self.event_source_id = source.uuid
        self.destination_outputs = {key: value for one in provisioned for key, value in one.outputs.items()}
        self.destination_alarms = [alarm for one in provisioned for alarm in one.alarms]
        self.register_outputs(
            {
                "function_name": self.function_name,
                "log_group_name": self.log_group_name,
                "version": self.version,
                "event_source_id": self.event_source_id,
            }
        )

    def _warn(self, warning: str | None) -> None:
        if warning:
            pulumi.log.warn(warning, resource=self)


def _reading_environment(args: EventProcessorArgs) -> Mapping[str, pulumi.Input[str]]:
    """The handler's environment, without that of the destinations (read by handler/environment.py)."""
    return {
        "DESTINATIONS": ",".join(destination.name for destination in args.destinations),
        "AUTH_MODE": args.auth_mode.value,
        "PROFILE_UPDATES": args.profile_updates.value,
        "PROFILE_ATTRIBUTES": json.dumps(list(args.profile_attributes)),
        "TIMESTAMP_SOURCE": args.timestamp_source.value,
        "IGNORED_ENDPOINT_IDS": json.dumps(list(args.ignored_endpoint_ids)),
        "QUEUE_URL": args.queue_url,
        "DEAD_LETTER_QUEUE_URL": args.dead_letter_queue_url,
        "RETRY_HOURS": str(args.retry_hours),
        "MAX_RECEIVE_COUNT": str(args.max_receive_count),
    }
