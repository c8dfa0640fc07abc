"""Validation of plans: each error names the value, the rule and the fix."""

from collections.abc import Callable
from typing import Any

import pytest

from contract.url import LONGEST_REQUEST_BYTES
from gtm.plan import (
    Parameter,
    ParameterKind,
    TagPlan,
    longest_request_bytes,
    warnings,
)
from gtm.plan_error import PlanError, shown
from gtm.variables import CookieVariable, ItemCount, ItemList
from tests.gtm.plans import EVENTS_URL, event_attribute, metric, plan, user_attribute

NAME_OF_50 = "n" * 50


def attributes(number: int) -> tuple[Parameter, ...]:
    return tuple(event_attribute(f"a{index}", f"a{index}") for index in range(number))


ERRORS: dict[str, tuple[Callable[[], Any], str]] = {
    "a name that is too long": (
        lambda: event_attribute("n" * 51, "value"),
        f"the name '{'n' * 51}' has 51 characters, and Amazon Pinpoint accepts 1 to 50; choose another",
    ),
    "an empty name": (
        lambda: metric("", "value"),
        "the name '' has 0 characters, and Amazon Pinpoint accepts 1 to 50; choose another",
    ),
    "a name that nobody can see": (
        lambda: event_attribute("a\nb", "value"),
        "the name 'a\\nb' must have visible characters only and no space at either end; choose another",
    ),
    "a user attribute that Pinpoint's console cannot show": (
        lambda: user_attribute("a/b:c", "value"),
        "the name 'a/b:c' contains / :, and user attributes of Amazon Pinpoint must not contain # : "
        "? \\ /; use an underscore",
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
    "more keys than an event may have": (
        lambda: TagPlan(event="e", parameters=(*attributes(40), metric("m", "m"))),
        "there are 41 event attributes and metrics, and Amazon Pinpoint accepts 40 in all; remove some",
    ),
    "more user attributes than an endpoint may have": (
        lambda: TagPlan(event="e", parameters=tuple(user_attribute(f"u{i}", "u") for i in range(251))),
        "there are 251 user attributes, and Amazon Pinpoint accepts 250; remove some",
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
    "url", [EVENTS_URL, "https://events.example.com/v1/events", "http://127.0.0.1:8080/v1/events"]
)
def test_an_events_url_may_be_of_a_stack_a_domain_or_this_machine(url: str) -> None:
    assert plan(events_url=url).events_url == url


def test_names_may_be_as_long_as_pinpoint_takes_them() -> None:
    assert event_attribute(NAME_OF_50, "value").name == NAME_OF_50


def test_only_user_attributes_avoid_the_characters_of_pinpoints_console() -> None:
    assert event_attribute("a/b:c", "value").name == "a/b:c"


def test_a_plan_that_fits_has_no_warnings() -> None:
    assert list(warnings(plan(consent=("analytics_storage",)))) == []


def test_a_consent_type_that_a_page_may_never_set_is_warned_of() -> None:
    assert list(warnings(plan(consent=("analytic_storage",)))) == [
        "the consent type analytic_storage is not one of Google's: unless your page sets it, GTM treats it "
        "as granted and the tags fire"
    ]


def test_an_events_url_that_ad_blockers_block_is_warned_of() -> None:
    (warning,) = warnings(plan(events_url="https://tracking.example.com/v1/events"))

    assert warning == (
        "ad blockers block the events URL 'https://tracking.example.com/v1/events' (EasyPrivacy of "
        "2026-08-22: ://tracking.*/event); use another host or stage"
    )


def test_a_tag_whose_requests_could_be_too_long_is_warned_of() -> None:
    made = plan(TagPlan(event="too_long", parameters=attributes(40)))

    (warning,) = warnings(made)

    assert warning.startswith("too_long: if every value has its maximum length, a request has about 10,")
    assert "API Gateway refuses more than 10,240; send fewer attributes, or shorter values" in warning


def test_a_request_holds_the_url_each_pair_and_the_headers() -> None:
    bare = plan(TagPlan(event="e"))
    one_more = plan(TagPlan(event="e", parameters=(event_attribute("value", "value"),)))

    grown = longest_request_bytes(one_more, one_more.tags[0]) - longest_request_bytes(bare, bare.tags[0])

    assert grown == len("&evat_value=") + ParameterKind.EVENT_ATTRIBUTE.longest_value
    assert longest_request_bytes(bare, bare.tags[0]) < LONGEST_REQUEST_BYTES
