"""The whole program in the embedded run: requests over HTTP, events in the stand-in.

What is started here is what `make local` starts; nothing between the request and the record is replaced.
"""

import json
from collections.abc import Callable, Mapping

import pytest

from local.embedded_run import EmbeddedRun
from local.pinpoint import PlannedAnswer
from local.resources import Resources
from tests.embedded import (
    AT_ONCE,
    Runs,
    deployed_actions,
    events_of,
    eventually,
    log_lines,
    new_endpoint,
    recorded,
    send,
    without,
)
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE, LONGEST_USER_ATTRIBUTE


@pytest.fixture
def open_run(runs: Runs) -> EmbeddedRun:
    """The open scenario where profile updates are on."""
    return runs.shared("profileUpdates=all", *AT_ONCE)


class TestAnEvent:
    """From a request to the record."""

    def test_it_is_answered_with_an_image_and_recorded(self, open_run: EmbeddedRun) -> None:
        endpoint_id = new_endpoint()

        answer = send(
            open_run, event="purchase_success", endpoint_id=endpoint_id, evat_value="12.50", evmt_n="3"
        )
        (event,) = eventually(lambda: events_of(open_run, endpoint_id))

        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.body.startswith(b"<svg ")
        assert (event.event, event.attributes, event.metrics) == (
            "purchase_success",
            {"value": "12.50"},
            {"n": 3.0},
        )

    @pytest.mark.parametrize("value", HOSTILE_VALUES)
    def test_its_values_come_back_exactly_as_sent_and_add_nothing(
        self, open_run: EmbeddedRun, value: str
    ) -> None:
        event = recorded(open_run, evat_text=value, usat_text=value)

        assert event.attributes == {"text": value}
        assert event.user_attributes == {"text": [value]}

    def test_its_values_may_be_as_long_as_pinpoint_takes(self, open_run: EmbeddedRun) -> None:
        event = recorded(open_run, evat_text=LONGEST_ATTRIBUTE, usat_text=LONGEST_USER_ATTRIBUTE)

        assert event.attributes == {"text": LONGEST_ATTRIBUTE}
        assert event.user_attributes == {"text": [LONGEST_USER_ATTRIBUTE]}

    def test_a_value_over_a_limit_is_left_out_whole_and_the_event_recorded(
        self, open_run: EmbeddedRun
    ) -> None:
        event = recorded(
            open_run,
            evat_long=LONGEST_ATTRIBUTE + "é",
            usat_long=LONGEST_USER_ATTRIBUTE + "é",
            evat_short="kept",
        )

        assert (event.attributes, event.user_attributes) == ({"short": "kept"}, {})

    def test_a_variable_that_gtm_has_no_value_for_is_left_out(self, open_run: EmbeddedRun) -> None:
        event = recorded(open_run, evat_a="undefined", evat_b="null", usat_c="[object Object]", evat_d="x")

        assert (event.attributes, event.user_attributes) == ({"d": "x"}, {})

    def test_without_an_event_name_it_is_rejected_with_its_reason_and_done(
        self, open_run: EmbeddedRun
    ) -> None:
        before = len(open_run.recorder.rejected())

        assert send(open_run, event="undefined", endpoint_id="e1").status == 200
        rejected = eventually(lambda: open_run.recorder.rejected()[before:])

        assert [one.reason for one in rejected] == ["event_missing"]
        assert open_run.dead_letters() == []

    @pytest.mark.parametrize("missing", ["event", "endpoint_id"])
    @pytest.mark.parametrize("value", [None, "", " "])
    def test_a_missing_required_parameter_never_reaches_the_queue(
        self, open_run: EmbeddedRun, missing: str, value: str | None
    ) -> None:
        parameters = {"event": "purchase", "endpoint_id": "e1"}
        del parameters[missing]

        assert send(open_run, **parameters, **({missing: value} if value is not None else {})).status == 400

    def test_a_header_cannot_supply_a_parameter(self, open_run: EmbeddedRun) -> None:
        assert send(open_run, {"endpoint_id": "forged"}, event="purchase").status == 400

    def test_the_last_update_of_an_endpoint_wins(self, open_run: EmbeddedRun) -> None:
        endpoint_id = new_endpoint()
        for plan in ("silver", "gold"):
            send(open_run, event="purchase", endpoint_id=endpoint_id, usat_plan=plan, evat_plan=plan)

        events = eventually(lambda: len(found := events_of(open_run, endpoint_id)) == 2 and found)

        assert events[-1].user_attributes == {"plan": ["gold"]}
        assert [event.attributes for event in events] == [{"plan": "silver"}, {"plan": "gold"}]


