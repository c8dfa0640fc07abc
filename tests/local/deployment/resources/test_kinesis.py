"""Delivery streams as moto has them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from local.deployment.cloud import Cloud
from local.deployment.resources import ResourceError, Resources

STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"


@pytest.fixture
def destination(bucket: str, make_role: Callable[..., str]) -> dict[str, Any]:
    return {
        "roleArn": make_role("delivery", service="firehose.amazonaws.com", allowed=[]),
        "bucketArn": f"arn:aws:s3:::{bucket}",
        "prefix": "events/",
        "errorOutputPrefix": "errors/",
        "bufferingInterval": 60.0,
        "bufferingSize": 64.0,
        "compressionFormat": "GZIP",
        "cloudwatchLoggingOptions": {"enabled": True, "logGroupName": "errors", "logStreamName": "delivery"},
    }


def test_a_delivery_stream_is_as_declared(
    resources: Resources, cloud: Cloud, destination: Mapping[str, Any]
) -> None:
    arn, outputs = resources.create(
        STREAM,
        "stream",
        {
            "destination": "extended_s3",
            "extendedS3Configuration": destination,
            "serverSideEncryption": {"enabled": True, "keyType": "AWS_OWNED_CMK"},
        },
    )

    description = cloud.client("firehose").describe_delivery_stream(DeliveryStreamName=outputs["name"])
    stream = description["DeliveryStreamDescription"]
    assert arn == outputs["arn"] == stream["DeliveryStreamARN"]
    assert stream["DeliveryStreamType"] == "DirectPut"
    assert stream["DeliveryStreamEncryptionConfiguration"] == {"KeyType": "AWS_OWNED_CMK"}
    assert stream["Destinations"][0]["ExtendedS3DestinationDescription"] == {
        "RoleARN": destination["roleArn"],
        "BucketARN": destination["bucketArn"],
        "Prefix": "events/",
        "ErrorOutputPrefix": "errors/",
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 64},
        "CompressionFormat": "GZIP",
        "CloudWatchLoggingOptions": {
            "Enabled": True,
            "LogGroupName": "errors",
            "LogStreamName": "delivery",
        },
    }


def test_a_delivery_stream_to_anything_but_a_bucket_is_refused(
    resources: Resources, destination: Mapping[str, Any]
) -> None:
    with pytest.raises(ResourceError, match=r"destination is 'redshift'; .* delivers to 'extended_s3' only"):
        resources.create(STREAM, "s", {"destination": "redshift", "extendedS3Configuration": destination})
