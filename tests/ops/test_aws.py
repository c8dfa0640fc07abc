"""Errors of AWS and of the SDK: one line, which quotes nothing of the request."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from werkzeug import Request, Response

from local.web.http_server import HttpServer
from ops.aws import Aws, CallError, action_of
from policies import policy
from tests.ports import NOBODY

VARIABLES = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}


@pytest.fixture
def respond() -> list[tuple[int, dict[str, Any]]]:
    """The responses of a service, in their order."""
    return []


@pytest.fixture
def aws(respond: list[tuple[int, dict[str, Any]]]) -> Iterator[Aws]:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        Request(environ).get_data()
        status, body = respond.pop(0)
        return Response(json.dumps(body), status, content_type="application/x-amz-json-1.0")(
            environ, start_response
        )

    server = HttpServer(application).start()
    aws = Aws("eu-central-1", {**VARIABLES, "AWS_ENDPOINT_URL": server.url})
    yield aws
    aws.close()
    server.stop()


def error_of(aws: Aws, service: str, operation: str, **parameters: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        aws.call(service, operation, **parameters)
    return caught.value


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied"])
def test_a_refusal_names_the_operation_and_where_permissions_are_listed(
    code: str, aws: Aws, respond: list[tuple[int, dict[str, Any]]]
) -> None:
    respond.append((403, {"__type": code, "message": "alice@example.com may not"}))

    error = error_of(aws, "logs", "filter_log_events", logGroupName="g")

    assert error.is_denied
    assert str(error) == (
        f"aws logs filter-log-events failed with {code}: your credentials lack logs:FilterLogEvents; "
        "policies/operator.json lists what these commands need"
    )


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.NonExistentQueue", "ResourceNotFoundException"])
def test_what_does_not_exist_may_be_another_stacks(
    code: str, aws: Aws, respond: list[tuple[int, dict[str, Any]]]
) -> None:
    respond.append((400, {"__type": code, "message": "no queue of alice@example.com"}))

    assert str(error_of(aws, "logs", "filter_log_events", logGroupName="g")) == (
        f"aws logs filter-log-events failed with {code}: it is not there; check --stack, and the account of "
        "your credentials"
    )


def test_another_error_shows_its_code_and_never_its_message(
    aws: Aws, respond: list[tuple[int, dict[str, Any]]]
) -> None:
    respond.append((400, {"__type": "ResourceNotFoundException", "message": "no group alice"}))

    error = error_of(aws, "logs", "filter_log_events", logGroupName="g")

    assert (error.code, error.is_denied) == ("ResourceNotFoundException", False)
    assert "alice" not in str(error)


def test_a_listing_is_read_page_by_page(aws: Aws, respond: list[tuple[int, dict[str, Any]]]) -> None:
    respond += [
        (200, {"events": [{"message": "1"}], "nextToken": "t"}),
        (200, {"events": [{"message": "2"}]}),
    ]

    found = list(aws.pages("logs", "filter_log_events", "events", logGroupName="g"))

    assert [event["message"] for event in found] == ["1", "2"]


def test_a_service_that_cannot_be_reached_is_one_line() -> None:
    aws = Aws("eu-central-1", {**VARIABLES, "AWS_ENDPOINT_URL": NOBODY})

    assert str(error_of(aws, "sts", "get_caller_identity")).startswith(
        "aws sts get-caller-identity failed with EndpointConnectionError: check the network"
    )


def test_missing_credentials_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert str(error_of(Aws("eu-central-1"), "sqs", "list_queues")) == (
        "there are no AWS credentials: set them up as for the AWS CLI, or use --local"
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredTokenException", "your credentials have expired, or are not valid: sign in again"),
        ("UnrecognizedClientException", "your credentials have expired, or are not valid: sign in again"),
        ("InvalidSignatureException", "check the secret key, and the clock of this machine"),
        ("LimitExceededException", "AWS lets it be called less often: wait a minute"),
        ("SomethingElse", "nothing more was done"),
    ],
)
def test_an_error_of_a_service_says_what_to_do(
    code: str,
    said: str,
    aws: Aws,
    respond: list[tuple[int, dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    respond += [(400, {"__type": code, "message": "no"})] * 4

    error = error_of(aws, "logs", "filter_log_events", logGroupName="g")

    assert str(error).startswith(f"aws logs filter-log-events failed with {code}: {said}")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("[profile other]", "aws configure list failed with ProfileNotFound: correct AWS_PROFILE"),
        ("[profile mine", "failed with ConfigParseError: correct AWS_PROFILE, or the files of the AWS CLI"),
        (
            "[profile mine]\ncredential_process = false",
            "failed with CredentialRetrievalError: your credentials",
        ),
        (
            "[profile mine]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
            "[sso-session s]\nsso_start_url = https://example.com\nsso_region = eu-central-1",
            "failed with SSOTokenLoadError: your credentials cannot be had: sign in again",
        ),
    ],
)
def test_what_is_wrong_with_a_profile_of_the_aws_cli_is_one_line(
    files: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(files)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(CallError) as caught:
        Aws("eu-central-1").call("sts", "get_caller_identity")
    assert said in str(caught.value)


def test_a_local_run_has_nothing_to_do_with_the_profile_of_the_aws_cli(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    aws = Aws("eu-central-1", {**VARIABLES, "AWS_ENDPOINT_URL": NOBODY})

    assert error_of(aws, "sts", "get_caller_identity").code == "EndpointConnectionError"


def test_a_value_that_cannot_be_sent_is_not_the_fault_of_the_network(aws: Aws) -> None:
    error = error_of(aws, "customer-profiles", "search_profiles", DomainName="", KeyName="k", Values=["v"])

    assert str(error).endswith(
        "ParamValidationError: a value is empty or too long: correct the argument, or the outputs"
    )


def test_what_is_no_response_of_aws_is_one_line(respond: list[tuple[int, dict[str, Any]]], aws: Aws) -> None:
    respond.append((400, {"message": "a proxy says no"}))

    assert "failed with ResponseParserError: check the network" in str(
        error_of(aws, "sts", "get_caller_identity")
    )


def test_the_action_of_each_call_is_in_the_policy_of_who_operates() -> None:
    calls = {
        found
        for file in Path("ops").rglob("*.py")
        for found in re.findall(r'"([a-z0-9-]+)",\s*"([a-z0-9]+(?:_[a-z0-9]+)+)"', file.read_text())
        if found[0] in get_session().get_available_services()
    }
    allowed = {action for statement in policy.read("operator")["Statement"] for action in statement["Action"]}
    # Only before the first deployment, with the credentials of who deploys.
    others = {"acm:DescribeCertificate"}

    assert len(calls) > 20
    assert {action_of(*call) for call in calls} - allowed == others
