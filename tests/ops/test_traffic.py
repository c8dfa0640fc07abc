"""Recorded events by event type: what comes so often, and whether one endpoint sends it."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.destinations.firehose_records import as_record
from ops.command_line import main
from ops.traffic import OfType, Traffic, shown
from tests.ops.examples import OUTPUTS
from tests.ops.test_replay import RECEIVED_MS, event

SINCE = RECEIVED_MS / 1000


def line(**changes: Any) -> str:
    return as_record(event(**changes), app_id="a").data.decode()


def traffic_of(*lines: str) -> Traffic:
    traffic = Traffic(since=SINCE)
    for one in lines:
        traffic.add(one)
    return traffic


def test_the_most_frequent_event_type_comes_first_with_its_busiest_endpoint() -> None:
    traffic = traffic_of(
        line(event_type="page_view", endpoint_id="e1"),
        *(line(event_type="add_to_cart", endpoint_id=endpoint) for endpoint in ("e2", "e1", "e2")),
    )

    assert traffic.events == 4
    assert traffic.by_type() == [
        OfType(event_type="add_to_cart", events=3, endpoints=2, of_busiest=2, busiest="e2"),
        OfType(event_type="page_view", events=1, endpoints=1, of_busiest=1, busiest="e1"),
    ]


def test_an_endpoint_that_sends_events_of_several_types_is_one_endpoint() -> None:
    traffic = traffic_of(
        line(event_type="page_view", endpoint_id="e1"),
        line(event_type="add_to_cart", endpoint_id="e1"),
        line(event_type="add_to_cart", endpoint_id="e2"),
    )

    assert traffic.endpoints() == 2


def test_an_older_event_of_a_file_is_not_counted() -> None:
    assert traffic_of(line(received_ms=RECEIVED_MS - 1), line()).events == 1


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", json.dumps({"event_type": "purchase"}), "[" * 100_000],
    ids=["empty", "cut", "list", "null", "without time", "deep"],
)
def test_a_line_that_is_no_record_is_left_out_and_counted(text: str) -> None:
    traffic = traffic_of(text, line())

    assert (traffic.events, traffic.unreadable) == (1, 1)


def test_a_stack_that_keeps_no_events_is_told_what_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))

    assert main(["traffic", "--outputs", str(file)]) == 2
    assert capsys.readouterr().err == (
        "error: this stack keeps no events that can be counted: add firehose to the setting destinations\n"
    )


def test_what_a_sender_wrote_does_not_control_the_terminal() -> None:
    assert shown("add_to_cart") == "add_to_cart"
    assert shown("\x1b[2J\u202e") == r"\x1b[2J\u202e"
    assert shown("e" * 300) == "e" * 39 + "…"
