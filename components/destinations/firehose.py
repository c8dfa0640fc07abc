"""Amazon Data Firehose: a delivery stream that writes events to a bucket for analytics, and that bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm, simple
from components.destinations import ProvisionedDestination
from components.iam import allow, deny_insecure_transport, policy_document
from components.location import Location
from components.safeguards import NO_SAFEGUARDS, Safeguards
from components.service_role import create_service_role
from components.stack_metrics import of_delivery_stream
from contract.firehose import LONGEST_BUFFER_SECONDS

_DATE = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/"

EVENTS_PREFIX = f"events/{_DATE}"
"""Where events go, by the UTC day on which Firehose received an object's first record. Amazon Athena uses the
names as partitions (partition projection) and reads only the days that a query asks for."""

ERRORS_PREFIX = f"errors/!{{firehose:error-output-type}}/{_DATE}"
"""Where records go that Firehose could not deliver."""

BUFFER_MB = 64
"""Firehose writes an object once it holds this much, before compression (1 to 128 MB). Fewer, larger objects
make queries faster."""

DELIVERY_SECONDS = 600
"""How much longer than the buffer a delivery may take before it counts as late."""

UNFINISHED_UPLOAD_DAYS = 7
"""Days after which S3 deletes the parts of an incomplete upload, which are billed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseStreamArgs:
    # Longest time that records wait for an object to fill, in seconds (0 to 900).
    buffer_seconds: int

    # Days after which S3 deletes objects.
    retention_days: int

    # Days to keep the log of failed deliveries.
    log_retention_days: int

    safeguards: Safeguards = NO_SAFEGUARDS


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseArgs:
    """A delivery stream that gets one record for each event."""

    name: ClassVar[str] = "firehose"
    sdk_service: ClassVar[str] = "firehose"

    # The name of an existing stream, or the arguments of a new one.
    stream: str | FirehoseStreamArgs

    # application.app_id of each record.
    app_id: str

    def provision(
        self, name: str, location: Location, child: pulumi.ResourceOptions
    ) -> ProvisionedDestination:
        outputs: Mapping[str, pulumi.Input[str]] = {}
        if isinstance(self.stream, FirehoseStreamArgs):
            stream = FirehoseStream(name, self.stream, child, location=location)
            stream_name, stream_arn = stream.stream_name, stream.stream_arn
            outputs = {"event_bucket": stream.bucket_name}
        else:
            stream_name = pulumi.Output.from_input(self.stream)
            stream_arn = pulumi.Output.concat(
                *("arn:", location.partition, ":firehose:", location.region, ":", location.account_id),
                *(":deliverystream/", stream_name),
            )
        return ProvisionedDestination(
            statements=[allow("PutFirehoseRecords", ["firehose:PutRecordBatch"], stream_arn)],
            environment={"FIREHOSE_STREAM": stream_name, "FIREHOSE_APP_ID": self.app_id},
            outputs={"firehose_stream": stream_name, **outputs},
            alarms=_alarms(stream_name, self.stream),
        )


def _alarms(stream_name: pulumi.Output[str], stream: str | FirehoseStreamArgs) -> Sequence[Alarm]:
    """Events count as recorded once Firehose has them: only these show that they do not reach the bucket."""
    buffer_seconds = LONGEST_BUFFER_SECONDS if isinstance(stream, str) else stream.buffer_seconds
    longest_seconds = buffer_seconds + DELIVERY_SECONDS
    return [
        Alarm(
            key="firehose-delivery-age",
            means=(
                f"For a quarter of an hour events have waited for more than {longest_seconds} s in Firehose, "
                "which retries for 24 hours. They are not in the bucket."
            ),
            section="Nothing arrives",
            series=simple(of_delivery_stream(stream_name, "DeliveryToS3.DataFreshness"), "Maximum"),
            periods=3,
            threshold=longest_seconds,
        ),
        Alarm(
            key="firehose-throttled",
            means="For a quarter of an hour the stream was over its quota. The events are retried.",
            section="Latency is high",
            series=simple(of_delivery_stream(stream_name, "ThrottledRecords")),
            periods=3,
            threshold=0,
        ),
    ]


