"""Delivery to S3, seen by a plain client: objects in the bucket, limits, and the stream's role."""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.destinations.firehose import EVENTS_PREFIX
from local.deployment.cloud import Cloud
from local.fakes import FakeError
from local.fakes.firehose import FirehoseFake, PlannedResponse, PrefixError, object_key
from local.problems import Problems
from local.recorder import Recorder
from local.run import LocalRun
from tests.delivery_streams import BUCKET, STREAM, create_delivery_stream, keys_of
from tests.hostile import HOSTILE_VALUES
from tests.runs import AT_ONCE, recorded

MOMENT = datetime(2026, 3, 7, 4, 5, 6, tzinfo=UTC)
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def delivery(cloud: Cloud, recorder: Recorder, problems: Problems) -> Iterator[FirehoseFake]:
    with FirehoseFake(cloud, recorder=recorder, problems=problems) as delivery:
        yield delivery


@pytest.fixture
def put(cloud: Cloud, delivery: FirehoseFake) -> Callable[..., dict[str, Any]]:
    """Put records of any bytes into the stream."""
    assert delivery.requests == []

    def put(*records: bytes, stream: str = STREAM) -> dict[str, Any]:
        return cloud.client("firehose").put_record_batch(
            DeliveryStreamName=stream, Records=[{"Data": record} for record in records]
        )

    return put


def line(event_id: str = "event-1", **fields: Any) -> bytes:
    record = {
        "event_type": "purchase",
        "event_timestamp": 1_790_000_000_007,
        "arrival_timestamp": 1_790_000_000_009,
        "event_version": "3.1",
        "event_id": event_id,
        "proven": False,
        "application": {"app_id": "app"},
        "client": {"client_id": "e1"},
        "attributes": {},
        "metrics": {},
        "user_attributes": {},
        **fields,
    }
    return json.dumps(record).encode() + b"\n"


def objects(cloud: Cloud) -> list[bytes]:
    """The bodies of all objects, as they lie in the bucket."""
    s3 = cloud.client("s3")
    return [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys_of(cloud)]


