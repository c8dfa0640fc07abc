"""Creating declared resources in moto: what is refused, and what is read back."""

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from local.deployment.cloud import Cloud
from local.deployment.resources import ResourceError, Resources

QUEUE = "aws:sqs/queue:Queue"
STACK = "aws:cloudformation/stack:Stack"
BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
FUNCTION = "aws:lambda/function:Function"
SOURCE = "aws:lambda/eventSourceMapping:EventSourceMapping"


@pytest.fixture
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud, api_url="http://127.0.0.1:8080", default_tags={"project": "gtm-pixel"})


@pytest.fixture
def function(make_role: Callable[..., str], tmp_path: Path) -> Mapping[str, Any]:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", "")
    role = make_role("function-role", allowed=[])
    code = pulumi.FileArchive(str(archive))
    return {"role": role, "runtime": "python3.13", "handler": "index.handler", "code": code, "timeout": 60}


def test_an_unknown_type_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"does not know the resource type aws:sns/topic:Topic \(t\)"):
        resources.create("aws:sns/topic:Topic", "t", {})


def test_an_unknown_property_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"aws:sqs/queue:Queue q: .* support its property fifoQueue"):
        resources.create(QUEUE, "q", {"fifoQueue": True})


def test_an_unknown_property_inside_another_is_refused_by_its_path(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    with pytest.raises(ResourceError, match=r"its property loggingConfig\.applicationLogLevel"):
        resources.create(FUNCTION, "f", {**function, "loggingConfig": {"applicationLogLevel": "INFO"}})


def test_an_unknown_function_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(ResourceError, match="does not know the function aws:index/getAmi:getAmi"):
        resources.invoke("aws:index/getAmi:getAmi", {})


def test_an_answer_of_moto_that_refuses_is_one_line(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"^aws:iam/rolePolicy:RolePolicy p: [^\n]*none[^\n]*$"):
        resources.create("aws:iam/rolePolicy:RolePolicy", "p", {"role": "none", "policy": "{}"})


def test_names_are_made_as_pulumi_makes_them(resources: Resources) -> None:
    _, first = resources.create(QUEUE, "events", {})
    _, second = resources.create(QUEUE, "events", {})
    assert re.fullmatch(r"events-[0-9a-f]{7}", first["name"])
    assert first["name"] != second["name"]


def test_what_a_queue_answers_is_what_moto_has(resources: Resources, cloud: Cloud) -> None:
    id_, outputs = resources.create(
        QUEUE, "q", {"visibilityTimeoutSeconds": 360.0, "sqsManagedSseEnabled": True}
    )
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])["Attributes"]
    assert (outputs["url"], outputs["arn"]) == (id_, attributes["QueueArn"])
    assert (attributes["VisibilityTimeout"], attributes["SqsManagedSseEnabled"]) == ("360", "true")


def test_default_tags_are_on_a_resource_beside_its_own(resources: Resources, cloud: Cloud) -> None:
    url, _ = resources.create(QUEUE, "q", {"tags": {"own": "1"}})
    assert cloud.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"project": "gtm-pixel", "own": "1"}


def test_account_region_and_partition_are_those_of_the_cloud(resources: Resources, cloud: Cloud) -> None:
    answers = [
        resources.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"],
        resources.invoke("aws:index/getRegion:getRegion", {})["region"],
        resources.invoke("aws:index/getPartition:getPartition", {})["partition"],
    ]
    assert answers == [cloud.account_id, cloud.region, "aws"]


