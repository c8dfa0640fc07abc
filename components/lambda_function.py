"""A Lambda function with its own log group and role, and an alias for the version that callers use.

The role may write that log and do what the caller adds, nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from components.iam import Statement, allow
from components.lambda_package import TARGET
from components.safeguards import NO_SAFEGUARDS, Safeguards
from components.service_role import create_service_role
from contract import metrics
from contract.alias import LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunctionArgs:
    # The dimension `service` of every metric of the function.
    stack_name: str

    description: str

    # The code archive (lambda_package.build) and the entry point in it.
    archive: Path
    handler: str

    environment: Mapping[str, pulumi.Input[str]]

    # Permissions besides writing the function's log.
    statements: Sequence[Statement] = ()

    # Seconds, MB, days.
    timeout_seconds: int
    memory_mb: int
    log_retention_days: int

    # The published version that callers use; None is the newest.
    version: int | None = None

    # The key of the log group, and the boundary of the role.
    safeguards: Safeguards = NO_SAFEGUARDS

    # Trace every invocation with AWS X-Ray. If False, only invocations that the caller traces.
    tracing: bool = False


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A function, its log group, and the alias through which it is called."""

    function: aws.lambda_.Function
    log_group: aws.cloudwatch.LogGroup
    live: aws.lambda_.Alias


def create_function(name: str, args: LambdaFunctionArgs, child: pulumi.ResourceOptions) -> LambdaFunction:
    """Create the function `name`, its log group, role and alias, with options `child`."""
    log_group = aws.cloudwatch.LogGroup(
        f"{name}-logs",
        retention_in_days=args.log_retention_days,
        kms_key_id=args.safeguards.kms_key_arn,
        opts=child,
    )
    own = create_service_role(
        name,
        "lambda.amazonaws.com",
        [
            allow(
                "WriteLogs",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                pulumi.Output.concat(log_group.arn, ":*"),
            ),
            *args.statements,
            # X-Ray's actions do not support resources.
            *([allow("Trace", _XRAY_ACTIONS, "*")] if args.tracing else []),
        ],
        child,
        description=args.description,
        safeguards=args.safeguards,
    )
    function = aws.lambda_.Function(
        name,
        description=args.description,
        role=own.role.arn,
        runtime=TARGET.runtime,
        architectures=[TARGET.architecture],
        handler=args.handler,
        code=pulumi.FileArchive(str(args.archive)),
        timeout=args.timeout_seconds,
        memory_size=args.memory_mb,
        environment={
            "variables": {
                **args.environment,
                # The `service` dimension of metrics: it keeps stacks of one account apart.
                "POWERTOOLS_SERVICE_NAME": args.stack_name,
                "POWERTOOLS_METRICS_NAMESPACE": metrics.NAMESPACE,
            }
        },
        logging_config={"log_format": "JSON", "log_group": log_group.name},
        tracing_config={"mode": "Active" if args.tracing else "PassThrough"},
        # An update changes the configuration first and the code some seconds later. A version has both.
        publish=True,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[own.policy])),
    )
    live = aws.lambda_.Alias(
        f"{name}-live",
        name=LIVE,
        description="The version that is called",
        function_name=function.name,
        function_version=function.version if args.version is None else str(args.version),
        opts=child,
    )
    return LambdaFunction(function, log_group, live)


_XRAY_ACTIONS = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
