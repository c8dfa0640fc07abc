"""End to end from a server container: the template's code, HTTP, API, authorizer, queue, function, record.

The code runs in a mock of GTM's sandbox, which really sends. Everything behind the request is the local run.
"""

import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from gtm.custom_template import TemplateKind
from local.run import LocalRun
from tests.forged_tokens import Forger
from tests.gtm.sandbox import End, Sandbox, Template
from tests.hostile import HOSTILE_VALUES
from tests.ports import NOBODY
from tests.runs import AT_ONCE, Runs, new_endpoint, the_event_of
from tests.token_issuer import TokenIssuer

PREVIEW: Final = {"debugMode": True, "previewMode": True}
TEMPLATE: Final = Template.read(TemplateKind.SERVER)


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    issuer = TokenIssuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def run(runs: Runs, issuer: TokenIssuer) -> LocalRun:
    return runs.shared(
        *("authMode=authenticated", f"oidcIssuer={issuer.url}", "oidcAudiences=site"),
        *("timestampSource=url", *AT_ONCE),
    )


def token(issuer: TokenIssuer, endpoint_id: str) -> str:
    return Forger(
        signer=issuer.signers[0], issuer=issuer.url, audience="site", endpoint_id=endpoint_id
    ).token()


def permitting(events_url: str) -> Template:
    """The template with permission for a URL on this machine, as a template for a stack has it."""
    (sending,) = (
        each["instance"]
        for each in TEMPLATE.permissions
        if each["instance"]["key"]["publicId"] == "send_http"
    )
    urls = {"type": 2, "listItem": [{"type": 1, "string": f"http://{urlsplit(events_url).netloc}/*"}]}
    specific = [{"key": "allowedUrls", "value": {"string": "specific"}}, {"key": "urls", "value": urls}]
    others = [each for each in TEMPLATE.permissions if each["instance"] is not sending]
    return TEMPLATE._replace(permissions=[*others, {"instance": {**sending, "param": specific}}])


def fire(
    sandbox: Sandbox, events_url: str, event_data: Mapping[str, Any], fields: Mapping[str, Any] | None = None
) -> End:
    """Fire the tag in Preview, so that it logs."""
    return sandbox.run_tag(
        permitting(events_url),
        {"eventsUrl": events_url, **(fields or {})},
        eventData=event_data,
        containerVersion=PREVIEW,
    )


def test_a_purchase_is_recorded_with_its_items_and_updates_the_profile_that_its_token_proves(
    sandbox: Sandbox, run: LocalRun, issuer: TokenIssuer
) -> None:
    endpoint_id = new_endpoint()
    happened = datetime.now(UTC).replace(microsecond=0)
    purchase = {
        "event_name": "purchase",
        "user_id": endpoint_id,
        "transaction_id": f"T-{endpoint_id}",
        "value": 30.5,
        "currency": "EUR",
        "items": [
            {"item_id": "sku1", "item_name": "Tea | green", "item_category": "Tea"},
            {"item_id": "sku2", "item_name": "Cup", "item_category": None},
        ],
        "user_data": {"email_address": "jane@example.com"},
    }

    end = fire(
        sandbox,
        run.outputs["events_url"],
        purchase,
        {
            "ga4": True,
            "userAttributes": [{"name": "plan", "value": "gold"}],
            "timestamp": int(happened.timestamp() * 1000),
            "token": token(issuer, endpoint_id),
        },
    )

    assert end == End("gtmOnSuccess", ["gtm-pixel: the endpoint responded 200"], [])
    event = the_event_of(run, endpoint_id)
    assert (event.event, event.attributes, event.metrics, event.user_attributes) == (
        "purchase",
        {
            "transaction_id": f"T-{endpoint_id}",
            "currency": "EUR",
            "item_ids": "sku1|sku2",
            "item_names": "Tea   green|Cup",
            "item_categories": "Tea|",
        },
        {"value": 30.5, "item_count": 2.0},
        {"plan": ["gold"]},
    )
    assert datetime.fromisoformat(event.timestamp) == happened


def test_without_a_token_of_the_endpoint_the_event_is_recorded_and_updates_nothing(
    sandbox: Sandbox, run: LocalRun, issuer: TokenIssuer
) -> None:
    endpoints = {new_endpoint(): given for given in (None, "no.to.ken", token(issuer, "another"))}

    for endpoint_id, given in endpoints.items():
        fields = {"userAttributes": [{"name": "plan", "value": "gold"}], "token": given}
        event_data = {"event_name": "login", "user_id": endpoint_id}
        assert fire(sandbox, run.outputs["events_url"], event_data, fields).outcome == "gtmOnSuccess"

    recorded = [the_event_of(run, endpoint_id) for endpoint_id in endpoints]
    assert [(event.event, event.user_attributes) for event in recorded] == [("login", {})] * 3


def test_hostile_values_arrive_intact(sandbox: Sandbox, run: LocalRun) -> None:
    endpoint_id = new_endpoint()
    values = {f"n{number}": value for number, value in enumerate(HOSTILE_VALUES)}
    rows = [{"name": name, "value": value} for name, value in values.items()]

    fire(
        sandbox,
        run.outputs["events_url"],
        {"event_name": "a b&c=d", "user_id": endpoint_id},
        {"eventAttributes": rows},
    )

    event = the_event_of(run, endpoint_id)
    assert (event.event, event.attributes, event.user_attributes) == ("a b&c=d", values, {})


def test_a_response_other_than_200_fails_the_tag(sandbox: Sandbox, run: LocalRun) -> None:
    elsewhere = run.outputs["events_url"] + "/elsewhere"

    end = fire(sandbox, elsewhere, {"event_name": "login", "user_id": "e1"})

    assert end == End("gtmOnFailure", ["gtm-pixel: the endpoint responded 403"], [])


def test_an_endpoint_that_does_not_respond_fails_the_tag(sandbox: Sandbox) -> None:
    event_data = {"event_name": "login", "user_id": "e1"}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # and accepts nobody
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/events"
        late = fire(sandbox, url, event_data, {"timeoutMillis": "50"})
    gone = fire(sandbox, f"{NOBODY}/v1/events", event_data)

    assert (late.outcome, late.log) == ("gtmOnFailure", ["gtm-pixel: the request timed out"])
    assert (gone.outcome, gone.log) == ("gtmOnFailure", ["gtm-pixel: the request failed"])


def test_the_template_calls_no_other_host(sandbox: Sandbox) -> None:
    data = {"eventsUrl": "https://elsewhere.example.com/v1/events"}

    with pytest.raises(AssertionError, match="send_http does not permit https://elsewhere"):
        sandbox.run_tag(TEMPLATE, data, eventData={"event_name": "login", "user_id": "e1"})
