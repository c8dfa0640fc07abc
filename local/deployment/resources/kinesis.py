"""Amazon Data Firehose: delivery streams to Amazon S3."""

from typing import Any

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceError,
    ResourceType,
    as_pairs,
    autoname,
    changed,
    names,
    present,
)
from local.deployment.resources.tags import retag
from local.deployment.resources.target import Target


def _delivery_stream(target: Target, name: str, inputs: Properties) -> Created:
    if inputs["destination"] != "extended_s3":
        raise ResourceError(
            f"its destination is {inputs['destination']!r}; the local run delivers to 'extended_s3' only"
        )
    stream_name = inputs.get("name") or autoname(name)
    tags = target.tags(inputs)
    arn = target.client("firehose").create_delivery_stream(
        DeliveryStreamName=stream_name,
        DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration=_s3_destination(inputs["extendedS3Configuration"]),
        **present(
            Tags=as_pairs(tags),
            DeliveryStreamEncryptionConfigurationInput=_encryption(inputs),
        ),
    )["DeliveryStreamARN"]
    return arn, {**inputs, "name": stream_name, "arn": arn, "tagsAll": tags}


def _update_delivery_stream(target: Target, existing: Existing, inputs: Properties) -> None:
    firehose, name = target.client("firehose"), existing.outputs["name"]
    stream = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    if changed(existing, inputs, "extendedS3Configuration"):
        firehose.update_destination(
            DeliveryStreamName=name,
            CurrentDeliveryStreamVersionId=stream["VersionId"],
            DestinationId=stream["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=_s3_destination(inputs["extendedS3Configuration"]),
        )
    if changed(existing, inputs, "serverSideEncryption"):
        if encryption := _encryption(inputs):
            firehose.start_delivery_stream_encryption(
                DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput=encryption
            )
        else:
            firehose.stop_delivery_stream_encryption(DeliveryStreamName=name)


def _delete_delivery_stream(target: Target, existing: Existing) -> None:
    target.client("firehose").delete_delivery_stream(DeliveryStreamName=existing.outputs["name"])


def _encryption(inputs: Properties) -> dict[str, Any] | None:
    encryption = inputs.get("serverSideEncryption", {})
    if not encryption.get("enabled"):
        return None
    key_type = encryption.get("keyType", "AWS_OWNED_CMK")
    return {"KeyType": key_type, **present(KeyARN=encryption.get("keyArn"))}


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
        replaced_by=("name", "destination"),
        update=_update_delivery_stream,
        retag=retag("firehose", "DeliveryStreamName", "name", what="delivery_stream"),
        delete=_delete_delivery_stream,
    )
}
