"""The account of the local run: isolated from the developer's own, and as strict as AWS about IAM."""

import inspect
import os
import sys
import time
from collections.abc import Callable
from urllib.parse import unquote_plus

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.httpsession import URLLib3Session
from moto.sqs.models import sqs_backends

from local.deployment.cloud import AssumeRoleDenied, Cloud, error_code
from tests.delivery_streams import STREAM, create_delivery_stream

LAMBDA = "lambda.amazonaws.com"


def test_inherited_aws_settings_are_hidden_while_it_runs_and_back_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a real key")
    with Cloud():
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_SECRET_ACCESS_KEY"] != "a real key"
    assert os.environ["AWS_PROFILE"] == "production"
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "a real key"


def test_a_website_can_neither_read_nor_reset_the_account() -> None:
    with Cloud() as cloud:
        for method, path, headers in (
            ("GET", "/", {"Origin": "https://shop.example"}),
            ("POST", "/moto-api/reset", {}),
            ("GET", "/moto-api/data.json", {}),
        ):
            request = AWSRequest(method, cloud.endpoint_url + path, headers=headers).prepare()
            response = URLLib3Session().send(request)
            assert response.status_code == 403
            assert "Access-Control-Allow-Origin" not in response.headers


def test_a_second_cloud_starts_empty() -> None:
    with Cloud() as first:
        first.client("sqs").create_queue(QueueName="left-over")
    with Cloud() as second:
        assert "QueueUrls" not in second.client("sqs").list_queues()


def test_a_client_of_a_cloud_that_stopped_does_not_reach_the_next_one() -> None:
    with Cloud() as former:
        sqs = former.client("sqs")
    with Cloud(), pytest.raises(ConnectionClosedError):
        sqs.create_queue(QueueName="queue")


def test_moto_is_afterwards_as_it_was_before() -> None:
    with Cloud() as cloud:  # imports what it needs
        create_delivery_stream(cloud)
    before = code_of_moto()

    with Cloud() as cloud:
        create_delivery_stream(cloud)
        during = code_of_moto()

    assert during != before
    assert code_of_moto() == before


