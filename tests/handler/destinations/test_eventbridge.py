"""The EventBridge destination in front of moto's, with limits and faults: real HTTP through botocore.

It calls with the credentials of a role with the component's permissions. A queue behind a rule shows what
reaches a target.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from boto3.session import Session

from handler import aws_calls
from handler.aws_calls import AwsService, CallLimits
from handler.destinations import DeadLetter, Outcome, Recorded, Retry, make_destination
from handler.destinations.eventbridge import EventbridgeDestination
from handler.events import Event
from handler.variables import InvalidEnvironmentError
from local.deployment.cloud import Cloud
from local.fakes.eventbridge import EventbridgeFake, PlannedResponse
from local.recorder import Recorder
from tests.sessions import session_of_role

REGION = "eu-west-1"
BUS = "events"
SOURCE = "gtm-pixel-test"


@dataclass(slots=True, kw_only=True)
class Eventbridge:
    """Amazon EventBridge as it is in these tests."""

    cloud: Cloud
    fake: EventbridgeFake
    recorder: Recorder
    queue_url: str
    # May put events on the bus and do nothing else.
    writer: Session
    stranger: Session

    def sizes(self) -> list[int]:
        """How many entries each request so far has held."""
        return [len(request) for request in self.fake.requests]

    def delivered(self) -> list[dict[str, Any]]:
        """What the rule has sent to the queue since the last call."""
        sqs = self.cloud.client("sqs")
        messages = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture(scope="module")
def service() -> Iterator[Eventbridge]:
    recorder = Recorder()
    with Cloud(region=REGION) as cloud, EventbridgeFake(cloud, recorder=recorder) as fake:
        fake.add_bus(BUS)
        arn = cloud.client("events").describe_event_bus(Name=BUS)["Arn"]
        yield Eventbridge(
            cloud=cloud,
            fake=fake,
            recorder=recorder,
            queue_url=queue_behind_a_rule(cloud),
            writer=session_of_role(cloud, "writer", action="events:PutEvents", arn=arn),
            stranger=session_of_role(cloud, "stranger", action="events:PutEvents", arn=f"{arn}-other"),
        )


def queue_behind_a_rule(cloud: Cloud) -> str:
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName="target")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName=BUS, EventPattern=json.dumps({"source": [SOURCE]}))
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
    return url


@pytest.fixture
def eventbridge(service: Eventbridge, aws_environment: pytest.MonkeyPatch) -> Eventbridge:
    """The service with nothing recorded yet, and the function's environment."""
    service.recorder._items.clear()
    service.fake._requests.clear()
    service.fake._plan.clear()
    while service.delivered():
        pass
    sign_as(aws_environment, service.writer)
    aws_environment.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", service.cloud.endpoint_url)
    return service


