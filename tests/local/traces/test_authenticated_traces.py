"""Traces of a stack with tokens and with every destination."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.fakes.pinpoint import PinpointFake, PlannedResponse
from local.run import LocalRun
from tests.forged_tokens import Forger
from tests.local.traces.reading import Trace, hops, paused, trace_of, traced
from tests.runs import AT_ONCE, TO_PROFILES, Runs, new_endpoint, quiet, send
from tests.token_issuer import TokenIssuer

AUDIENCE = "site"
EVERYWHERE = (*TO_PROFILES, "destinations=pinpoint,customer-profiles,firehose,eventbridge")


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def run(runs: Runs, issuer: TokenIssuer) -> LocalRun:
    with_tokens = ("authMode=authenticated", f"oidcIssuer={issuer.url}", f"oidcAudiences={AUDIENCE}")
    return runs.shared(*with_tokens, *EVERYWHERE, *AT_ONCE)


def forger(issuer: TokenIssuer, endpoint_id: str) -> Forger:
    return Forger(signer=issuer.signers[0], issuer=issuer.url, audience=AUDIENCE, endpoint_id=endpoint_id)


def sent_with(run: LocalRun, issuer: TokenIssuer, make: Callable[[Forger], str]) -> Trace:
    endpoint_id = new_endpoint()
    token = make(forger(issuer, endpoint_id))
    trace = traced(run, endpoint_id=endpoint_id, usat_plan="gold", **({"token": token} if token else {}))
    assert not token or token not in json.dumps(trace)
    return trace


def test_a_proven_event_updates_the_profiles(run: LocalRun, issuer: TokenIssuer) -> None:
    trace = sent_with(run, issuer, Forger.token)
    authorizer = hops(trace, "gateway")[0]["authorizer"]

    assert (authorizer["outcome"], authorizer["log_lines"]) == ("proven", [])
    assert authorizer["why"] == "The token is valid and names the endpoint of the request."
    assert "&token=eyJ" in hops(trace, "gateway")[0]["request"]["url"]
    assert hops(trace, "queue")[0]["attributes"]["proven_endpoint"] == trace["endpoint_id"]
    assert {hop["destination"]: hop["update"] for hop in hops(trace, "profile")} == {
        "pinpoint": "applied",
        "customer-profiles": "applied",
    }


@pytest.mark.parametrize(
    ("make", "outcome", "words", "denied"),
    [
        (lambda _: "", "no_token", "The request has no token.", "without_proof"),
        (
            lambda f: f.token(exp=int(time.time()) - 3600),
            "expired",
            "The token has expired.",
            "without_proof",
        ),
        (
            lambda f: f.token(iss="https://other.example"),
            "issuer",
            "The token is from another issuer.",
            "without_proof",
        ),
        (
            lambda f: f.own.sign(f.claims(), kid=f.signer.key_id),
            "signature",
            "The token has a wrong signature.",
            "without_proof",
        ),
        (
            lambda f: f.naming("somebody-else"),
            "proof_of_other_endpoint",
            "The token proves another customer's endpoint.",
            "proof_of_other_endpoint",
        ),
    ],
    ids=["no token", "expired", "another issuer", "wrong signature", "another customer's"],
)
def test_why_a_token_proves_nothing(
    run: LocalRun,
    issuer: TokenIssuer,
    make: Callable[[Forger], str],
    outcome: str,
    words: str,
    denied: str,
) -> None:
    trace = sent_with(run, issuer, make)
    authorizer = hops(trace, "gateway")[0]["authorizer"]
    (function,) = hops(trace, "function")
    summary = json.loads(function["log_lines"][-1])

    assert (trace["state"], authorizer["outcome"], authorizer["why"]) == ("recorded", outcome, words)
    assert summary["profile_updates_denied"] == {denied: 1}
    for profile in hops(trace, "profile"):
        assert profile["update"] == "denied"
        assert profile["why"] == f"Not updated: plan. {words}"


def test_the_same_event_is_found_in_every_destination(run: LocalRun, issuer: TokenIssuer) -> None:
    trace = sent_with(run, issuer, Forger.token)
    found = {hop["destination"]: hop["request"] for hop in hops(trace, "destination")}
    pinpoint = found["pinpoint"]["parameters"]["EventsRequest"]["BatchItem"][trace["endpoint_id"]]

    assert {name: request["operation"] for name, request in found.items()} == {
        "pinpoint": "PutEvents",
        "customer-profiles": "BatchPutProfileObject",
        "firehose": "PutRecordBatch",
        "eventbridge": "PutEvents",
    }
    assert list(pinpoint["Events"]) == [trace["event_key"]]
    (item,) = found["customer-profiles"]["parameters"]["Items"]
    assert item["Object"]["event_key"] == trace["event_key"]
    (entry,) = found["eventbridge"]["parameters"]["Entries"]
    assert entry["Detail"]["event_key"] == trace["event_key"]
    (record,) = found["firehose"]["parameters"]["Records"]
    assert record["Data"]["proven"] is True
    assert {hop["outcome"] for hop in hops(trace, "destination")} == {"recorded"}


def test_a_request_that_is_refused_as_a_whole_is_shown_with_its_halves(run: LocalRun) -> None:
    quiet(run)
    ours, other = new_endpoint(), new_endpoint()
    run.fake(PinpointFake).plan(PlannedResponse(status=413))
    with paused(run):
        send(run, event="purchase", endpoint_id=ours)
        send(run, event="purchase", endpoint_id=other)
    trace = trace_of(run, ours, "recorded")
    whole, half = [hop for hop in hops(trace, "destination") if hop["destination"] == "pinpoint"]

    assert (whole["request"]["events"], whole["response"]["status"]) == (2, 413)
    assert whole["outcome"] == "repeated"
    assert (half["request"]["events"], half["response"]["status"]) == (1, 202)
    assert half["outcome"] == "recorded"
    assert accepted(half) == [202]


def accepted(hop: dict[str, Any]) -> list[int]:
    (result,) = hop["response"]["body"]["Results"].values()
    return [event["StatusCode"] for event in result["EventsItemResponse"].values()]
