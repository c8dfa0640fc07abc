"""What sites push, through the exported container and the local run, and what is recorded of it.

Every message goes through one page and one run before the first test looks.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from gtm import plan_file
from gtm.container import container_export
from gtm.ga4 import PRESETS, Source
from gtm.plan_file import Overrides
from local.fakes.customer_profiles import CustomerProfilesFake
from local.recorder import RecordedEvent
from local.run import LocalRun
from tests.browser import Tab
from tests.gtm import chromium
from tests.gtm.site import Site
from tests.patience import eventually
from tests.runs import AT_ONCE, TO_PROFILES, Runs, attributes_of, events_of, new_endpoint

pytestmark = chromium.NEEDED

GTM_YAML = """
endpoint_id: user.id
consent: [analytics_storage]
ga4:
  source: SOURCE
  events:
    purchase: {timestamp: order.paid_at, user_attributes: {plan: user.plan}}
"""

EARLIER = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Recorded:
    """One event, as every destination has it."""

    event: str = "purchase"
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    user_attributes: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    # None: the id of the queue message.
    event_id: str | None = None
    # None: when the gateway received the request.
    timestamp: str | None = None


class Case(NamedTuple):
    # A function body with `push`, `gtag` and the endpoint `id`.
    script: str
    # The outcome of each tag that fires.
    outcomes: tuple[str, ...]
    recorded: tuple[Recorded, ...] = ()
    rejected: str | None = None
    source: Source = Source.ECOMMERCE


def sends(script: str, *recorded: Recorded, source: Source = Source.ECOMMERCE) -> Case:
    return Case(script, ("succeeded",) * len(recorded), recorded, source=source)


def is_rejected(script: str, reason: str) -> Case:
    """The image loads, because the gateway does not know what a value means."""
    return Case(script, ("succeeded",), rejected=reason)


def shop(event: str, ecommerce: str, more: str = "") -> str:
    """A push as Google documents it for shops: the customer, a reset, then the event."""
    return f"push({{user: {{id}}}}, {{ecommerce: null}}, {{event: '{event}', ecommerce: {ecommerce}{more}}});"


TEE = "{item_id: 'SKU_1', item_name: 'Tee', item_category: 'Shirts', price: 10, quantity: 2}"
MUG = "{item_id: 'SKU_2', item_name: 'Mug', item_category: 'Kitchen', price: 5.5, quantity: 1}"
OF_TEE = {"item_ids": "SKU_1", "item_names": "Tee", "item_categories": "Shirts"}
OF_BOTH = {"item_ids": "SKU_1|SKU_2", "item_names": "Tee|Mug", "item_categories": "Shirts|Kitchen"}
ORDER = {"transaction_id": "T_1", "currency": "EUR"}


def order(**metrics: float) -> Recorded:
    """The order of the pushes below, without items."""
    return Recorded(attributes=ORDER, metrics=metrics, event_id="T_1")


def tagged(event: str, attributes: Mapping[str, str], **metrics: float) -> Recorded:
    return Recorded(event=event, attributes=attributes, metrics=metrics)


CHECKOUT = shop("begin_checkout", f"{{currency: 'EUR', coupon: 'OLD', items: [{TEE}, {MUG}]}}")
OF_CHECKOUT = tagged("begin_checkout", {"currency": "EUR", "coupon": "OLD", **OF_BOTH}, item_count=2)

DENIED = "gtag('consent', 'MODE', {analytics_storage: 'denied'});"
GRANTED = DENIED.replace("denied", "granted")
LOGINS = ("push({user: {id}}, {event: 'login', method: 'a'});", "push({event: 'login', method: 'b'});")


CASES: dict[str, Case] = {
    # ---- Purchases
    "a purchase as Google documents it": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_12345', value: 30.03, tax: 4.9, shipping: 5.99, currency: 'USD', "
            f"coupon: 'SUMMER_SALE', customer_type: 'new', items: [{TEE}]}}",
        ),
        Recorded(
            attributes={
                "transaction_id": "T_12345",
                "currency": "USD",
                "coupon": "SUMMER_SALE",
                "customer_type": "new",
                **OF_TEE,
            },
            metrics={"value": 30.03, "tax": 4.9, "shipping": 5.99, "item_count": 1},
            event_id="T_12345",
        ),
    ),
    "two items": sends(
        shop("purchase", f"{{transaction_id: 'T_1', currency: 'EUR', value: 25.5, items: [{TEE}, {MUG}]}}"),
        Recorded(attributes={**ORDER, **OF_BOTH}, metrics={"value": 25.5, "item_count": 2}, event_id="T_1"),
    ),
    "twenty items": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_1', currency: 'EUR', "
            "items: Array.from({length: 20}, (_, i) => ({item_id: 'P' + i}))}",
        ),
        Recorded(
            attributes={**ORDER, "item_ids": "|".join(f"P{index}" for index in range(20))},
            metrics={"item_count": 20},
            event_id="T_1",
        ),
    ),
    "two hundred items": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_1', currency: 'EUR', "
            "items: Array.from({length: 200}, (_, i) => ({item_id: 'SKU_' + (100 + i)}))}",
        ),
        Recorded(
            attributes={**ORDER, "item_ids": "|".join(f"SKU_{100 + index}" for index in range(25))},
            metrics={"item_count": 200},
            event_id="T_1",
        ),
    ),
    "no items": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR', value: 12}"), order(value=12)
    ),
    "an empty list of items": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR', items: []}"), order(item_count=0)
    ),
    "items without some of their fields": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_1', currency: 'EUR', items: [{item_id: 'A', item_category: 'Hats'}, "
            "{item_name: 'B'}, {item_id: 3, item_category: null}]}",
        ),
        Recorded(
            attributes={**ORDER, "item_ids": "A||3", "item_names": "|B|", "item_categories": "Hats||"},
            metrics={"item_count": 3},
            event_id="T_1",
        ),
    ),
    "numbers as strings": sends(
        shop(
            "purchase", "{transaction_id: 'T_1', currency: 'EUR', value: '72.05', tax: '0', shipping: ' 5 '}"
        ),
        order(value=72.05, tax=0, shipping=5),
    ),
    "numbers that are none": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_1', currency: 'EUR', value: '72,05', tax: 'EUR 3', shipping: NaN}",
        ),
        order(),
    ),
    "zero": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR', value: 0, tax: 0}"), order(value=0, tax=0)
    ),
    "a negative value": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR', value: -12.5}"), order(value=-12.5)
    ),
    "fields that are null or undefined": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR', coupon: null, tax: undefined, value: 1}"),
        order(value=1),
    ),
    "a field that is empty": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR', coupon: ''}"),
        Recorded(attributes={**ORDER, "coupon": ""}, event_id="T_1"),
    ),
    "an ampersand, quotes, an equals sign and an emoji": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_1', currency: 'EUR', coupon: \"B&B's =\\\"5\\\"% 🎉; #1\", "
            "items: [{item_id: 'A&B', item_name: \"Mum's mug (größe M) 🎁\"}]}",
        ),
        Recorded(
            attributes={
                **ORDER,
                "coupon": 'B&B\'s ="5"% 🎉; #1',
                "item_ids": "A&B",
                "item_names": "Mum's mug (größe M) 🎁",
            },
            metrics={"item_count": 1},
            event_id="T_1",
        ),
    ),
    "a value that looks like a parameter": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_1', currency: 'EUR', coupon: 'x&usat_plan=gold&endpoint_id=other'}",
        ),
        Recorded(attributes={**ORDER, "coupon": "x&usat_plan=gold&endpoint_id=other"}, event_id="T_1"),
    ),
    "a list and an object where a string belongs": sends(
        shop(
            "purchase",
            "{transaction_id: 'T_1', currency: 'EUR', coupon: ['A', 'B'], payment_type: {name: 'card'}}",
        ),
        Recorded(attributes={**ORDER, "coupon": "A,B"}, event_id="T_1"),
    ),
    "an order number that is a number": sends(
        shop("purchase", "{transaction_id: 12345, currency: 'EUR'}"),
        Recorded(attributes={"transaction_id": "12345", "currency": "EUR"}, event_id="12345"),
    ),
    "no order number": sends(
        shop("purchase", "{currency: 'EUR', value: 5}"),
        Recorded(attributes={"currency": "EUR"}, metrics={"value": 5}),
    ),
    "an order number that is null": sends(
        shop("purchase", "{transaction_id: null, currency: 'EUR'}"), Recorded(attributes={"currency": "EUR"})
    ),
    "a purchase after a reset and without data": sends(
        # What is below null is false in GTM.
        "push({user: {id}}, {ecommerce: null}, {event: 'purchase'});",
        Recorded(
            attributes=dict.fromkeys(
                ("transaction_id", "currency", "coupon", "customer_type", "payment_type"), "false"
            )
        ),
    ),
    "a purchase with a user attribute": sends(
        "push({user: {id, plan: 'gold'}});"
        "push({event: 'purchase', ecommerce: {transaction_id: 'T_1', currency: 'EUR'}});",
        Recorded(attributes=ORDER, user_attributes={"plan": ["gold"]}, event_id="T_1"),
    ),
    "a purchase with its time": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR'}", f", order: {{paid_at: '{EARLIER}'}}"),
        Recorded(attributes=ORDER, event_id="T_1", timestamp=EARLIER),
    ),
    "a purchase with a time that cannot be": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR'}", ", order: {paid_at: '22.11.2026'}"),
        order(),
    ),
    # ---- What the data layer keeps
    "a reset between two events": sends(
        CHECKOUT + shop("purchase", f"{{transaction_id: 'T_1', currency: 'EUR', items: [{TEE}]}}"),
        OF_CHECKOUT,
        Recorded(attributes={**ORDER, **OF_TEE}, metrics={"item_count": 1}, event_id="T_1"),
    ),
    "no reset between two events": sends(
        # As docs/ga4.md warns: the coupon and the second item of the first event are sent again.
        CHECKOUT + f"push({{event: 'purchase', ecommerce: {{transaction_id: 'T_1', items: [{TEE}]}}}});",
        OF_CHECKOUT,
        Recorded(attributes={**ORDER, "coupon": "OLD", **OF_BOTH}, metrics={"item_count": 2}, event_id="T_1"),
    ),
    "the customer pushed once, before": sends(
        "push({user: {id}}); push({event: 'login', method: 'Google'});"
        "push({event: 'search', search_term: 'tee'});",
        tagged("login", {"method": "Google"}),
        tagged("search", {"search_term": "tee"}),
    ),
    "a value at the top stays": sends(
        "push({user: {id}}, {event: 'login', method: 'Google'}, {event: 'sign_up'});",
        tagged("login", {"method": "Google"}),
        tagged("sign_up", {"method": "Google"}),
    ),
    "the customer set by a function": sends(
        "push(function () { this.set('user.id', id); }, {event: 'login', method: 'email'});",
        tagged("login", {"method": "email"}),
    ),
    # ---- Refunds
    "a whole refund": sends(
        shop("refund", "{transaction_id: 'T_1', currency: 'EUR', value: 25.5}"),
        tagged("refund", ORDER, value=25.5),
    ),
    "two partial refunds of one purchase": sends(
        shop("refund", f"{{transaction_id: 'T_1', currency: 'EUR', value: 10, items: [{TEE}]}}")
        + shop("refund", f"{{transaction_id: 'T_1', currency: 'EUR', value: 10, items: [{TEE}]}}"),
        tagged("refund", {**ORDER, **OF_TEE}, value=10, item_count=1),
        tagged("refund", {**ORDER, **OF_TEE}, value=10, item_count=1),
    ),
    # ---- Other events of shops
    "add_to_cart": sends(
        shop("add_to_cart", f"{{currency: 'EUR', value: 20, items: [{TEE}]}}"),
        tagged("add_to_cart", {"currency": "EUR", **OF_TEE}, value=20, item_count=1),
    ),
    "remove_from_cart": sends(
        shop("remove_from_cart", f"{{currency: 'EUR', value: 5.5, items: [{MUG}]}}"),
        tagged(
            "remove_from_cart",
            {"currency": "EUR", "item_ids": "SKU_2", "item_names": "Mug", "item_categories": "Kitchen"},
            value=5.5,
            item_count=1,
        ),
    ),
    "view_item_list": sends(
        shop(
            "view_item_list", f"{{item_list_id: 'related', item_list_name: 'Related', items: [{TEE}, {MUG}]}}"
        ),
        tagged(
            "view_item_list",
            {"item_list_id": "related", "item_list_name": "Related", **OF_BOTH},
            item_count=2,
        ),
    ),
    "select_promotion": sends(
        shop("select_promotion", f"{{promotion_id: 'P_1', creative_slot: 'top', items: [{TEE}]}}"),
        tagged("select_promotion", {"promotion_id": "P_1", "creative_slot": "top", **OF_TEE}, item_count=1),
    ),
    "add_payment_info": sends(
        shop("add_payment_info", "{currency: 'EUR', value: 20, payment_type: 'Credit Card'}"),
        tagged("add_payment_info", {"currency": "EUR", "payment_type": "Credit Card"}, value=20),
    ),
    # ---- Events without ecommerce
    "a search": sends(
        "push({user: {id}}, {event: 'search', search_term: 'rote Schuhe & Größe 42'});",
        tagged("search", {"search_term": "rote Schuhe & Größe 42"}),
    ),
    "a lead": sends(
        "push({user: {id}}, {event: 'generate_lead', currency: 'EUR', value: 30, lead_source: 'Fair'});",
        tagged("generate_lead", {"currency": "EUR", "lead_source": "Fair"}, value=30),
    ),
    "a sign-up without a method": sends("push({user: {id}}, {event: 'sign_up'});", tagged("sign_up", {})),
    "a game": sends(
        "push({user: {id}}, {event: 'level_end', level_name: 'One', success: true});"
        "push({event: 'level_up', level: 2});",
        tagged("level_end", {"level_name": "One", "success": "true"}),
        tagged("level_up", {}, level=2),
    ),
    "an event that is not named, in other letters, or of Google's own": Case(
        "push({user: {id}}, {event: 'page_view'}, {event: 'Purchase'}, {event: 'gtm.load'});"
        "gtag('config', 'G-1');",
        (),
    ),
    # ---- Who it is
    "nobody signed in": is_rejected("push({event: 'login'});", "endpoint_id_missing"),
    "the customer is null after signing out": is_rejected(
        "push({user: {id}}, {user: null}, {event: 'login'});", "endpoint_id_missing"
    ),
    "the customer's id is zero": is_rejected(
        "push({user: {id: 0}}, {event: 'login'});", "endpoint_id_missing"
    ),
    "the customer is an object": is_rejected(
        "push({user: {id: {}}}, {event: 'login'});", "endpoint_id_missing"
    ),
    "the customer is what the site calls unknown": is_rejected(
        "push({user: {id: 'Guest'}}, {event: 'login'});", "endpoint_id_ignored"
    ),
    "an id that is too long": is_rejected(
        "push({user: {id: 'x'.repeat(256)}}, {event: 'login'});", "endpoint_id_too_long"
    ),
    "an order number that is too long": is_rejected(
        shop("purchase", "{transaction_id: 'x'.repeat(256)}"), "event_id_too_long"
    ),
    "the customer's id is empty": Case("push({user: {id: ''}}, {event: 'login'});", ("failed",)),
    # ---- Consent
    "consent denied": Case(
        DENIED.replace("MODE", "default") + LOGINS[0],
        ("blocked",),
    ),
    "consent denied, then granted": Case(
        DENIED.replace("MODE", "default") + LOGINS[0] + GRANTED.replace("MODE", "update") + LOGINS[1],
        ("blocked", "succeeded"),
        (tagged("login", {"method": "b"}),),
    ),
    "consent taken back": Case(
        GRANTED.replace("MODE", "update") + LOGINS[0] + DENIED.replace("MODE", "update") + LOGINS[1],
        ("blocked", "succeeded"),
        (tagged("login", {"method": "a"}),),
    ),
    "consent for something else denied": sends(
        "gtag('consent', 'default', {ad_storage: 'denied'}); push({user: {id}}, {event: 'login'});",
        tagged("login", {}),
    ),
    # ---- gtag
    "a purchase of gtag": sends(
        "push({user: {id}}); gtag('event', 'purchase', {transaction_id: 'T_1', value: 25.5, currency: 'EUR', "
        f"items: [{TEE}, {MUG}]}});",
        Recorded(attributes={**ORDER, **OF_BOTH}, metrics={"value": 25.5, "item_count": 2}, event_id="T_1"),
        source=Source.EVENT_MODEL,
    ),
    "two events of gtag leave nothing to each other": sends(
        "push({user: {id}});"
        "gtag('event', 'purchase', {transaction_id: 'T_1', currency: 'EUR', coupon: 'OLD'});"
        "gtag('event', 'begin_checkout', {value: 5});",
        Recorded(attributes={**ORDER, "coupon": "OLD"}, event_id="T_1"),
        tagged("begin_checkout", {}, value=5),
        source=Source.EVENT_MODEL,
    ),
    "an event of gtag without data": sends(
        "gtag('js', new Date()); gtag('config', 'G-1'); push({user: {id}}); gtag('event', 'sign_up');",
        tagged("sign_up", {}),
        source=Source.EVENT_MODEL,
    ),
    "an event of gtag to one of Google's products": sends(
        "push({user: {id}}); gtag('event', 'generate_lead', {send_to: 'AW-1/abc', value: 3, currency: 'EUR', "
        "event_callback: () => {}});",
        tagged("generate_lead", {"currency": "EUR"}, value=3),
        source=Source.EVENT_MODEL,
    ),
    "a push to ecommerce where gtag is read": sends(
        shop("purchase", "{transaction_id: 'T_1', currency: 'EUR'}"),
        Recorded(),
        source=Source.EVENT_MODEL,
    ),
}


class Sent(NamedTuple):
    run: LocalRun
    endpoints: Mapping[str, str]
    outcomes: Mapping[str, list[str]]
    rejected: Mapping[str, str]


def export(run: LocalRun, source: Source) -> Mapping[str, Any]:
    """The container of GTM_YAML and all other recommended events."""
    others = "".join(f"    {event}:\n" for event in PRESETS if event != "purchase")
    text = GTM_YAML.replace("SOURCE", source) + others
    return container_export(plan_file.read(text, overrides=Overrides(events_url=run.outputs["events_url"])))


def push(page: Page, case: Case, endpoint_id: str, containers: Mapping[Source, Any]) -> list[str]:
    """Run a case on a page without memory. Returns the outcomes of its tags once all have ended."""
    return page.evaluate(
        """([script, id, container]) => new Promise((resolve) => {
            window.dataLayer = [];
            const gtag = function () { dataLayer.push(arguments); };
            const ended = [];
            let open = 0;
            let pushed = false;
            const onTag = ({ outcome }) => {
                if (outcome === "sent") open += 1;
                else ended.push(outcome);
                if (outcome === "succeeded" || outcome === "failed") open -= 1;
                if (pushed && !open) resolve(ended.sort());
            };
            const fakeGtm = GtmFake.run(JSON.parse(container), { onTag });
            new Function("push", "gtag", "id", script)((...all) => dataLayer.push(...all), gtag, id);
            fakeGtm.stop();
            pushed = true;
            if (!open) resolve(ended.sort());
        })""",
        [case.script, endpoint_id, json.dumps(containers[case.source])],
    )


@pytest.fixture(scope="module")
def run(runs: Runs) -> LocalRun:
    both = "destinations=customer-profiles,firehose"
    ids = ("timestampSource=url", "ignoredEndpointIds=guest")
    return runs.shared("profileUpdates=all", *TO_PROFILES, both, *ids, *AT_ONCE)


@pytest.fixture(scope="module")
def containers(run: LocalRun) -> Mapping[Source, Any]:
    return {source: export(run, source) for source in Source}


@pytest.fixture(scope="module")
def sent(run: LocalRun, containers: Mapping[Source, Any], tab: Tab, shared_site: Site) -> Iterator[Sent]:
    """All cases, pushed and recorded."""
    shared_site.headers = {}
    shared_site.open()
    endpoints = {name: new_endpoint() for name in CASES}
    outcomes: dict[str, list[str]] = {}
    rejected: dict[str, str] = {}
    for name, case in CASES.items():
        before = len(run.recorder.rejected())
        outcomes[name] = push(tab.page, case, endpoints[name], containers)
        if case.rejected is not None:  # rejections have no endpoint, so they come one by one
            rejected[name] = eventually(lambda after=before: run.recorder.rejected()[after:])[0].reason
    yield Sent(run, endpoints, outcomes, rejected)
    shared_site.page.goto("about:blank")


def comparable(event: RecordedEvent, expected: Recorded) -> Recorded:
    """An event, without the ids and times that nobody chose."""
    return Recorded(
        event=event.event,
        attributes=event.attributes,
        metrics=event.metrics,
        user_attributes={name: list(values) for name, values in event.user_attributes.items()},
        event_id=expected.event_id and event.event_id,
        timestamp=expected.timestamp and event.timestamp,
    )


def test_there_are_more_than_forty_cases() -> None:
    assert len(CASES) > 40


@pytest.mark.parametrize("name", CASES)
def test_a_push_is_recorded_as_documented(sent: Sent, name: str) -> None:
    case = CASES[name]

    assert sent.outcomes[name] == sorted(case.outcomes)
    assert sent.rejected.get(name) == case.rejected
    expected = sorted(case.recorded, key=lambda each: each.event)
    for destination in sent.run.outputs["destinations"]:
        events = recorded_events(sent.run, sent.endpoints[name], destination, len(expected))
        assert [comparable(*pair) for pair in zip(events, expected, strict=True)] == expected


def recorded_events(run: LocalRun, endpoint_id: str, place: str, number: int) -> list[RecordedEvent]:
    """The events of an endpoint once there are as many as expected, by name: a browser orders no images."""
    if number:
        eventually(lambda: len(events_of(run, endpoint_id, place)) >= number)
    return sorted(events_of(run, endpoint_id, place), key=lambda event: event.event)


THANK_YOU = shop("purchase", f"{{transaction_id: 'T_7', currency: 'EUR', value: 20, items: [{TEE}]}}")


def test_a_reloaded_thank_you_page_is_one_purchase_in_customer_profiles(
    sent: Sent, containers: Mapping[Source, Any], tab: Tab
) -> None:
    run, endpoint_id = sent.run, new_endpoint()

    for visit in (1, 2):
        push(tab.page, Case(THANK_YOU, ("succeeded",)), endpoint_id, containers)
        lines = recorded_events(run, endpoint_id, "firehose", visit)
        eventually(lambda number=visit: len(events_of(run, endpoint_id, "customer-profiles")) == number)

    # Each message reached both; Customer Profiles has one object, and the bucket two lines with one key.
    assert len(run.fake(CustomerProfilesFake).objects(endpoint_id)) == 1
    assert len({line.event_key for line in lines}) == 1
    assert len(lines) == 2


def test_two_thank_you_pages_at_once_are_one_purchase_in_customer_profiles(
    sent: Sent, containers: Mapping[Source, Any], tab: Tab
) -> None:
    run, endpoint_id = sent.run, new_endpoint()

    outcomes = push(tab.page, Case(THANK_YOU + THANK_YOU, ()), endpoint_id, containers)

    assert outcomes == ["succeeded", "succeeded"]
    eventually(lambda: run.fake(CustomerProfilesFake).objects(endpoint_id))
    assert len(run.fake(CustomerProfilesFake).objects(endpoint_id)) == 1
    assert len({event.event_key for event in recorded_events(run, endpoint_id, "firehose", 1)}) == 1


def test_two_purchases_are_two(sent: Sent, containers: Mapping[Source, Any], tab: Tab) -> None:
    run, endpoint_id = sent.run, new_endpoint()

    push(tab.page, Case(THANK_YOU + THANK_YOU.replace("T_7", "T_8"), ()), endpoint_id, containers)

    eventually(lambda: len(run.fake(CustomerProfilesFake).objects(endpoint_id)) == 2)


def test_a_push_updates_the_profile(sent: Sent) -> None:
    endpoint_id = sent.endpoints["a purchase with a user attribute"]

    assert eventually(lambda: attributes_of(sent.run, endpoint_id)) == {"plan": "gold"}
