"""Buckets and their settings as moto has them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from local.deployment.cloud import Cloud
from local.deployment.resources import ResourceError, Resources

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


def test_the_outputs_of_a_bucket_are_what_moto_has(resources: Resources, cloud: Cloud) -> None:
    id_, outputs = resources.create(BUCKET, "bucket", {"tags": {"own": "1"}})

    tags = cloud.client("s3").get_bucket_tagging(Bucket=id_)["TagSet"]
    assert (outputs["bucket"], outputs["arn"]) == (id_, f"arn:aws:s3:::{id_}")
    assert tags == [{"Key": "project", "Value": "gtm-pixel"}, {"Key": "own", "Value": "1"}]


def test_a_bucket_is_in_the_region_of_the_cloud() -> None:
    with Cloud(region="eu-central-1") as cloud:
        id_, _ = Resources(cloud, api_url="", default_tags={}).create(BUCKET, "bucket", {})

        location = cloud.client("s3").get_bucket_location(Bucket=id_)["LocationConstraint"]

    assert location == "eu-central-1"


def test_public_access_is_blocked_as_declared(resources: Resources, cloud: Cloud, bucket: str) -> None:
    resources.create(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "private",
        {"bucket": bucket, "blockPublicAcls": True, "restrictPublicBuckets": True},
    )

    block = cloud.client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": True,
    }


def test_ownership_is_set(resources: Resources, cloud: Cloud, bucket: str) -> None:
    resources.create(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "ownership",
        {"bucket": bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    )

    controls = cloud.client("s3").get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_objects_are_encrypted(resources: Resources, cloud: Cloud, bucket: str) -> None:
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    resources.create(ENCRYPTION, "encryption", {"bucket": bucket, "rules": [rule]})

    found = cloud.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert found["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_objects_expire(resources: Resources, cloud: Cloud, bucket: str) -> None:
    rule = {
        "id": "expire",
        "status": "Enabled",
        "filter": {},
        "expiration": {"days": 395.0},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0},
    }
    resources.create(LIFECYCLE, "lifecycle", {"bucket": bucket, "rules": [rule]})

    assert cloud.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [
        {
            "ID": "expire",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": 395},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]


@pytest.mark.parametrize(
    ("type_", "rule", "path"),
    [
        (ENCRYPTION, {"blockedEncryptionTypes": []}, r"rules\.blockedEncryptionTypes"),
        (LIFECYCLE, {"transitions": []}, r"rules\.transitions"),
        (LIFECYCLE, {"filter": {"prefix": "events/"}}, r"rules\.filter\.prefix"),
    ],
)
def test_an_unknown_property_of_a_rule_is_refused_by_its_path(
    resources: Resources, bucket: str, type_: str, rule: Mapping[str, Any], path: str
) -> None:
    with pytest.raises(ResourceError, match=f"does not support its property {path}$"):
        resources.create(type_, "rules", {"bucket": bucket, "rules": [rule]})


def test_a_bucket_policy_is_set(resources: Resources, cloud: Cloud, bucket: str) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    resources.create("aws:s3/bucketPolicy:BucketPolicy", "policy", {"bucket": bucket, "policy": policy})

    assert cloud.client("s3").get_bucket_policy(Bucket=bucket)["Policy"] == policy
