"""What Firehose registers, and what the event processor gets for it."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.destinations.firehose import FirehoseArgs, FirehoseStream, FirehoseStreamArgs
from components.location import current_location
from tests.components.destinations.provisioning import provisioned
from tests.recording import Recording, record

BUCKET = "stream-bucket-1a2b3c4"
BUCKET_ARN = f"arn:aws:s3:eu-west-1:123456789012:{BUCKET}"
ROLE_ARN = "arn:aws:iam:eu-west-1:123456789012:stream-role-1a2b3c4"

ARGS = FirehoseStreamArgs(buffer_seconds=60, retention_days=395, log_retention_days=30)
NEW_STREAM = FirehoseArgs(stream=ARGS, app_id="gtm-pixel-test")
EXISTING_STREAM = FirehoseArgs(stream="events", app_id="gtm-pixel-test")


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(lambda: FirehoseStream("stream", ARGS, location=current_location()))


def test_it_is_a_stream_with_its_role_and_log_and_a_bucket(recording: Recording) -> None:
    assert recording.names() == {
        "stream": "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
        "stream-role": "aws:iam/role:Role",
        "stream-policy": "aws:iam/rolePolicy:RolePolicy",
        "stream-errors": "aws:cloudwatch/logGroup:LogGroup",
        "stream-errors-delivery": "aws:cloudwatch/logStream:LogStream",
        "stream-bucket": "aws:s3/bucket:Bucket",
        "stream-bucket-private": "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "stream-bucket-ownership": "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "stream-bucket-encryption": (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
        ),
        "stream-bucket-lifecycle": "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "stream-bucket-tls-only": "aws:s3/bucketPolicy:BucketPolicy",
    }


def test_every_resource_belongs_to_the_component(recording: Recording) -> None:
    assert {resource.parent for resource in recording.resources[1:]} == {"stream"}


def test_the_stream_writes_compressed_objects_by_day(recording: Recording) -> None:
    assert recording["stream"].inputs == {
        "destination": "extended_s3",
        "extendedS3Configuration": {
            "roleArn": ROLE_ARN,
            "bucketArn": BUCKET_ARN,
            "prefix": "events/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/",
            "errorOutputPrefix": (
                "errors/!{firehose:error-output-type}"
                "/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/"
            ),
            "bufferingInterval": 60,
            "bufferingSize": 64,
            "compressionFormat": "GZIP",
            "cloudwatchLoggingOptions": {
                "enabled": True,
                "logGroupName": "stream-errors-1a2b3c4",
                "logStreamName": "stream-errors-delivery-1a2b3c4",
            },
        },
        "serverSideEncryption": {"enabled": True, "keyType": "AWS_OWNED_CMK"},
    }


def test_the_stream_waits_for_its_permissions(recording: Recording) -> None:
    assert "stream-policy" in recording["stream"].depends_on


def test_only_firehose_may_assume_the_role(recording: Recording) -> None:
    assert recording["stream-role"].policy("assumeRolePolicy")["Statement"] == [
        {
            "Sid": "AssumedByService",
            "Effect": "Allow",
            "Principal": {"Service": "firehose.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]


def test_the_role_may_write_to_the_bucket_and_the_log_and_nothing_else(recording: Recording) -> None:
    assert recording["stream-policy"].policy() == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FindBucket",
                "Effect": "Allow",
                "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                "Resource": [BUCKET_ARN],
            },
            {
                "Sid": "WriteObjects",
                "Effect": "Allow",
                "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
                "Resource": [f"{BUCKET_ARN}/*"],
            },
            {
                "Sid": "WriteErrors",
                "Effect": "Allow",
                "Action": ["logs:PutLogEvents"],
                "Resource": ["arn:aws:cloudwatch:eu-west-1:123456789012:stream-errors-delivery-1a2b3c4"],
            },
        ],
    }


def test_the_log_of_failed_deliveries_expires(recording: Recording) -> None:
    assert recording["stream-errors"].inputs == {"retentionInDays": 30}
    assert recording["stream-errors-delivery"].inputs == {"logGroupName": "stream-errors-1a2b3c4"}


class TestTheBucket:
    def test_nothing_in_it_can_be_public(self, recording: Recording) -> None:
        assert recording["stream-bucket-private"].inputs == {
            "bucket": BUCKET,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        }

    def test_access_is_by_policy_only(self, recording: Recording) -> None:
        assert recording["stream-bucket-ownership"].inputs == {
            "bucket": BUCKET,
            "rule": {"objectOwnership": "BucketOwnerEnforced"},
        }

    def test_it_is_encrypted(self, recording: Recording) -> None:
        assert recording["stream-bucket-encryption"].inputs == {
            "bucket": BUCKET,
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        }

    def test_events_and_incomplete_uploads_expire(self, recording: Recording) -> None:
        assert recording["stream-bucket-lifecycle"].inputs == {
            "bucket": BUCKET,
            "rules": [
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {},
                    "expiration": {"days": 395},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        }

    def test_a_request_without_tls_is_denied(self, recording: Recording) -> None:
        assert recording["stream-bucket-tls-only"].inputs["bucket"] == BUCKET
        assert recording["stream-bucket-tls-only"].policy() == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "DenyInsecureTransport",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [BUCKET_ARN, f"{BUCKET_ARN}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }

    def test_changes_of_its_access_are_in_sequence(self, recording: Recording) -> None:
        assert "stream-bucket-private" in recording["stream-bucket-tls-only"].depends_on

    def test_pulumi_destroy_keeps_it_with_its_configuration(self, recording: Recording) -> None:
        retained = {resource.name for resource in recording.resources if resource.retained}

        assert retained == {name for name in recording.names() if name.startswith("stream-bucket")}


class TestWhatTheProcessorGets:
    def test_an_existing_stream_needs_no_resources(self) -> None:
        recording, _ = provisioned(EXISTING_STREAM)

        assert recording.names() == {}

    def test_it_may_put_records_in_an_existing_stream_and_nothing_else(self) -> None:
        _, result = provisioned(EXISTING_STREAM, partition="aws-cn", region="cn-north-1")

        arn = "arn:aws-cn:firehose:cn-north-1:123456789012:deliverystream/events"
        assert result["statements"] == [put_records(arn)]

    def test_it_may_put_records_in_a_new_stream_and_nothing_else(self) -> None:
        recording, result = provisioned(NEW_STREAM)

        assert "processor-firehose" in recording.names()
        arn = "arn:aws:kinesis:eu-central-1:123456789012:processor-firehose-1a2b3c4"
        assert result["statements"] == [put_records(arn)]

    @pytest.mark.parametrize(
        ("destination", "stream"),
        [(EXISTING_STREAM, "events"), (NEW_STREAM, "processor-firehose-1a2b3c4")],
        ids=["existing", "new"],
    )
    def test_its_environment_names_stream_and_application(
        self, destination: FirehoseArgs, stream: str
    ) -> None:
        _, result = provisioned(destination)

        assert result["environment"] == {"FIREHOSE_STREAM": stream, "FIREHOSE_APP_ID": "gtm-pixel-test"}

    def test_the_stack_exports_an_existing_stream(self) -> None:
        _, result = provisioned(EXISTING_STREAM)

        assert result["outputs"] == {"firehose_stream": "events"}

    def test_the_stack_exports_a_new_stream_and_its_bucket(self) -> None:
        _, result = provisioned(NEW_STREAM)

        assert result["outputs"] == {
            "firehose_stream": "processor-firehose-1a2b3c4",
            "event_bucket": "processor-firehose-bucket-1a2b3c4",
        }


def put_records(arn: str) -> Mapping[str, Any]:
    return {
        "Sid": "PutFirehoseRecords",
        "Effect": "Allow",
        "Action": ["firehose:PutRecordBatch"],
        "Resource": [arn],
    }
