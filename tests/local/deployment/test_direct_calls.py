"""Calls without a connection, compared with the same calls over HTTP."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from local.deployment.cloud import Cloud

KEY = "a folder/ä+b%2Fc?d&e=f.json"  # everything that a URL encodes
BODY = bytes(range(256)) * 1000

EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.create_bucket("bucket")
        cloud.client("s3").put_object(Bucket="bucket", Key=KEY, Body=BODY, Metadata={"name": "value"})
        yield cloud


@pytest.fixture(scope="module")
def user(cloud: Cloud) -> Credentials:
    return cloud.create_user("user", EVERYTHING)


CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a body in pieces": ("s3", lambda s3: s3.get_object(Bucket="bucket", Key=KEY)),
    "headers alone": ("s3", lambda s3: s3.head_object(Bucket="bucket", Key=KEY)),
    "a query": ("s3", lambda s3: s3.list_objects_v2(Bucket="bucket", Prefix="a folder/ä+b%2F", MaxKeys=1)),
    "a file as body": ("s3", lambda s3: s3.put_object(Bucket="bucket", Key="f", Body=io.BytesIO(b"\0\xff"))),
    "no content": ("s3", lambda s3: s3.delete_object(Bucket="bucket", Key="absent")),
    "an error": ("s3", lambda s3: s3.get_object(Bucket="bucket", Key="absent")),
    "a form": ("sns", lambda sns: sns.create_topic(Name="topic", Attributes={"DisplayName": "ä*b~c d"})),
    "JSON": ("logs", lambda logs: logs.describe_log_groups(logGroupNamePrefix="ä")),
}


@pytest.mark.parametrize(("service", "call"), CALLS.values(), ids=CALLS)
def test_a_call_has_the_response_that_it_has_over_http(
    cloud: Cloud, user: Credentials, service: str, call: Callable[[Any], Any]
) -> None:
    over_http = boto3.client(
        service,
        region_name=cloud.region,
        endpoint_url=cloud.endpoint_url,
        aws_access_key_id=user.access_key,
        aws_secret_access_key=user.secret_key,
    )
    try:
        assert response(call, cloud.client_as(user, service)) == response(call, over_http)
    finally:
        over_http.close()


def response(call: Callable[[Any], Any], client: Any) -> Any:
    try:
        whole = call(client)
    except ClientError as error:
        whole = error.response
    metadata = whole.pop("ResponseMetadata")
    parts = {name: part.read() if isinstance(part, StreamingBody) else part for name, part in whole.items()}
    return metadata["HTTPStatusCode"], parts
