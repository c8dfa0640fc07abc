"""GA4 events on the page of the local run: pushed as a site pushes them, sent by the kit's own container."""

import json

import pytest
from playwright.sync_api import Page, expect

from gtm.ga4 import PRESETS
from tests.gtm import chromium
from tests.local.web import axe
from tests.local.web.opened_page import OpenedPage
from tests.runs import AT_ONCE, TO_PROFILES, Runs, the_event_of

pytestmark = chromium.NEEDED


@pytest.fixture
def opened(page: Page, runs: Runs) -> OpenedPage:
    run = runs.shared(*TO_PROFILES, "profileUpdates=all", *AT_ONCE)
    return OpenedPage(page, run)


def choose(opened: OpenedPage, event: str) -> None:
    opened.page.get_by_label("Kind of event").select_option(event)


def test_a_purchase_is_recorded_with_its_items(opened: OpenedPage) -> None:
    choose(opened, "purchase")
    pushed = json.loads(opened.page.get_by_label("What your site pushes").input_value())["ecommerce"]

    opened.send("Recorded")

    expect(opened.why).to_have_text("Profile updated: plan is now gold.")
    event = the_event_of(opened.run, opened.endpoint_id)
    assert event.event == "purchase"
    assert event.attributes["item_ids"] == "SKU-1|SKU-2"
    assert event.attributes["transaction_id"] == pushed["transaction_id"]
    assert event.metrics["value"] == pushed["value"]
    assert event.metrics["item_count"] == 2
    assert 'dataLayer.push({\n  "ecommerce": null\n});' in opened.opened("Tag")
    assert axe.findings(opened.page) == []

    opened.send("Recorded")
    expect(opened.why).to_contain_text("The event was sent 2 times: customer-profiles keeps it once.")
    expect(opened.page.locator("#profiles")).to_contain_text("1 event")


def test_a_push_that_is_not_json_is_told(opened: OpenedPage) -> None:
    choose(opened, "purchase")
    push = opened.page.get_by_label("What your site pushes")

    push.fill('{"event": "purchase",')
    opened.page.get_by_role("button", name="Send event").click()

    expect(opened.page.get_by_role("alert")).to_contain_text("The push is not JSON: ")
    expect(push).to_have_attribute("aria-invalid", "true")


def test_every_example_is_a_preset(opened: OpenedPage) -> None:
    offered = opened.page.locator("#ga4-events option").evaluate_all("all => all.map(({ value }) => value)")

    assert [event for event in offered if event not in PRESETS] == []
    for event in offered:
        choose(opened, event)
        pushed = json.loads(opened.page.get_by_label("What your site pushes").input_value())
        assert ("ecommerce" in pushed) == PRESETS[event].ecommerce
        sent = {*PRESETS[event].attributes, *PRESETS[event].metrics}
        keys = set(pushed.get("ecommerce", pushed)) - {"event", "items"}
        assert keys <= sent
