"""The Pinpoint fake, seen by a plain client: its limits, its error responses, and who may call it."""

import json
import runpy
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.test import Client

from local.deployment.cloud import Cloud
from local.fakes import access_control
from local.fakes.access_control import authorize
from local.fakes.pinpoint import PinpointFake, PlannedResponse
from local.recorder import Recorder
from local.web.http_server import HttpServer

APPLICATION = "a1b2c3"
REGION = "eu-west-1"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def fake(recorder: Recorder) -> PinpointFake:
    return PinpointFake(recorder, application_ids=[APPLICATION])


def client(url: str, **credentials: Any) -> Any:
    return boto3.client(
        "pinpoint",
        region_name=REGION,
        endpoint_url=url,
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
        **credentials,
    )


@pytest.fixture
def put_events(fake: PinpointFake) -> Iterator[Callable[..., dict[str, Any]]]:
    """Put events by endpoint id; the results by endpoint id."""
    server = HttpServer(fake).start()
    pinpoint = client(server.url, aws_access_key_id="test", aws_secret_access_key="test")

    def put(batch: dict[str, Any], application_id: str = APPLICATION) -> dict[str, Any]:
        response = pinpoint.put_events(ApplicationId=application_id, EventsRequest={"BatchItem": batch})
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 202
        return response["EventsResponse"]["Results"]

    yield put
    pinpoint.close()
    server.stop()


def an_event(**fields: Any) -> dict[str, Any]:
    return {"EventType": "purchase", "Timestamp": "2026-09-21T14:13:20.000Z", **fields}


def batch_of(*events: dict[str, Any], **user_attributes: list[str]) -> dict[str, Any]:
    endpoint = {"User": {"UserAttributes": user_attributes}} if user_attributes else {}
    return {"e1": {"Endpoint": endpoint, "Events": {f"id-{n}": one for n, one in enumerate(events)}}}


def test_an_accepted_event_is_recorded_with_the_endpoints_user_attributes(
    put_events: Callable[..., dict[str, Any]], recorder: Recorder
) -> None:
    results = put_events(batch_of(an_event(Attributes={"a": "b"}, Metrics={"m": 1.5}), plan=["gold"]))
    assert results["e1"]["EndpointItemResponse"]["StatusCode"] == 202
    assert results["e1"]["EventsItemResponse"]["id-0"]["StatusCode"] == 202
    (event,) = recorder.events()
    assert (event.destination, event.endpoint_id, event.event_id) == ("pinpoint", "e1", "id-0")
    assert (event.event, event.timestamp) == ("purchase", "2026-09-21T14:13:20.000Z")
    assert (event.attributes, event.metrics) == ({"a": "b"}, {"m": 1.5})
    assert event.user_attributes == {"plan": ["gold"]}


@pytest.mark.parametrize(
    "event",
    [
        an_event(Attributes={f"a{n}": "v" for n in range(40)}, Metrics={"m": 1.0}),
        an_event(Attributes={"k" * 51: "v"}),
        an_event(Metrics={"k" * 51: 1.0}),
        an_event(Attributes={"k": "é" * 201}),
        an_event(Attributes={"k": "🎉" * 101}),
        an_event(EventType=""),
        an_event(Timestamp="yesterday"),
    ],
)
def test_an_event_beyond_a_limit_is_refused_alone(
    put_events: Callable[..., dict[str, Any]], recorder: Recorder, event: dict[str, Any]
) -> None:
    results = put_events(batch_of(event, an_event()))["e1"]["EventsItemResponse"]
    assert [results["id-0"]["StatusCode"], results["id-1"]["StatusCode"]] == [400, 202]
    assert [event.event_id for event in recorder.events()] == ["id-1"]


@pytest.mark.parametrize(
    "user_attributes",
    [
        {"n" * 51: ["v"]},
        {"n": ["é" * 101]},
        {"n": ["v"] * 51},
        {f"n{number}": ["v"] for number in range(251)},
        {f"n{number}": ["v" * 100] for number in range(150)},
    ],
)
def test_an_endpoint_beyond_a_limit_is_refused_and_its_event_recorded(
    put_events: Callable[..., dict[str, Any]], recorder: Recorder, user_attributes: dict[str, list[str]]
) -> None:
    results = put_events(batch_of(an_event(), **user_attributes))
    assert results["e1"]["EndpointItemResponse"]["StatusCode"] == 400
    assert [event.user_attributes for event in recorder.events()] == [{}]


