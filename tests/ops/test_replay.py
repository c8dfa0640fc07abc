"""Which records are replayed, as which messages, and where a replay goes on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.errors import UsageError
from contract.scenario import TimestampSource
from handler.destinations.firehose_records import as_record
from handler.events import Event, parse_event
from handler.queue_message import read_message
from ops import replay_position
from ops.replay import Choice, UnreadableRecordError
from ops.replay_position import Position

RECEIVED_MS = 1_795_838_400_123
DAY = "events/year=2026/month=11/day=28/"
CHOICE = Choice(since=1_795_838_400, until=1_795_842_000, destination="eventbridge")


def event(**changes: Any) -> Event:
    values: dict[str, Any] = {
        "message_id": "m1",
        "event_id": "order & 1",
        "event_type": "purchase",
        "endpoint_id": "e 1",
        "received_ms": RECEIVED_MS,
        "timestamp_ms": RECEIVED_MS - 5_000,
        "attributes": {"städte": "50 % für €; a+b", "empty": ""},
        "metrics": {"value": 1e22, "count": -0.5},
        "user_attributes": {"plan": "gold"},
        "proven_endpoint": "e 1",
        "dropped": {},
    }
    return Event(**{**values, **changes})


def replayed(original: Event, choice: Choice = CHOICE) -> Event:
    """The event that the function reads from the message of a record."""
    entry = choice.entry(as_record(original, app_id="a").data.decode())
    assert entry is not None
    record = {
        "messageId": "another",
        "body": entry["MessageBody"],
        "attributes": {"SentTimestamp": "1795999999999"},
        "messageAttributes": {
            name: {"stringValue": value["StringValue"]} for name, value in entry["MessageAttributes"].items()
        },
    }
    queued = read_message(record)
    assert queued.pending == ("eventbridge",)
    found = parse_event(queued.message, timestamp_source=TimestampSource.URL)
    assert isinstance(found, Event)
    return found


def same(one: Event) -> dict[str, Any]:
    names = ("event_id", "event_type", "endpoint_id", "received_ms", "timestamp_ms", "attributes", "metrics")
    return {name: getattr(one, name) for name in (*names, "proven", "dropped")}


@pytest.mark.parametrize("proof", ["e 1", None, "somebody else"])
def test_a_replayed_event_is_the_same_event_with_its_id_time_and_proof(proof: str | None) -> None:
    original = event(proven_endpoint=proof)

    assert same(replayed(original)) == same(original)


def test_profiles_are_set_back_only_if_asked() -> None:
    again = Choice(since=0, until=2e9, destination="eventbridge", with_user_attributes=True)

    assert replayed(event()).user_attributes == {}
    assert replayed(event(), again).user_attributes == {"plan": "gold"}


@pytest.mark.parametrize("received", [1_795_838_399_999, 1_795_842_000_000])
def test_an_event_of_another_time_is_left_out(received: int) -> None:
    assert CHOICE.entry(as_record(event(received_ms=received), app_id="a").data.decode()) is None


@pytest.mark.parametrize(
    "line", ["", "x", "[]", "{}", "[" * 100_000, '{"é": 1}', json.dumps({"arrival_timestamp": RECEIVED_MS})]
)
def test_a_line_that_is_no_record_is_not_sent(line: str) -> None:
    with pytest.raises(UnreadableRecordError):
        CHOICE.entry(line)


def test_the_day_after_is_looked_at_because_firehose_may_write_late() -> None:
    assert CHOICE.folders() == [DAY, "events/year=2026/month=11/day=29/"]


def test_the_day_before_is_looked_at_because_a_file_has_the_day_of_its_first_event() -> None:
    midnight = replace(CHOICE, since=1_795_824_060)

    assert midnight.folders()[0] == "events/year=2026/month=11/day=27/"


def test_a_position_is_kept_and_belongs_to_one_replay(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    replay_position.write(file, Position(what="b to x", until=9, key="k2", lines=20))

    position = replay_position.read(file, "b to x", until=10)

    assert [position.is_behind(key) for key in ("k1", "k2", "k3")] == [True, False, False]
    assert [position.first_line(key) for key in ("k2", "k3")] == [20, 0]
    assert position.until == 9
    with pytest.raises(UsageError, match="of another replay"):
        replay_position.read(file, "b to y", until=10)