class FirehoseStream(pulumi.ComponentResource):
    """A delivery stream for direct puts, its role and log, and a private, encrypted bucket.

    `pulumi destroy` keeps the bucket and its configuration: the events stay private and expire on time. To
    remove them, empty and delete the bucket.
    """

    stream_arn: pulumi.Output[str]
    stream_name: pulumi.Output[str]
    bucket_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: FirehoseStreamArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        location: Location,
    ) -> None:
        super().__init__("gtm-pixel:index:FirehoseStream", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        key_arn = args.safeguards.kms_key_arn
        bucket = self._create_bucket(f"{name}-bucket", args.retention_days, key_arn)
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-errors", retention_in_days=args.log_retention_days, kms_key_id=key_arn, opts=child
        )
        log_stream = aws.cloudwatch.LogStream(
            f"{name}-errors-delivery", log_group_name=log_group.name, opts=child
        )
        # What Firehose needs for an S3 destination (developer guide), except for reading objects.
        writer = create_service_role(
            name,
            "firehose.amazonaws.com",
            [
                allow(
                    "FindBucket",
                    ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                    bucket.arn,
                ),
                allow(
                    "WriteObjects",
                    ["s3:AbortMultipartUpload", "s3:PutObject"],
                    pulumi.Output.concat(bucket.arn, "/*"),
                ),
                allow("WriteErrors", ["logs:PutLogEvents"], log_stream.arn),
                *args.safeguards.use_key("s3", location, _of_objects_in(bucket)),
            ],
            child,
            description="Lets Amazon Data Firehose write events to the bucket",
            safeguards=args.safeguards,
        )
        stream = aws.kinesis.FirehoseDeliveryStream(
            name,
            destination="extended_s3",
            extended_s3_configuration={
                "role_arn": writer.role.arn,
                "bucket_arn": bucket.arn,
                "prefix": EVENTS_PREFIX,
                "error_output_prefix": ERRORS_PREFIX,
                "buffering_interval": args.buffer_seconds,
                "buffering_size": BUFFER_MB,
                "compression_format": "GZIP",
                "cloudwatch_logging_options": {
                    "enabled": True,
                    "log_group_name": log_group.name,
                    "log_stream_name": log_stream.name,
                },
            },
            server_side_encryption=_stream_encryption(key_arn),
            # Firehose tests the role when it creates the stream.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[writer.policy]),
        )

        self.stream_arn = stream.arn
        self.stream_name = stream.name
        self.bucket_name = bucket.bucket
        self.register_outputs(
            {
                "stream_arn": self.stream_arn,
                "stream_name": self.stream_name,
                "bucket_name": self.bucket_name,
            }
        )

    def _create_bucket(self, name: str, retention_days: int, key_arn: str | None) -> aws.s3.Bucket:
        """Create a bucket that only this account can read and whose objects expire."""
        retained = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        bucket = aws.s3.Bucket(name, opts=retained)
        public_access_block = aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=retained,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=retained,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[_bucket_encryption(key_arn)],
            opts=retained,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {},
                    "expiration": {"days": retention_days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_UPLOAD_DAYS},
                }
            ],
            opts=retained,
        )
        aws.s3.BucketPolicy(
            f"{name}-tls-only",
            bucket=bucket.bucket,
            policy=policy_document(
                deny_insecure_transport("s3:*", bucket.arn, pulumi.Output.concat(bucket.arn, "/*"))
            ),
            # S3 refuses two concurrent changes of a bucket's access.
            opts=pulumi.ResourceOptions.merge(
                retained, pulumi.ResourceOptions(depends_on=[public_access_block])
            ),
        )
        return bucket


def _of_objects_in(bucket: aws.s3.Bucket) -> Mapping[str, object]:
    """The key may be used for this bucket. With a bucket key, S3 names the bucket and not the object."""
    return {
        "StringLike": {
            "kms:EncryptionContext:aws:s3:arn": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")]
        }
    }


def _stream_encryption(key_arn: str | None) -> aws.kinesis.FirehoseDeliveryStreamServerSideEncryptionArgsDict:
    if key_arn is None:
        return {"enabled": True, "key_type": "AWS_OWNED_CMK"}
    # Firehose makes itself a grant on the key, so the function that puts records needs none.
    return {"enabled": True, "key_type": "CUSTOMER_MANAGED_CMK", "key_arn": key_arn}


def _bucket_encryption(key_arn: str | None) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": key_arn,
        },
        # Fewer requests to AWS KMS.
        "bucket_key_enabled": True,
    }
