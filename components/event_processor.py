"""The function that takes batches off the queue and records them in the destinations.

Lambda, its role, log group and event source mapping. Imports destinations, IAM documents and the code
archive of this package; the handler itself comes in as that archive.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from components.destinations import DestinationArgs, grant
from components.iam import allow, policy_document, trust_policy
from components.lambda_package import TARGET
from components.location import Location

HANDLER = "handler.processor.lambda_handler"

METRICS_NAMESPACE = "gtm-pixel"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventProcessorArgs:
    location: Location

    # The code archive (lambda_package.build).
    archive: Path

    # Where batches come from, and where messages go that a destination refuses for good.
    queue_arn: pulumi.Input[str]
    dead_letter_queue_arn: pulumi.Input[str]
    dead_letter_queue_url: pulumi.Input[str]

    # Where events are recorded: one or more.
    destinations: Sequence[DestinationArgs]

    # How events are read: open | authenticated, none | allowlist | all, the allow-list, gateway | url.
    auth_mode: str
    profile_updates: str
    profile_attributes: Sequence[str]
    timestamp_source: str

    # Batching: messages, seconds, copies of the function at once.
    batch_size: int
    batch_window_seconds: int
    maximum_concurrency: int

    # The function: seconds, MB.
    timeout_seconds: int
    memory_mb: int

    log_retention_days: int
    tracing: bool = False


class EventProcessor(pulumi.ComponentResource):
    """A Lambda function on the queue that answers which messages of a batch have to come again."""

    function_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: EventProcessorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gtm-pixel:index:EventProcessor", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs", retention_in_days=args.log_retention_days, opts=child
        )
        role = aws.iam.Role(
            f"{name}-role",
            description="Reads events off the queue and records them",
            assume_role_policy=trust_policy("lambda.amazonaws.com"),
            opts=child,
        )
        grants = [grant(destination, args.location) for destination in args.destinations]
        for destination_grant in grants:
            if destination_grant.warning:
                pulumi.log.warn(destination_grant.warning, resource=self)
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=policy_document(
                allow(
                    "ReadQueue",
                    ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                    args.queue_arn,
                ),
                allow("SendDeadLetters", ["sqs:SendMessage"], args.dead_letter_queue_arn),
                allow(
                    "WriteLogs",
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    pulumi.Output.concat(log_group.arn, ":*"),
                ),
                *(statement for granted in grants for statement in granted.statements),
                # These two actions know no resources.
                *([allow("Trace", _XRAY_ACTIONS, "*")] if args.tracing else []),
            ),
            opts=child,
        )
        function = aws.lambda_.Function(
            name,
            description="Records events from Google Tag Manager",
            role=role.arn,
            runtime=TARGET.runtime,
            architectures=[TARGET.architecture],
            handler=HANDLER,
            code=pulumi.FileArchive(str(args.archive)),
            timeout=args.timeout_seconds,
            memory_size=args.memory_mb,
            environment={
                "variables": {
                    **_reading_environment(args),
                    **{key: value for granted in grants for key, value in granted.environment.items()},
                }
            },
            logging_config={"log_format": "JSON", "log_group": log_group.name},
            tracing_config={"mode": "Active" if args.tracing else "PassThrough"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        aws.lambda_.EventSourceMapping(
            f"{name}-source",
            event_source_arn=args.queue_arn,
            function_name=function.name,
            batch_size=args.batch_size,
            maximum_batching_window_in_seconds=args.batch_window_seconds,
            scaling_config={"maximum_concurrency": args.maximum_concurrency},
            function_response_types=["ReportBatchItemFailures"],
            opts=child,
        )

        self.function_name = function.name
        self.log_group_name = log_group.name
        self.register_outputs({"function_name": self.function_name, "log_group_name": self.log_group_name})


_XRAY_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


def _reading_environment(args: EventProcessorArgs) -> Mapping[str, pulumi.Input[str]]:
    """Environment of the handler that no single destination owns (handler/environment.py reads it)."""
    return {
        "DESTINATIONS": ",".join(destination.name for destination in args.destinations),
        "AUTH_MODE": args.auth_mode,
        "PROFILE_UPDATES": args.profile_updates,
        "PROFILE_ATTRIBUTES": json.dumps(list(args.profile_attributes)),
        "TIMESTAMP_SOURCE": args.timestamp_source,
        "DEAD_LETTER_QUEUE_URL": args.dead_letter_queue_url,
        # Metrics of two stacks in one account stay apart by this name, their `service` dimension.
        "POWERTOOLS_SERVICE_NAME": f"{pulumi.get_project()}-{pulumi.get_stack()}",
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
    }
