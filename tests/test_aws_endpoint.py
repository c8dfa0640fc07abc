"""The AWS command line on a local run, as the operator of policies/operator.json."""

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError

from local.run import LocalRun
from tests.aws_cli import HIGH_LEVEL, parameters_of, words_of
from tests.patience import eventually
from tests.runs import AT_ONCE, Runs, log_lines, new_endpoint, recorded, send
from tests.test_docs_commands import AWS

CLI = shutil.which("aws")

# Commands that an operator may not use: they set something up, try it out, or delete it for good.
OF_AN_ADMINISTRATOR = (
    *("cognito-idp create-user-pool", "iam create-policy", "events put-rule"),
    *("cloudwatch set-alarm-state", "sns list-subscriptions-by-topic"),
    *("customer-profiles delete-", "sqs delete-queue", "s3 rb"),
)

# moto has no such operation.
NOT_IN_MOTO = ("lambda get-account-settings", "lambda get-function-recursion-config")


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared(*AT_ONCE, stack="dev")


@pytest.fixture
def variables(run: LocalRun) -> Mapping[str, str]:
    """What the page shows, which is what `make local` prints."""
    with urllib.request.urlopen(f"{run.url}/aws") as response:
        found = json.load(response)["variables"]
    assert found == run.aws_variables
    return found


def client(service: str, variables: Mapping[str, str]) -> Any:
    """A client that knows nothing but the variables."""
    session = Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_REGION"],
    )
    return session.client(service, endpoint_url=variables["AWS_ENDPOINT_URL"])


