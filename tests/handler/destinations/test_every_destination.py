"""All destinations at once, under any mix of failures: each gets every event, or is dead-lettered for it.

The processor and the destinations are the real ones; they speak HTTP to the fakes for Amazon Pinpoint
and Customer Profiles and to moto's Firehose, EventBridge, SQS and S3.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count, cycle, groupby, islice, product
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from aws_lambda_powertools import Logger
from boto3.session import Session
from hypothesis import example, given
from hypothesis import strategies as st
from moto.sqs.models import sqs_backends

from components.profile_template import profile_template
from contract.missing_values import IgnoredIds
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from handler import aws_calls
from handler.aws_calls import AwsService, CallLimits
from handler.delivery.rate_limiter import RateLimiter
from handler.destinations import Destination
from handler.destinations.customer_profiles import TRANSIENT_PHRASES, CustomerProfilesDestination
from handler.destinations.customer_profiles_objects import DeclaredAttributes
from handler.destinations.eventbridge import EventbridgeDestination
from handler.destinations.firehose import FirehoseDestination
from handler.destinations.pinpoint import PinpointDestination
from handler.environment import Environment
from handler.message_queue import MessageQueue
from handler.processor import EventProcessor
from handler.update_policy import UpdatePolicy
from local.deployment.cloud import Cloud
from local.fakes import customer_profiles, eventbridge, firehose, pinpoint
from local.fakes.customer_profiles import CustomerProfilesFake
from local.fakes.eventbridge import EventbridgeFake
from local.fakes.firehose import FirehoseFake
from local.fakes.pinpoint import PinpointFake
from local.problems import Problems
from local.recorder import Recorder
from local.web.http_server import HttpServer
from tests.delivery_streams import STREAM, create_delivery_stream
from tests.handler.log_output import LogOutput
from tests.missing_values import WITHOUT_IDENTITY
from tests.pinpoint_ids import in_pinpoint
from tests.profile_templates import MINIMAL

REGION = "us-east-1"
APPLICATION_ID = "a1b2c3"
NAMES = ("pinpoint", "customer-profiles", "firehose", "eventbridge")
BUS = "events"

TEMPLATE = replace(MINIMAL, new_domain=True, profile_attributes=("plan", "city"))
# Long enough for a busy machine.
PATIENT = CallLimits(connect_seconds=10, read_seconds=60, attempts=1)
# Short enough to wait for in a test.
IMPATIENT = CallLimits(connect_seconds=1, read_seconds=0.4, attempts=1)
TOO_LATE_SECONDS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedAsShort(CallLimits):
    """As patient as PATIENT, but the handler reckons with IMPATIENT."""

    @property
    def worst_case_seconds(self) -> float:
        return IMPATIENT.worst_case_seconds


QUICK = CountedAsShort(connect_seconds=10, read_seconds=60, attempts=1)
PLENTY = 900.0
# Reserved for the dead-letter queue and the metrics.
RESERVE = PATIENT.worst_case_seconds + 1.0

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that a processor sends to, and what they have recorded."""

    recorder: Recorder
    pinpoint: PinpointFake
    profiles: CustomerProfilesFake
    firehose: FirehoseFake
    eventbridge: EventbridgeFake
    sqs: Any
    queue: str
    dead_letter_queue: str
    queued_in_moto: Any

    def recorded_in(self, name: str, record: Mapping[str, Any]) -> int:
        """How often a destination has the event of a message."""
        events = self.recorder.events()
        id_ = id_in(name, record)
        return sum(event.destination == name and event.event_id == id_ for event in events)

    def take_copies(self) -> list["Copy"]:
        """The messages that wait in the queue to come again since the last time, those due first before."""
        copies = [
            Copy(
                delay_seconds=round((message.delayed_until - message.sent_timestamp) / 1000),
                record={
                    "messageId": message.id,
                    "body": message.body,
                    "attributes": {"SentTimestamp": "1", "ApproximateReceiveCount": "1"},
                    "messageAttributes": {
                        name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
                        for name, value in message.message_attributes.items()
                    },
                },
            )
            for message in self.queued_in_moto._messages
        ]
        self.queued_in_moto._messages.clear()
        return sorted(copies, key=lambda copy: copy.delay_seconds)

    def take_dead_letters(self) -> dict[str, set[str]]:
        """The new dead letters: the destinations of each message."""
        kept: dict[str, set[str]] = {}
        while messages := self.sqs.receive_message(
            QueueUrl=self.dead_letter_queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                attributes = {
                    name: value["StringValue"] for name, value in message["MessageAttributes"].items()
                }
                assert attributes["dead_letter_reason"]
                of_message = kept.setdefault(attributes["original_message_id"], set())
                assert of_message.isdisjoint(attributes["pending"].split(","))
                of_message.update(attributes["pending"].split(","))
                self.sqs.delete_message(
                    QueueUrl=self.dead_letter_queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return kept

    @property
    def _fakes(self) -> Sequence[PinpointFake | CustomerProfilesFake | FirehoseFake | EventbridgeFake]:
        return self.pinpoint, self.profiles, self.firehose, self.eventbridge

    def requests(self) -> list[int]:
        """How many requests each destination of NAMES has got."""
        return [len(service.requests) for service in self._fakes]

    def forget_plans(self) -> None:
        for service in self._fakes:
            service._plan.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message that comes again, as Lambda delivers it then."""

    delay_seconds: int
    record: dict[str, Any]

    def text(self, name: str) -> str:
        return self.record["messageAttributes"][name]["stringValue"]

    @property
    def pending(self) -> set[str]:
        return set(self.text("pending").split(","))


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    recorder, problems = Recorder(), Problems(print)
    with (
        pytest.MonkeyPatch.context() as patch,
        Cloud(region=REGION) as cloud,
        FirehoseFake(cloud, recorder=recorder, problems=problems) as delivery,
        EventbridgeFake(cloud, recorder=recorder) as bus,
    ):
        create_delivery_stream(cloud)
        bus.add_bus(BUS)
        application = PinpointFake(recorder, application_ids=[APPLICATION_ID])
        profiles = CustomerProfilesFake(recorder, templates=[profile_template(TEMPLATE)])
        servers = {
            "PINPOINT": HttpServer(application).start(),
            "CUSTOMER_PROFILES": HttpServer(profiles).start(),
        }
        for name, server in servers.items():
            patch.setenv(f"AWS_ENDPOINT_URL_{name}", server.url)
        patch.setenv("AWS_ENDPOINT_URL", cloud.endpoint_url)
        session = Session(region_name=REGION, **cloud._administrator)
        patch.setattr(aws_calls, "_session", lambda: session._session)
        make_destination.cache_clear()
        make_sqs.cache_clear()
        sqs = cloud.client("sqs")
        queue = sqs.create_queue(QueueName="events")["QueueUrl"]
        yield Services(
            recorder=recorder,
            pinpoint=application,
            profiles=profiles,
            firehose=delivery,
            eventbridge=bus,
            sqs=sqs,
            queue=queue,
            queued_in_moto=sqs_backends[cloud.account_id][REGION].get_queue("events"),
            dead_letter_queue=sqs.create_queue(QueueName="dead")["QueueUrl"],
        )
        for server in servers.values():
            server.stop()


@cache
def make_destination(name: str, limits: CallLimits) -> Destination:
    """A destination of NAMES, without waits."""

    def no_wait(_: float) -> None:
        pass

    match name:
        case "pinpoint":
            return PinpointDestination(
                application_id=APPLICATION_ID, service=AwsService("pinpoint", region=REGION, limits=limits)
            )
        case "customer-profiles":
            return CustomerProfilesDestination(
                domain=TEMPLATE.domain_name,
                object_type=TEMPLATE.object_type_name,
                declared=DeclaredAttributes(
                    profile_attributes=frozenset({"plan", "city"}), trigger_attributes=frozenset()
                ),
                service=AwsService(
                    "customer-profiles", region=REGION, limits=limits, transient_phrases=TRANSIENT_PHRASES
                ),
                rate_limiter=RateLimiter(100_000),
                sleep=no_wait,
            )
        case "firehose":
            return FirehoseDestination(
                stream=STREAM,
                app_id="app",
                service=AwsService("firehose", region=REGION, limits=limits),
                sleep=no_wait,
            )
        case _:
            return EventbridgeDestination(
                bus=BUS,
                source="app",
                service=AwsService("events", region=REGION, limits=limits),
                sleep=no_wait,
            )


@cache
def make_sqs() -> AwsService:
    return AwsService("sqs", region=REGION, limits=PATIENT)


def make_processor(
    services: Services,
    limits: Callable[[str], CallLimits] = lambda _: PATIENT,
    *,
    queue: str | None = None,
    dead_letter_queue: str | None = None,
) -> EventProcessor:
    def queue_at(url: str) -> MessageQueue:
        # Always patient: a message that the queue accepts late would count as refused.
        return MessageQueue(queue_url=url, service=make_sqs())

    return EventProcessor(
        environment=Environment(
            destinations=NAMES,
            update_policy=UpdatePolicy(auth_mode=AuthMode.OPEN, profile_updates=ProfileUpdates.ALL),
            timestamp_source=TimestampSource.GATEWAY,
            ignored_endpoint_ids=IgnoredIds.of(["guest"]),
            queue_url=services.queue,
            dead_letter_queue_url=services.dead_letter_queue,
            retry_hours=6,
            max_receive_count=5,
            service="test",
            metrics_namespace="test",
        ),
        destinations={name: make_destination(name, limits(name)) for name in NAMES},
        queue=queue_at(queue or services.queue),
        dead_letter_queue=queue_at(dead_letter_queue or services.dead_letter_queue),
        logger=Logger(service="test", level="CRITICAL"),
    )


def deliver(
    processor: EventProcessor,
    records: Sequence[dict[str, Any]],
    *,
    seconds: float = PLENTY,
    falling: float = 0.0,
) -> set[str]:
    """Process a batch as Lambda would with `seconds` left. Returns the ids that are left in the queue.

    The time left falls by `falling` seconds each time that any destination reads it.
    """
    asked = count()
    return set(processor.process(records, time_left=lambda: seconds - falling * next(asked)))


REQUIRED = {"event": "purchase", "endpoint_id": "e1"}


def make_record(endpoint: int, plan: str | None, city: str | None = None) -> dict[str, Any]:
    """A message with an event and an id that no other example has; the event's id is the message's."""
    body = {**REQUIRED, "endpoint_id": f"endpoint-{endpoint}"}
    body |= {"usat_plan": plan} if plan else {}
    body |= {"usat_city": city} if city else {}
    return a_message(body)


def a_message(parameters: Mapping[str, str]) -> dict[str, Any]:
    return {
        "messageId": f"message-{next(_numbers)}",
        "body": urlencode(parameters),
        "attributes": {"SentTimestamp": str(1_790_000_000_000 + next(_numbers))},
        "messageAttributes": {},
    }


def id_in(name: str, record: Mapping[str, Any]) -> str:
    """The id of a message's event in a destination."""
    if name != "pinpoint":
        return record["messageId"]
    return in_pinpoint(record["messageId"], endpoint_id=dict(parse_qsl(record["body"]))["endpoint_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of one request: its status, single entries, or its duration.

    `odd` is what only this service does: Amazon Pinpoint takes an event and not its endpoint, Customer
    Profiles is busy with another update, Firehose miscounts.
    """

    status: int | None = None
    # By the position of an event in the batch: how the service refuses it (None: it takes it), and whether
    # the response mentions it.
    entries: Mapping[int, tuple[int | None, bool]] = field(default_factory=dict[int, tuple[int | None, bool]])
    too_late: bool = False
    odd: bool = False


VALUES = st.none() | st.sampled_from("abc")
POSITIONS = st.integers(0, 11)
STATUSES = st.sampled_from([400, 403, 404, 413, 429, 500, 503])
FAULTS = st.one_of(
    st.just(Fault()),
    st.builds(Fault, status=STATUSES),
    st.builds(
        Fault,
        entries=st.dictionaries(POSITIONS, st.tuples(st.none() | STATUSES, st.booleans()), min_size=1),
        odd=st.booleans(),
    ),
    # Rare, because each has to be waited for.
    st.integers(0, 7).map(lambda number: Fault(too_late=number == 7)),
)
PLANS = st.fixed_dictionaries({name: st.lists(FAULTS, max_size=4) for name in NAMES})

FIREHOSE_ERRORS = {
    400: "InvalidArgumentException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    413: "InvalidArgumentException",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "ServiceUnavailableException",
}
EVENTBRIDGE_ERRORS = {
    400: "InvalidArgument",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    413: "InvalidArgument",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "InternalFailure",
}


def plan(
    services: Services,
    name: str,
    faults: Sequence[Fault],
    records: Sequence[Mapping[str, Any]],
    endpoint: str = "",
) -> None:
    """Plan faults in one service, in its own terms."""
    ids = [id_in(name, record) for record in records]
    for fault in faults:
        delay = TOO_LATE_SECONDS if fault.too_late else 0.0
        entries = {place: entry for place, entry in fault.entries.items() if place < len(ids)}
        refused = {place: status for place, (status, _) in entries.items() if status is not None}
        failed = {ids[place]: status for place, status in refused.items()}
        unmentioned = [place for place, (_, is_mentioned) in entries.items() if not is_mentioned]
        left_out = [ids[place] for place in unmentioned]
        match name:
            case "pinpoint":
                services.pinpoint.plan(
                    pinpoint.PlannedResponse(
                        status=fault.status,
                        event_statuses=failed,
                        events_left_out=left_out,
                        endpoint_statuses={endpoint: 500} if fault.odd else {},
                        delay_seconds=delay,
                    )
                )
            case "customer-profiles":
                services.profiles.plan(
                    customer_profiles.PlannedResponse(
                        status=fault.status,
                        item_failures={
                            one: (status, "a concurrent update" if fault.odd else "planned")
                            for one, status in failed.items()
                        },
                        items_left_out=left_out,
                        delay_seconds=delay,
                    )
                )
            case "eventbridge":
                services.eventbridge.plan(
                    eventbridge.PlannedResponse(
                        error_code=EVENTBRIDGE_ERRORS[fault.status] if fault.status else None,
                        status=fault.status or 400,
                        failed={place: EVENTBRIDGE_ERRORS[status] for place, status in refused.items()},
                        left_out=unmentioned,
                        delay_seconds=delay,
                    )
                )
            case _:
                services.firehose.plan(
                    firehose.PlannedResponse(
                        error_code=FIREHOSE_ERRORS[fault.status] if fault.status else None,
                        status=fault.status or 400,
                        failed={place: FIREHOSE_ERRORS[status] for place, status in refused.items()},
                        left_out=unmentioned,
                        failed_put_count=len(refused) + 1 if fault.odd else None,
                        delay_seconds=delay,
                    )
                )


def not_taken_in_silence(name: str) -> dict[str, Any]:
    """The worst response: the second of three events is not taken, and the response does not mention it."""
    silence = Fault(entries={1: (500, False)})
    return {
        "messages": [(0, "a", None), (1, "b", None), (2, "c", None)],
        "plans": {other: [silence] if other == name else [] for other in NAMES},
        "seconds": PLENTY,
        "dead_letters": "work",
        "copies": "work",
    }


def one_missing_among_failures(name: str) -> dict[str, Any]:
    """The response leaves out the first of three events, and says that the second has failed."""
    return {
        **not_taken_in_silence(name),
        "plans": {
            other: [Fault(entries={0: (None, False), 1: (500, True)})] if other == name else []
            for other in NAMES
        },
    }


def older_fails_in(name: str) -> dict[str, Any]:
    """A destination cannot take the older of two updates, as often as it tries."""
    failing = [Fault(entries={0: (500, True)})] * 3
    return {
        **not_taken_in_silence(name),
        "messages": [(0, "a", None), (0, "b", None)],
        "plans": {other: failing if other == name else [] for other in NAMES},
    }


def later_refused_in_customer_profiles() -> dict[str, Any]:
    """Of three updates, the last one of an attribute is refused, but not the last one of the other."""
    return {
        **not_taken_in_silence("customer-profiles"),
        "messages": [(0, "a", "a"), (0, None, "b"), (0, "c", None)],
        "plans": {
            **{name: [] for name in NAMES},
            "customer-profiles": [Fault(entries={1: (400, True)})],
        },
    }


def newer_refused_in_pinpoint() -> dict[str, Any]:
    """Amazon Pinpoint takes the older of two updates later, the newer never; Customer Profiles has both."""
    fault = Fault(entries={0: (500, True), 1: (400, True)})
    return {
        **older_fails_in("pinpoint"),
        "plans": {other: [fault] if other == "pinpoint" else [] for other in NAMES},
    }


def older_refused_and_not_kept() -> dict[str, Any]:
    """Amazon Pinpoint never takes the older of two updates, nor does the dead-letter queue."""
    fault = Fault(entries={0: (400, True)})
    return {
        **older_fails_in("pinpoint"),
        "plans": {other: [fault] if other == "pinpoint" else [] for other in NAMES},
        "dead_letters": "fail",
    }


def older_fails_and_has_no_copy() -> dict[str, Any]:
    """Customer Profiles cannot take the older of two updates, nor can the queue."""
    return {**older_fails_in("customer-profiles"), "copies": "fail"}


@given(
    messages=st.lists(st.tuples(st.integers(0, 5), VALUES, VALUES), min_size=1, max_size=16),
    plans=PLANS,
    seconds=st.booleans().flatmap(
        lambda much: st.just(PLENTY) if much else st.floats(RESERVE + 0.5, RESERVE + 4.0)
    ),
    dead_letters=st.sampled_from(["work", "work", "fail"]),
    copies=st.sampled_from(["work", "work", "fail"]),
)
@example(**not_taken_in_silence("pinpoint"))
@example(**not_taken_in_silence("customer-profiles"))
@example(**not_taken_in_silence("firehose"))
@example(**not_taken_in_silence("eventbridge"))
@example(**one_missing_among_failures("firehose"))
@example(**one_missing_among_failures("customer-profiles"))
@example(**older_fails_in("firehose"))
@example(**older_fails_in("customer-profiles"))
@example(**later_refused_in_customer_profiles())
@example(**newer_refused_in_pinpoint())
@example(**older_refused_and_not_kept())
@example(**older_fails_and_has_no_copy())
def test_every_message_is_recorded_everywhere_or_dead_lettered_or_retried(
    services: Services,
    messages: list[tuple[int, str | None, str | None]],
    plans: dict[str, list[Fault]],
    seconds: float,
    dead_letters: str,
    copies: str,
) -> None:
    first_endpoint = 1_000_000 * next(_numbers)  # none that another example has
    records = [make_record(first_endpoint + endpoint, plan_, city) for endpoint, plan_, city in messages]
    ids = [record["messageId"] for record in records]
    for name, faults in plans.items():
        plan(services, name, faults, records, f"endpoint-{first_endpoint}")
    gone = {"work": "", "fail": "-that-is-gone"}
    processor = make_processor(
        services,
        lambda name: IMPATIENT if any(fault.too_late for fault in plans[name]) else QUICK,
        queue=services.queue + gone[copies],
        dead_letter_queue=services.dead_letter_queue + gone[dead_letters],
    )

    left = deliver(processor, records, seconds=seconds, falling=0.0 if seconds == PLENTY else 0.3)
    services.forget_plans()

    kept, waiting = services.take_dead_letters(), services.take_copies()
    pending = {copy.text("original_message_id"): copy.pending for copy in waiting}
    assert len(pending) == len(waiting)
    for record in records:
        id_ = record["messageId"]
        assert kept.get(id_, set()).isdisjoint(pending.get(id_, set()))
        if id_ not in left:
            has = {name for name in NAMES if services.recorded_in(name, record)}
            assert has | kept.get(id_, set()) | pending.get(id_, set()) == set(NAMES)
    sent = {record["messageId"]: record["attributes"]["SentTimestamp"] for record in records}
    for copy in waiting:
        assert copy.text("request_time") == sent[copy.text("original_message_id")]
        assert (copy.text("attempt"), 4 <= copy.delay_seconds <= 5) == ("1", True)

    # Retried messages find every service well. Services may get events again that they have.
    well = make_processor(services)
    for _, due in groupby(waiting, key=lambda copy: copy.delay_seconds):
        assert deliver(well, [copy.record for copy in due]) == set()
    assert deliver(well, [record for record in records if record["messageId"] in left]) == set()
    assert (services.take_copies(), services.take_dead_letters()) == ([], {})
    for record in records:
        lacking = {name for name in NAMES if not services.recorded_in(name, record)}
        assert lacking <= kept.get(record["messageId"], set())
    kept_by_profiles = {id_ for id_, names in kept.items() if "customer-profiles" in names}
    objects = [
        one for number in range(6) for one in services.profiles.objects(f"endpoint-{first_endpoint + number}")
    ]
    written = {one.content["event_id"]: one.content.get("user_attributes", {}) for one in objects}
    assert len(written) == len(objects)
    # A request that timed out may still be at work and write its objects later.
    if not any(fault.too_late for fault in plans["customer-profiles"]):
        for number, attribute in product(range(6), ("plan", "city")):
            values = [
                (written.get(message_id, {}).get(attribute), message_id in kept_by_profiles)
                for (endpoint, plan_, city), message_id in zip(messages, ids, strict=True)
                if endpoint == number and {"plan": plan_, "city": city}[attribute]
            ]
            profile = services.profiles.profile(f"endpoint-{first_endpoint + number}") or {}
            assert profile.get(attribute) == newest_value(values)


def newest_value(values: Sequence[tuple[str | None, bool]]) -> str | None:
    """The value that a profile must have: the newest written one of these values, which are in order.

    Each value is the one in its object, with whether its message was dead-lettered. If not, it must be
    written, or a newer one.
    """
    for in_object, was_kept in reversed(values):
        if in_object is not None:
            return in_object
        assert was_kept, "a value is lost"
    return None


def test_a_thousand_messages_without_identity_make_no_event_no_profile_and_no_dead_letter(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    before = services.requests()
    profiles = len(services.profiles.profiles)
    hostile = cycle(
        [
            *({"endpoint_id": text} for text in WITHOUT_IDENTITY),
            *({"event": text} for text in WITHOUT_IDENTITY),
            *({"endpoint_id": guest} for guest in ("guest", " GUEST ", "Guest\u200b")),
            *({name: "x" * 256} for name in ("event", "endpoint_id", "event_id")),
            *({name: "🎉" * 1_000} for name in ("event", "endpoint_id", "event_id")),
        ]
    )
    records = [a_message({**REQUIRED, **parameters}) for parameters in islice(hostile, 1000)]

    assert deliver(make_processor(services), records) == set()

    assert services.requests() == before
    assert len(services.profiles.profiles) == profiles
    assert (services.take_dead_letters(), services.take_copies()) == ({}, [])
    assert LogOutput(output=capsys.readouterr().out).metric("Rejected") == [1000]


def test_a_message_with_a_request_time_that_no_date_can_hold_leaves_the_others_alone(
    services: Services,
) -> None:
    wrong, right = make_record(next(_numbers), "a"), make_record(next(_numbers), "b")
    wrong["messageAttributes"]["request_time"] = {"dataType": "Number", "stringValue": "9" * 30}

    assert deliver(make_processor(services), [wrong, right]) == set()

    assert [services.recorded_in(name, wrong) for name in NAMES] == [0] * len(NAMES)
    assert [services.recorded_in(name, right) for name in NAMES] == [1] * len(NAMES)
    (letter,) = services.sqs.receive_message(QueueUrl=services.dead_letter_queue)["Messages"]
    services.sqs.delete_message(QueueUrl=services.dead_letter_queue, ReceiptHandle=letter["ReceiptHandle"])


def deliver_copies(services: Services, processor: EventProcessor) -> list[Copy]:
    """Deliver the waiting copies when they are due. Returns them."""
    waiting = services.take_copies()
    for _, due in groupby(waiting, key=lambda copy: copy.delay_seconds):
        assert deliver(processor, [copy.record for copy in due]) == set()
    return waiting


@pytest.mark.parametrize("failing", NAMES)
def test_one_failing_destination_is_tried_again_and_the_others_have_the_event_once(
    services: Services, failing: str
) -> None:
    record = make_record(next(_numbers), "a")
    plan(services, failing, [Fault(status=503)] * 3, [record])
    processor = make_processor(services)

    assert deliver(processor, [record]) == set()
    assert [services.recorded_in(name, record) for name in NAMES] == [int(name != failing) for name in NAMES]

    services.forget_plans()
    (copy,) = deliver_copies(services, processor)
    assert copy.pending == {failing}
    assert [services.recorded_in(name, record) for name in NAMES] == [1] * len(NAMES)


@pytest.mark.parametrize("failing", ["pinpoint", "customer-profiles"])
@pytest.mark.parametrize("failures", [1, 2, 5])
def test_an_older_update_that_is_retried_does_not_replace_a_newer_one(
    services: Services, failing: str, failures: int
) -> None:
    endpoint = next(_numbers)
    older, newer = make_record(endpoint, "silver"), make_record(endpoint, "gold")
    processor = make_processor(services)
    # As often as a destination tries within one invocation.
    tries = 3 if failing == "customer-profiles" else 1

    plan(services, failing, [Fault(entries={0: (500, True)})] * tries, [older, newer])
    deliver(processor, [older, newer])
    for _ in range(failures - 1):
        plan(services, failing, [Fault(status=503)] * tries, [older, newer])
        assert [copy.pending for copy in deliver_copies(services, processor)] == [{failing}] * 2
    assert [copy.pending for copy in deliver_copies(services, processor)] == [{failing}] * 2
    assert services.take_copies() == []

    profile = services.profiles.profile(f"endpoint-{endpoint}")
    assert profile is not None
    assert profile["plan"] == "gold"
    assert services.pinpoint.profile(f"endpoint-{endpoint}") == {"plan": ["gold"]}
    assert [services.recorded_in("firehose", record) for record in (older, newer)] == [1, 1]


def test_a_newer_update_is_not_sent_again_for_one_that_only_analytics_misses(services: Services) -> None:
    endpoint = next(_numbers)
    older, newer = make_record(endpoint, "silver"), make_record(endpoint, "gold")
    plan(services, "firehose", [Fault(entries={0: (500, True)})] * 3, [older, newer])
    processor = make_processor(services)

    deliver(processor, [older, newer])
    services.forget_plans()
    (copy,) = deliver_copies(services, processor)

    assert (copy.text("original_message_id"), copy.pending) == (older["messageId"], {"firehose"})
    assert [services.recorded_in("firehose", record) for record in (older, newer)] == [1, 1]


def test_only_updates_of_the_same_attribute_wait_for_an_older_one(services: Services) -> None:
    endpoint = next(_numbers)
    records = [
        make_record(endpoint, "silver"),
        make_record(endpoint, None),
        make_record(endpoint + 1, "gold"),
    ]
    plan(services, "customer-profiles", [Fault(entries={0: (500, True)})] * 3, records)

    assert deliver(make_processor(services), records) == set()
    assert [copy.text("original_message_id") for copy in services.take_copies()] == [records[0]["messageId"]]


@pytest.mark.parametrize("delivered", [1, 3])
def test_a_batch_that_is_delivered_again_leaves_customer_profiles_as_it_is(
    services: Services, delivered: int
) -> None:
    endpoint = next(_numbers)
    records = [make_record(endpoint, plan) for plan in "abc"]
    processor = make_processor(services)

    for _ in range(delivered):
        assert deliver(processor, records) == set()

    objects = services.profiles.objects(f"endpoint-{endpoint}")
    assert [one.content["event_id"] for one in objects] == [record["messageId"] for record in records]
    assert services.profiles.profile(f"endpoint-{endpoint}") == {
        "gtm_pixel_endpoint_id": f"endpoint-{endpoint}",
        "plan": "c",
    }


def test_a_thousand_events_take_as_few_requests_as_the_limits_allow(services: Services) -> None:
    records = [make_record(number % 250, "a") for number in range(1_000)]
    before = services.requests()

    assert deliver(make_processor(services), records) == set()

    counts = [now - then for now, then in zip(services.requests(), before, strict=True)]
    assert dict(zip(NAMES, counts, strict=True)) == {
        "pinpoint": 10,
        "customer-profiles": 100,
        "firehose": 2,
        "eventbridge": 100,
    }
