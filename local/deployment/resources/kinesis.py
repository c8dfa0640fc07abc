"""Amazon Data Firehose: delivery streams to Amazon S3."""

from typing import Any

from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceError,
    ResourceType,
    as_pairs,
    autoname,
    names,
    present,
)
from local.deployment.resources.target import Target


def _delivery_stream(target: Target, name: str, inputs: Properties) -> Created:
    if inputs["destination"] != "extended_s3":
        raise ResourceError(
            f"its destination is {inputs['destination']!r}; the local run delivers to 'extended_s3' only"
        )
    stream_name = inputs.get("name") or autoname(name)
    encryption = inputs.get("serverSideEncryption", {})
    tags = target.tags(inputs)
    arn = target.client("firehose").create_delivery_stream(
        DeliveryStreamName=stream_name,
        DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration=_s3_destination(inputs["extendedS3Configuration"]),
        **present(
            Tags=as_pairs(tags),
            DeliveryStreamEncryptionConfigurationInput=(
                {
                    "KeyType": encryption.get("keyType", "AWS_OWNED_CMK"),
                    **present(KeyARN=encryption.get("keyArn")),
                }
                if encryption.get("enabled")
                else None
            ),
        ),
    )["DeliveryStreamARN"]
    return arn, {**inputs, "name": stream_name, "arn": arn, "tagsAll": tags}


def _s3_destination(configuration: Properties) -> dict[str, Any]:
    """A destination as CreateDeliveryStream takes it, with its defaults."""
    logging = configuration.get("cloudwatchLoggingOptions", {})
    return {
        "RoleARN": configuration["roleArn"],
        "BucketARN": configuration["bucketArn"],
        "BufferingHints": {
            "IntervalInSeconds": int(configuration.get("bufferingInterval", 300)),
            "SizeInMBs": int(configuration.get("bufferingSize", 5)),
        },
        "CompressionFormat": configuration.get("compressionFormat", "UNCOMPRESSED"),
        "CloudWatchLoggingOptions": {
            "Enabled": logging.get("enabled", False),
            **present(LogGroupName=logging.get("logGroupName"), LogStreamName=logging.get("logStreamName")),
        },
        **present(
            Prefix=configuration.get("prefix"), ErrorOutputPrefix=configuration.get("errorOutputPrefix")
        ),
    }


RESOURCES = {
    "FirehoseDeliveryStream": ResourceType(
        _delivery_stream,
        {
            **names("name", "destination", "tags"),
            "extendedS3Configuration": {
                **names("roleArn", "bucketArn", "prefix", "errorOutputPrefix", "bufferingInterval"),
                **names("bufferingSize", "compressionFormat"),
                "cloudwatchLoggingOptions": names("enabled", "logGroupName", "logStreamName"),
            },
            "serverSideEncryption": names("enabled", "keyType", "keyArn"),
        },
    )
}
