"""The front of the local run: recorded events as JSON, the page, and requests to the API."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from gtm import plan_file
from gtm.container import plan_of
from gtm.ga4 import Source, preset_tag
from gtm.variables import DataLayerVariable
from local.demo_users import DemoUsers
from local.deployment.cloud import Cloud
from local.fakes import Profiles
from local.recorder import RecordedEvent, Recorder, RejectedMessage
from local.run import PROJECT_DIR
from local.traces.faults import Faults
from local.traces.store import Traces
from local.web.front import Front
from local.web.trace_views import TraceViews

PAGE_FILES = sorted((PROJECT_DIR / "local" / "web" / "page").iterdir())
OUTPUTS = {"events_url": "http://127.0.0.1:1/dev/events", "auth_mode": "open", "destinations": ["pinpoint"]}
DEAD_LETTER = {"message_id": "m-9", "reason": "pinpoint_400", "pending": "pinpoint"}
RETRY = {"message_id": "m-8", "reason": "customer_profiles_503", "pending": "customer-profiles,firehose"}


PROFILES = Profiles(of={"e1": {"plan": "gold"}}.get, when_missing="No profile yet.", keeps_event_once=True)
EACH = Profiles(of=lambda _: {}, when_missing="", keeps_event_once=False)


def gateway(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"gateway {environ['PATH_INFO']}".encode()]


def purchase(**changes: Any) -> RecordedEvent:
    return RecordedEvent(
        **{
            "destination": "pinpoint",
            "endpoint_id": "e1",
            "event_id": "m-1",
            "event_key": "m-1",
            "event": "purchase",
            "timestamp": "2026-01-01T00:00:00.000Z",
            "attributes": {"value": "12.50"},
            "metrics": {"quantity": 1.0},
            "user_attributes": {"plan": ["gold"]},
            **changes,
        }
    )


def trace_views() -> TraceViews:
    return TraceViews(Traces(), Faults(["firehose"]), destinations=["firehose"], redrive=lambda _: 0)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def client(recorder: Recorder) -> Client:
    front = Front(
        gateways={"dev": gateway},
        stage_name="dev",
        outputs=OUTPUTS,
        recorder=recorder,
        profiles={"customer-profiles": PROFILES, "pinpoint": EACH},
        dead_letters=lambda: [DEAD_LETTER],
        retries=lambda: [RETRY, RETRY],
        traces=trace_views(),
        notes=["Pinpoint is a fake."],
    )
    return Client(front)


def test_outputs_are_the_stacks_outputs(client: Client) -> None:
    assert client.get("/outputs").json == OUTPUTS


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:8080", "[::1]:8080"])
def test_the_runs_own_pages_are_at_addresses_of_this_machine(client: Client, host: str) -> None:
    assert client.get("/outputs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[", ""])
@pytest.mark.parametrize("path", ["/", "/aws", "/recorded", "/nothing"])
def test_a_name_that_leads_to_this_machine_does_not_get_them(client: Client, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})

    assert response.status_code == 421
    assert "127.0.0.1" in response.get_json()["message"]


def test_the_api_serves_any_host(client: Client) -> None:
    assert client.get("/dev/events", headers={"Host": "tunnel.example"}).status_code == 200


def test_recorded_is_everything_so_far(client: Client, recorder: Recorder) -> None:
    recorder.add(purchase(), RejectedMessage(message_id="m-2", reason="event_missing"))

    assert client.get("/recorded").json == {
        "events": [
            {
                "destination": "pinpoint",
                "endpoint_id": "e1",
                "event_id": "m-1",
                "event_key": "m-1",
                "event": "purchase",
                "timestamp": "2026-01-01T00:00:00.000Z",
                "attributes": {"value": "12.50"},
                "metrics": {"quantity": 1.0},
                "user_attributes": {"plan": ["gold"]},
            }
        ],
        "rejected": [{"message_id": "m-2", "reason": "event_missing"}],
        "retried": [RETRY, RETRY],
        "dead_letters": [DEAD_LETTER],
    }


def test_any_character_survives_in_recorded(client: Client, recorder: Recorder) -> None:
    value = "日本語 🎉 \"'\\</script>\n\t"
    recorder.add(purchase(attributes={"note": value}))

    assert json.loads(client.get("/recorded").get_data())["events"][0]["attributes"] == {"note": value}


def test_the_profile_of_an_endpoint_is_shown_for_each_destination(client: Client, recorder: Recorder) -> None:
    for destination, endpoint_id in (
        ("customer-profiles", "e1"),
        ("customer-profiles", "e2"),
        ("firehose", "e1"),
    ):
        recorder.add(purchase(destination=destination, endpoint_id=endpoint_id))

    profile, _ = client.get("/profile?endpoint_id=e1").get_json()["profiles"]

    assert profile == {
        "destination": "customer-profiles",
        "attributes": {"plan": "gold"},
        "when_missing": "No profile yet.",
        "events": 1,
        "keeps_event_once": True,
    }


def test_an_event_that_was_sent_twice_counts_once_where_it_is_kept_once(
    client: Client, recorder: Recorder
) -> None:
    for destination in ("customer-profiles", "pinpoint"):
        for key in ("m-1", "m-1", "m-2"):
            recorder.add(purchase(destination=destination, event_key=key))

    once, each = client.get("/profile?endpoint_id=e1").get_json()["profiles"]

    assert (once["events"], each["events"]) == (2, 3)


def test_an_endpoint_without_a_profile_has_no_attributes(client: Client) -> None:
    profile, _ = client.get("/profile", query_string={"endpoint_id": "e 2&"}).get_json()["profiles"]

    assert profile["attributes"] is None


@pytest.mark.parametrize("path", ["/profile", "/profile?endpoint_id="])
def test_a_profile_without_an_endpoint_gets_400(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 400
    assert "endpoint_id" in response.get_json()["message"]


@pytest.mark.parametrize("path", ["/dev", "/dev/events"])
def test_the_stage_belongs_to_the_gateway(client: Client, path: str) -> None:
    assert client.get(path).text == f"gateway {path}"


def test_a_path_that_only_begins_like_the_stage_is_not_the_gateways(client: Client) -> None:
    response = client.get("/development")

    assert (response.status_code, response.mimetype) == (404, "application/json")


def test_only_get_is_answered(client: Client) -> None:
    response = client.post("/recorded")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_the_favicon_is_empty_and_not_missing(client: Client) -> None:
    assert client.get("/favicon.ico").status_code == 204


def test_notes_say_what_is_emulated(client: Client) -> None:
    assert client.get("/notes").json == ["Pinpoint is a fake."]


def test_the_policy_of_the_page_allows_files_of_this_address_and_nothing_else(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    sources = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    allowed = {"script-src", "style-src", "img-src", "connect-src"}
    assert {name for name, source in sources.items() if source == "'self'"} == allowed
    assert {source for name, source in sources.items() if name not in allowed} == {"'none'"}


def test_the_page_has_no_inline_code(client: Client) -> None:
    html = client.get("/").text

    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", html) == []


def test_the_page_loads_files_of_this_address_only(client: Client) -> None:
    sources = re.findall(r"<(?:link|iframe|script|img)[^>]*(?:src|href)=\"([^\"]*)\"", client.get("/").text)

    assert sources == ["/page/page.css", "/page/timeline.css", "/gtm/fake-gtm.js", "/page/main.js"]
    assert {client.get(source).status_code for source in sources} == {200}
    assert [
        file.name for file in PAGE_FILES if re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]+", file.read_text())
    ] == []


@pytest.mark.parametrize(
    "file", [file for file in PAGE_FILES if file.suffix == ".js"], ids=lambda file: file.name
)
def test_every_module_of_the_page_and_its_imports_are_served(client: Client, file: Path) -> None:
    response = client.get(f"/page/{file.name}")

    assert (response.status_code, response.mimetype) == (200, "text/javascript")
    imported = re.findall(r'from "\./([^"]+)"', response.text)
    assert [name for name in imported if client.get(f"/page/{name}").status_code != 200] == []


def test_the_container_is_the_export_for_the_parameters_asked_for(client: Client) -> None:
    response = client.get("/gtm/container.json?parameter=evat_value&parameter=evmt_n&parameter=usat_plan")

    plan = plan_of(json.loads(response.text))
    assert plan.events_url == OUTPUTS["events_url"]
    assert [(tag.event, [p.url_name for p in tag.parameters]) for tag in plan.tags] == [
        (None, ["evat_value", "evmt_n", "usat_plan"])
    ]
    assert plan.token is None


def test_the_container_of_the_authenticated_scenario_sends_the_token(signing_client: Client) -> None:
    plan = plan_of(json.loads(signing_client.get("/gtm/container.json").text))

    assert plan.token == DataLayerVariable("id_token")


def test_the_container_sends_the_id_and_time_that_the_form_has(client: Client) -> None:
    response = client.get("/gtm/container.json?parameter=event_id&parameter=timestamp&parameter=evat_a")

    (tag,) = plan_of(json.loads(response.text)).tags
    assert (tag.event_id, tag.timestamp) == (DataLayerVariable("event_id"), DataLayerVariable("timestamp"))
    assert [parameter.url_name for parameter in tag.parameters] == ["evat_a"]


def test_the_tag_of_the_container_needs_the_consent_that_the_form_has(client: Client) -> None:
    export = client.get("/gtm/container.json?ga4=login&consent=ad_storage&consent=analytics_storage").text

    assert plan_of(json.loads(export)).consent == ("ad_storage", "analytics_storage")


def test_the_container_can_be_that_of_a_recommended_event(client: Client) -> None:
    (tag,) = plan_of(json.loads(client.get("/gtm/container.json?ga4=purchase&parameter=usat_plan").text)).tags

    preset = preset_tag("purchase", Source.ECOMMERCE)
    assert (tag.event, tag.event_id) == ("purchase", preset.event_id)
    assert [each.url_name for each in tag.parameters] == [
        *(each.url_name for each in preset.parameters),
        "usat_plan",
    ]


def test_the_functions_of_a_container_are_a_script(client: Client) -> None:
    response = client.get("/gtm/container.js?ga4=purchase")

    assert response.mimetype == "text/javascript"
    assert '"gtm-pixel - ecommerce.items list of item_id": (read) => (function() {' in response.text
    assert '= read("gtm-pixel - ecommerce.items")' in response.text
    assert "{{" not in response.text


@pytest.mark.parametrize("path", ["/gtm/container.json", "/gtm/container.js"])
def test_an_event_that_google_does_not_recommend_gets_400(client: Client, path: str) -> None:
    response = client.get(path, query_string={"ga4": "order_paid"})

    assert (response.status_code, response.json) == (
        400,
        {"message": "The event 'order_paid' is not one that Google recommends (docs/ga4.md)."},
    )


def test_a_container_for_another_stack_can_be_downloaded(client: Client) -> None:
    events_url = "https://events.example.com/v1/events"

    response = client.get("/gtm/download", query_string={"events_url": events_url})

    assert response.headers["Content-Disposition"] == "attachment; filename=gtm-container.json"
    plan = plan_of(json.loads(response.text))
    assert plan.events_url == events_url
    assert "purchase" in [tag.event for tag in plan.tags]


def test_the_name_of_a_container_for_this_machine_says_so(client: Client) -> None:
    response = client.get("/gtm/download", query_string={"events_url": OUTPUTS["events_url"]})

    assert response.headers["Content-Disposition"] == "attachment; filename=gtm-container-local-run.json"


@pytest.mark.parametrize("events_url", ["", "events.example.com", "https://events.example.com/v1?x=1"])
def test_an_address_that_is_no_events_url_gets_400(client: Client, events_url: str) -> None:
    response = client.get("/gtm/download", query_string={"events_url": events_url})

    assert response.status_code == 400
    assert (response.json or {})["message"].startswith(f"The events URL {events_url!r} must be https://")


@pytest.mark.parametrize("parameter", ["value", "evat_", "evat_a b", "usat_a:b", "evat_" + "a" * 51])
def test_a_parameter_that_no_container_can_have_gets_400(client: Client, parameter: str) -> None:
    response = client.get("/gtm/container.json", query_string={"parameter": parameter})

    assert response.status_code == 400
    assert (response.json or {})["message"].endswith(".")


def test_the_script_that_runs_the_container_is_served(client: Client) -> None:
    response = client.get("/gtm/fake-gtm.js")

    assert response.mimetype == "text/javascript"
    assert "GtmFake" in response.text


def test_the_page_writes_values_as_text_only() -> None:
    markup = "innerHTML|outerHTML|insertAdjacentHTML|document\\.write"

    assert [file.name for file in PAGE_FILES if re.search(markup, file.read_text())] == []


def test_the_form_begins_with_the_purchase_of_the_example(client: Client) -> None:
    text = Path(plan_file.__file__).with_name("gtm.yaml").read_text(encoding="utf-8")
    example = plan_file.read(text, overrides=plan_file.Overrides(events_url=str(OUTPUTS["events_url"])))
    (purchase,) = [tag for tag in example.tags if tag.event == "purchase_success"]

    groups = re.findall(r"data-prefix=\"(\w+)\" data-defaults='(.*?)'", client.get("/").text)

    assert [prefix + name for prefix, rows in groups for name, _ in json.loads(rows)] == [
        parameter.url_name for parameter in purchase.parameters
    ]


def test_the_page_labels_its_fields(client: Client) -> None:
    text = client.get("/").text
    labelled = set(re.findall(r'<label for="([^"]+)"', text))

    assert labelled == set(re.findall(r'<(?:input|select|textarea) id="([^"]+)"', text))


# ---- Demo users ---------------------------------------------------------------------------------------


@pytest.fixture
def signing_client(recorder: Recorder, cloud: Cloud) -> Client:
    """A front with demo users."""
    front = Front(
        gateways={"dev": gateway},
        stage_name="dev",
        outputs={**OUTPUTS, "auth_mode": "authenticated"},
        recorder=recorder,
        profiles={"customer-profiles": PROFILES},
        dead_letters=list[dict[str, Any]],
        retries=list[dict[str, Any]],
        traces=trace_views(),
        notes=[],
        demo_users=DemoUsers(cloud),
    )
    return Client(front)


def test_a_demo_user_signs_in_with_one_request(signing_client: Client) -> None:
    response = signing_client.post("/demo/sign-in", json={"user": "demo"})

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert set(response.get_json()) == {"user", "endpoint_id", "token", "expired_token"}


@pytest.mark.parametrize(
    "body", [{}, {"user": ""}, {"user": "a b"}, {"user": 1}, {"user": "x" * 65}, [], "demo"]
)
def test_a_user_that_is_no_name_gets_400(signing_client: Client, body: object) -> None:
    assert signing_client.post("/demo/sign-in", json=body).status_code == 400


def test_a_form_of_another_page_cannot_sign_in(signing_client: Client) -> None:
    response = signing_client.post("/demo/sign-in", data='{"user": "demo"}', content_type="text/plain")

    assert response.status_code == 400


def test_signing_in_is_a_post(signing_client: Client) -> None:
    response = signing_client.get("/demo/sign-in")

    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_without_demo_users_signing_in_is_impossible(client: Client) -> None:
    assert client.post("/demo/sign-in", json={"user": "demo"}).status_code == 404
