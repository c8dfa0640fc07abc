"""Errors of AWS and of the SDK: one line, which quotes nothing of the request."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug import Request, Response

from local.web.http_server import HttpServer
from ops.aws import Aws, CallError

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
        f"aws logs filter-log-events failed with {code}: your credentials may not do this; "
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
    aws = Aws("eu-central-1", {**VARIABLES, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})

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
