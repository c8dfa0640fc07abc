"""The whole program in the local run: requests over HTTP, events in the fake.

These tests start what `make local` starts. Nothing between the request and the recorded event is replaced.
"""

import html
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from moto.sqs import models as sqs_models

from local.apigateway import gateway
from local.apigateway.throttling import method_throttle
from local.fakes import customer_profiles
from local.fakes.customer_profiles import CustomerProfilesFake
from local.fakes.pinpoint import PinpointFake, PlannedResponse
from local.functions.event_source import event_record
from local.functions.lambda_runtime import FunctionError, Invocation
from local.run import LocalRun
from ops.command_line import main as ops_main
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE, LONGEST_USER_ATTRIBUTE
from tests.local.traces.reading import paused
from tests.patience import PATIENCE_SECONDS, eventually
from tests.pinpoint_ids import in_pinpoint
from tests.runs import (
    AT_ONCE,
    TO_PROFILES,
    Runs,
    attributes_of,
    denied,
    deployed_actions,
    events_of,
    log_lines,
    long_delays,
    new_endpoint,
    quiet,
    recorded,
    send,
    send_as_written,
    settle,
    the_event_of,
    without,
)

EVERYWHERE = ("destinations=pinpoint,customer-profiles,firehose,eventbridge",)
ORIGINS = ("https://www.example.com", "https://b.example")