class TestPrivacy:
    """What must be nowhere."""

    HEADERS: Mapping[str, str] = {
        "Cookie": "session=cookie-sentinel",
        "User-Agent": "agent-sentinel",
        "Referer": "https://referer-sentinel.example/",
        "X-Forwarded-For": "192.0.2.77",
        "X-Anything": "header-sentinel",
    }
    SENTINELS = ("sentinel", "192.0.2.77", "127.0.0.1")

    def test_no_header_cookie_or_address_is_in_a_queue_message(self, runs: Runs) -> None:
        run = runs.fresh(*AT_ONCE)
        run.poller.stop()
        send(run, self.HEADERS, event="purchase", endpoint_id="e1", evat_a="b")

        received = run.cloud.client("sqs").receive_message(
            QueueUrl=run.outputs["queue_url"], MessageAttributeNames=["All"], AttributeNames=["All"]
        )

        (message,) = received["Messages"]
        del message["ReceiptHandle"]
        assert message["Body"] == "event=purchase&endpoint_id=e1&evat_a=b&"
        assert set(message["MessageAttributes"]) == {"request_id", "request_time"}
        assert [sentinel for sentinel in self.SENTINELS if sentinel in json.dumps(message)] == []

    def test_no_header_value_or_address_is_in_a_log_line(self, open_run: EmbeddedRun) -> None:
        endpoint_id = new_endpoint()
        send(open_run, self.HEADERS, event="undefined", endpoint_id="id-sentinel", evat_a="value-sentinel")
        send(
            open_run,
            self.HEADERS,
            event="event-sentinel",
            endpoint_id=endpoint_id,
            evat_a="value-sentinel",
            usat_b="user-sentinel",
            evat_c="long-sentinel" * 20,
        )
        eventually(lambda: events_of(open_run, endpoint_id))

        lines = eventually(lambda: log_lines(open_run))

        assert any('"batch processed"' in line for line in lines)
        text = "\n".join(lines)
        assert [word for word in (*self.SENTINELS, endpoint_id) if word in text] == []


class TestABatch:
    """Many messages at once, and failures among them."""

    def test_a_thousand_queued_events_are_at_most_twelve_requests(self, runs: Runs) -> None:
        run = runs.fresh("batchSize=1000", "batchWindowSeconds=10")
        sqs = run.cloud.client("sqs")
        for start in range(0, 1000, 10):
            sqs.send_message_batch(
                QueueUrl=run.outputs["queue_url"],
                Entries=[
                    {"Id": str(n), "MessageBody": f"event=purchase&endpoint_id=e{n % 250}&evat_n={n}"}
                    for n in range(start, start + 10)
                ],
            )

        assert run.recorder.wait_for(1000, timeout=60)

        assert len(run.recorder.events()) == 1000
        assert len(run.pinpoint.requests) <= 12

    def test_a_refused_event_goes_to_the_dead_letter_queue_with_its_reason(
        self, open_run: EmbeddedRun
    ) -> None:
        before = len(open_run.dead_letters())
        open_run.pinpoint.plan(PlannedAnswer(event_statuses={"refused-1": 400}))
        endpoint_id = new_endpoint()

        send(open_run, event="purchase", endpoint_id=endpoint_id, event_id="refused-1")
        (letter,) = eventually(lambda: open_run.dead_letters()[before:])

        assert letter["reason"] == "pinpoint_400"
        assert events_of(open_run, endpoint_id) == []

    def test_a_throttled_event_comes_again_and_is_recorded_once(self, open_run: EmbeddedRun) -> None:
        open_run.cloud.client("sqs").set_queue_attributes(
            QueueUrl=open_run.outputs["queue_url"], Attributes={"VisibilityTimeout": "1"}
        )
        open_run.pinpoint.plan(PlannedAnswer(status=429), PlannedAnswer(status=429))

        event = recorded(open_run, evat_a="b")

        assert event.attributes == {"a": "b"}

    def test_what_keeps_failing_is_moved_by_the_queue_after_its_last_try(self, runs: Runs) -> None:
        run = runs.fresh("maxReceiveCount=2", *AT_ONCE)
        run.cloud.client("sqs").set_queue_attributes(
            QueueUrl=run.outputs["queue_url"], Attributes={"VisibilityTimeout": "1"}
        )
        # Two tries of the message, each with the client's own second attempt.
        run.pinpoint.plan(*[PlannedAnswer(status=500)] * 4)

        send(run, event="purchase", endpoint_id="e1")
        (letter,) = eventually(run.dead_letters)

        assert letter["reason"] == "max_receive_count"
        assert run.recorder.events() == []


