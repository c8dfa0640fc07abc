"""The demo page, with the fake GTM served instead of Google's script."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from gtm.container import container_export
from gtm.plan import TagPlan
from gtm.variables import DataLayerVariable
from tests.gtm import chromium
from tests.gtm.plans import PURCHASE, event_attribute, plan
from tests.gtm.site import FAKE_GTM, Endpoint, Site

pytestmark = chromium.NEEDED

Open = Callable[..., Page]


@pytest.fixture
def opened(page: Page, site: Site, endpoint: Endpoint) -> Open:
    """Opens the demo page with a query. A container id loads this plan's container instead of GTM."""

    def open_it(query: str = "?id=GTM-ABC1234", *tags: TagPlan, **changes: Any) -> Page:
        container = container_export(plan(*tags, **{"events_url": endpoint.events_url, **changes}))
        script = f"{FAKE_GTM}\nGtmFake.run({json.dumps(container)});"

        def serve(route: Route) -> None:
            route.fulfill(body=script, content_type="text/javascript")

        page.route("https://www.googletagmanager.com/**", serve)
        page.goto(f"{site.url}/demo.html{query}")
        return page

    return open_it


def push(page: Page) -> None:
    page.get_by_role("button", name="Push the event").click()


def called(page: Page) -> Any:
    return page.locator("#called li")


def test_the_event_of_the_form_reaches_the_endpoint(opened: Open, endpoint: Endpoint) -> None:
    page = opened()
    expect(page.locator("#loaded")).to_have_text("GTM-ABC1234 is running on this page.")

    push(page)

    expect(called(page)).to_have_count(1)
    assert endpoint.parameters == [
        {
            "event": "purchase_success",
            "endpoint_id": "visitor-1",
            "evat_currency": "EUR",
            "evmt_value": "12.50",
            "evmt_quantity": "1",
            "usat_plan": "gold",
        }
    ]


def test_the_push_has_a_level_for_every_dot(opened: Open) -> None:
    page = opened("")

    push(page)

    assert page.evaluate("() => dataLayer.at(-1)") == {
        "event": "purchase_success",
        "endpoint_id": "visitor-1",
        "ecommerce": {"value": "12.50", "currency": "EUR", "quantity": "1"},
        "user": {"plan": "gold"},
    }


def test_a_purchase_of_ga4_reaches_the_endpoint_with_its_items_id_and_time(
    opened: Open, endpoint: Endpoint
) -> None:
    items = event_attribute("item_id", "ecommerce.items.0.item_id")
    tag = TagPlan(
        event="purchase",
        parameters=(items,),
        event_id=DataLayerVariable("event_id"),
        timestamp=DataLayerVariable("timestamp"),
    )
    page = opened("?id=GTM-ABC1234", tag)
    page.get_by_label("Event name").fill("purchase")
    page.get_by_label("Event id").fill("T_1")
    page.get_by_label("Event time").fill("2026-11-22T12:00:00Z")
    page.get_by_label("Data layer variable: name").first.fill("ecommerce.items")
    page.get_by_label("Data layer variable: value").first.fill('[{"item_id": "SKU_1"}]')

    push(page)

    expect(called(page)).to_have_count(1)
    assert endpoint.parameters == [
        {
            "event": "purchase",
            "endpoint_id": "visitor-1",
            "event_id": "T_1",
            "timestamp": "2026-11-22T12:00:00Z",
            "evat_item_id": "SKU_1",
        }
    ]


def test_a_value_that_only_looks_like_json_is_pushed_as_text(opened: Open) -> None:
    page = opened("")
    page.get_by_label("Data layer variable: value").first.fill("[sic")

    push(page)

    assert page.evaluate("() => dataLayer.at(-1).ecommerce.value") == "[sic"


def test_a_visitor_without_an_endpoint_id_pushes_none(opened: Open) -> None:
    page = opened("")
    page.get_by_label("Endpoint id").fill("")

    push(page)

    assert "endpoint_id" not in page.evaluate("() => dataLayer.at(-1)")


