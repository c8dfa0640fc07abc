"""Delivery streams for tests, as the component declares them, without the rest of the program."""

import json
from collections.abc import Sequence
from typing import Any

from components.destinations.firehose import ERRORS_PREFIX, EVENTS_PREFIX
from local.deployment.cloud import Cloud

STREAM = "stream"
BUCKET = "event-bucket"


def create_delivery_stream(
    cloud: Cloud,
    *,
    trusted: str = "firehose.amazonaws.com",
    allowed: Sequence[tuple[str, str]] = (("s3:PutObject", f"arn:aws:s3:::{BUCKET}/*"),),
    **configuration: Any,
) -> str:
    """Create a stream with a bucket and a role that may do `allowed` (action, resource). Returns its ARN."""
    bucket_arn = cloud.create_bucket(BUCKET)
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="delivery", AssumeRolePolicyDocument=_document(trust))["Role"]
    statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in allowed]
    if statements:
        iam.put_role_policy(RoleName="delivery", PolicyName="policy", PolicyDocument=_document(*statements))
    stream = cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=STREAM,
        DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration={
            "RoleARN": role["Arn"],
            "BucketARN": bucket_arn,
            "Prefix": EVENTS_PREFIX,
            "ErrorOutputPrefix": ERRORS_PREFIX,
            "CompressionFormat": "GZIP",
            **configuration,
        },
    )
    return stream["DeliveryStreamARN"]


def keys_of(cloud: Cloud) -> list[str]:
    """The keys of all objects in the bucket."""
    listed = cloud.client("s3").list_objects_v2(Bucket=BUCKET)
    return [one["Key"] for one in listed.get("Contents", [])]


def _document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