@pytest.fixture
def without_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies have no delay."""
    monkeypatch.setattr(sqs_models.Message, "delay", lambda *_, **__: None)


@pytest.fixture
def open_run(runs: Runs) -> LocalRun:
    """The open scenario with profile updates."""
    return runs.shared("profileUpdates=all", "retryHours=1", f"allowedOrigins={','.join(ORIGINS)}", *AT_ONCE)


@pytest.fixture
def run_of_all(runs: Runs) -> LocalRun:
    """The open scenario with three destinations."""
    return runs.shared("profileUpdates=all", *TO_PROFILES, *EVERYWHERE, *AT_ONCE)


@pytest.fixture
def still_run(runs: Runs) -> LocalRun:
    """Like `run_of_all`, but messages stay in the queue."""
    run = runs.shared("profileUpdates=all", *TO_PROFILES, *EVERYWHERE, "stageName=still", *AT_ONCE)
    run.poller.stop()
    assert received(run) == []
    return run


class TestAnEvent:
    """From a request to the record."""

    def test_the_response_is_an_image_and_the_event_is_recorded(self, open_run: LocalRun) -> None:
        endpoint_id = new_endpoint()

        response = send(
            open_run, event="purchase_success", endpoint_id=endpoint_id, evat_value="12.50", evmt_n="3"
        )
        (event,) = eventually(lambda: events_of(open_run, endpoint_id))

        assert (response.status, response.headers["Content-Type"]) == (200, "image/svg+xml")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.body.startswith(b"<svg ")
        assert (event.event, event.attributes, event.metrics) == (
            "purchase_success",
            {"value": "12.50"},
            {"n": 3.0},
        )

    def test_its_values_come_back_exactly_as_sent_and_add_nothing(self, open_run: LocalRun) -> None:
        sent = {new_endpoint(): value for value in HOSTILE_VALUES}
        for endpoint_id, value in sent.items():
            send(open_run, event="purchase", endpoint_id=endpoint_id, evat_text=value, usat_text=value)

        events = {endpoint_id: the_event_of(open_run, endpoint_id) for endpoint_id in sent}

        assert {name: event.attributes for name, event in events.items()} == {
            name: {"text": value} for name, value in sent.items()
        }
        assert {name: event.user_attributes for name, event in events.items()} == {
            name: {"text": [value]} for name, value in sent.items()
        }

    def test_its_values_may_be_as_long_as_pinpoint_takes(self, open_run: LocalRun) -> None:
        event = recorded(open_run, evat_text=LONGEST_ATTRIBUTE, usat_text=LONGEST_USER_ATTRIBUTE)

        assert event.attributes == {"text": LONGEST_ATTRIBUTE}
        assert event.user_attributes == {"text": [LONGEST_USER_ATTRIBUTE]}

    def test_a_value_over_a_limit_is_dropped_and_the_event_is_recorded(self, open_run: LocalRun) -> None:
        event = recorded(
            open_run,
            evat_long=LONGEST_ATTRIBUTE + "é",
            usat_long=LONGEST_USER_ATTRIBUTE + "é",
            evat_short="kept",
        )

        assert (event.attributes, event.user_attributes) == ({"short": "kept"}, {})

    def test_a_gtm_variable_without_a_value_is_left_out(self, open_run: LocalRun) -> None:
        event = recorded(open_run, evat_a="undefined", evat_b="null", usat_c="[object Object]", evat_d="x")

        assert (event.attributes, event.user_attributes) == ({"d": "x"}, {})

    def test_without_an_event_name_it_is_rejected_with_a_reason(self, open_run: LocalRun) -> None:
        before, letters = len(open_run.recorder.rejected()), open_run.queues.dead_letters()

        assert send(open_run, event="undefined", endpoint_id="e1").status == 200
        rejected = eventually(lambda: open_run.recorder.rejected()[before:])

        assert [one.reason for one in rejected] == ["event_missing"]
        assert open_run.queues.dead_letters() == letters

    @pytest.mark.parametrize("missing", ["event", "endpoint_id"])
    @pytest.mark.parametrize("value", [None, "", " "])
    def test_a_missing_required_parameter_never_reaches_the_queue(
        self, open_run: LocalRun, missing: str, value: str | None
    ) -> None:
        parameters = {"event": "purchase", "endpoint_id": "e1"}
        del parameters[missing]

        assert send(open_run, **parameters, **({missing: value} if value is not None else {})).status == 400

    def test_an_html_escaped_url_is_read_as_meant_and_counted(self, open_run: LocalRun) -> None:
        endpoint_id = new_endpoint()

        query = html.escape(html.escape("&evat_a=1&evmt_b=2") + "&usat_plan=gold&token=secret")
        assert send_as_written(open_run, f"?endpoint_id={endpoint_id}&event=purchase{query}").status == 200

        event = the_event_of(open_run, endpoint_id)
        assert (event.attributes, event.metrics) == ({"a": "1"}, {"b": 2.0})
        assert event.user_attributes == {"plan": ["gold"]}
        eventually(lambda: any('"escaped_names":1' in line.replace(" ", "") for line in log_lines(open_run)))

    def test_event_and_endpoint_id_are_read_after_escapes(self, open_run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        query = html.escape(f"?event=purchase&endpoint_id={endpoint_id}")

        assert send_as_written(open_run, query).status == 200
        assert the_event_of(open_run, endpoint_id).event == "purchase"

    def test_extra_slashes_make_no_difference(self, open_run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        url = urlsplit(open_run.outputs["events_url"])

        for path in (f"/{url.path}", url.path.replace("/events", "//events"), f"{url.path}/"):
            query = f"?endpoint_id={endpoint_id}&event=purchase"
            assert send_as_written(open_run, query, path=path).status == 200

        eventually(lambda: len(events_of(open_run, endpoint_id)) == 3)

    def test_a_header_cannot_supply_a_parameter(self, open_run: LocalRun) -> None:
        assert send(open_run, {"endpoint_id": "forged"}, event="purchase").status == 400

    def test_the_last_update_of_an_endpoint_wins(self, open_run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        for plan in ("silver", "gold"):
            send(open_run, event="purchase", endpoint_id=endpoint_id, usat_plan=plan, evat_plan=plan)

        events = eventually(lambda: len(found := events_of(open_run, endpoint_id)) == 2 and found)

        assert events[-1].user_attributes == {"plan": ["gold"]}
        assert [event.attributes for event in events] == [{"plan": "silver"}, {"plan": "gold"}]


class TestPrivacy:
    """Nothing about the visitor is kept."""

    HEADERS: Mapping[str, str] = {
        "Cookie": "session=cookie-sentinel",
        "User-Agent": "agent-sentinel",
        "Referer": "https://referer-sentinel.example/",
        "X-Forwarded-For": "192.0.2.77",
        "X-Anything": "header-sentinel",
    }
    SENTINELS = ("sentinel", "192.0.2.77", "127.0.0.1")

    def test_no_header_cookie_or_address_is_in_a_queue_message(self, still_run: LocalRun) -> None:
        send(still_run, self.HEADERS, event="purchase", endpoint_id="e1", evat_a="b")

        (message,) = received(still_run)

        del message["ReceiptHandle"]
        assert message["Body"] == "event=purchase&endpoint_id=e1&evat_a=b&"
        assert set(message["MessageAttributes"]) == {"request_id", "request_time"}
        assert [sentinel for sentinel in self.SENTINELS if sentinel in json.dumps(message)] == []

    def test_no_header_value_or_address_is_in_a_log_line(self, open_run: LocalRun) -> None:
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
    """Large batches, and failures in them."""

    def test_a_thousand_queued_events_are_few_requests_to_each_destination(self, runs: Runs) -> None:
        run = runs.fresh(
            *("batchSize=1000", "batchWindowSeconds=10", "customerProfilesRequestsPerSecond=1000"),
            *(*TO_PROFILES, "destinations=pinpoint,customer-profiles", "profileAttributes="),
        )
        with paused(run):
            queue_events(run, 1000)

        assert run.recorder.wait_for(2000, timeout=PATIENCE_SECONDS)

        assert len(run.recorder.events()) == 2000
        # A slow receive can end a batch early, and the last request of a batch may not be full.
        assert 10 <= len(run.fake(PinpointFake).requests) <= 12
        assert 100 <= len(run.fake(CustomerProfilesFake).requests) <= 110

    def test_a_refused_event_goes_to_the_dead_letter_queue_with_its_reason(self, open_run: LocalRun) -> None:
        before = len(open_run.queues.dead_letters())
        endpoint_id = new_endpoint()
        refused = in_pinpoint("refused-1", endpoint_id=endpoint_id)
        quiet(open_run)
        open_run.fake(PinpointFake).plan(PlannedResponse(event_statuses={refused: 400}))

        send(open_run, event="purchase", endpoint_id=endpoint_id, event_id="refused-1")
        (letter,) = eventually(lambda: open_run.queues.dead_letters()[before:])

        assert letter["reason"] == "pinpoint_400"
        assert events_of(open_run, endpoint_id) == []

    @pytest.mark.usefixtures("without_delays")
    def test_a_throttled_event_is_retried_and_recorded_once(self, open_run: LocalRun) -> None:
        quiet(open_run)
        open_run.fake(PinpointFake).plan(PlannedResponse(status=429), PlannedResponse(status=429))

        event = recorded(open_run, evat_a="b")

        assert event.attributes == {"a": "b"}

    @pytest.mark.usefixtures("without_delays")
    def test_an_event_that_keeps_failing_is_dead_lettered_after_its_last_retry(
        self, open_run: LocalRun
    ) -> None:
        # An hour is 12 retries: 13 tries of the message, each with the client's own second attempt.
        quiet(open_run)
        open_run.fake(PinpointFake).plan(*[PlannedResponse(status=500)] * 26)
        endpoint_id, before = new_endpoint(), len(open_run.queues.dead_letters())

        send(open_run, event="purchase", endpoint_id=endpoint_id)
        (letter,) = eventually(lambda: open_run.queues.dead_letters()[before:])

        assert (letter["reason"], letter["pending"]) == ("pinpoint_500", "pinpoint")
        assert events_of(open_run, endpoint_id) == []
        eventually(lambda: open_run.queues.retries() == [])

    def test_the_queue_dead_letters_a_message_that_crashes_the_function(
        self, runs: Runs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = runs.fresh("maxReceiveCount=2", *AT_ONCE)
        # A failed message is visible again at once, not after six times the function's timeout.
        run.cloud.client("sqs").set_queue_attributes(
            QueueUrl=run.outputs["queue_url"], Attributes={"VisibilityTimeout": "0"}
        )
        crashed = Invocation(error=FunctionError(error_type="Runtime.ExitError", message=""))
        monkeypatch.setattr(run.poller, "_invoke", lambda _: crashed)

        send(run, event="purchase", endpoint_id="e1")
        (letter,) = eventually(run.queues.dead_letters)

        assert letter["reason"] == "max_receive_count"

    def test_a_retry_that_waits_has_its_reason(self, open_run: LocalRun) -> None:
        quiet(open_run)
        open_run.fake(PinpointFake).plan(*[PlannedResponse(status=500)] * 2)

        with long_delays():
            send(open_run, event="purchase", endpoint_id=new_endpoint())
            (waiting,) = eventually(open_run.queues.retries)
        settle(open_run)

        assert (waiting["attempt"], waiting["pending"], waiting["reason"]) == (1, "pinpoint", "pinpoint_500")


class TestCustomerProfiles:
    """Events become objects, and objects become profiles."""

    def test_a_replay_reaches_the_named_destination_alone(self, run_of_all: LocalRun) -> None:
        endpoint_id, since = new_endpoint(), datetime.now(UTC).isoformat()
        send(run_of_all, event="purchase", endpoint_id=endpoint_id, evat_note="50 % für €")
        the_event_of(run_of_all, endpoint_id)
        before = run_of_all.recorder.events()

        for destination in ("pinpoint", "eventbridge"):
            assert ops_main(["replay", destination, "--since", since, "--local", run_of_all.url]) == 0
            (first, again) = eventually(
                lambda place=destination: (
                    len(found := events_of(run_of_all, endpoint_id, place)) > 1 and found
                )
            )
            assert first == again

        added = run_of_all.recorder.events()[len(before) :]
        assert {event.destination for event in added} == {"pinpoint", "eventbridge"}

    def test_an_event_makes_a_profile_and_the_next_one_updates_it(self, run_of_all: LocalRun) -> None:
        endpoint_id = new_endpoint()
        for plan in ("silver", "gold"):
            send(
                run_of_all, event="purchase", endpoint_id=endpoint_id, usat_plan=plan, **{f"usat_{plan}": "x"}
            )

        eventually(lambda: len(events_of(run_of_all, endpoint_id, "customer-profiles")) == 2)

        assert attributes_of(run_of_all, endpoint_id) == {"plan": "gold"}
        assert len(run_of_all.fake(CustomerProfilesFake).objects(endpoint_id)) == 2

    def test_its_values_come_back_exactly_as_sent_and_add_nothing(self, run_of_all: LocalRun) -> None:
        sent = {new_endpoint(): value for value in HOSTILE_VALUES}
        for endpoint_id, value in sent.items():
            send(run_of_all, event="purchase", endpoint_id=endpoint_id, evat_text=value, usat_plan=value)

        events = {endpoint_id: the_event_of(run_of_all, endpoint_id) for endpoint_id in sent}

        assert {name: event.attributes for name, event in events.items()} == {
            name: {"text": value} for name, value in sent.items()
        }
        assert {name: attributes_of(run_of_all, name) for name in sent} == {
            name: {"plan": value} for name, value in sent.items()
        }

    def test_a_batch_that_is_delivered_twice_changes_nothing(self, still_run: LocalRun) -> None:
        one, other = new_endpoint(), new_endpoint()
        batch = batch_of(
            still_run,
            {"event": "sign_up", "endpoint_id": one, "usat_plan": "silver"},
            {"event": "purchase", "endpoint_id": one, "usat_plan": "gold", "event_id": "order-1"},
            {"event": "purchase", "endpoint_id": other, "usat_plan": "free", "event_id": "order-1"},
        )

        once = delivered(still_run, batch, one, other)
        twice = delivered(still_run, batch, one, other)

        assert once == [
            ({"plan": "gold"}, {"sign_up": 1, "purchase": 1}),
            ({"plan": "free"}, {"purchase": 1}),
        ]
        assert twice == [
            ({"plan": "gold"}, {"sign_up": 2, "purchase": 2}),
            ({"plan": "free"}, {"purchase": 2}),
        ]
        events = [events_of(still_run, endpoint_id, "customer-profiles") for endpoint_id in (one, other)]
        assert [len(found) for found in events] == [2, 1]

    def test_an_update_refused_because_of_a_concurrent_one_is_retried(self, run_of_all: LocalRun) -> None:
        endpoint_id = new_endpoint()
        quiet(run_of_all)
        run_of_all.fake(CustomerProfilesFake).plan(
            customer_profiles.PlannedResponse(status=400, message="A concurrent update is in progress")
        )

        send(run_of_all, event="purchase", endpoint_id=endpoint_id, usat_plan="gold")
        the_event_of(run_of_all, endpoint_id)

        assert attributes_of(run_of_all, endpoint_id) == {"plan": "gold"}


def queue_events(run: LocalRun, count: int) -> None:
    """Send events of 250 endpoints directly to the queue."""
    for start in range(0, count, 10):
        run.cloud.client("sqs").send_message_batch(
            QueueUrl=run.outputs["queue_url"],
            Entries=[
                {"Id": str(n), "MessageBody": f"event=purchase&endpoint_id=e{n % 250}&evat_n={n}"}
                for n in range(start, start + 10)
            ],
        )


def received(run: LocalRun) -> list[Any]:
    """Up to ten messages of the queue. Receiving a message hides it for a while."""
    response = run.cloud.client("sqs").receive_message(
        QueueUrl=run.outputs["queue_url"],
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        AttributeNames=["All"],
    )
    return response.get("Messages", [])


def batch_of(run: LocalRun, *events: Mapping[str, str]) -> dict[str, Any]:
    """The function's input for these events. The messages stay in the queue."""
    for parameters in events:
        assert send(run, **parameters).status == 200
    messages = received(run)
    assert len(messages) == len(events)
    arn = f"arn:aws:sqs:{run.cloud.region}:{run.cloud.account_id}:queue"
    return {"Records": [event_record(message, arn, run.cloud.region) for message in messages]}


