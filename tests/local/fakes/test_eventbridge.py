"""The fake of Amazon EventBridge: limits, entries that fail, buses, and who may put events."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.deployment.cloud import Cloud
from local.fakes.eventbridge import EventbridgeFake, PlannedResponse
from local.recorder import Recorder
from tests.sessions import session_of_role

BUS = "events"
DETAIL = {
    "event_type": "purchase",
    "event_id": "1",
    "event_key": "0" * 64,
    "endpoint_id": "e1",
    "timestamp": "2026-11-28T00:00:00.000Z",
    "attributes": {"item": "book"},
    "metrics": {"price": 9.5},
    "user_attributes": {"plan": "gold"},
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def fake(cloud: Cloud, recorder: Recorder) -> Iterator[EventbridgeFake]:
    with EventbridgeFake(cloud, recorder=recorder) as fake:
        fake.add_bus(BUS)
        yield fake


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "EventBusName": BUS,
        "Source": "gtm-pixel-dev",
        "DetailType": "purchase",
        "Detail": json.dumps(DETAIL),
        **changes,
    }


def put(cloud: Cloud, *entries: dict[str, Any]) -> dict[str, Any]:
    return cloud.client("events").put_events(Entries=list(entries))


def test_an_accepted_entry_is_recorded(cloud: Cloud, fake: EventbridgeFake, recorder: Recorder) -> None:
    response = put(cloud, entry())

    assert (response["FailedEntryCount"], len(fake.requests)) == (0, 1)
    (event,) = recorder.events()
    assert (event.destination, event.event, event.endpoint_id) == ("eventbridge", "purchase", "e1")
    assert (event.attributes, event.metrics, event.user_attributes) == (
        {"item": "book"},
        {"price": 9.5},
        {"plan": ["gold"]},
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"DetailType": "t" * 129},
        {"DetailType": "🎉" * 65},  # counted in UTF-16 units, the stricter reading
        {"Source": "aws.gtm-pixel"},
        {"Source": ""},
        {"DetailType": ""},
        {"Detail": ""},
    ],
    ids=str,
)
def test_an_entry_that_breaks_a_rule_fails_alone(
    cloud: Cloud, fake: EventbridgeFake, recorder: Recorder, changes: dict[str, str]
) -> None:
    response = put(cloud, entry(), entry(**changes))

    assert len(fake.requests) == 1
    assert response["FailedEntryCount"] == 1
    assert [result.get("ErrorCode") for result in response["Entries"]] == [None, "InvalidArgument"]
    assert len(recorder.events()) == 1


def test_a_detail_that_is_no_json_is_malformed(cloud: Cloud, fake: EventbridgeFake) -> None:
    (result,) = put(cloud, entry(Detail="{"))["Entries"]

    assert result["ErrorCode"] == "MalformedDetail"
    assert len(fake.requests) == 1


def test_a_request_has_at_most_256_kb(cloud: Cloud, fake: EventbridgeFake, recorder: Recorder) -> None:
    frame = len("gtm-pixel-dev") + len("purchase")
    half = json.dumps({**DETAIL, "padding": ""})
    padding = 128_000 - frame - len(half)
    fits = entry(Detail=json.dumps({**DETAIL, "padding": "x" * padding}))

    assert put(cloud, fits, fits)["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match="over the limit"):
        put(cloud, fits, {**fits, "DetailType": "purchases"})
    assert (len(fake.requests), len(recorder.events())) == (2, 2)


def test_a_request_has_at_most_ten_entries(cloud: Cloud, fake: EventbridgeFake, recorder: Recorder) -> None:
    with pytest.raises(ClientError, match="at most 10 entries"):
        put(cloud, *[entry()] * 11)
    assert (len(fake.requests), recorder.events()) == (1, [])


def test_an_entry_for_a_missing_bus_is_accepted_and_lost(
    cloud: Cloud, fake: EventbridgeFake, recorder: Recorder
) -> None:
    response = put(cloud, entry(EventBusName="nowhere"))

    assert (response["FailedEntryCount"], len(fake.requests), recorder.events()) == (0, 1, [])


def test_a_role_needs_the_permission_for_this_bus(
    cloud: Cloud, fake: EventbridgeFake, recorder: Recorder
) -> None:
    arn = cloud.client("events").describe_event_bus(Name=BUS)["Arn"]
    writer, stranger = (
        session_of_role(cloud, name, action="events:PutEvents", arn=allowed).client(
            "events", endpoint_url=cloud.endpoint_url
        )
        for name, allowed in (("writer", arn), ("stranger", f"{arn}-other"))
    )

    writer.put_events(Entries=[entry()])
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.put_events(Entries=[entry()])

    assert (len(fake.requests), len(recorder.events())) == (1, 1)


def test_faults_come_in_the_order_in_which_they_were_planned(
    cloud: Cloud, fake: EventbridgeFake, recorder: Recorder
) -> None:
    fake.plan(
        PlannedResponse(error_code="InternalException", status=400),
        PlannedResponse(failed={0: "InternalFailure"}, left_out=[1]),
    )

    with pytest.raises(ClientError, match="InternalException"):
        put(cloud, entry())
    (result,) = put(cloud, entry(), entry())["Entries"]

    assert result["ErrorCode"] == "InternalFailure"
    assert len(recorder.events()) == 1
    assert put(cloud, entry())["FailedEntryCount"] == 0