def refused(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(ClientError) as raised:
        call()
    response = raised.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_the_records_of_a_request_are_one_object_in_their_order(
    cloud: Cloud, put: Callable[..., Any]
) -> None:
    create_delivery_stream(cloud, CompressionFormat="UNCOMPRESSED")
    put(line("a"), line("b"))
    assert objects(cloud) == [line("a") + line("b")]


def test_an_object_is_compressed_where_the_stream_says_so(cloud: Cloud, put: Callable[..., Any]) -> None:
    create_delivery_stream(cloud, CompressionFormat="GZIP")
    put(line())
    (key,) = keys_of(cloud)
    assert key.endswith(".gz")
    assert [gzip.decompress(body) for body in objects(cloud)] == [line()]


def test_an_event_is_recorded_as_its_object_holds_it(
    cloud: Cloud, put: Callable[..., Any], recorder: Recorder
) -> None:
    create_delivery_stream(cloud)
    put(line(attributes={"item": "book"}, metrics={"price": 9.5}, user_attributes={"plan": "gold"}))
    (event,) = recorder.events()
    assert (event.destination, event.endpoint_id, event.event_id) == ("firehose", "e1", "event-1")
    assert (event.event, event.timestamp) == ("purchase", "2026-09-21T14:13:20.007Z")
    assert (event.attributes, event.metrics) == ({"item": "book"}, {"price": 9.5})
    assert event.user_attributes == {"plan": ["gold"]}


@pytest.mark.parametrize("compression", ["GZIP", "UNCOMPRESSED"])
def test_hostile_values_come_back_out_of_the_bucket(
    cloud: Cloud, put: Callable[..., Any], recorder: Recorder, compression: str
) -> None:
    create_delivery_stream(cloud, CompressionFormat=compression)
    attributes = {value: value for value in HOSTILE_VALUES}
    put(line(attributes=attributes))
    assert [event.attributes for event in recorder.events()] == [attributes]


@pytest.mark.parametrize("record", [b'{"no": "event"}\n', b"no JSON\n", line().removesuffix(b"\n"), b"[]\n"])
def test_an_object_with_anything_but_events_is_a_problem(
    cloud: Cloud, put: Callable[..., Any], recorder: Recorder, problems: Problems, record: bytes
) -> None:
    create_delivery_stream(cloud)
    put(record)
    assert recorder.events() == []
    assert len(problems.lines) == 1


@pytest.mark.parametrize(
    ("prefix", "evaluated"),
    [
        pytest.param("", "2026/03/07/04/", id="by default the hour"),
        pytest.param("events/", "events/2026/03/07/04/", id="the hour after what names no time"),
        pytest.param("events-", "events-2026/03/07/04/", id="without a slash in between"),
        pytest.param(EVENTS_PREFIX, "events/year=2026/month=03/day=07/", id="the component's"),
        pytest.param("!{timestamp:yyyy-MM-dd'T'HHmmss}/", "2026-03-07T040506/", id="quoted text"),
    ],
)
def test_a_prefix_is_evaluated_in_utc(prefix: str, evaluated: str) -> None:
    key = object_key(prefix, stream_name="stream", version="1", moment=MOMENT, extension=".gz")
    name = rf"stream-1-2026-03-07-04-05-06-{UUID}\.gz"
    assert re.fullmatch(re.escape(evaluated) + name, key)


def test_no_two_objects_have_the_same_key() -> None:
    keys = {
        object_key("!{timestamp:yyyy}/", stream_name="s", version="1", moment=MOMENT, extension="")
        for _ in range(2)
    }
    assert len(keys) == 2


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param("!{timestamp:YYYY}/", id="the year of the week"),
        pytest.param("!{timestamp:y}/", id="another width"),
        pytest.param("!{timestamp:yyyy/", id="an expression that does not end"),
        pytest.param("!{firehose:error-output-type}/!{timestamp:yyyy}/", id="what only errors have"),
        pytest.param("!{partitionKeyFromQuery:a}/!{timestamp:yyyy}/", id="dynamic partitioning"),
        pytest.param("x" * 502, id="too long"),
    ],
)
def test_a_stream_with_a_prefix_that_is_not_supported_is_refused(
    cloud: Cloud, recorder: Recorder, problems: Problems, prefix: str
) -> None:
    with pytest.raises(PrefixError):
        object_key(prefix, stream_name="stream", version="1", moment=MOMENT, extension="")
    create_delivery_stream(cloud, Prefix=prefix)
    with (
        pytest.raises(FakeError, match=f"the delivery stream {STREAM}: "),
        FirehoseFake(cloud, recorder=recorder, problems=problems),
    ):
        pass


def test_a_prefix_with_an_expression_needs_one_for_errors_that_says_which(
    cloud: Cloud, recorder: Recorder, problems: Problems
) -> None:
    create_delivery_stream(cloud, ErrorOutputPrefix="errors/")
    with (
        pytest.raises(FakeError, match="its ErrorOutputPrefix must hold"),
        FirehoseFake(cloud, recorder=recorder, problems=problems),
    ):
        pass


def test_an_unknown_stream_is_not_found(put: Callable[..., Any]) -> None:
    assert refused(lambda: put(line(), stream="unknown")) == (400, "ResourceNotFoundException")


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([b"{}\n"] * 501, id="more than 500"),
        pytest.param([b"x" * 1_024_001], id="one of more than 1,000 KiB"),
        pytest.param([b"x" * 600_000] * 5, id="four megabytes with base64"),
    ],
)
def test_a_request_beyond_a_limit_is_refused_as_a_whole(
    cloud: Cloud, put: Callable[..., Any], records: Sequence[bytes]
) -> None:
    create_delivery_stream(cloud)
    assert refused(lambda: put(*records)) == (400, "InvalidArgumentException")
    assert keys_of(cloud) == []


def test_a_request_just_within_the_limits_is_taken(cloud: Cloud, put: Callable[..., Any]) -> None:
    create_delivery_stream(cloud)
    put(*[line("x" * 5_000)] * 500)
    put(line("x" * 1_000_000))
    assert len(keys_of(cloud)) == 2


def test_a_planned_error_delivers_nothing_and_is_given_once(
    cloud: Cloud, delivery: FirehoseFake, put: Callable[..., Any]
) -> None:
    create_delivery_stream(cloud)
    delivery.plan(PlannedResponse(error_code="ServiceUnavailableException", status=503))
    assert refused(lambda: put(line())) == (503, "ServiceUnavailableException")
    assert keys_of(cloud) == []
    assert put(line())["FailedPutCount"] == 0