def delivered(
    run: LocalRun, batch: Mapping[str, Any], *endpoint_ids: str
) -> list[tuple[Mapping[str, str] | None, dict[str, int]]]:
    """Invoke the function with a batch; return each endpoint's profile, and the puts of each event."""
    invocation = run.functions[run.outputs["function_name"]].invoke(batch)
    assert invocation.payload == {"batchItemFailures": []}
    return [
        (
            attributes_of(run, endpoint_id),
            {
                one.content["event_type"]: one.puts
                for one in run.fake(CustomerProfilesFake).objects(endpoint_id)
            },
        )
        for endpoint_id in endpoint_ids
    ]


class TestSeveralDestinations:
    """Every event goes to all of them, and is finished when all have recorded it."""

    def test_an_event_is_recorded_once_in_each(self, run_of_all: LocalRun) -> None:
        event = recorded(run_of_all, evat_currency="EUR", evmt_value="12.5", usat_plan="gold")

        assert (event.attributes, event.metrics) == ({"currency": "EUR"}, {"value": 12.5})
        assert event.user_attributes == {"plan": ["gold"]}

    @pytest.mark.usefixtures("without_delays")
    def test_a_retry_goes_only_to_the_destination_that_failed(self, run_of_all: LocalRun) -> None:
        # As many as the destination's tries in one invocation.
        quiet(run_of_all)
        run_of_all.fake(CustomerProfilesFake).plan(*[customer_profiles.PlannedResponse(status=429)] * 3)
        endpoint_id = new_endpoint()

        send(run_of_all, event="purchase", endpoint_id=endpoint_id)
        eventually(lambda: events_of(run_of_all, endpoint_id, "customer-profiles"))
        eventually(lambda: run_of_all.queues.retries() == [])

        assert [
            len(events_of(run_of_all, endpoint_id, name)) for name in run_of_all.outputs["destinations"]
        ] == [1, 1, 1, 1]

    def test_an_event_that_one_of_them_refuses_is_kept_by_the_others(self, run_of_all: LocalRun) -> None:
        before = len(run_of_all.queues.dead_letters())
        endpoint_id = new_endpoint()
        refused = in_pinpoint("refused-2", endpoint_id=endpoint_id)
        quiet(run_of_all)
        run_of_all.fake(PinpointFake).plan(PlannedResponse(event_statuses={refused: 400}))

        send(run_of_all, event="purchase", endpoint_id=endpoint_id, event_id="refused-2")
        (letter,) = eventually(lambda: run_of_all.queues.dead_letters()[before:])

        assert letter["reason"] == "pinpoint_400"
        assert len(events_of(run_of_all, endpoint_id, "customer-profiles")) == 1
        assert len(events_of(run_of_all, endpoint_id, "firehose")) == 1

    def test_the_run_says_what_is_emulated_of_each(self, run_of_all: LocalRun) -> None:
        services = (
            *("Amazon Pinpoint:", "Amazon Connect Customer Profiles:", "Amazon Data Firehose"),
            "Amazon EventBridge:",
        )

        assert [sum(note.startswith(one) for note in run_of_all.notes) for one in services] == [1, 1, 1, 1]

    def test_the_run_has_no_notes_on_other_destinations(self, open_run: LocalRun) -> None:
        assert [note for note in open_run.notes if "Firehose" in note or "Customer Profiles" in note] == []