def code_of_moto() -> dict[tuple[str, str, str], int]:
    """Every function and class that is an attribute of a module or class of moto, by its place."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "moto"]
    classes = [value for module in modules for value in vars(module).values() if inspect.isclass(value)]
    return {
        (owner.__module__ if inspect.isclass(owner) else "", owner.__name__, name): id(value)
        for owner in (*modules, *classes)
        for name, value in vars(owner).items()
        if callable(value) or isinstance(value, staticmethod | classmethod | property)
    }


def test_two_clouds_at_once_are_refused(cloud: Cloud) -> None:
    with pytest.raises(RuntimeError, match="another Cloud runs"), Cloud(region=cloud.region):
        pass


def test_region_decides_the_partition() -> None:
    with Cloud(region="cn-north-1") as cloud:
        assert (cloud.partition, cloud.dns_suffix) == ("aws-cn", "amazonaws.com.cn")


def test_the_administrator_may_read_paths_with_parameters(cloud: Cloud) -> None:
    apigateway = cloud.client("apigateway")
    api = apigateway.create_rest_api(name="api")
    assert apigateway.get_resources(restApiId=api["id"])["items"][0]["path"] == "/"


def test_a_request_with_a_wrong_secret_is_refused(cloud: Cloud, make_role: Callable[..., str]) -> None:
    credentials = cloud.assume_role(make_role("role", allowed=[("sqs:*", "*")]), service=LAMBDA)
    credentials.secret_key = "made up"
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        cloud.client_as(credentials, "sqs").list_queues()


@pytest.mark.parametrize("written", ["a*b~c+d", "a%2Ab%7Ec%20d", "%61"])
def test_a_form_is_accepted_as_it_was_signed_and_no_other(
    cloud: Cloud, make_role: Callable[..., str], written: str
) -> None:
    queue = cloud.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    credentials = cloud.assume_role(make_role("role", allowed=[("sqs:*", "*")]), service=LAMBDA)
    form = f"Action=SendMessage&Version=2012-11-05&MessageBody={written}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    signed = AWSRequest("POST", queue, headers=headers, data=form.encode())
    SigV4Auth(credentials, "sqs", cloud.region).add_auth(signed)

    def status(body: str) -> int:
        request = AWSRequest("POST", queue, headers=dict(signed.headers.items()), data=body.encode())
        return URLLib3Session().send(request.prepare()).status_code

    assert status(form + "x") == 403
    assert status(form.replace("MessageBody=", "MessageBody=%")) == 403
    assert status(form) == 200
    (message,) = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert message["Body"] == unquote_plus(written)


def test_a_role_may_do_what_its_policy_says_and_no_more(cloud: Cloud, make_role: Callable[..., str]) -> None:
    mine, other = (cloud.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("mine", "other"))
    role = make_role("role", allowed=[("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{cloud.account_id}:mine")])
    sqs = cloud.client_as(cloud.assume_role(role, service=LAMBDA), "sqs")

    sqs.send_message(QueueUrl=mine, MessageBody="body")

    assert (
        refusal(lambda: sqs.send_message(QueueUrl=other, MessageBody="body")) == "AccessDenied (SendMessage)"
    )
    assert refusal(lambda: sqs.receive_message(QueueUrl=mine)) == "AccessDenied (ReceiveMessage)"


def test_permission_for_a_single_sqs_call_covers_its_batch_call(
    cloud: Cloud, make_role: Callable[..., str]
) -> None:
    url = cloud.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    sqs = cloud.client_as(
        cloud.assume_role(make_role("role", allowed=[("sqs:SendMessage", "*")]), service=LAMBDA), "sqs"
    )
    response = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "body"}])
    assert [entry["Id"] for entry in response["Successful"]] == ["1"]


def test_log_permissions_are_checked_against_the_log_group(
    cloud: Cloud, make_role: Callable[..., str]
) -> None:
    for name in ("mine", "other"):
        cloud.client("logs").create_log_group(logGroupName=name)
    arn = f"arn:aws:logs:us-east-1:{cloud.account_id}:log-group:mine:*"
    role = make_role("role", allowed=[("logs:CreateLogStream", arn), ("logs:PutLogEvents", arn)])
    logs = cloud.client_as(cloud.assume_role(role, service=LAMBDA), "logs")

    logs.create_log_stream(logGroupName="mine", logStreamName="stream")
    logs.put_log_events(
        logGroupName="mine", logStreamName="stream", logEvents=[{"timestamp": 1, "message": "line"}]
    )

    other = {"logGroupName": "other", "logStreamName": "stream"}
    assert refusal(lambda: logs.create_log_stream(**other)) == "AccessDenied (CreateLogStream)"


def test_putting_records_is_checked_against_the_delivery_stream(
    cloud: Cloud, make_role: Callable[..., str]
) -> None:
    mine = create_delivery_stream(cloud)
    role = make_role("role", allowed=[("firehose:PutRecordBatch", mine)])
    firehose = cloud.client_as(cloud.assume_role(role, service=LAMBDA), "firehose")
    records = [{"Data": b"{}\n"}]

    firehose.put_record_batch(DeliveryStreamName=STREAM, Records=records)

    other = {"DeliveryStreamName": f"{STREAM}-2", "Records": records}
    assert refusal(lambda: firehose.put_record_batch(**other)) == "AccessDenied (PutRecordBatch)"


def test_a_message_past_its_retention_is_not_received(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    attributes = {"MessageRetentionPeriod": "60"}
    url = sqs.create_queue(QueueName="queue", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="body")
    (message,) = sqs_backends[cloud.account_id][cloud.region].get_queue("queue").messages
    message.sent_timestamp = int(time.time() - 61) * 1000
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_role_that_does_not_exist_cannot_be_assumed(cloud: Cloud) -> None:
    with pytest.raises(AssumeRoleDenied, match="there is no role"):
        cloud.assume_role(f"arn:aws:iam::{cloud.account_id}:role/none", service=LAMBDA)


def test_a_service_may_assume_a_role_only_if_the_role_trusts_it(
    cloud: Cloud, make_role: Callable[..., str]
) -> None:
    role = make_role("role", service=LAMBDA, allowed=[])
    assert cloud.assume_role(role, service=LAMBDA).token
    with pytest.raises(AssumeRoleDenied, match=r"does not let firehose\.amazonaws\.com assume it"):
        cloud.assume_role(role, service="firehose.amazonaws.com")


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    return error_code(raised.value)
