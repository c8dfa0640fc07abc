"""Makes moto's Amazon Data Firehose accept and deliver records as the service does.

moto's own has no limits, ignores compression and prefix expressions, and writes without the stream's role.
While a FirehoseFake is open, PutRecordBatch enforces the documented limits, and each request becomes one S3
object, written with the stream's role. If that role cannot be assumed or lacks s3:PutObject, the records are
lost, as on AWS: the run reports a problem, and the sender never hears of it. What the documentation leaves
open (does the limit of 4 MB include base64?) is read strictly. Tests can plan faults.

The fake reads each object back from S3 and records its events, so the page shows what is in the bucket.

Unlike AWS, it writes an object at once, where the service buffers for `BufferingHints`; it does not retry a
failed delivery for 24 hours; and of a role's permissions it needs s3:PutObject only.
"""

import gzip
import json
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from moto.core.exceptions import JsonRESTError
from moto.firehose.exceptions import InvalidArgumentException, ResourceNotFoundException
from moto.firehose.models import DeliveryStream, FirehoseBackend, firehose_backends

from local.deployment.cloud import AssumeRoleDenied, Cloud, error_code
from local.fakes import Deployed, Fake, FakeError
from local.fakes.firehose_calls import event_key, read_call
from local.problems import Problems
from local.recorder import RecordedEvent, Recorder

_PRINCIPAL = "firehose.amazonaws.com"

# Of a stream that existed before the stack.
_EXISTING_BUCKET = "existing-event-bucket"
_EXISTING_ROLE = "existing-delivery-role"

_MAX_RECORDS = 500
_MAX_RECORD_BYTES = 1_024_000
_MAX_REQUEST_BYTES = 4_000_000
_MAX_KEY_PREFIX_LENGTH = 512

# Appended to a prefix without a time.
_DEFAULT_TIME = "!{timestamp:yyyy/MM/dd/HH/}"
_EXPRESSION = re.compile(r"!\{([^:}]*):([^}]*)\}")
# The supported part of Java's DateTimeFormatter: these letters and literal text.
_PATTERN_PART = re.compile(r"(?P<letters>([A-Za-z])\2*)|'(?P<quoted>[^']*)'|(?P<literal>[^A-Za-z'])")
_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResponse:
    """A fault for one PutRecordBatch. Requests without a plan get the usual response."""

    # An error of the whole request, such as ServiceUnavailableException, and its HTTP status. Nothing is
    # delivered then.
    error_code: str | None = None
    status: int = 400
    # Error codes of single records, by index. They are not delivered.
    failed: Mapping[int, str] = field(default_factory=dict[int, str])
    # Indexes of records missing from the response, though they are delivered. Later entries move up.
    left_out: Collection[int] = ()
    # Indexes of records whose entry is empty, though they are delivered.
    blank: Collection[int] = ()
    # Instead of the true number.
    failed_put_count: int | None = None
    delay_seconds: float = 0.0


class PrefixError(FakeError):
    """A prefix for S3 keys that the service would refuse, or that the fake does not support."""


class NotAnEventError(Exception):
    """A line of a delivered object is not an event."""


@contextmanager
def make(deployed: Deployed) -> Iterator[Fake]:
    """The fake, and the stream that the stack names if it does not create one."""
    with FirehoseFake(deployed.cloud, recorder=deployed.recorder, problems=deployed.problems) as service:
        if stream := deployed.setting("firehoseStream"):
            service.add_stream(stream)
        yield Fake(
            service=service,
            notes=[
                "Amazon Data Firehose and Amazon S3: moto, with the documented limits. Each request becomes "
                "an object at once, where AWS buffers."
            ],
            calls={"firehose": read_call},
        )


