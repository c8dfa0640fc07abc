"""The resources that EventProcessor registers."""

import json
from pathlib import Path
from typing import Any

import pulumi

from components.destinations.firehose import FirehoseArgs
from components.destinations.pinpoint import END_OF_SUPPORT, PinpointArgs
from components.event_processor import EventProcessor, EventProcessorArgs
from components.location import current_location
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from tests.recording import Recording, record

APPLICATION_ID = "0123456789abcdef0123456789abcdef"


def recorded(*, partition: str = "aws", region: str = "eu-west-1", **changes: Any) -> Recording:
    def program() -> None:
        defaults: dict[str, Any] = {
            "archive": Path("handler.zip"),
            "queue_arn": "arn:aws:sqs:eu-west-1:123456789012:events",
            "queue_url": "https://sqs.test/events",
            "dead_letter_queue_arn": "arn:aws:sqs:eu-west-1:123456789012:dead",
            "dead_letter_queue_url": "https://sqs.test/dead",
            "destinations": [PinpointArgs(application_id=APPLICATION_ID)],
            "auth_mode": AuthMode.OPEN,
            "profile_updates": ProfileUpdates.ALLOWLIST,
            "profile_attributes": ["plan", "city"],
            "timestamp_source": TimestampSource.GATEWAY,
            "ignored_endpoint_ids": ["guest"],
            "retry_hours": 6,
            "max_receive_count": 5,
            "batch_size": 100,
            "batch_window_seconds": 1,
            "maximum_concurrency": 5,
            "timeout_seconds": 60,
            "memory_mb": 512,
            "log_retention_days": 30,
        }
        processor = EventProcessor(
            "processor",
            EventProcessorArgs(
                stack_name="gtm-pixel-test", location=current_location(), **{**defaults, **changes}
            ),
        )
        pulumi.export("destination_outputs", processor.destination_outputs)

    return record(program, partition=partition, region=region)


def statements(recording: Recording) -> dict[str, Any]:
    document = recording["processor-policy"].policy()
    assert document["Version"] == "2012-10-17"
    return {statement.pop("Sid"): statement for statement in document["Statement"]}


def test_it_is_one_function_on_the_queue() -> None:
    assert recorded().names() == {
        "processor": "aws:lambda/function:Function",
        "processor-live": "aws:lambda/alias:Alias",
        "processor-role": "aws:iam/role:Role",
        "processor-policy": "aws:iam/rolePolicy:RolePolicy",
        "processor-logs": "aws:cloudwatch/logGroup:LogGroup",
        "processor-recursion": "aws:lambda/functionRecursionConfig:FunctionRecursionConfig",
        "processor-source": "aws:lambda/eventSourceMapping:EventSourceMapping",
    }


def test_every_resource_belongs_to_the_component() -> None:
    assert {resource.parent for resource in recorded().resources[1:]} == {"processor"}


def test_the_role_allows_exactly_this() -> None:
    assert statements(recorded()) == {
        "ReadQueue": {
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": ["arn:aws:sqs:eu-west-1:123456789012:events"],
        },
        "SendCopies": {
            "Effect": "Allow",
            "Action": ["sqs:SendMessage"],
            "Resource": ["arn:aws:sqs:eu-west-1:123456789012:events"],
        },
        "SendDeadLetters": {
            "Effect": "Allow",
            "Action": ["sqs:SendMessage"],
            "Resource": ["arn:aws:sqs:eu-west-1:123456789012:dead"],
        },
        "WriteLogs": {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": ["arn:aws:cloudwatch:eu-west-1:123456789012:processor-logs-1a2b3c4:*"],
        },
        "PutPinpointEvents": {
            "Effect": "Allow",
            "Action": ["mobiletargeting:PutEvents"],
            "Resource": [f"arn:aws:mobiletargeting:eu-west-1:123456789012:apps/{APPLICATION_ID}/events"],
        },
    }


def test_tracing_adds_its_two_actions() -> None:
    recording = recorded(tracing=True)

    assert statements(recording)["Trace"] == {
        "Effect": "Allow",
        "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "Resource": ["*"],
    }
    assert recording["processor"].inputs["tracingConfig"] == {"mode": "Active"}