def test_values_at_the_limits_are_accepted(
    put_events: Callable[..., dict[str, Any]], recorder: Recorder
) -> None:
    attributes = {f"{number:050}": "é" * 200 for number in range(40)}
    results = put_events(batch_of(an_event(Attributes=attributes), **{"n" * 50: ["é" * 100] * 50}))
    assert results["e1"]["EndpointItemResponse"]["StatusCode"] == 202
    assert len(recorder.events()) == 1


def test_an_endpoint_keeps_user_attributes_that_are_not_updated(
    put_events: Callable[..., dict[str, Any]], fake: PinpointFake
) -> None:
    assert fake.profile("e1") is None
    put_events(batch_of(an_event(), plan=["silver"], city=["Bonn"]))
    put_events(batch_of(an_event(), plan=["gold"]))
    put_events(batch_of(an_event(), city=["x" * 101]))  # refused
    assert fake.profile("e1") == {"plan": ["gold"], "city": ["Bonn"]}


def refused(put_events: Callable[..., Any], *arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        put_events(*arguments)
    response = caught.value.response
    assert response["RequestID"] == response["ResponseMetadata"]["RequestId"]
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_an_unknown_application_is_not_found(put_events: Callable[..., Any]) -> None:
    assert refused(put_events, batch_of(an_event()), "unknown") == (404, "NotFoundException")


@pytest.mark.parametrize("count", [0, 101])
def test_a_request_holds_from_one_to_a_hundred_events(put_events: Callable[..., Any], count: int) -> None:
    assert refused(put_events, batch_of(*[an_event()] * count)) == (400, "BadRequestException")


def test_a_request_of_more_than_four_megabytes_is_too_large(put_events: Callable[..., Any]) -> None:
    batch = batch_of(an_event(Attributes={"a": "x" * 4_000_001}))
    assert refused(put_events, batch) == (413, "PayloadTooLargeException")


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"BatchItem": []}', '{"BatchItem": {"e1": {"Events": {}}}}'],
)
def test_a_malformed_body_is_a_bad_request(fake: PinpointFake, body: str) -> None:
    response = Client(fake).post(f"/v1/apps/{APPLICATION}/events", data=body)
    assert (response.status_code, response.headers["x-amzn-ErrorType"]) == (400, "BadRequestException")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "events", 405), ("POST", "users", 404)])
def test_other_operations_are_not_served(fake: PinpointFake, method: str, path: str, status: int) -> None:
    response = Client(fake).open(f"/v1/apps/{APPLICATION}/{path}", method=method)
    assert response.status_code == status


def test_each_planned_answer_is_given_once_and_in_its_turn(
    fake: PinpointFake, put_events: Callable[..., Any], recorder: Recorder
) -> None:
    fake.plan(PlannedResponse(status=429), PlannedResponse(event_statuses={"id-0": 500}))
    assert refused(put_events, batch_of(an_event())) == (429, "TooManyRequestsException")
    assert put_events(batch_of(an_event()))["e1"]["EventsItemResponse"]["id-0"]["StatusCode"] == 500
    assert recorder.events() == []
    assert put_events(batch_of(an_event()))["e1"]["EventsItemResponse"]["id-0"]["StatusCode"] == 202


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud(region=REGION) as cloud:
        yield cloud


@pytest.fixture
def guarded(recorder: Recorder) -> Iterator[HttpServer]:
    """The fake with moto's access control in front."""
    fake = PinpointFake(recorder, application_ids=[APPLICATION], authorize=authorize)
    server = HttpServer(fake).start()
    yield server
    server.stop()


def role_that_may(cloud: Cloud, action: str, resource: str, name: str) -> dict[str, Any]:
    """Session credentials of a new role with one permission."""
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    grant = {"Effect": "Allow", "Action": action, "Resource": resource}
    role = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=policy)
    credentials = cloud.assume_role(role["Role"]["Arn"], service="lambda.amazonaws.com")
    return {
        "aws_access_key_id": credentials.access_key,
        "aws_secret_access_key": credentials.secret_key,
        "aws_session_token": credentials.token,
    }