class FirehoseFake:
    """Replaces moto's PutRecordBatch; use as a context manager while a Cloud runs."""

    def __init__(self, cloud: Cloud, *, recorder: Recorder, problems: Problems) -> None:
        self._cloud = cloud
        self._recorder = recorder
        self._problems = problems
        self._plan: deque[PlannedResponse] = deque()
        self._requests: list[Sequence[bytes]] = []
        self._lock = threading.Lock()
        self._s3_by_role: dict[str, Any] = {}
        self._original: Callable[..., Any] = FirehoseBackend.put_record_batch

    def __enter__(self) -> Self:
        """Raises FakeError for a stream that the service would not have created."""
        for stream in self._streams.values():
            _check_prefixes(stream)
        self._original = FirehoseBackend.put_record_batch
        setattr(FirehoseBackend, "put_record_batch", self._put_record_batch)  # noqa: B010
        return self

    def __exit__(self, *_: object) -> None:
        setattr(FirehoseBackend, "put_record_batch", self._original)  # noqa: B010

    @property
    def _streams(self) -> Mapping[str, DeliveryStream]:
        return firehose_backends[self._cloud.account_id][self._cloud.region].delivery_streams

    def add_stream(self, name: str) -> str:
        """Create a stream that a stack expects to exist, with a role and a bucket; the name of the bucket."""
        bucket, role = _EXISTING_BUCKET, _EXISTING_ROLE
        iam = self._cloud.client("iam")
        bucket_arn = self._cloud.create_bucket(bucket)
        role_arn = iam.create_role(
            RoleName=role,
            AssumeRolePolicyDocument=_document("sts:AssumeRole", Principal={"Service": _PRINCIPAL}),
        )["Role"]["Arn"]
        iam.put_role_policy(
            RoleName=role,
            PolicyName="deliver",
            PolicyDocument=_document("s3:PutObject", Resource=f"{bucket_arn}/*"),
        )
        self._cloud.client("firehose").create_delivery_stream(
            DeliveryStreamName=name,
            DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration={
                "RoleARN": role_arn,
                "BucketARN": bucket_arn,
                "CompressionFormat": "GZIP",
            },
        )
        return bucket

    def plan(self, *responses: PlannedResponse) -> None:
        """Respond to the next requests with these, in this order."""
        self._plan.extend(responses)

    @property
    def requests(self) -> list[Sequence[bytes]]:
        """The records of each authorized request so far, including refused ones."""
        return list(self._requests)

    def _put_record_batch(self, delivery_stream_name: str, records: list[dict[str, bytes]]) -> dict[str, Any]:
        data = [record["Data"] for record in records]
        self._requests.append(data)
        planned = self._plan.popleft() if self._plan else PlannedResponse()
        time.sleep(planned.delay_seconds)
        if planned.error_code is not None:
            raise _planned_error(planned.error_code, planned.status)
        stream = self._streams.get(delivery_stream_name)
        if stream is None:
            raise ResourceNotFoundException(f"Firehose {delivery_stream_name} not found.")
        _check_limits(data)
        self._deliver(
            stream,
            [one for index, one in enumerate(data) if index not in planned.failed],
        )
        return _response(len(data), planned)

    def _deliver(self, stream: DeliveryStream, records: Sequence[bytes]) -> None:
        """Write records as one S3 object, and record the events in it. A failure is reported as a problem."""
        if not records:
            return
        name = stream.delivery_stream_name
        s3 = _s3_destination(stream)
        compressed = s3.get("CompressionFormat") == "GZIP"
        bucket = s3["BucketARN"].rpartition(":")[2]
        key = object_key(
            s3.get("Prefix") or "",
            stream_name=name,
            version=stream.version_id,
            moment=datetime.now(UTC),
            extension=".gz" if compressed else "",
        )
        body = b"".join(records)
        try:
            self._client_of(s3["RoleARN"]).put_object(
                Bucket=bucket, Key=key, Body=gzip.compress(body) if compressed else body
            )
            self._recorder.add(*read_events(self._cloud, bucket, key))
        except (AssumeRoleDenied, BotoCoreError, ClientError, NotAnEventError) as error:
            reason = error_code(error) if isinstance(error, ClientError) else str(error)
            self._problems.report(
                f"error: {len(records)} records of the delivery stream {name} are lost: {reason}",
                kind=f"{name} {reason}",
            )

    def _client_of(self, role_arn: str) -> Any:
        """An S3 client with the permissions of a stream's role. Raises AssumeRoleDenied."""
        with self._lock:
            if role_arn not in self._s3_by_role:
                credentials = self._cloud.assume_role(role_arn, service=_PRINCIPAL)
                self._s3_by_role[role_arn] = self._cloud.client_as(credentials, "s3")
            return self._s3_by_role[role_arn]


def object_key(prefix: str, *, stream_name: str, version: str, moment: datetime, extension: str) -> str:
    """The key of an object delivered at a moment: evaluated prefix, stream, time, random id.

    Raises PrefixError.
    """
    times = [name for name, _ in _EXPRESSION.findall(prefix) if name == "timestamp"]

    def evaluate(expression: re.Match[str]) -> str:
        namespace, value = expression.groups()
        if namespace == "timestamp":
            return _format(moment, value)
        if (namespace, value) == ("firehose", "random-string"):
            return uuid.uuid4().hex[:11]
        raise PrefixError(f"{expression.group()} is not supported in a Prefix")

    evaluated = _EXPRESSION.sub(evaluate, prefix if times else prefix + _DEFAULT_TIME)
    if "!{" in evaluated:
        raise PrefixError(f"{prefix!r} has an expression without the form !{{namespace:value}}")
    if len(evaluated) > _MAX_KEY_PREFIX_LENGTH:
        raise PrefixError(f"an evaluated Prefix has at most {_MAX_KEY_PREFIX_LENGTH} characters")
    return f"{evaluated}{stream_name}-{version}-{moment:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{extension}"


