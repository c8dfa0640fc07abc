"""The Firehose destination in front of moto's, with delivery to S3 and faults: real HTTP through botocore.

It calls with the credentials of a role with the component's permissions. Tests compare the outcomes with the
records in the bucket.
"""

import json
import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import parse_headers
from itertools import chain, count, repeat

import pytest
from boto3.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler import aws_calls
from handler.aws_calls import AwsService, CallLimits
from handler.destinations import DeadLetter, Outcome, Recorded, Retry, make_destination
from handler.destinations.firehose import FirehoseDestination
from handler.events import Event
from handler.variables import InvalidEnvironmentError
from local.deployment.cloud import Cloud
from local.fakes.firehose import FirehoseFake, PlannedResponse
from local.problems import Problems
from local.recorder import Recorder
from tests.delivery_streams import STREAM, create_delivery_stream
from tests.handler.conftest import RECEIVED_MS
from tests.hostile import HOSTILE_VALUES
from tests.patience import eventually
from tests.ports import NOBODY
from tests.sessions import session_of_role

REGION = "eu-west-1"
APP_ID = "a1b2c3"

THROTTLED = PlannedResponse(error_code="ServiceUnavailableException", status=503)


@dataclass(slots=True, kw_only=True)
class Firehose:
    """Amazon Data Firehose as it is in these tests."""

    cloud: Cloud
    delivery: FirehoseFake
    recorder: Recorder
    problems: Problems
    # May only put records into the stream.
    writer: Session
    stranger: Session

    def sizes(self) -> list[int]:
        """How many records each request so far has held."""
        return [len(request) for request in self.delivery.requests]


@pytest.fixture(scope="module")
def service() -> Iterator[Firehose]:
    recorder, problems = Recorder(), Problems(print)
    with (
        Cloud(region=REGION) as cloud,
        FirehoseFake(cloud, recorder=recorder, problems=problems) as delivery,
    ):
        arn = create_delivery_stream(cloud)
        yield Firehose(
            cloud=cloud,
            delivery=delivery,
            recorder=recorder,
            problems=problems,
            writer=session_of_role(cloud, "writer", action="firehose:PutRecordBatch", arn=arn),
            stranger=session_of_role(cloud, "stranger", action="firehose:PutRecordBatch", arn=f"{arn}-other"),
        )


@pytest.fixture
def firehose(service: Firehose, aws_environment: pytest.MonkeyPatch) -> Firehose:
    """The service with nothing recorded yet, and the function's environment."""
    service.recorder._items.clear()
    service.delivery._requests.clear()
    service.delivery._plan.clear()
    sign_as(aws_environment, service.writer)
    aws_environment.setenv("AWS_ENDPOINT_URL_FIREHOSE", service.cloud.endpoint_url)
    return service