class TestTheResponse:
    """Never 200 for an event that is not in the queue."""

    def test_a_deleted_queue_gives_a_502(self, runs: Runs) -> None:
        run = runs.fresh(*AT_ONCE)
        run.poller.stop()
        run.cloud.client("sqs").delete_queue(QueueUrl=run.outputs["queue_url"])

        response = send(run, event="purchase", endpoint_id="e1")

        assert response.status == 502
        assert json.loads(response.body) == {"message": "The event was not queued."}

    def test_more_requests_than_the_method_takes_get_429(
        self, runs: Runs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # In no time, however long the requests take here.
        monkeypatch.setattr(
            gateway,
            "method_throttle",
            lambda stage, account, path, method, _: method_throttle(
                stage, account, path, method, lambda: 0.0
            ),
        )
        throttle = json.dumps([{"method": "GET", "rateLimit": 1, "burstLimit": 1}])
        run = runs.fresh(f"throttlingMethods={throttle}", *AT_ONCE)
        statuses = [send(run, event="purchase", endpoint_id="e1").status for _ in range(5)]

        assert statuses == [200, *[429] * 4]
        eventually(lambda: len(run.recorder.events()) == 1)

    def test_a_listed_origin_may_read_it_and_another_may_not(self, open_run: LocalRun) -> None:
        allowed, other = (
            send(open_run, {"Origin": origin}, event="purchase", endpoint_id=new_endpoint()).headers
            for origin in (ORIGINS[0], "https://evil.example")
        )

        assert (allowed["Access-Control-Allow-Origin"], allowed["Vary"]) == (ORIGINS[0], "Origin")
        assert "Access-Control-Allow-Origin" not in other


def _responds_502(run: LocalRun) -> None:
    assert send(run, event="purchase", endpoint_id=new_endpoint()).status == 502


def _reports(problem: str) -> Callable[[LocalRun], None]:
    def check(run: LocalRun) -> None:
        before = len(run.problems.lines)
        assert send(run, event="purchase", endpoint_id=new_endpoint()).status == 200
        eventually(
            lambda: any("AccessDenied" in line and problem in line for line in run.problems.lines[before:])
        )

    return check


def _comes_again_as(reason: str) -> Callable[[LocalRun], None]:
    def check(run: LocalRun) -> None:
        with long_delays():
            send(run, event="purchase", endpoint_id=new_endpoint())
            assert [retry["reason"] for retry in eventually(run.queues.retries)] == [reason]

    return check


def _leaves_the_message_in_the_queue(run: LocalRun) -> None:
    quiet(run)
    run.fake(PinpointFake).plan(*[PlannedResponse(status=500)] * 2)
    before = len(log_lines(run))
    send(run, event="purchase", endpoint_id=new_endpoint())
    eventually(lambda: any('"left_in_queue":1' in line.replace(" ", "") for line in log_lines(run)[before:]))
    assert run.queues.retries() == []


def _keeps_the_refused_message(run: LocalRun) -> None:
    endpoint_id = new_endpoint()
    quiet(run)
    run.fake(PinpointFake).plan(
        PlannedResponse(event_statuses={in_pinpoint("refused", endpoint_id=endpoint_id): 400})
    )
    before, letters = len(log_lines(run)), run.queues.dead_letters()
    send(run, event="purchase", endpoint_id=endpoint_id, event_id="refused")
    eventually(
        lambda: any('"dead_letter_failed":1' in line.replace(" ", "") for line in log_lines(run)[before:])
    )
    assert run.queues.dead_letters() == letters


NEEDED: dict[str, Callable[[LocalRun], None]] = {
    "gtm-pixel-api-send-message:SendEvents/sqs:SendMessage": _responds_502,
    "gtm-pixel-processor-policy:ReadQueue/sqs:ReceiveMessage": _reports("ReceiveMessage"),
    "gtm-pixel-processor-policy:ReadQueue/sqs:DeleteMessage": _reports("DeleteMessage"),
    "gtm-pixel-processor-policy:ReadQueue/sqs:GetQueueAttributes": _reports("GetQueueAttributes"),
    "gtm-pixel-processor-policy:SendCopies/sqs:SendMessage": _leaves_the_message_in_the_queue,
    "gtm-pixel-processor-policy:SendDeadLetters/sqs:SendMessage": _keeps_the_refused_message,
    "gtm-pixel-processor-policy:WriteLogs/logs:CreateLogStream": _reports("CreateLogStream"),
    "gtm-pixel-processor-policy:WriteLogs/logs:PutLogEvents": _reports("PutLogEvents"),
    "gtm-pixel-processor-policy:PutPinpointEvents/mobiletargeting:PutEvents": _comes_again_as("pinpoint_403"),
}
"""Every action of the roles, and what breaks without it."""

ASKED_FOR_ONCE = "gtm-pixel-processor-policy:ReadQueue/sqs:GetQueueAttributes"
"""The event source calls this when it connects, and never again."""


def _loses_the_records(run: LocalRun) -> None:
    endpoint_id, before = new_endpoint(), len(run.problems.lines)
    assert send(run, event="purchase", endpoint_id=endpoint_id).status == 200
    eventually(lambda: any("records of the delivery stream" in line for line in run.problems.lines[before:]))
    assert events_of(run, endpoint_id, "firehose") == []


NEEDED_BY_DESTINATIONS: dict[str, Callable[[LocalRun], None]] = {
    "gtm-pixel-processor-policy:PutProfileObjects/profile:PutProfileObject": _comes_again_as(
        "customer_profiles_403"
    ),
    "gtm-pixel-processor-policy:PutFirehoseRecords/firehose:PutRecordBatch": _comes_again_as(
        "firehose_access_denied"
    ),
    "gtm-pixel-processor-policy:PutEventBridgeEvents/events:PutEvents": _comes_again_as("eventbridge_403"),
    "gtm-pixel-processor-firehose-policy:WriteObjects/s3:PutObject": _loses_the_records,
}
"""The actions for the other two destinations, and what breaks without each."""

UNUSED_HERE = {
    f"gtm-pixel-processor-firehose-policy:{action}"
    for action in (
        "FindBucket/s3:GetBucketLocation",
        "FindBucket/s3:ListBucket",
        "FindBucket/s3:ListBucketMultipartUploads",
        "WriteErrors/logs:PutLogEvents",
        "WriteObjects/s3:AbortMultipartUpload",
    )
}
"""AWS asks for these in the role of a delivery stream. The local run does not use them."""


KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"

NEEDED_WITH_A_KEY: dict[str, Callable[[LocalRun], None]] = {
    "gtm-pixel-api-send-message:UseKeyThroughSqs/kms:GenerateDataKey": _responds_502,
    "gtm-pixel-api-send-message:UseKeyThroughSqs/kms:Decrypt": _responds_502,
    "gtm-pixel-processor-policy:UseKeyThroughSqs/kms:GenerateDataKey": _leaves_the_message_in_the_queue,
    "gtm-pixel-processor-policy:UseKeyThroughSqs/kms:Decrypt": _reports("ReceiveMessage"),
}
"""The actions on a key of one's own, and what breaks without each."""


class TestLeastPrivilege:
    def test_the_roles_have_exactly_the_actions_that_are_needed(self, open_run: LocalRun) -> None:
        assert deployed_actions(open_run) == set(NEEDED)

    def test_with_all_of_them_nothing_is_denied(self, open_run: LocalRun) -> None:
        before = len(open_run.problems.lines)

        recorded(open_run)

        assert [line for line in open_run.problems.lines[before:] if "AccessDenied" in line] == []

    @pytest.mark.parametrize("action", [one for one in NEEDED if one != ASKED_FOR_ONCE])
    def test_without_one_action_the_path_breaks_until_it_is_back(
        self, open_run: LocalRun, action: str
    ) -> None:
        quiet(open_run)
        with denied(open_run, action):
            NEEDED[action](open_run)

        settle(open_run)
        recorded(open_run)

    def test_without_the_action_that_is_used_at_the_start_the_path_breaks(
        self, runs: Runs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch, ASKED_FOR_ONCE)
        run = runs.fresh(*AT_ONCE)
        assert ASKED_FOR_ONCE not in deployed_actions(run)
        NEEDED[ASKED_FOR_ONCE](run)

    def test_the_roles_have_what_the_other_destinations_need_and_no_more(self, run_of_all: LocalRun) -> None:
        assert deployed_actions(run_of_all) == {*NEEDED, *NEEDED_BY_DESTINATIONS, *UNUSED_HERE}

    @pytest.mark.parametrize(("action", "breaks"), NEEDED_BY_DESTINATIONS.items())
    def test_without_an_action_of_a_destination_the_path_breaks_until_it_is_back(
        self, run_of_all: LocalRun, action: str, breaks: Callable[[LocalRun], None]
    ) -> None:
        quiet(run_of_all)
        with denied(run_of_all, action):
            breaks(run_of_all)

        settle(run_of_all)
        recorded(run_of_all)

    @pytest.mark.parametrize(("action", "breaks"), NEEDED_WITH_A_KEY.items())
    def test_without_an_action_on_the_key_the_path_breaks_until_it_is_back(
        self, runs: Runs, action: str, breaks: Callable[[LocalRun], None]
    ) -> None:
        run = runs.shared(f"kmsKeyArn={KEY}", "profileUpdates=all", "retryHours=1", *AT_ONCE)
        assert deployed_actions(run) == {*NEEDED, *NEEDED_WITH_A_KEY}
        quiet(run)
        with denied(run, action):
            breaks(run)

        settle(run)
        recorded(run)