def read_events(cloud: Cloud, bucket: str, key: str) -> list[RecordedEvent]:
    """The events of one delivered object, in order. Raises NotAnEventError."""
    body: bytes = cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    # Amazon Athena goes by the name, too.
    lines = (gzip.decompress(body) if key.endswith(".gz") else body).decode().split("\n")
    try:
        events = [_recorded_event(json.loads(line)) for line in lines[:-1]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotAnEventError(f"a line of {key} is not an event") from None
    if lines[-1]:
        raise NotAnEventError(f"the last line of {key} does not end in a newline")
    return events


def _recorded_event(record: Mapping[str, Any]) -> RecordedEvent:
    moment = _EPOCH + timedelta(milliseconds=record["event_timestamp"])
    return RecordedEvent(
        destination="firehose",
        endpoint_id=record["client"]["client_id"],
        event_id=record["event_id"],
        event_key=event_key(record),
        event=record["event_type"],
        timestamp=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        attributes=record["attributes"],
        metrics=record["metrics"],
        user_attributes={name: [value] for name, value in record["user_attributes"].items()},
    )


def _format(moment: datetime, pattern: str) -> str:
    formatted = ""
    position = 0
    while position < len(pattern):
        part = _PATTERN_PART.match(pattern, position)
        if part is None or (part["letters"] and part["letters"] not in _LETTERS):
            raise PrefixError(f"!{{timestamp:{pattern}}} is not supported from {pattern[position:]!r} on")
        if part["letters"]:
            formatted += moment.strftime(_LETTERS[part["letters"]])
        else:
            formatted += part["quoted"] if part["literal"] is None else part["literal"]
        position = part.end()
    return formatted


def _s3_destination(stream: DeliveryStream) -> Mapping[str, Any]:
    destination = stream.destinations[0]
    return destination.get("ExtendedS3") or destination["S3"]


def _check_prefixes(stream: DeliveryStream) -> None:
    """Check what the service checks when it creates a stream. Raises FakeError."""
    name, s3 = stream.delivery_stream_name, _s3_destination(stream)
    prefix, errors_prefix = s3.get("Prefix") or "", s3.get("ErrorOutputPrefix") or ""
    try:
        object_key(prefix, stream_name=name, version="1", moment=_EPOCH, extension="")
    except PrefixError as error:
        raise FakeError(f"the delivery stream {name}: {error}") from error
    if _EXPRESSION.search(prefix) and "!{firehose:error-output-type}" not in errors_prefix:
        raise FakeError(
            f"the delivery stream {name}: its Prefix has expressions, so its ErrorOutputPrefix must hold "
            "!{firehose:error-output-type}"
        )


def _check_limits(data: Sequence[bytes]) -> None:
    # botocore sends base64 in JSON.
    request_bytes = sum(4 * -(-len(one) // 3) + len('{"Data": ""}, ') for one in data)
    if not 0 < len(data) <= _MAX_RECORDS:
        raise InvalidArgumentException(f"A request has from 1 to {_MAX_RECORDS} records")
    if any(len(one) > _MAX_RECORD_BYTES for one in data):
        raise InvalidArgumentException(f"A record has at most {_MAX_RECORD_BYTES} bytes")
    if request_bytes > _MAX_REQUEST_BYTES:
        raise InvalidArgumentException(f"A request has at most {_MAX_REQUEST_BYTES} bytes")


def _response(count: int, planned: PlannedResponse) -> dict[str, Any]:
    def entry(index: int) -> dict[str, str]:
        if index in planned.failed:
            return {"ErrorCode": planned.failed[index], "ErrorMessage": "planned"}
        return {} if index in planned.blank else {"RecordId": uuid.uuid4().hex}

    failed = sum(index < count for index in planned.failed)
    return {
        "FailedPutCount": failed if planned.failed_put_count is None else planned.failed_put_count,
        "Encrypted": False,
        "RequestResponses": [entry(index) for index in range(count) if index not in planned.left_out],
    }


def _document(action: str, **who_or_what: object) -> str:
    statement = {"Effect": "Allow", "Action": action, **who_or_what}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _planned_error(code: str, status: int) -> JsonRESTError:
    error = JsonRESTError(code, "planned")
    error.code = status
    return error