def sign_as(environment: pytest.MonkeyPatch, session: Session) -> None:
    environment.setattr(aws_calls, "_session", lambda: session._session)


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that the destination has waited."""
    return []


@pytest.fixture
def destination(firehose: Firehose, pauses: list[float]) -> FirehoseDestination:
    assert firehose.sizes() == []
    return new_destination(pauses)


def new_destination(
    pauses: list[float], *, stream: str = STREAM, read_seconds: float = 5
) -> FirehoseDestination:
    limits = CallLimits(connect_seconds=1, read_seconds=read_seconds, attempts=1)
    aws_service = AwsService("firehose", region=REGION, limits=limits)
    return FirehoseDestination(stream=stream, app_id=APP_ID, service=aws_service, sleep=pauses.append)


def plenty() -> float:
    return 900.0


def outcomes_of(destination: FirehoseDestination, *events: Event) -> list[Outcome]:
    outcomes = destination.record(events, time_left=plenty)
    assert set(outcomes) == {event.message_id for event in events}
    return [outcomes[event.message_id] for event in events]


def test_an_event_is_recorded_as_it_was_sent(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    event = make_event(
        endpoint_id="visitor/1?",
        attributes={"item": "book"},
        metrics={"price": 9.5},
        user_attributes={"plan": "gold"},
    )
    assert outcomes_of(destination, event) == [Recorded()]
    (recorded,) = firehose.recorder.events()
    assert (recorded.endpoint_id, recorded.event, recorded.event_id) == (
        "visitor/1?",
        "purchase",
        event.event_id,
    )
    assert recorded.timestamp == "2026-09-21T14:13:20.001Z"
    assert (recorded.attributes, recorded.metrics) == ({"item": "book"}, {"price": 9.5})
    assert recorded.user_attributes == {"plan": ["gold"]}


def test_hostile_values_arrive_exactly(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    values = {value: value for value in HOSTILE_VALUES}
    event = make_event(attributes=values, user_attributes=values)
    outcomes_of(destination, event)
    # A request that an earlier test has given up may still arrive.
    (recorded,) = [one for one in firehose.recorder.events() if one.event_id == event.event_id]
    assert recorded.attributes == values
    assert recorded.user_attributes == {name: [value] for name, value in values.items()}


def test_a_thousand_events_take_two_requests(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    assert outcomes_of(destination, *(make_event() for _ in range(1000))) == [Recorded()] * 1000
    assert firehose.sizes() == [500, 500]
    assert len(firehose.recorder.events()) == 1000


def test_events_are_written_in_the_order_in_which_they_arrived(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    later = make_event(event_id="later", received_ms=RECEIVED_MS + 10)
    earlier = make_event(event_id="earlier", received_ms=RECEIVED_MS)
    outcomes_of(destination, later, earlier)
    assert [event.event_id for event in firehose.recorder.events()] == ["earlier", "later"]


def test_only_the_event_that_is_too_large_for_a_record_is_dead_lettered(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    large = make_event(attributes={"a": "x" * 1_024_000})
    assert outcomes_of(destination, large, make_event()) == [
        DeadLetter("firehose_record_too_large"),
        Recorded(),
    ]
    assert firehose.sizes() == [1]


def test_a_record_that_failed_is_sent_again_alone(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    firehose.delivery.plan(PlannedResponse(failed={1: "ServiceUnavailableException"}))
    assert outcomes_of(destination, *(make_event() for _ in range(3))) == [Recorded()] * 3
    assert firehose.sizes() == [3, 1]
    assert [event.event_id for event in firehose.recorder.events()] == ["event-1", "event-3", "event-2"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ServiceUnavailableException", "firehose_throttled"),
        ("InternalFailure", "firehose_failed"),
        ("ResourceNotFoundException", "firehose_failed"),
        ("made up", "firehose_failed"),
    ],
)
def test_a_record_that_keeps_failing_stays_in_the_queue(
    firehose: Firehose,
    destination: FirehoseDestination,
    make_event: Callable[..., Event],
    code: str,
    reason: str,
) -> None:
    fail = PlannedResponse(failed={0: code})
    firehose.delivery.plan(fail, fail, fail)
    assert outcomes_of(destination, make_event(), make_event()) == [Retry(reason), Recorded()]
    assert firehose.sizes() == [2, 1, 1]


def test_nothing_is_sent_again_if_the_time_would_not_suffice(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    firehose.delivery.plan(THROTTLED)
    outcomes = destination.record([make_event()], time_left=lambda: 6.2)  # a wait and six seconds are more
    assert list(outcomes.values()) == [Retry("firehose_throttled")]
    assert firehose.sizes() == [1]


def test_a_throttled_request_is_sent_again_as_a_whole(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    firehose.delivery.plan(THROTTLED)
    assert outcomes_of(destination, make_event(), make_event()) == [Recorded()] * 2
    assert firehose.sizes() == [2, 2]


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("ServiceUnavailableException", 500, "firehose_throttled"),
        ("ThrottlingException", 400, "firehose_throttled"),
        ("InternalFailure", 500, "firehose_failed"),
        ("made up", 502, "firehose_502"),
        ("made up", 429, "firehose_429"),
    ],
)
def test_a_request_that_keeps_failing_leaves_its_messages_in_the_queue(
    firehose: Firehose,
    destination: FirehoseDestination,
    make_event: Callable[..., Event],
    code: str,
    status: int,
    reason: str,
) -> None:
    fail = PlannedResponse(error_code=code, status=status)
    firehose.delivery.plan(fail, fail, fail)
    assert outcomes_of(destination, make_event()) == [Retry(reason)]
    assert firehose.sizes() == [1, 1, 1]


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("AccessDeniedException", 400, "firehose_access_denied"),
        ("ResourceNotFoundException", 400, "firehose_stream_not_found"),
        ("InvalidKMSResourceException", 400, "firehose_key_unusable"),
        ("InvalidSourceException", 400, "firehose_stream_for_logs"),
        ("UnrecognizedClientException", 400, "firehose_access_denied"),
        ("made up", 403, "firehose_access_denied"),
        ("made up", 404, "firehose_404"),
    ],
)
def test_events_wait_until_the_stream_and_the_permissions_are_right(
    firehose: Firehose,
    destination: FirehoseDestination,
    make_event: Callable[..., Event],
    code: str,
    status: int,
    reason: str,
) -> None:
    firehose.delivery.plan(PlannedResponse(error_code=code, status=status))
    assert outcomes_of(destination, make_event(), make_event()) == [Retry(reason, not_set_up=True)] * 2
    assert firehose.sizes() == [2]


def test_a_permanent_refusal_is_dead_lettered_at_once(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    firehose.delivery.plan(PlannedResponse(error_code="made up", status=400))
    assert outcomes_of(destination, make_event()) == [DeadLetter("firehose_400")]
    assert firehose.sizes() == [1]


def test_events_wait_for_a_stream_that_is_not_there(
    firehose: Firehose, aws_environment: pytest.MonkeyPatch, make_event: Callable[..., Event]
) -> None:
    sign_as(
        aws_environment,
        session_of_role(firehose.cloud, "writer-to-all", action="firehose:PutRecordBatch", arn="*"),
    )
    destination = new_destination([], stream="unknown")
    assert outcomes_of(destination, make_event()) == [Retry("firehose_stream_not_found", not_set_up=True)]


def test_a_role_without_the_permission_is_denied(
    firehose: Firehose, aws_environment: pytest.MonkeyPatch, make_event: Callable[..., Event]
) -> None:
    sign_as(aws_environment, firehose.stranger)
    assert outcomes_of(new_destination([]), make_event()) == [
        Retry("firehose_access_denied", not_set_up=True)
    ]


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("InvalidArgumentException", 400, "firehose_invalid_argument"),
        ("made up", 400, "firehose_400"),
        ("made up", 413, "firehose_413"),
    ],
)
def test_a_record_that_the_service_cannot_take_affects_no_other(
    firehose: Firehose,
    destination: FirehoseDestination,
    make_event: Callable[..., Event],
    code: str,
    status: int,
    reason: str,
) -> None:
    refuse = PlannedResponse(error_code=code, status=status)
    firehose.delivery.plan(refuse, refuse, refuse)  # all five, the first two, the first
    outcomes = outcomes_of(destination, *(make_event() for _ in range(5)))
    assert outcomes == [DeadLetter(reason), *[Recorded()] * 4]
    assert firehose.sizes() == [5, 2, 1, 1, 3]


def test_a_request_that_fails_leaves_the_others_alone(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    firehose.delivery.plan(PlannedResponse(), THROTTLED, THROTTLED, THROTTLED)
    outcomes = outcomes_of(destination, *(make_event() for _ in range(1001)))
    assert outcomes == [Recorded()] * 500 + [Retry("firehose_throttled")] * 500 + [Recorded()]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(PlannedResponse(left_out=[0]), id="one entry too few"),
        pytest.param(PlannedResponse(left_out=[0, 1, 2]), id="no entries"),
        pytest.param(PlannedResponse(failed_put_count=1), id="a failure that no entry shows"),
        pytest.param(
            PlannedResponse(failed={0: "InternalFailure"}, failed_put_count=0), id="a failure not counted"
        ),
    ],
)
def test_a_response_that_does_not_add_up_is_no_response(
    firehose: Firehose,
    destination: FirehoseDestination,
    make_event: Callable[..., Event],
    response: PlannedResponse,
) -> None:
    firehose.delivery.plan(response, response)
    assert outcomes_of(destination, *(make_event() for _ in range(3))) == [Retry("firehose_no_response")] * 3
    assert firehose.sizes() == [3, 3]


def test_only_the_record_that_the_response_leaves_open_is_retried(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    firehose.delivery.plan(PlannedResponse(blank=[1]), PlannedResponse(blank=[0]))
    outcomes = outcomes_of(destination, *(make_event() for _ in range(3)))
    assert outcomes == [Recorded(), Retry("firehose_no_response"), Recorded()]
    assert firehose.sizes() == [3, 1]


def test_a_slow_response_is_waited_for_twice_and_then_retried_later(
    firehose: Firehose, make_event: Callable[..., Event], pauses: list[float], late: threading.Event
) -> None:
    firehose.delivery.plan(*[PlannedResponse(delay_seconds=1.0)] * 2)
    destination = new_destination(pauses, read_seconds=0.2)
    assert outcomes_of(destination, make_event()) == [Retry("firehose_no_response")]
    assert len(pauses) == 1
    late.set()
    # Both requests arrive in the end: in this test, not in the next one.
    eventually(lambda: len(firehose.recorder.events()) == 2)


def test_a_connection_that_was_closed_meanwhile_costs_no_delivery(
    firehose: Firehose, aws_environment: pytest.MonkeyPatch, make_event: Callable[..., Event]
) -> None:
    """Between two invocations a service may close what the function keeps open."""
    assert firehose.sizes() == []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), OneRequestAConnection) as server:
        server.daemon_threads = True  # one is waiting for a request when the server closes
        threading.Thread(target=server.serve_forever).start()
        aws_environment.setenv("AWS_ENDPOINT_URL_FIREHOSE", f"http://127.0.0.1:{server.server_address[1]}")
        destination = new_destination([])
        outcomes = [outcomes_of(destination, make_event()) for _ in range(3)]
        server.shutdown()
    assert outcomes == [[Recorded()]] * 3


class OneRequestAConnection(socketserver.StreamRequestHandler):
    """Responds to one PutRecordBatch of one record, and closes the connection on the next request."""

    def handle(self) -> None:
        self.rfile.readline()
        headers = parse_headers(self.rfile)
        self.rfile.read(int(headers["Content-Length"]))
        body = b'{"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}]}'
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        self.rfile.readline()


def test_a_service_that_cannot_be_reached_is_tried_again_later(
    firehose: Firehose, aws_environment: pytest.MonkeyPatch, make_event: Callable[..., Event]
) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL_FIREHOSE", NOBODY)
    unreachable = Retry("firehose_unreachable", not_set_up=True)
    assert outcomes_of(new_destination([]), make_event()) == [unreachable]
    assert firehose.sizes() == []


def test_no_request_goes_out_that_might_outlive_the_function(
    firehose: Firehose, destination: FirehoseDestination, make_event: Callable[..., Event]
) -> None:
    left: Iterator[float] = chain([6.0], repeat(5.9))  # the client may need six seconds
    events = [make_event() for _ in range(600)]
    outcomes = destination.record(events, time_left=lambda: next(left))
    assert list(outcomes.values()) == [Recorded()] * 500 + [Retry("out_of_time")] * 100
    assert firehose.sizes() == [500]


def test_the_environment_makes_the_destination(firehose: Firehose, make_event: Callable[..., Event]) -> None:
    destination = make_destination("firehose", {"FIREHOSE_STREAM": STREAM, "FIREHOSE_APP_ID": "app"})
    event = make_event()
    assert destination.record([event], time_left=plenty) == {event.message_id: Recorded()}
    ((record,),) = firehose.delivery.requests
    assert json.loads(record)["application"] == {"app_id": "app"}


@pytest.mark.parametrize("missing", ["FIREHOSE_STREAM", "FIREHOSE_APP_ID"])
def test_a_variable_that_is_missing_is_named(missing: str) -> None:
    variables = {"FIREHOSE_STREAM": STREAM, "FIREHOSE_APP_ID": "app"}
    del variables[missing]
    with pytest.raises(InvalidEnvironmentError, match=missing):
        make_destination("firehose", variables)


INDEXES = st.integers(0, 5)
CODES = st.sampled_from(["ServiceUnavailableException", "InternalFailure", "made up"])
RESPONSES = st.builds(
    PlannedResponse,
    error_code=st.sampled_from(
        [
            *(None,) * 5,
            "ServiceUnavailableException",
            "InternalFailure",
            "InvalidArgumentException",
            "ResourceNotFoundException",
            "made up",
        ]
    ),
    status=st.sampled_from([400, 403, 413, 429, 500, 503]),
    failed=st.dictionaries(INDEXES, CODES),
    left_out=st.sets(INDEXES, max_size=1),
    blank=st.sets(INDEXES, max_size=2),
    failed_put_count=st.sampled_from([None, None, 0, 1]),
)
_numbers = count()


@given(plan=st.lists(RESPONSES, max_size=8), how_many=st.integers(1, 6))
@settings(
    max_examples=60,
    # Event ids tell apart the examples, which share the fixtures.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_whatever_the_response_nothing_counts_as_recorded_that_is_not_there(
    firehose: Firehose,
    destination: FirehoseDestination,
    make_event: Callable[..., Event],
    plan: Sequence[PlannedResponse],
    how_many: int,
) -> None:
    firehose.delivery._plan.clear()
    firehose.delivery.plan(*plan)
    events = [make_event(event_id=f"property-{next(_numbers)}") for _ in range(how_many)]
    outcomes = outcomes_of(destination, *events)
    delivered = Counter(event.event_id for event in firehose.recorder.events())
    for event, outcome in zip(events, outcomes, strict=True):
        if isinstance(outcome, Recorded):
            assert delivered[event.event_id] >= 1
        # Only an event without a response at first can have been recorded before it was dead-lettered.
        if isinstance(outcome, DeadLetter):
            assert delivered[event.event_id] <= 1