def test_the_function_runs_the_archive_with_its_settings() -> None:
    function = dict(recorded()["processor"].inputs)

    assert function.pop("code").path == "handler.zip"
    assert function == {
        "description": "Records events from Google Tag Manager in the destinations",
        "role": "arn:aws:iam:eu-west-1:123456789012:processor-role-1a2b3c4",
        "runtime": "python3.13",
        "architectures": ["arm64"],
        "handler": "handler.processor.lambda_handler",
        "timeout": 60,
        "memorySize": 512,
        "environment": {
            "variables": {
                "DESTINATIONS": "pinpoint",
                "PINPOINT_APPLICATION_ID": APPLICATION_ID,
                "PINPOINT_REGION": "eu-west-1",
                "AUTH_MODE": "open",
                "PROFILE_UPDATES": "allowlist",
                "PROFILE_ATTRIBUTES": json.dumps(["plan", "city"]),
                "TIMESTAMP_SOURCE": "gateway",
                "IGNORED_ENDPOINT_IDS": '["guest"]',
                "QUEUE_URL": "https://sqs.test/events",
                "DEAD_LETTER_QUEUE_URL": "https://sqs.test/dead",
                "RETRY_HOURS": "6",
                "MAX_RECEIVE_COUNT": "5",
                "POWERTOOLS_SERVICE_NAME": "gtm-pixel-test",
                "POWERTOOLS_METRICS_NAMESPACE": "gtm-pixel",
            }
        },
        "loggingConfig": {"logFormat": "JSON", "logGroup": "processor-logs-1a2b3c4"},
        "tracingConfig": {"mode": "PassThrough"},
        "publish": True,
    }


def test_no_concurrency_is_reserved() -> None:
    assert "reservedConcurrentExecutions" not in recorded()["processor"].inputs


def test_the_function_has_its_own_log_group_that_expires() -> None:
    assert recorded()["processor-logs"].inputs == {"retentionInDays": 30}


def test_lambda_gets_batches_and_retries_single_messages() -> None:
    assert recorded()["processor-source"].inputs == {
        "eventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:events",
        "functionName": "arn:aws:lambda:eu-west-1:123456789012:processor-1a2b3c4:live",
        "batchSize": 100,
        "maximumBatchingWindowInSeconds": 1,
        "scalingConfig": {"maximumConcurrency": 5},
        "functionResponseTypes": ["ReportBatchItemFailures"],
    }


def test_lambda_lets_the_function_send_to_the_queue_that_invokes_it() -> None:
    """Otherwise AWS Lambda stops a chain of retries after about 16 turns and drops its message."""
    recording = recorded()

    assert recording["processor-recursion"].inputs == {
        "functionName": "processor-1a2b3c4",
        "recursiveLoop": "Allow",
    }
    assert "processor-recursion" in recording["processor-source"].depends_on


def test_the_function_waits_for_its_permissions() -> None:
    assert "processor-policy" in recorded()["processor"].depends_on


def test_pulumi_up_shows_the_warning_of_a_destination() -> None:
    assert recorded().log == [END_OF_SUPPORT]


FIREHOSE = FirehoseArgs(stream="events", app_id="gtm-pixel-test")


def test_two_destinations_add_up() -> None:
    recording = recorded(destinations=[PinpointArgs(application_id=APPLICATION_ID), FIREHOSE])

    variables = recording["processor"].inputs["environment"]["variables"]
    assert variables["DESTINATIONS"] == "pinpoint,firehose"
    assert (variables["PINPOINT_APPLICATION_ID"], variables["FIREHOSE_STREAM"]) == (APPLICATION_ID, "events")
    assert {"PutPinpointEvents", "PutFirehoseRecords"} <= statements(recording).keys()


def test_without_a_warning_it_shows_none() -> None:
    assert recorded(destinations=[FIREHOSE]).log == []


def test_it_passes_on_the_outputs_of_its_destinations() -> None:
    assert recorded(destinations=[FIREHOSE]).outputs == {"destination_outputs": {"firehose_stream": "events"}}