class TestTheAnswer:
    """Never 200 for an event that is not in the queue."""

    def test_a_queue_that_is_gone_is_a_502(self, runs: Runs) -> None:
        run = runs.fresh(*AT_ONCE)
        run.poller.stop()
        run.cloud.client("sqs").delete_queue(QueueUrl=run.outputs["queue_url"])

        answer = send(run, event="purchase", endpoint_id="e1")

        assert answer.status == 502
        assert json.loads(answer.body) == {"message": "The event was not queued."}

    def test_more_requests_than_the_stage_takes_are_answered_with_429(self, runs: Runs) -> None:
        run = runs.fresh("throttlingRateLimit=1", "throttlingBurstLimit=1", *AT_ONCE)
        statuses = [send(run, event="purchase", endpoint_id="e1").status for _ in range(5)]
        eventually(lambda: len(run.recorder.events()) == statuses.count(200))

        assert statuses[0] == 200
        assert 429 in statuses

    def test_a_listed_origin_may_read_it_and_another_may_not(self, runs: Runs) -> None:
        origin = "https://www.example.com"
        run = runs.fresh(f"allowedOrigins={origin},https://b.example", *AT_ONCE)
        allowed = send(run, {"Origin": origin}, event="purchase", endpoint_id="e1").headers
        other = send(run, {"Origin": "https://evil.example"}, event="purchase", endpoint_id="e1").headers

        assert (allowed["Access-Control-Allow-Origin"], allowed["Vary"]) == (origin, "Origin")
        assert "Access-Control-Allow-Origin" not in other


def _answers_502(run: EmbeddedRun) -> None:
    assert send(run, event="purchase", endpoint_id="e1").status == 502


def _reports(problem: str) -> Callable[[EmbeddedRun], None]:
    def check(run: EmbeddedRun) -> None:
        assert send(run, event="purchase", endpoint_id="e1").status == 200
        eventually(lambda: any("AccessDenied" in line and problem in line for line in run.problems.lines))

    return check


def _dead_letters_as(reason: str) -> Callable[[EmbeddedRun], None]:
    def check(run: EmbeddedRun) -> None:
        send(run, event="purchase", endpoint_id="e1")
        assert [letter["reason"] for letter in eventually(run.dead_letters)] == [reason]

    return check


def _keeps_the_refused_message(run: EmbeddedRun) -> None:
    run.pinpoint.plan(PlannedAnswer(event_statuses={"refused": 400}))
    send(run, event="purchase", endpoint_id="e1", event_id="refused")
    eventually(lambda: any('"dead_letter_failed":1' in line.replace(" ", "") for line in log_lines(run)))
    assert run.dead_letters() == []


NEEDED: dict[str, Callable[[EmbeddedRun], None]] = {
    "gtm-pixel-api-send-message:SendEvents/sqs:SendMessage": _answers_502,
    "gtm-pixel-processor-policy:ReadQueue/sqs:ReceiveMessage": _reports("ReceiveMessage"),
    "gtm-pixel-processor-policy:ReadQueue/sqs:DeleteMessage": _reports("DeleteMessage"),
    "gtm-pixel-processor-policy:ReadQueue/sqs:GetQueueAttributes": _reports("GetQueueAttributes"),
    "gtm-pixel-processor-policy:SendDeadLetters/sqs:SendMessage": _keeps_the_refused_message,
    "gtm-pixel-processor-policy:WriteLogs/logs:CreateLogStream": _reports("CreateLogStream"),
    "gtm-pixel-processor-policy:WriteLogs/logs:PutLogEvents": _reports("PutLogEvents"),
    "gtm-pixel-processor-policy:PutPinpointEvents/mobiletargeting:PutEvents": _dead_letters_as(
        "pinpoint_403"
    ),
}
"""Every action of either role, and how the path breaks without it."""


class TestLeastPrivilege:
    def test_the_roles_have_exactly_the_actions_that_are_needed(self, open_run: EmbeddedRun) -> None:
        assert deployed_actions(open_run) == set(NEEDED)

    def test_with_all_of_them_nothing_is_denied(self, open_run: EmbeddedRun) -> None:
        recorded(open_run)

        assert [line for line in open_run.problems.lines if "AccessDenied" in line] == []

    @pytest.mark.parametrize(("action", "breaks"), NEEDED.items())
    def test_without_one_of_them_the_path_breaks(
        self, runs: Runs, monkeypatch: pytest.MonkeyPatch, action: str, breaks: Callable[[EmbeddedRun], None]
    ) -> None:
        monkeypatch.setattr(Resources, "_role_policy", without(action))
        run = runs.fresh(*AT_ONCE)
        assert action not in deployed_actions(run)
        breaks(run)
