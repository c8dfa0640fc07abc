"""The resources that EventQueue registers."""

import json

import pytest

from components.event_queue import EventQueue, EventQueueArgs
from tests.recording import Recording, record


@pytest.fixture
def recording() -> Recording:
    args = EventQueueArgs(consumer_timeout_seconds=60, batch_window_seconds=7, max_receive_count=5)
    return record(lambda: EventQueue("events", args))


def test_it_is_two_queues_with_their_policies(recording: Recording) -> None:
    assert recording.names() == {
        "events": "aws:sqs/queue:Queue",
        "events-dead-letter": "aws:sqs/queue:Queue",
        "events-redrive-allow": "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
        "events-tls-only": "aws:sqs/queuePolicy:QueuePolicy",
        "events-dead-letter-tls-only": "aws:sqs/queuePolicy:QueuePolicy",
    }


def test_every_resource_belongs_to_the_component(recording: Recording) -> None:
    assert {resource.parent for resource in recording.resources[1:]} == {"events"}


def test_the_queue_hides_a_message_as_long_as_lambda_requires(recording: Recording) -> None:
    queue = dict(recording["events"].inputs)
    redrive = json.loads(queue.pop("redrivePolicy"))

    assert queue == {
        "messageRetentionSeconds": 14 * 24 * 60 * 60,
        "visibilityTimeoutSeconds": 367,
        "sqsManagedSseEnabled": True,
    }
    assert redrive == {
        "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:events-dead-letter-1a2b3c4",
        "maxReceiveCount": 5,
    }


def test_the_dead_letter_queue_keeps_messages_as_long_as_sqs_can(recording: Recording) -> None:
    assert recording["events-dead-letter"].inputs == {
        "messageRetentionSeconds": 14 * 24 * 60 * 60,
        "sqsManagedSseEnabled": True,
    }


def test_only_the_queue_may_use_the_dead_letter_queue(recording: Recording) -> None:
    assert recording["events-redrive-allow"].policy("redriveAllowPolicy") == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": ["arn:aws:sqs:eu-west-1:123456789012:events-1a2b3c4"],
    }


@pytest.mark.parametrize("queue", ["events", "events-dead-letter"])
def test_a_request_without_tls_is_denied(recording: Recording, queue: str) -> None:
    assert recording[f"{queue}-tls-only"].policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": [f"arn:aws:sqs:eu-west-1:123456789012:{queue}-1a2b3c4"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
