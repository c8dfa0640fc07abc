"""Validation of plans: each error names the value, the rule and the fix."""

from collections.abc import Callable
from typing import Any

import pytest

from gtm.plan import (
    TagPlan,
)
from gtm.plan_error import PlanError, shown
from gtm.variables import CookieVariable, ItemCount, ItemList
from tests.gtm.plans import EVENTS_URL, event_attribute, metric, plan

ERRORS: dict[str, tuple[Callable[[], Any], str]] = {
    "an empty name": (
        lambda: metric("", "value"),
        "the name '' must have visible characters only and no space at either end; choose another",
    ),
    "a name that nobody can see": (
        lambda: event_attribute("a\nb", "value"),
        "the name 'a\\nb' must have visible characters only and no space at either end; choose another",
    ),
    "a data layer variable with a space": (
        lambda: event_attribute("value", "order value"),
        "the data layer variable 'order value' must be a name such as value or ecommerce.value, "
        "without spaces and braces; write it as your site pushes it",
    ),
    "a path with an index in brackets": (
        lambda: event_attribute("item", "ecommerce.items[0].item_id"),
        "the data layer variable 'ecommerce.items[0].item_id' must have dots instead of brackets, which GTM "
        "does not read as a path; write ecommerce.items.0.item_id",
    ),
    "a path with a dot before the brackets": (
        lambda: event_attribute("item", "items.[0].item_id"),
        "the data layer variable 'items.[0].item_id' must have dots instead of brackets, which GTM does not "
        "read as a path; write items.0.item_id",
    ),
    "a path with a name in brackets": (
        lambda: event_attribute("item", "a['b'][\"c\"]"),
        "the data layer variable 'a[\\'b\\'][\"c\"]' must have dots instead of brackets, which GTM does not "
        "read as a path; write a.b.c",
    ),
    "a cookie that no site can set": (
        lambda: CookieVariable("id token"),
        "the cookie name 'id token' must consist of letters, digits and !#$%&'*+.^_`|~-; write it as "
        "your site sets it",
    ),
    "a field of items that is none": (
        lambda: ItemList("ecommerce.items", "item.id"),
        "the field 'item.id' must be the name of one of an item's fields, such as item_brand; write it as "
        "your site pushes it",
    ),
    "items with an index in brackets": (
        lambda: ItemCount("orders[0].items"),
        "the data layer variable 'orders[0].items' must have dots instead of brackets, which GTM does not "
        "read as a path; write orders.0.items",
    ),
    "an event without a name": (
        lambda: TagPlan(event="undefined"),
        "the event 'undefined' stands for a variable without a value; push an event with a real name",
    ),
    "an event that nobody can see": (
        lambda: TagPlan(event="a\tb"),
        "the event 'a\\tb' must have visible characters only and no space at either end; write it as "
        "your site pushes it",
    ),
    "an event that would be read as a variable": (
        lambda: TagPlan(event="{{Event}}"),
        "the event '{{Event}}' contains braces, which GTM reads as a variable; push an event without them",
    ),
    "an event of GTM's own": (
        lambda: TagPlan(event="gtm.click"),
        "the event 'gtm.click' belongs to GTM: names that begin with gtm. are not custom events; "
        "push an event with another name",
    ),
    "an attribute twice": (
        lambda: TagPlan(event="e", parameters=(event_attribute("a", "b"), event_attribute("a", "c"))),
        "'evat_a' appears twice, but a parameter has one value; remove or rename one",
    ),
    "no event": (
        lambda: plan(tags=()),
        "there is no event; name at least one, or send all custom events",
    ),
    "an event twice": (
        lambda: plan(TagPlan(event="e"), TagPlan(event="e")),
        "the event 'e' appears twice and would be sent twice; remove one",
    ),
    "all custom events and one more": (
        lambda: plan(TagPlan(event=None), TagPlan(event="e")),
        "all custom events include the events named here, which would be sent twice; remove either",
    ),
    "a consent type that is none": (
        lambda: plan(consent=("analytics storage",)),
        "the consent type 'analytics storage' must be 1 to 64 letters, digits, hyphens and "
        "underscores; use one of Google's, such as analytics_storage",
    ),
    "a consent type twice": (
        lambda: plan(consent=("ad_storage", "ad_storage")),
        "the consent type 'ad_storage' appears twice; remove one",
    ),
    "a preview that writes real profiles": (
        lambda: plan(preview_events_url=EVENTS_URL),
        f"the preview URL {shown(EVENTS_URL)} is the events URL, so Preview would write real profiles; "
        "use the events_url of another stack, or none",
    ),
    "a container id that is none": (
        lambda: plan(container="ABC1234"),
        "the container 'ABC1234' must be an id such as GTM-ABC1234; copy it from the top of the "
        "workspace in GTM",
    ),
}


@pytest.mark.parametrize(("make", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_the_value_the_rule_and_the_fix(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        make()

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com/v1/events",
        "http://api.example.com/v1/events",
        "https://api.example.com",
        "https:///v1/events",
        f"{EVENTS_URL}?event=a",
        f"{EVENTS_URL}#a",
        f"{EVENTS_URL}?",
        f"{EVENTS_URL}/",
        f"{EVENTS_URL} ",
        "https://api.example.com/{{Event}}",
        "https://api.example.com:port/v1/events",
        "https://user@api.example.com/v1/events",
        "javascript:alert(1)",
    ],
)
def test_an_events_url_is_https_with_a_path_and_nothing_after_it(url: str) -> None:
    with pytest.raises(
        PlanError, match="must be https://HOST/…/events with nothing after it; use the stack's"
    ):
        plan(events_url=url)


@pytest.mark.parametrize(
    "url", [EVENTS_URL, "https://events.example.com/events", "http://127.0.0.1:8080/v1/events"]
)
def test_an_events_url_may_be_of_a_stack_a_domain_or_this_machine(url: str) -> None:
    assert plan(events_url=url).events_url == url


@pytest.mark.parametrize(
    "preview", ["https://EVENTS.example.com/v1/events", "https://events.example.com:443/v1/events"]
)
def test_a_preview_url_is_the_events_url_however_it_is_written(preview: str) -> None:
    with pytest.raises(PlanError, match="is the events URL, so Preview would write real profiles"):
        plan(events_url="https://events.example.com/v1/events", preview_events_url=preview)


def test_a_preview_url_may_differ_in_its_port_or_stage() -> None:
    for preview in ("https://events.example.com:8443/v1/events", "https://events.example.com/test/events"):
        made = plan(events_url="https://events.example.com/v1/events", preview_events_url=preview)
        assert made.preview_events_url == preview
