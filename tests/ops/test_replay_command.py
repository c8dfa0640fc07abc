"""`ops replay` on a bucket in memory: what is sent where, how fast, and where it goes on."""

import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.errors import FailedError, UsageError
from handler.queue_message import read_message
from tests.ops.examples import SENT_AT, stack
from tests.ops.running import result, run

DESTINATIONS = ["pinpoint", "customer-profiles", "firehose", "eventbridge"]
NOW = SENT_AT + 86_400
SINCE = datetime.fromtimestamp(SENT_AT, UTC).isoformat()
FOLDER = "events/year=2026/month=11/day=28/"


def record(number: int, *, received_at: float = SENT_AT + 60) -> bytes:
    fields: dict[str, Any] = {
        "event_id": f"o{number}",
        "event_type": "purchase",
        "client": {"client_id": f"e{number}"},
        "arrival_timestamp": int(received_at * 1000),
        "event_timestamp": int(received_at * 1000),
        "attributes": {},
        "metrics": {},
        "user_attributes": {"plan": "gold"},
        "proven": False,
    }
    return json.dumps(fields).encode() + b"\n"


def records(numbers: range, **changes: Any) -> bytes:
    return b"".join(record(number, **changes) for number in numbers)


class Account:
    """A bucket with these files and a queue. The clock runs only while somebody sleeps."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.sent: list[dict[str, Any]] = []
        self.now = NOW
        # Before each SendMessageBatch; and how many messages the queue says are waiting, one after another.
        self.before_sending: Callable[[], None] = lambda: None
        self.waiting: list[int] = []
        self.refused: set[str] = set()

    def call(self, _service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        match operation:
            case "get_object":
                return {"Body": io.BytesIO(self.files[parameters["Key"]])}
            case "get_queue_attributes":
                waiting = self.waiting.pop(0) if self.waiting else 0
                names = parameters["AttributeNames"]
                return {"Attributes": {name: str(waiting) for name in names}}
            case "send_message_batch":
                self.before_sending()
                taken = [one for one in parameters["Entries"] if one["Id"] not in self.refused]
                self.sent += taken
                return {"Successful": [{"Id": one["Id"], "MessageId": "m"} for one in taken]}
            case _:
                raise AssertionError(operation)

    def pages(self, _service: str, _operation: str, _key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        for key in sorted(self.files):
            if key.startswith(parameters["Prefix"]):
                yield {"Key": key, "LastModified": datetime.fromtimestamp(NOW, UTC)}

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def ids(self) -> list[str]:
        """The event ids that were sent, in their order."""
        return [one["MessageBody"].partition("event_id=")[2].partition("&")[0] for one in self.sent]


def replay(account: Account, *arguments: str, to: str = "eventbridge", since: str = SINCE) -> int:
    deployed = stack(destinations=DESTINATIONS, event_bucket="events-5d6e7f8")
    return run(account, "replay", to, "--since", since, *arguments, deployed=deployed)


@pytest.mark.parametrize("to", [one for one in DESTINATIONS if one != "firehose"])
def test_only_the_named_destination_gets_the_events(to: str) -> None:
    account = Account({f"{FOLDER}a": records(range(3))})

    assert replay(account, to=to) == 0

    queued = [
        read_message(
            {
                "messageId": "m",
                "body": one["MessageBody"],
                "attributes": {"SentTimestamp": "1"},
                "messageAttributes": {
                    name: {"stringValue": value["StringValue"]}
                    for name, value in one["MessageAttributes"].items()
                },
            }
        )
        for one in account.sent
    ]
    assert [one.pending for one in queued] == [(to,)] * 3
    assert account.ids() == ["o0", "o1", "o2"]


@pytest.mark.parametrize("to", ["firehose", "kafka"])
def test_the_source_and_what_the_stack_lacks_get_no_replay(to: str) -> None:
    with pytest.raises(UsageError, match=f"{to} cannot get a replay: name a destination of the stack"):
        replay(Account({}), to=to)


def test_files_are_read_packed_and_plain_and_events_by_the_time_they_were_received(
    capsys: pytest.CaptureFixture[str],
) -> None:
    early, late = record(8, received_at=SENT_AT - 1), record(9, received_at=SENT_AT + 3600)
    account = Account(
        {
            f"{FOLDER}a.gz": gzip.compress(records(range(2))),
            f"{FOLDER}b": early + record(2) + late,
            f"{FOLDER.replace('28', '29')}c": record(3),
            "events-errors/d": record(4),
        }
    )
    until = datetime.fromtimestamp(SENT_AT + 3600, UTC).isoformat()

    assert replay(account, "--until", until) == 0

    assert account.ids() == ["o0", "o1", "o2", "o3"]
    said = result(capsys)
    assert (said["files"], said["sent"], said["other_times"]) == (3, 4, 2)


def test_what_is_no_record_is_left_out_counted_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account(
        {
            f"{FOLDER}a": b"x\n" + record(0) + b"\xff\n\xe2\x80\xa8\n[]\n" + record(1)[:-2] + b"\n",
            f"{FOLDER}b.gz": b"no gzip",
            f"{FOLDER}c.gz": gzip.compress(record(2))[:-9],
            f"{FOLDER}d": record(3).removesuffix(b"\n"),
        }
    )

    assert replay(account) == 1

    assert account.ids() == ["o0", "o3"]
    said = capsys.readouterr()
    counts = json.loads(said.out)
    assert (counts["unreadable"], counts["damaged_files"]) == (5, 2)
    assert f"s3://events-5d6e7f8/{FOLDER}b.gz is no gzip file, or damaged" in said.err


def test_no_more_than_the_rate_is_sent() -> None:
    account = Account({f"{FOLDER}a": records(range(100))})

    replay(account, "--rate", "20")

    assert account.now - NOW == pytest.approx(100 / 20)


def test_it_waits_while_many_messages_are_in_the_queue_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account = Account({f"{FOLDER}a": records(range(5))})
    account.waiting = [20_000, 15_000, 10_000]

    assert replay(account, "--rate", "1000") == 0

    assert (len(account.sent), account.waiting) == (5, [])
    assert capsys.readouterr().err.count("20,000 messages wait in the queue") == 1


def test_an_interrupted_replay_goes_on_with_what_was_not_sent_and_ends_where_the_first_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(
        {f"{FOLDER}a.gz": gzip.compress(records(range(25))), f"{FOLDER}b": records(range(25, 50))}
    )
    state = ("--state", str(tmp_path / "state.json"))

    def interrupt() -> None:
        if len(account.sent) == 35:
            raise KeyboardInterrupt

    account.before_sending = interrupt
    with pytest.raises(KeyboardInterrupt):
        replay(account, *state)
    assert account.ids() == [f"o{number}" for number in range(35)]
    account.before_sending = lambda: None
    # What came after the first run began goes to the destination by itself.
    account.files[f"{FOLDER}c"] = record(99, received_at=NOW + 10)
    account.now = NOW + 3600

    capsys.readouterr()
    assert replay(account, *state, "--dry-run") == 0
    assert result(capsys)["events"] == 15
    assert replay(account, *state) == 0

    assert account.ids() == [f"o{number}" for number in range(50)]
    assert replay(account, *state) == 0
    assert len(account.sent) == 50


def test_messages_that_the_queue_does_not_take_are_sent_by_the_next_run(tmp_path: Path) -> None:
    account = Account({f"{FOLDER}a": records(range(12))})
    account.refused = {"3"}
    state = ("--state", str(tmp_path / "state.json"))

    with pytest.raises(FailedError, match="the queue took 9 of the last 10 messages"):
        replay(account, *state)
    account.refused = set()
    assert replay(account, *state) == 0

    assert set(account.ids()) == {f"o{number}" for number in range(12)}


@pytest.mark.parametrize("other", [["--user-attributes"], ["--until", "2026-11-28T23:00:00"]])
def test_the_position_of_another_replay_is_refused(other: list[str], tmp_path: Path) -> None:
    account = Account({f"{FOLDER}a": records(range(3))})
    state = ("--state", str(tmp_path / "state.json"))
    replay(account, *state)

    with pytest.raises(UsageError, match="is of another replay"):
        replay(account, *state, *other)
    assert len(account.sent) == 3