def test_more_than_four_kilobytes_of_environment_are_refused(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    with pytest.raises(ResourceError, match="4 KB"):
        resources.create(FUNCTION, "f", {**function, "environment": {"variables": {"A": "x" * 4096}}})


def test_code_that_is_not_there_is_refused(resources: Resources, function: Mapping[str, Any]) -> None:
    with pytest.raises(ResourceError, match="FileArchive of a zip file that exists"):
        resources.create(FUNCTION, "f", {**function, "code": pulumi.FileArchive("missing.zip")})


def test_a_queue_that_shows_messages_again_too_soon_is_refused_as_event_source(
    resources: Resources, function: Mapping[str, Any]
) -> None:
    _, queue = resources.create(QUEUE, "q", {"visibilityTimeoutSeconds": 59})
    name, _ = resources.create(FUNCTION, "f", function)
    with pytest.raises(ResourceError, match=r"visibility timeout: 59 seconds is less than .* 60 seconds"):
        resources.create(SOURCE, "s", {"eventSourceArn": queue["arn"], "functionName": name})


def test_a_permission_is_in_the_functions_policy(
    resources: Resources, function: Mapping[str, Any], cloud: Cloud
) -> None:
    name, outputs = resources.create(FUNCTION, "f", function)
    source = "arn:aws:execute-api:us-east-1:123456789012:api/authorizers/*"
    who = {"action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com", "sourceArn": source}

    resources.create("aws:lambda/permission:Permission", "p", {"function": name, **who})

    (statement,) = json.loads(cloud.client("lambda").get_policy(FunctionName=name)["Policy"])["Statement"]
    assert re.fullmatch(r"p-[0-9a-f]{7}", statement.pop("Sid"))
    assert statement.pop("FunctionName", name) == name
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": outputs["arn"],
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }


@pytest.mark.parametrize(("declared", "enabled"), [({}, True), ({"enabled": False}, False)])
def test_a_mapping_is_disabled_in_moto_and_kept_as_declared(
    resources: Resources,
    function: Mapping[str, Any],
    cloud: Cloud,
    declared: Mapping[str, Any],
    enabled: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    _, queue = resources.create(QUEUE, "q", {"visibilityTimeoutSeconds": 360})
    name, _ = resources.create(FUNCTION, "f", function)

    id_, _ = resources.create(SOURCE, "s", {"eventSourceArn": queue["arn"], "functionName": name, **declared})

    assert cloud.client("lambda").get_event_source_mapping(UUID=id_)["State"] == "Disabled"
    assert [source.enabled for source in resources.event_sources] == [enabled]


# ---- CloudFormation -----------------------------------------------------------------------------------


def template(*, type_: str = "AWS::CustomerProfiles::Domain", **more: Any) -> str:
    domain = {"DomainName": "amazon-connect-example", "DefaultExpirationDays": 366}
    return json.dumps({"Resources": {"Domain": {"Type": type_, "Properties": domain}}, **more})


def test_a_stack_is_there(resources: Resources, cloud: Cloud) -> None:
    id_, outputs = resources.create(STACK, "profiles", {"templateBody": template(), "onFailure": "DELETE"})

    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=outputs["name"])["Stacks"]
    assert (stack["StackId"], stack["StackStatus"]) == (id_, "CREATE_COMPLETE")
    assert outputs["outputs"] == {}


def test_a_template_is_kept_for_the_fake(resources: Resources) -> None:
    resources.create(STACK, "profiles", {"templateBody": template()})

    assert resources.templates == [json.loads(template())]


def test_a_template_with_resources_that_nobody_makes_is_refused(resources: Resources) -> None:
    with pytest.raises(ResourceError, match=r"does not know the resource type AWS::SNS::Topic \(Domain\)"):
        resources.create(STACK, "profiles", {"templateBody": template(type_="AWS::SNS::Topic")})


def test_a_template_with_outputs_is_refused(resources: Resources) -> None:
    with pytest.raises(ResourceError, match="does not work out the outputs of a template"):
        resources.create(
            STACK, "profiles", {"templateBody": template(Outputs={"Name": {"Value": {"Ref": "Domain"}}})}
        )


# ---- Buckets and delivery streams ---------------------------------------------------------------------


@pytest.fixture
def bucket(resources: Resources) -> str:
    return resources.create(BUCKET, "bucket", {})[0]


def test_what_a_bucket_answers_is_what_moto_has(resources: Resources, cloud: Cloud) -> None:
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
        (ENCRYPTION, {"bucketKeyEnabled": True}, r"rules\.bucketKeyEnabled"),
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


def test_a_log_stream_is_in_its_group(resources: Resources, cloud: Cloud) -> None:
    group, _ = resources.create("aws:cloudwatch/logGroup:LogGroup", "errors", {})

    id_, outputs = resources.create("aws:cloudwatch/logStream:LogStream", "delivery", {"logGroupName": group})

    (stream,) = cloud.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert (outputs["name"], outputs["arn"]) == (id_, stream["arn"])


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
    with pytest.raises(ResourceError, match="delivers to extended_s3 only"):
        resources.create(STREAM, "s", {"destination": "redshift", "extendedS3Configuration": destination})