def test_variables_can_be_added_and_removed(opened: Open) -> None:
    page = opened("")
    page.get_by_role("button", name="Remove this variable").first.click()
    page.get_by_role("button", name="Add a variable").click()
    page.get_by_label("Data layer variable: name").last.fill("ecommerce.coupon")
    page.get_by_label("Data layer variable: value").last.fill("SUMMER")

    push(page)

    assert page.evaluate("() => dataLayer.at(-1).ecommerce") == {
        "currency": "EUR",
        "quantity": "1",
        "coupon": "SUMMER",
    }


def test_consent_is_denied_until_it_is_given(opened: Open, endpoint: Endpoint) -> None:
    page = opened("?id=GTM-ABC1234", PURCHASE, consent=("analytics_storage",))
    expect(page.locator("#loaded")).to_have_text("GTM-ABC1234 is running on this page.")

    push(page)
    page.get_by_label("granted").check()
    page.get_by_label("Endpoint id").fill("after-consent")
    push(page)

    expect(called(page)).to_have_count(1)
    assert [each["endpoint_id"] for each in endpoint.parameters] == ["after-consent"]


def test_consent_and_the_start_are_pushed_as_gtms_documentation_says(opened: Open) -> None:
    page = opened()
    page.get_by_label("granted").check()

    pushed = page.evaluate(
        "() => JSON.parse(JSON.stringify(dataLayer.map((m) => m.event || Array.from(m).slice(0, 2))))"
    )

    assert pushed == [["consent", "default"], "gtm.js", ["consent", "update"]]


@pytest.mark.parametrize(
    "query", ["", "?id=", "?id=GTM-%3Cscript%3E", "?id=UA-12345-1", "?id=GTM-A%2F..%2Fb"]
)
def test_only_the_id_of_a_container_loads_a_script(opened: Open, query: str) -> None:
    page = opened(query)

    assert page.locator("script[src]").count() == 0


def test_the_page_says_if_the_id_is_invalid(opened: Open) -> None:
    page = opened("?id=UA-12345-1")

    expect(page.get_by_role("status").first).to_contain_text("is not a container id")


def test_the_page_says_if_a_container_does_not_load(page: Page, site: Site) -> None:
    page.route("https://www.googletagmanager.com/**", lambda route: route.abort())
    page.goto(f"{site.url}/demo.html?id=GTM-ABC1234")

    expect(page.locator("#loaded")).to_contain_text("GTM-ABC1234 did not load")


def test_a_push_without_a_container_says_that_nothing_listens(opened: Open) -> None:
    page = opened("")

    push(page)

    expect(page.locator("#pushed-status")).to_contain_text("nothing listens")


@pytest.mark.parametrize(
    "send",
    [
        "new Image().src = url",
        "navigator.sendBeacon(url)",
        "fetch(url, {method: 'POST', keepalive: true}).catch(() => {})",
    ],
    ids=["image", "sendBeacon", "fetch"],
)
def test_an_event_is_shown_however_it_is_sent(opened: Open, endpoint: Endpoint, send: str) -> None:
    page = opened("")
    url = f"{endpoint.events_url}?endpoint_id=e1&event=sign_out"

    page.evaluate(f"url => {{ {send}; }}", url)

    expect(called(page)).to_have_text([url])


@pytest.mark.parametrize("name", ["token", "Token", "%20token", "amp;token", "amp;amp;TOKEN"])
def test_a_token_is_not_shown(opened: Open, endpoint: Endpoint, name: str) -> None:
    page = opened("")

    page.evaluate(
        "url => { new Image().src = url; }", f"{endpoint.events_url}?endpoint_id=e1&event=e&{name}=secret"
    )

    expect(called(page)).to_have_count(1)
    assert "secret" not in page.locator("body").inner_text()


def test_every_field_has_a_name_for_screen_readers(opened: Open) -> None:
    page = opened("")

    nameless = page.evaluate(
        "() => [...document.querySelectorAll('input, button')].filter((e) =>"
        " !e.labels?.length && !e.ariaLabel && !e.textContent.trim()).length"
    )

    assert nameless == 0


@pytest.mark.parametrize("width", [320, 1280])
def test_it_needs_no_sideways_scrolling(opened: Open, width: int) -> None:
    page = opened("?id=GTM-ABC1234")
    page.set_viewport_size({"width": width, "height": 800})

    push(page)

    expect(called(page)).to_have_count(1)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
