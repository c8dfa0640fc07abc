"""The trace of a request: what went over each hop, and why, as the page gets it."""

import json
from collections.abc import Iterator, Mapping

import pytest

from local.run import LocalRun
from local.traces.faults import Fault
from tests.local.traces.reading import Trace, hops, paused, post, trace_of, traced
from tests.runs import AT_ONCE, Runs, long_delays, new_endpoint, quiet, send, settle


@pytest.fixture
def run(runs: Runs) -> Iterator[LocalRun]:
    run = runs.shared(*AT_ONCE, stack="dev")
    yield run
    for destination in run.faults.by_destination:
        run.faults.set(destination, None)


class TestARecordedEvent:
    def test_it_is_told_hop_by_hop(self, run: LocalRun) -> None:
        trace = traced(run, usat_plan="gold", evat_currency="EUR", gtmcb="77")

        assert (trace["event"], trace["gtmcb"]) == ("purchase", "77")
        assert [(hop["hop"], hop.get("destination")) for hop in trace["hops"]][:3] == [
            ("gateway", None),
            ("queue", None),
            ("function", None),
        ]
        assert {(hop["hop"], hop.get("destination")) for hop in trace["hops"][3:]} == {
            ("destination", "customer-profiles"),
            ("profile", "customer-profiles"),
            ("destination", "firehose"),
        }
        assert all(isinstance(hop["at"], int) and hop["at"] >= trace["at"] for hop in trace["hops"])

    def test_the_gateway_hop_has_the_request_and_the_response(self, run: LocalRun) -> None:
        (gateway,) = hops(traced(run, evat_note="Doe, John & <b>"), "gateway")

        assert "evat_note=Doe%2C%20John%20%26%20%3Cb%3E" in gateway["request"]["url"]
        assert ["Host", run.url.removeprefix("http://")] in gateway["request"]["headers"]
        assert (gateway["status"], gateway["authorizer"]) == (200, None)
        assert gateway["response"]["body"].startswith("<svg")

    def test_the_queue_hop_is_the_message_as_the_function_gets_it(self, run: LocalRun) -> None:
        trace = traced(run, evat_note="a b")
        (queue,), (function,) = hops(trace, "queue"), hops(trace, "function")

        assert "evat_note=a+b" in queue["body"]
        assert queue["attributes"]["request_id"] == trace["id"]
        assert (queue["attempt"], queue["delay_seconds"], function["messages_in_batch"]) == (0, 0, 1)

    def test_the_function_hop_has_its_log_and_metrics(self, run: LocalRun) -> None:
        (function,) = hops(traced(run), "function")
        recorded = [one for one in function["metrics"] if one["name"] == "Recorded"]

        assert (function["outcome"], function["reason"]) == ("recorded", None)
        assert [json.loads(line)["message"] for line in function["log_lines"]] == ["batch processed"]
        assert recorded[0] == {
            "name": "Recorded",
            "value": 1.0,
            "unit": "Count",
            "dimensions": {"service": "gtm-pixel-dev"},
        }
        assert {one["dimensions"].get("destination") for one in recorded[1:]} == {
            "customer-profiles",
            "firehose",
        }

    def test_a_destination_hop_has_only_this_events_part(self, run: LocalRun) -> None:
        with paused(run):
            ours, other = new_endpoint(), new_endpoint()
            send(run, event="purchase", endpoint_id=ours, event_id="order-1")
            send(run, event="purchase", endpoint_id=other, event_id="order-1")
        trace = trace_of(run, ours, "recorded")
        found = {hop["destination"]: hop for hop in hops(trace, "destination")}
        profile_object = found["customer-profiles"]["request"]["parameters"]["Items"]
        record = found["firehose"]["request"]["parameters"]["Records"]

        assert hops(trace, "function")[0]["messages_in_batch"] == 2
        assert [hop["request"]["events"] for hop in found.values()] == [2, 2]
        assert other not in json.dumps(trace)
        assert [item["Object"]["endpoint_id"] for item in profile_object] == [ours]
        assert [one["Data"]["client"]["client_id"] for one in record] == [ours]
        assert [item["Id"] for item in found["customer-profiles"]["response"]["body"]["Successful"]] == [
            profile_object[0]["Id"]
        ]
        assert found["firehose"]["response"]["body"]["FailedPutCount"] == 0
        assert trace["event_key"] == profile_object[0]["Object"]["event_key"]

    def test_a_duplicate_says_that_another_message_may_have_been_sent(self, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        with paused(run):
            for number, name in (("1", "usat_plan"), ("2", "usat_tier")):
                sent = {"endpoint_id": endpoint_id, "event_id": "order-1", "gtmcb": number, name: number}
                send(run, event="purchase", **sent)
        traces = [trace_of(run, endpoint_id, "recorded", gtmcb=number) for number in ("1", "2")]
        functions = [hops(trace, "function")[0] for trace in traces]
        whys = [hops(trace, "profile")[0]["why"] for trace in traces]

        assert [function["duplicates"] for function in functions] == [1, 1]
        assert all(one["why"].startswith("The batch had this event twice") for one in functions)
        assert sum(why is None for why in whys) == 1
        assert sum("the same event, was sent in its place" in (why or "") for why in whys) == 1

    def test_the_profile_is_shown_before_and_after(self, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        (first,) = hops(traced(run, endpoint_id=endpoint_id, usat_plan="gold"), "profile")

        assert (first["before"], first["update"], first["why"]) == (None, "applied", None)
        assert first["after"] == {"gtm_pixel_endpoint_id": endpoint_id, "plan": "gold"}


@pytest.mark.parametrize(
    ("parameters", "update", "why"),
    [
        ({}, "none", "has no usat_ parameter"),
        ({"usat_hair": "red"}, "denied", "Not updated: hair. The attribute is not in the allow-list"),
        ({"usat_plan": "x" * 256}, "denied", "Not updated: plan. The user attribute has more than 255"),
        ({"usat_plan": ""}, "denied", "Not updated: plan. The user attribute is empty"),
        ({"usat_plan": "gold", "usat_hair": "red"}, "applied", "Not updated: hair."),
    ],
)
def test_why_an_update_did_not_happen(
    run: LocalRun, parameters: Mapping[str, str], update: str, why: str
) -> None:
    (profile,) = hops(traced(run, **parameters), "profile")

    assert profile["update"] == update
    assert why in profile["why"]


class TestARefusedRequest:
    def test_without_an_endpoint_it_ends_at_the_gateway(self, run: LocalRun) -> None:
        endpoint_id = new_endpoint()
        send(run, endpoint_id=endpoint_id)
        trace = trace_of(run, endpoint_id, "refused")

        (gateway,) = trace["hops"]
        assert gateway["status"] == 400
        assert gateway["why"].startswith("The request lacks event or endpoint_id")
        assert "Missing required request parameters: [event]" in gateway["response"]["body"]


def test_a_rejected_event_says_why(run: LocalRun) -> None:
    endpoint_id = new_endpoint()
    send(run, event="undefined", endpoint_id=endpoint_id)
    (function,) = hops(trace_of(run, endpoint_id, "rejected"), "function")

    assert (function["outcome"], function["reason"]) == ("rejected", "event_missing")
    assert function["why"] == "Event is missing or stands for no value, such as undefined."


class TestADestinationThatFails:
    def test_its_event_is_retried_and_then_recorded(self, run: LocalRun) -> None:
        quiet(run)
        post(run, "/faults", {"destination": "firehose", "fault": Fault.UNAVAILABLE})
        with long_delays():
            trace = traced(run, "retried")
        first, second, last = [hop for hop in hops(trace, "destination") if hop["destination"] == "firehose"]
        copy = hops(trace, "queue")[1]

        assert [first["outcome"], second["outcome"], last["outcome"]] == ["repeated", "repeated", "retried"]
        assert last["response"]["status"] == 503
        assert (last["reason"], last["why"]) == (
            "firehose_503",
            "The service is not available (status 503).",
        )
        assert (copy["attempt"], copy["attributes"]["pending"]) == (1, "firehose")
        assert copy["delay_seconds"] == 900

        assert post(run, "/faults", {"destination": "firehose", "fault": None}) == {
            "destinations": {"customer-profiles": None, "firehose": None}
        }
        settle(run)
        trace = trace_of(run, trace["endpoint_id"], "recorded")

        assert [hop["outcome"] for hop in hops(trace, "function")] == ["retried", "recorded"]
        assert trace["hops"][-1]["destination"] == "firehose"
        assert trace["hops"][-1]["outcome"] == "recorded"

    def test_a_refused_event_is_dead_lettered_and_redriven(self, run: LocalRun) -> None:
        quiet(run)
        other, ours = dead_lettered(run), dead_lettered(run)
        (function,) = hops(ours, "function")
        letter = hops(ours, "queue")[1]
        hop = next(hop for hop in hops(ours, "destination") if hop["destination"] == "customer-profiles")

        assert (function["outcome"], function["reason"]) == ("dead_lettered", "customer_profiles_400")
        assert (letter["queue"], letter["reason"]) == ("dead_letter_queue", "customer_profiles_400")
        assert hop["response"] == {
            "status": 400,
            "body": {
                "__type": "ValidationException",
                "Message": "The local run was told to make this destination fail.",
                "message": "The local run was told to make this destination fail.",
            },
        }
        assert hops(ours, "profile") == []

        post(run, "/faults", {"destination": "customer-profiles", "fault": None})
        ids = [hop["message_id"] for hop in hops(ours, "queue")]
        assert post(run, "/redrive", {"ids": ids}) == {"redriven": 1}
        redriven = trace_of(run, ours["endpoint_id"], "recorded")

        assert [hop["is_redriven"] for hop in hops(redriven, "queue")] == [False, False, True]
        assert [hop["update"] for hop in hops(redriven, "profile")] == ["applied"]
        assert trace_of(run, other["endpoint_id"], "dead_lettered")
        assert post(run, "/redrive", {}) == {"redriven": 1}
        assert trace_of(run, other["endpoint_id"], "recorded")


def dead_lettered(run: LocalRun) -> Trace:
    run.faults.set("customer-profiles", Fault.REFUSING)
    return traced(run, "dead_lettered", usat_plan="gold")