def put_one(server: HttpServer, credentials: dict[str, Any], application_id: str = APPLICATION) -> int:
    pinpoint = client(server.url, **credentials)
    request = {"BatchItem": batch_of(an_event())}
    try:
        response = pinpoint.put_events(ApplicationId=application_id, EventsRequest=request)
    except ClientError as error:
        response = error.response
        assert response["Error"]["Code"] in ("ForbiddenException", "NotFoundException")
    finally:
        pinpoint.close()
    return response["ResponseMetadata"]["HTTPStatusCode"]


def events_of(cloud: Cloud, application_id: str = APPLICATION, region: str = REGION) -> str:
    return f"arn:aws:mobiletargeting:{region}:{cloud.account_id}:apps/{application_id}/events"


def test_a_role_that_may_put_events_of_the_application_is_let_in(
    cloud: Cloud, guarded: HttpServer, recorder: Recorder
) -> None:
    credentials = role_that_may(cloud, "mobiletargeting:PutEvents", events_of(cloud), "may")
    assert put_one(guarded, credentials) == 202
    assert len(recorder.events()) == 1


def test_access_control_that_is_imported_while_a_cloud_runs_lets_it_in_too(
    cloud: Cloud, recorder: Recorder
) -> None:
    # A run imports its fakes after the Cloud has changed moto's access control.
    late = runpy.run_path(access_control.__file__)
    fake = PinpointFake(recorder, application_ids=[APPLICATION], authorize=late["authorize"])
    credentials = role_that_may(cloud, "mobiletargeting:PutEvents", events_of(cloud), "late")
    server = HttpServer(fake).start()
    try:
        assert put_one(server, credentials) == 202
    finally:
        server.stop()


def test_permission_is_checked_before_the_application_is_looked_up(cloud: Cloud, guarded: HttpServer) -> None:
    credentials = role_that_may(cloud, "mobiletargeting:PutEvents", events_of(cloud), "may-not-other")
    assert put_one(guarded, credentials, "other") == 403


@pytest.mark.parametrize(
    ("name", "action", "application_id", "region"),
    [
        ("other-action", "mobiletargeting:UpdateEndpoint", APPLICATION, REGION),
        ("other-application", "mobiletargeting:PutEvents", "other", REGION),
        ("other-region", "mobiletargeting:PutEvents", APPLICATION, "us-east-1"),
    ],
)
def test_a_role_without_the_permission_is_turned_away(
    *,
    cloud: Cloud,
    guarded: HttpServer,
    recorder: Recorder,
    name: str,
    action: str,
    application_id: str,
    region: str,
) -> None:
    credentials = role_that_may(cloud, action, events_of(cloud, application_id, region), name)
    assert put_one(guarded, credentials) == 403
    assert recorder.events() == []


def test_a_wrong_secret_is_turned_away(cloud: Cloud, guarded: HttpServer) -> None:
    credentials = role_that_may(cloud, "mobiletargeting:PutEvents", events_of(cloud), "forged")
    assert put_one(guarded, {**credentials, "aws_secret_access_key": "guessed"}) == 403


def test_an_unknown_caller_is_turned_away(cloud: Cloud, guarded: HttpServer) -> None:
    assert cloud.account_id
    stranger = {"aws_access_key_id": "AKIASTRANGER", "aws_secret_access_key": "s"}
    assert put_one(guarded, stranger) == 403


@pytest.mark.parametrize("header", [None, "Basic x", "AWS4-HMAC-SHA256 Credential=half/a/scope"])
def test_an_unsigned_request_is_turned_away(recorder: Recorder, header: str | None) -> None:
    fake = PinpointFake(recorder, application_ids=[APPLICATION], authorize=authorize)
    headers = {"Authorization": header} if header else {}
    body = json.dumps({"BatchItem": batch_of(an_event())})
    response = Client(fake).post(f"/v1/apps/{APPLICATION}/events", data=body, headers=headers)
    assert response.status_code == 403