def test_a_record_that_is_planned_to_fail_is_not_delivered(
    cloud: Cloud, delivery: FirehoseFake, put: Callable[..., Any], recorder: Recorder
) -> None:
    create_delivery_stream(cloud)
    delivery.plan(PlannedResponse(failed={1: "InternalFailure"}))
    response = put(line("a"), line("b"), line("c"))
    assert response["FailedPutCount"] == 1
    assert [entry.get("ErrorCode") for entry in response["RequestResponses"]] == [
        None,
        "InternalFailure",
        None,
    ]
    assert [event.event_id for event in recorder.events()] == ["a", "c"]


def test_entries_that_a_planned_response_omits_are_still_delivered(
    cloud: Cloud, delivery: FirehoseFake, put: Callable[..., Any], recorder: Recorder
) -> None:
    create_delivery_stream(cloud)
    delivery.plan(PlannedResponse(left_out=[0], blank=[1], failed_put_count=7))
    response = put(line("a"), line("b"), line("c"))
    assert response["FailedPutCount"] == 7
    assert [bool(entry.get("RecordId")) for entry in response["RequestResponses"]] == [False, True]
    assert [event.event_id for event in recorder.events()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("options", "said_of_it"),
    [
        pytest.param({"allowed": []}, "AccessDenied (PutObject)", id="a role without permissions"),
        pytest.param(
            {"allowed": [("s3:PutObject", "arn:aws:s3:::other/*")]},
            "AccessDenied (PutObject)",
            id="a permission for another bucket",
        ),
        pytest.param({"trusted": "lambda.amazonaws.com"}, "does not let firehose", id="not its role"),
        pytest.param({"RoleARN": "arn:aws:iam::123456789012:role/none"}, "there is no role", id="no role"),
        pytest.param({"BucketARN": "arn:aws:s3:::none"}, "(PutObject)", id="no bucket"),
    ],
)
def test_a_delivery_that_fails_is_a_problem_that_the_sender_never_hears_of(
    cloud: Cloud,
    put: Callable[..., Any],
    recorder: Recorder,
    problems: Problems,
    options: dict[str, Any],
    said_of_it: str,
) -> None:
    create_delivery_stream(cloud, **options)
    assert put(line())["FailedPutCount"] == 0
    (problem,) = problems.lines
    assert said_of_it in problem
    assert "1 records of the delivery stream stream are lost" in problem
    assert (keys_of(cloud), recorder.events()) == ([], [])


def test_a_bucket_policy_that_asks_for_tls_is_no_obstacle(cloud: Cloud, put: Callable[..., Any]) -> None:
    create_delivery_stream(cloud)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    cloud.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=policy)
    put(line())
    assert len(keys_of(cloud)) == 1


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_stream_that_a_stack_only_names_can_be_there(
    recorder: Recorder, problems: Problems, region: str
) -> None:
    with (
        Cloud(region=region) as cloud,
        FirehoseFake(cloud, recorder=recorder, problems=problems) as delivery,
    ):
        bucket = delivery.add_stream("mine")
        cloud.client("firehose").put_record_batch(DeliveryStreamName="mine", Records=[{"Data": line()}])
        assert cloud.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert [event.event_id for event in recorder.events()] == ["event-1"]


def test_a_run_has_the_stream_that_its_stack_names(local_run: Callable[..., LocalRun]) -> None:
    run = local_run("destinations=firehose", "firehoseStream=mine", *AT_ONCE, stack="pinpoint")
    assert recorded(run, evat_item="book").attributes == {"item": "book"}
    assert run.outputs["firehose_stream"] == "mine"
    assert "event_bucket" not in run.outputs


def test_moto_delivers_by_itself_again_afterwards(
    cloud: Cloud, recorder: Recorder, problems: Problems
) -> None:
    with FirehoseFake(cloud, recorder=recorder, problems=problems):
        create_delivery_stream(cloud)
    cloud.client("firehose").put_record_batch(DeliveryStreamName=STREAM, Records=[{"Data": line()}])
    assert recorder.events() == []
    assert len(keys_of(cloud)) == 1