def sign_as(environment: pytest.MonkeyPatch, session: Session) -> None:
    environment.setattr(aws_calls, "_session", lambda: session._session)


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that the destination has waited."""
    return []


@pytest.fixture
def destination(eventbridge: Eventbridge, pauses: list[float]) -> EventbridgeDestination:
    assert eventbridge.sizes() == []
    return new_destination(pauses)


def new_destination(pauses: list[float]) -> EventbridgeDestination:
    limits = CallLimits(connect_seconds=1, read_seconds=5, attempts=1)
    return EventbridgeDestination(
        bus=BUS,
        source=SOURCE,
        service=AwsService("events", region=REGION, limits=limits),
        sleep=pauses.append,
    )


def plenty() -> float:
    return 900.0


def outcomes_of(destination: EventbridgeDestination, events: Sequence[Event]) -> list[Outcome]:
    outcomes = destination.record(events, time_left=plenty)
    assert set(outcomes) == {event.message_id for event in events}
    return [outcomes[event.message_id] for event in events]


def test_an_event_reaches_the_target_of_a_rule(
    eventbridge: Eventbridge, destination: EventbridgeDestination, make_event: Callable[..., Event]
) -> None:
    event = make_event(attributes={"item": "Doe, John & 🎉"}, metrics={"price": 9.5})

    assert outcomes_of(destination, [event]) == [Recorded()]
    (delivered,) = eventbridge.delivered()
    assert delivered["detail-type"] == "purchase"
    assert delivered["source"] == SOURCE
    assert delivered["detail"]["attributes"] == {"item": "Doe, John & 🎉"}
    assert delivered["detail"]["metrics"] == {"price": 9.5}


def test_a_batch_goes_out_in_tens_in_the_order_of_arrival(
    eventbridge: Eventbridge, destination: EventbridgeDestination, make_event: Callable[..., Event]
) -> None:
    events = [make_event() for _ in range(23)]

    assert outcomes_of(destination, events[::-1]) == [Recorded()] * 23
    assert sorted(eventbridge.sizes()) == [3, 10, 10]
    order = sorted(eventbridge.fake.requests, key=lambda entries: entries[0]["Time"])
    ids = [json.loads(entry["Detail"])["event_id"] for entries in order for entry in entries]
    assert ids == [event.event_id for event in events]


def test_a_cut_detail_type_is_counted(
    eventbridge: Eventbridge, destination: EventbridgeDestination, make_event: Callable[..., Event]
) -> None:
    long, short = make_event(event_type="t" * 255), make_event()

    assert outcomes_of(destination, [long, short]) == [
        Recorded(dropped={"eventbridge_detail_type_cut": 1}),
        Recorded(),
    ]
    assert {event.event for event in eventbridge.recorder.events()} == {"t" * 255, "purchase"}


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ThrottlingException", Retry("eventbridge_throttled")),
        ("InternalFailure", Retry("eventbridge_failed")),
        ("SomethingNew", Retry("eventbridge_failed")),
        ("AccessDeniedException", Retry("eventbridge_access_denied", not_set_up=True)),
        ("NotAuthorizedForSourceException", Retry("eventbridge_access_denied", not_set_up=True)),
        ("NotAuthorizedForDetailTypeException", Retry("eventbridge_access_denied", not_set_up=True)),
        ("InvalidArgument", DeadLetter("eventbridge_invalid_argument")),
        ("MalformedDetail", DeadLetter("eventbridge_malformed_detail")),
    ],
)
def test_an_entry_that_fails_does_not_cost_its_neighbours(
    eventbridge: Eventbridge,
    destination: EventbridgeDestination,
    make_event: Callable[..., Event],
    code: str,
    outcome: Outcome,
) -> None:
    eventbridge.fake.plan(*[PlannedResponse(failed={0: code})] * 3)
    # The first one fails every time; only retries that may help at once are made.
    events = [make_event() for _ in range(3)]

    assert outcomes_of(destination, events) == [outcome, Recorded(), Recorded()]
    assert len(eventbridge.recorder.events()) == 2


def test_an_entry_that_was_throttled_is_sent_again_at_once(
    eventbridge: Eventbridge,
    destination: EventbridgeDestination,
    pauses: list[float],
    make_event: Callable[..., Event],
) -> None:
    eventbridge.fake.plan(PlannedResponse(failed={1: "ThrottlingException"}))
    events = [make_event() for _ in range(3)]

    assert outcomes_of(destination, events) == [Recorded()] * 3
    assert eventbridge.sizes() == [3, 1]
    assert len(pauses) == 1


@pytest.mark.parametrize(
    ("planned", "outcome"),
    [
        (PlannedResponse(error_code="ThrottlingException"), Retry("eventbridge_throttled")),
        (PlannedResponse(error_code="InternalException", status=500), Retry("eventbridge_500")),
        (
            PlannedResponse(error_code="ResourceNotFoundException"),
            Retry("eventbridge_not_found", not_set_up=True),
        ),
    ],
)
def test_a_request_that_fails_as_a_whole_is_retried(
    eventbridge: Eventbridge,
    destination: EventbridgeDestination,
    make_event: Callable[..., Event],
    planned: PlannedResponse,
    outcome: Outcome,
) -> None:
    eventbridge.fake.plan(*[planned] * 3)

    assert outcomes_of(destination, [make_event(), make_event()]) == [outcome] * 2
    assert eventbridge.recorder.events() == []


def test_a_refused_request_is_halved(
    eventbridge: Eventbridge, destination: EventbridgeDestination, make_event: Callable[..., Event]
) -> None:
    eventbridge.fake.plan(PlannedResponse(error_code="ValidationException"))

    assert outcomes_of(destination, [make_event() for _ in range(4)]) == [Recorded()] * 4
    assert eventbridge.sizes() == [4, 2, 2]


def test_without_the_permission_for_the_bus_nothing_is_recorded_and_all_is_retried(
    eventbridge: Eventbridge, aws_environment: pytest.MonkeyPatch, make_event: Callable[..., Event]
) -> None:
    sign_as(aws_environment, eventbridge.stranger)

    (outcome,) = outcomes_of(new_destination([]), [make_event()])

    assert outcome == Retry("eventbridge_403", not_set_up=True)
    assert eventbridge.recorder.events() == []


def test_no_call_starts_that_could_outlive_the_function(
    eventbridge: Eventbridge, destination: EventbridgeDestination, make_event: Callable[..., Event]
) -> None:
    event = make_event()

    assert destination.record([event], time_left=lambda: 5.9) == {event.message_id: Retry("out_of_time")}
    assert eventbridge.sizes() == []


def test_the_environment_says_which_bus_and_source(eventbridge: Eventbridge) -> None:
    assert eventbridge.sizes() == []
    for lacking in ("EVENTBRIDGE_BUS", "EVENTBRIDGE_SOURCE"):
        variables = {"EVENTBRIDGE_BUS": BUS, "EVENTBRIDGE_SOURCE": SOURCE, lacking: ""}
        with pytest.raises(InvalidEnvironmentError, match=lacking):
            make_destination("eventbridge", variables)