def call(command: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """Do what an `aws` command does, with boto3."""
    _, service, name, *words = words_of(command)
    if (service, name) == ("logs", "tail"):
        return client("logs", variables).filter_log_events(logGroupName=words[0])
    if (service, name) == ("s3", "ls"):
        bucket, _, prefix = words[-1].removeprefix("s3://").partition("/")
        return client("s3", variables).list_objects_v2(Bucket=bucket, Prefix=prefix)
    operation, parameters = parameters_of(command)
    method = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", operation.name).lower()
    return getattr(client(service, variables), method)(**parameters)


def filled_in(command: str, run: LocalRun) -> str:
    """A command of the documents, for this run: the shell's part of it."""
    for option, output in (("source", "dead_letter_queue_url"), ("destination", "queue_url")):
        command = command.replace(f"--{option}-arn …", f'--{option}-arn "$(arn {output})"')
    command = re.sub(r'"\$\(arn (\w+)\)"', lambda found: arn(run, found[1]), command)
    command = re.sub(r"\$\(pulumi stack output \"?(\w+)\"?\)", lambda found: run.outputs[found[1]], command)
    return re.sub(
        r"(?<=--domain-name )[\w-]+$|amazon-connect-example|(?<=--domain-name )NAME",
        run.outputs["customer_profiles_domain"],
        command,
    )


def arn(run: LocalRun, output: str) -> str:
    name = run.outputs[output].rpartition("/")[2]
    return f"arn:aws:sqs:{run.cloud.region}:{run.cloud.account_id}:{name}"


def operators_commands() -> Iterator[str]:
    for command in AWS:
        is_named_only = "--" not in command and tuple(command.split()[1:3]) not in HIGH_LEVEL
        others = OF_AN_ADMINISTRATOR + NOT_IN_MOTO
        if not is_named_only and not command.startswith(tuple(f"aws {other}" for other in others)):
            yield command


def test_the_documents_have_commands_for_an_operator() -> None:
    found = " ".join(operators_commands())
    for name in (
        "logs tail",
        "sqs receive-message",
        "sqs start-message-move-task",
        "search-profiles",
        "s3 ls",
    ):
        assert name in found


@pytest.mark.parametrize("command", list(operators_commands()))
def test_a_command_of_the_documents_works_on_a_local_run(
    command: str, run: LocalRun, variables: Mapping[str, str]
) -> None:
    recorded(run)

    call(filled_in(command, run), variables)


@pytest.mark.parametrize(
    "command",
    [
        'aws sqs delete-queue --queue-url "$(pulumi stack output dead_letter_queue_url)"',
        'aws sqs receive-message --queue-url "$(pulumi stack output queue_url)"',
        'aws lambda delete-function --function-name "$(pulumi stack output function_name)"',
        'aws logs delete-log-group --log-group-name "$(pulumi stack output log_group)"',
        'aws iam list-users',
        'aws cloudwatch delete-alarms --alarm-names all',
        'aws customer-profiles update-profile --domain-name amazon-connect-example --profile-id 0',
        'aws s3api delete-bucket --bucket "$(pulumi stack output event_bucket)"',
    ],
)  # fmt: skip
def test_an_operator_may_not_do_more_than_the_policy_says(
    command: str, run: LocalRun, variables: Mapping[str, str]
) -> None:
    command = filled_in(command, run).replace("aws s3api", "aws s3")

    with pytest.raises(ClientError) as caught:
        call(command, variables)

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_operator_sees_a_profile_that_an_event_made(run: LocalRun, variables: Mapping[str, str]) -> None:
    endpoint_id = recorded(run, usat_plan="gold").endpoint_id

    found = call(
        filled_in(
            "aws customer-profiles search-profiles --domain-name amazon-connect-example "
            f"--key-name gtm_pixel_endpoint_id --values {endpoint_id}",
            run,
        ),
        variables,
    )

    assert [item["Attributes"]["plan"] for item in found["Items"]] == ["gold"]


def test_a_paused_event_source_leaves_messages_in_the_queue_until_it_is_resumed(
    run: LocalRun, variables: Mapping[str, str]
) -> None:
    functions = client("lambda", variables)
    mapping = {"UUID": run.outputs["event_source_id"]}
    administrator = run.cloud.client("lambda")
    administrator.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    endpoint_id = new_endpoint()
    try:
        assert send(run, event="purchase", endpoint_id=endpoint_id).status == 200
        queued = client("sqs", variables).get_queue_attributes(
            QueueUrl=run.outputs["queue_url"], AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        assert queued == {"ApproximateNumberOfMessages": "1"}
        assert functions.list_event_source_mappings()["EventSourceMappings"][0]["State"] == "Disabled"
    finally:
        administrator.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    eventually(lambda: [event for event in run.recorder.events() if event.endpoint_id == endpoint_id])


def test_a_redrive_moves_each_dead_letter_with_its_attributes(
    run: LocalRun, variables: Mapping[str, str]
) -> None:
    queues = client("sqs", variables)
    ids = [new_endpoint() for _ in range(3)]
    for endpoint_id in ids:
        run.cloud.client("sqs").send_message(
            QueueUrl=run.outputs["dead_letter_queue_url"],
            MessageBody=f"event=purchase&endpoint_id={endpoint_id}",
            MessageAttributes={"pending": {"DataType": "String", "StringValue": "firehose"}},
        )

    queues.start_message_move_task(
        SourceArn=arn(run, "dead_letter_queue_url"), DestinationArn=arn(run, "queue_url")
    )

    def places() -> list[tuple[str, str]]:
        return [
            (event.endpoint_id, event.destination)
            for event in run.recorder.events()
            if event.endpoint_id in ids
        ]

    assert eventually(lambda: len(places()) == len(ids))
    assert sorted(places()) == sorted((one, "firehose") for one in ids)
    (task,) = queues.list_message_move_tasks(SourceArn=arn(run, "dead_letter_queue_url"))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 3)


def test_only_a_dead_letter_queue_can_be_redriven(run: LocalRun) -> None:
    queues = run.cloud.client("sqs")

    with pytest.raises(queues.exceptions.UnsupportedOperation):
        queues.start_message_move_task(
            SourceArn=arn(run, "queue_url"), DestinationArn=arn(run, "dead_letter_queue_url")
        )


def test_an_operator_reads_the_metrics_of_functions_and_services(
    run: LocalRun, variables: Mapping[str, str]
) -> None:
    recorded(run)
    outputs = run.outputs
    now = datetime.now(UTC)
    stack = {"service": outputs["project_stack"]}
    wanted = {
        "recorded": ("gtm-pixel", "Recorded", "Sum", stack),
        "firehose": ("gtm-pixel", "Recorded", "Sum", {**stack, "destination": "firehose"}),
        "age": ("gtm-pixel", "EventAge", "p95", stack),
        "requests": (
            "AWS/ApiGateway",
            "Count",
            "Sum",
            {"ApiName": outputs["api_name"], "Stage": outputs["stage_name"]},
        ),
        "invocations": ("AWS/Lambda", "Invocations", "Sum", {"FunctionName": outputs["function_name"]}),
        "waiting": (
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            "Maximum",
            {"QueueName": outputs["queue_url"].rpartition("/")[2]},
        ),
    }

    def values() -> dict[str, float]:
        found = client("cloudwatch", variables).get_metric_data(
            StartTime=now - timedelta(minutes=30),
            EndTime=now + timedelta(hours=1),
            MetricDataQueries=[metric_query(name, *metric) for name, metric in wanted.items()],
        )
        return {result["Id"]: sum(result["Values"]) for result in found["MetricDataResults"]}

    eventually(lambda: all(value > 0 for name, value in values().items() if name != "waiting"))
    assert values()["waiting"] == 0


def metric_query(
    id_: str, namespace: str, name: str, statistic: str, dimensions: Mapping[str, str]
) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": 3600, "Stat": statistic}}


def test_the_outputs_are_served_one_by_one_as_the_pulumi_cli_prints_them(run: LocalRun) -> None:
    with urllib.request.urlopen(f"{run.url}/outputs/log_group") as response:
        assert response.read().decode() == f"{run.outputs['log_group']}\n"


@pytest.mark.skipif(CLI is None, reason="there is no AWS CLI on this machine")
def test_the_aws_command_line_itself_works_with_the_variables(
    run: LocalRun, variables: Mapping[str, str]
) -> None:
    recorded(run)
    # Version 1 reads another variable for the Region.
    environment = {**os.environ, **variables, "AWS_DEFAULT_REGION": variables["AWS_REGION"]}

    def aws(*words: str) -> subprocess.CompletedProcess[str]:
        # Versions before 2.13, such as Debian 12's, do not read AWS_ENDPOINT_URL.
        command = [str(CLI), "--endpoint-url", variables["AWS_ENDPOINT_URL"], *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    read = aws("logs", "filter-log-events", "--log-group-name", run.outputs["log_group"])
    refused = aws("logs", "delete-log-group", "--log-group-name", run.outputs["log_group"])

    assert [event["message"] for event in json.loads(read.stdout)["events"]] == log_lines(run)
    assert "not authorized to perform: logs:DeleteLogGroup" in refused.stderr
