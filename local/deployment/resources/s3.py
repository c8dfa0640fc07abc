"""Amazon S3: buckets and their settings.

The program retains them all, so nothing here is ever deleted.
"""

from collections.abc import Mapping
from typing import Any

from local.deployment.resources.declaration import (
    Allowed,
    Created,
    Properties,
    ResourceType,
    as_pairs,
    autoname,
    names,
    present,
    refuse_unknown,
)
from local.deployment.resources.target import Target

_PUBLIC_ACCESS_BLOCK = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}

_ENCRYPTION_RULE: Allowed = {
    "applyServerSideEncryptionByDefault": names("sseAlgorithm", "kmsMasterKeyId"),
    "bucketKeyEnabled": None,
}

_LIFECYCLE_RULE: Allowed = {
    **names("id", "status"),
    "filter": {},  # every object
    "expiration": names("days"),
    "abortIncompleteMultipartUpload": names("daysAfterInitiation"),
}


def _bucket(target: Target, name: str, inputs: Properties) -> Created:
    bucket = inputs.get("bucket") or autoname(name)
    arn = target.cloud.create_bucket(bucket, client=target.client("s3"))
    tags = target.tags(inputs)
    if tags:
        _tag(target, bucket, tags)
    outputs = {"bucket": bucket, "arn": arn, "tagsAll": tags, "region": target.cloud.region}
    return bucket, {**inputs, **outputs}


def _tag(target: Target, bucket: str, tags: Mapping[str, str]) -> None:
    target.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": as_pairs(tags)})


def _check_permission(target: Target, action: str, bucket: str) -> None:
    """For what moto takes for the creation of a bucket."""
    target.check_permission(f"s3:{action}", f"arn:{target.cloud.partition}:s3:::{bucket}")


def _public_access_block(target: Target, _: str, inputs: Properties) -> Created:
    _check_permission(target, "PutBucketPublicAccessBlock", inputs["bucket"])
    target.client("s3").put_public_access_block(
        Bucket=inputs["bucket"],
        PublicAccessBlockConfiguration={
            parameter: inputs.get(key, False) for key, parameter in _PUBLIC_ACCESS_BLOCK.items()
        },
    )
    return inputs["bucket"], dict(inputs)


def _ownership_controls(target: Target, _: str, inputs: Properties) -> Created:
    _check_permission(target, "PutBucketOwnershipControls", inputs["bucket"])
    rule = {"ObjectOwnership": inputs["rule"]["objectOwnership"]}
    target.client("s3").put_bucket_ownership_controls(
        Bucket=inputs["bucket"], OwnershipControls={"Rules": [rule]}
    )
    return inputs["bucket"], dict(inputs)


def _encryption(target: Target, _: str, inputs: Properties) -> Created:
    _check_permission(target, "PutEncryptionConfiguration", inputs["bucket"])
    (rule,) = inputs["rules"]
    refuse_unknown(rule, _ENCRYPTION_RULE, "rules.")
    given = rule["applyServerSideEncryptionByDefault"]
    default = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": given["sseAlgorithm"],
            **present(KMSMasterKeyID=given.get("kmsMasterKeyId")),
        },
        "BucketKeyEnabled": rule.get("bucketKeyEnabled", False),
    }
    target.client("s3").put_bucket_encryption(
        Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": [default]}
    )
    return inputs["bucket"], dict(inputs)


def _lifecycle(target: Target, _: str, inputs: Properties) -> Created:
    target.client("s3").put_bucket_lifecycle_configuration(
        Bucket=inputs["bucket"],
        LifecycleConfiguration={"Rules": [_lifecycle_rule(rule) for rule in inputs["rules"]]},
    )
    return inputs["bucket"], dict(inputs)


def _lifecycle_rule(rule: Properties) -> dict[str, Any]:
    refuse_unknown(rule, _LIFECYCLE_RULE, "rules.")
    uploads = rule.get("abortIncompleteMultipartUpload", {}).get("daysAfterInitiation")
    days = rule.get("expiration", {}).get("days")
    return {
        "Status": rule["status"],
        "Filter": {"Prefix": ""},
        **present(
            ID=rule.get("id"),
            Expiration=days and {"Days": int(days)},
            AbortIncompleteMultipartUpload=uploads and {"DaysAfterInitiation": int(uploads)},
        ),
    }


def _bucket_policy(target: Target, _: str, inputs: Properties) -> Created:
    target.client("s3").put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])
    return inputs["bucket"], dict(inputs)


RESOURCES = {
    "Bucket": ResourceType(
        _bucket,
        names("bucket", "tags"),
        replaced_by=("bucket",),
        retag=lambda target, existing, tags: _tag(target, existing.id, tags),
    ),
    "BucketPublicAccessBlock": ResourceType(
        _public_access_block, names("bucket", *_PUBLIC_ACCESS_BLOCK), replaced_by=("bucket",)
    ),
    "BucketOwnershipControls": ResourceType(
        _ownership_controls, {**names("bucket"), "rule": names("objectOwnership")}, replaced_by=("bucket",)
    ),
    "BucketServerSideEncryptionConfiguration": ResourceType(
        _encryption, names("bucket", "rules"), replaced_by=("bucket",)
    ),
    "BucketLifecycleConfiguration": ResourceType(
        _lifecycle, names("bucket", "rules"), replaced_by=("bucket",)
    ),
    "BucketPolicy": ResourceType(_bucket_policy, names("bucket", "policy"), replaced_by=("bucket",)),
}
