"""What a trace tells of things that seldom happen, from entries as the local run writes them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from local.functions.execution_environment import LogLine
from local.functions.lambda_runtime import FunctionError, Invocation
from local.traces.state import state
from local.traces.store import Entry, Exchange, FunctionRun, Journey, QueuedMessage, Traces
from local.traces.story import Story

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJlMSJ9.c2lnbmF0dXJl"


def exchange(status: int = 200, **changes: Any) -> Exchange:
    return Exchange(
        **{
            "at": 1_000,
            "ms": 3.0,
            "method": "GET",
            "url": "/v1/events?endpoint_id=e1&event=purchase",
            "headers": [],
            "body": b"",
            "status": status,
            "response_headers": [],
            "response_body": b"",
            **changes,
        }
    )


def message(
    message_id: str = "m1", *, dead: bool = False, sent_by: Any = None, **attributes: str
) -> QueuedMessage:
    return QueuedMessage(
        at=1_001,
        is_dead_letter=dead,
        message_id=message_id,
        body="endpoint_id=e1&event=purchase&",
        attributes={"request_id": "r1", **attributes},
        delay_seconds=0,
        sent_by=sent_by,
    )


def ran(message_id: str = "m1", *, left: bool = False, error: str | None = None, **log: Any) -> FunctionRun:
    return FunctionRun(
        function="processor",
        messages=[message(message_id)],
        left={message_id} if left else (),
        invocation=Invocation(
            error=FunctionError(error_type=error, message="") if error else None,
            at=1_002,
            log=[LogLine(1_003, json.dumps(log))] if log else [],
        ),
    )


def told(*entries: Entry, request: Exchange | None = None) -> dict[str, Any]:
    journey = Journey(exchange=request or exchange(), entries=list(entries))
    return Story("r1", journey, destinations=["pinpoint", "firehose"]).trace()


def test_a_throttled_request_is_refused_and_says_that_the_event_is_lost() -> None:
    trace = told(request=exchange(429))

    assert trace["state"] == "refused"
    assert trace["hops"][0]["why"].startswith("Too many requests at the moment: the event is lost")


def test_a_message_that_crashed_the_function_stays_until_the_queue_gives_up() -> None:
    crash = ran(left=True, error="Runtime.ExitError")
    waiting = told(message(), crash)
    given_up = told(message(), crash, message(dead=True))

    assert (waiting["state"], given_up["state"]) == ("retried", "dead_lettered")
    assert waiting["hops"][2]["outcome"] == "failed"
    assert "Runtime.ExitError" in waiting["hops"][2]["why"]
    assert given_up["hops"][3]["reason"] == "max_receive_count"
    assert given_up["hops"][3]["why"] == ("The function failed with this message until the queue gave up.")


def test_a_redrive_of_what_the_queue_gave_up_is_one_too() -> None:
    trace = told(message(), ran(left=True, error="E"), message(dead=True), message("m2"), ran("m2"))

    assert trace["state"] == "recorded"
    assert [hop["is_redriven"] for hop in trace["hops"] if hop["hop"] == "queue"] == [False, False, True]


def test_a_message_that_no_queue_takes_is_retried() -> None:
    trace = told(message(), ran(left=True))

    assert trace["state"] == "retried"
    assert (trace["hops"][2]["outcome"], trace["hops"][2]["reason"]) == ("retried", "left_in_queue")


def test_a_destination_that_rests_is_shown_without_a_call() -> None:
    run = ran()
    copy = message("m2", sent_by=run, attempt="1", pending="firehose", retry_reason="firehose_503")
    hop = told(message(), run, copy)["hops"][3]

    assert (hop["destination"], hop["request"], hop["outcome"]) == ("firehose", None, "waiting")
    assert hop["why"] == "The function did not call it: the service is not available (status 503)."


def test_retried_here_and_dead_lettered_there_is_retried_first() -> None:
    run = ran()
    letter = message("m3", dead=True, sent_by=run, pending="pinpoint", dead_letter_reason="pinpoint_400")
    copy = message("m2", sent_by=run, attempt="1", pending="firehose", retry_reason="firehose_503")

    assert told(message(), run, letter, copy)["state"] == "retried"
    assert told(message(), run, letter, copy, ran("m2"))["state"] == "dead_lettered"


def test_what_was_left_out_of_an_event_is_told() -> None:
    run = ran(message="batch processed", attributes_dropped={"metric_not_a_number": 2})

    assert told(message(), run)["hops"][2]["why"] == "Left out: 2 dropped, the metric is not a number."
    assert told(message(), ran())["hops"][2]["why"] is None


@pytest.mark.parametrize(
    ("reason", "lost"),
    [
        ("metric_not_a_number", "Left out: 1 dropped, the metric is not a number."),
        ("value_undefined", None),
        ("customer_profiles_user_attribute_undeclared", None),
    ],
)
def test_what_had_a_value_and_was_dropped_is_lost(reason: str, lost: str | None) -> None:
    run = ran(message="batch processed", attributes_dropped={reason: 1}, profile_updates_denied={"x": 1})
    of_two = replace(run, messages=[message(), message("m2")])

    assert told(message(), run)["hops"][2]["lost"] == lost
    assert told(message(), of_two)["hops"][2]["lost"] is None


def test_an_invocation_that_goes_on_has_no_hop_yet() -> None:
    run = FunctionRun(function="processor", messages=[message()])
    trace = told(message(), run)

    assert (trace["state"], [hop["hop"] for hop in trace["hops"]]) == ("queued", ["gateway", "queue"])


def test_tokens_are_cut_wherever_they_are() -> None:
    url = f"/v1/events?endpoint_id=e1&event=purchase&token={JWT}"
    headers = [("Authorization", f"Bearer {JWT}"), ("Cookie", f"a=1; id_token={JWT}; b=2")]
    gateway = told(request=exchange(url=url, headers=headers))["hops"][0]

    assert gateway["request"]["url"].endswith("&token=eyJhbGciOiJ…")
    assert gateway["request"]["headers"] == [
        ["Authorization", "Bearer eyJhbGciOiJ…"],
        ["Cookie", "a=1; id_token=eyJhbGciOiJ…; b=2"],
    ]


class TestTheStore:
    def test_it_keeps_the_last_requests_only(self) -> None:
        traces = Traces(capacity=2)
        for request_id in ("r1", "r2", "r3"):
            traces.add_request(request_id, exchange())

        assert [request_id for request_id, _ in traces.changed_since(0)[1]] == ["r2", "r3"]
        assert traces.journey("r1") is None

    def test_a_request_appears_again_when_it_changes(self) -> None:
        traces = Traces()
        for request_id in ("r1", "r2"):
            traces.add_request(request_id, exchange())
        version, _ = traces.changed_since(0)
        traces.add_message(message())
        later, changed = traces.changed_since(version)

        assert [request_id for request_id, _ in changed] == ["r1"]
        assert traces.changed_since(later) == (later, [])

    def test_a_message_that_came_through_no_gateway_belongs_to_no_request(self) -> None:
        traces = Traces()
        traces.add_message(
            QueuedMessage(at=1, is_dead_letter=False, message_id="m", body="", attributes={}, delay_seconds=0)
        )

        assert traces.changed_since(0) == (0, [])

    def test_a_request_without_a_response_is_not_shown_yet(self) -> None:
        traces = Traces()
        traces.add_message(message())

        assert traces.changed_since(0)[1] == []
        assert traces.journey("r1") is None

    def test_a_journey_that_is_read_does_not_change(self) -> None:
        traces = Traces()
        traces.add_request("r1", exchange())
        journey = traces.journey("r1")
        traces.add_message(message())

        assert journey is not None
        assert (journey.entries, state(journey)) == ([], "queued")
