"""The delivery stream that writes events to a bucket for analytics, and that bucket."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.iam import allow, deny_insecure_transport, policy_document
from components.service_role import create_service_role

_DATE = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/"

EVENTS_PREFIX = f"events/{_DATE}"
"""Where events are, by the UTC day on which Firehose received the first one of the object. The names in it
are partitions to Amazon Athena (partition projection), which then reads only the days that a query names."""

ERRORS_PREFIX = f"errors/!{{firehose:error-output-type}}/{_DATE}"
"""Where records are that Firehose could not deliver as they came."""

BUFFER_MB = 64
"""Records that Firehose gathers before it writes an object, before compression (1 to 128 MB): fewer and
larger objects make queries quicker."""

UNFINISHED_UPLOAD_DAYS = 7
"""Days after which the parts of an upload that was never completed, which are billed, are deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseStreamArgs:
    # Longest time that records wait for an object to fill, in seconds (0 to 900).
    buffer_seconds: int

    # Days after which objects are deleted.
    retention_days: int

    # Days that the log of failed deliveries is kept.
    log_retention_days: int


class FirehoseStream(pulumi.ComponentResource):
    """A delivery stream with direct puts, its role and its log, and a private, encrypted bucket.

    `pulumi destroy` leaves the bucket with everything that is set on it: the events stay private, and
    expire as they would have. Who wants them gone empties and deletes the bucket.
    """

    stream_arn: pulumi.Output[str]
    stream_name: pulumi.Output[str]
    bucket_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: FirehoseStreamArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gtm-pixel:index:FirehoseStream", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        bucket = self._create_bucket(f"{name}-bucket", args.retention_days)
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-errors", retention_in_days=args.log_retention_days, opts=child
        )
        log_stream = aws.cloudwatch.LogStream(
            f"{name}-errors-delivery", log_group_name=log_group.name, opts=child
        )
        # What Firehose needs for an S3 destination, by its developer guide, without reading objects.
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
            ],
            child,
            description="Amazon Data Firehose writes events to the bucket",
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
            server_side_encryption={"enabled": True, "key_type": "AWS_OWNED_CMK"},
            # Firehose tries the role when the stream is created.
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

    def _create_bucket(self, name: str, retention_days: int) -> aws.s3.Bucket:
        """Create a bucket that nobody outside the account reads, and that forgets."""
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
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
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
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions.merge(
                retained, pulumi.ResourceOptions(depends_on=[public_access_block])
            ),
        )
        return bucket
