"""Reading gtm.yaml, with one line for each error."""

from pathlib import Path

import pytest
import yaml

from gtm import plan_file
from gtm.ga4 import Source, preset_tag
from gtm.plan import ParameterKind, TagPlan
from gtm.plan_error import shown
from gtm.plan_file import Overrides
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList
from gtm.yaml_document import PlanFileError
from tests.gtm.plans import EVENTS_URL, PURCHASE, event_attribute, plan

EXAMPLE = Path(plan_file.__file__).with_name("gtm.yaml")
PROD = Path(__file__).parents[2] / "Pulumi.prod.yaml"

PURCHASE_YAML = """
events_url: https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1/events
events:
  purchase_success:
    event_attributes: {currency: ecommerce.currency}
    metrics: {value: ecommerce.value, quantity: ecommerce.quantity}
    user_attributes: {plan: user.plan}
"""


def problems(text: str, **overrides: str) -> list[str]:
    with pytest.raises(PlanFileError) as caught:
        plan_file.read(text, overrides=Overrides(**overrides))  # type: ignore[arg-type]
    return list(caught.value.problems)


def test_a_file_describes_events_and_the_parameters_of_each() -> None:
    assert plan_file.read(PURCHASE_YAML) == plan(PURCHASE)


def test_a_file_describes_many_events() -> None:
    text = PURCHASE_YAML + "  sign_up:\n  refund: {event_attributes: {amount: amount}}\n"

    assert plan_file.read(text).tags == (
        PURCHASE,
        TagPlan(event="sign_up"),
        TagPlan(event="refund", parameters=(event_attribute("amount", "amount"),)),
    )


def test_an_event_may_have_a_name_that_yaml_takes_for_something_else() -> None:
    text = f"events_url: {EVENTS_URL}\nevents: {{on: , 404: , null: {{metrics: {{1: value}}}}}}"

    with pytest.raises(PlanFileError, match=r"events\.null: the event 'null' stands for"):
        plan_file.read(text)
    assert [tag.event for tag in plan_file.read(text.replace("null", "no")).tags] == ["on", "404", "no"]


def test_a_merge_key_brings_along_what_another_event_sends() -> None:
    made = plan_file.read(
        f"{URL}events:\n"
        "  paid: {event_attributes: &common {shop: shop.id, on: page.lang}}\n"
        "  sent: {event_attributes: {<<: *common, shop: depot.id, 404: page.code}}\n"
        "  gone: &gone {metrics: &one {value: a.value}}\n"
        "  late: {<<: *gone, user_attributes: &two {<<: *one, plan: user.plan, value: b.value}}\n"
    )

    sent = {tag.event: {each.url_name: each.value for each in tag.parameters} for tag in made.tags}
    assert sent["sent"] == {
        "evat_shop": DataLayerVariable("depot.id"),
        "evat_on": DataLayerVariable("page.lang"),
        "evat_404": DataLayerVariable("page.code"),
    }
    assert sent["late"] == {
        "evmt_value": DataLayerVariable("a.value"),
        "usat_value": DataLayerVariable("b.value"),
        "usat_plan": DataLayerVariable("user.plan"),
    }


def test_a_file_can_send_all_custom_events_with_one_tag() -> None:
    text = f"events_url: {EVENTS_URL}\nall_custom_events: {{event_attributes: {{value: value}}}}\n"

    assert plan_file.read(text).tags == (
        TagPlan(event=None, parameters=(event_attribute("value", "value"),)),
    )


def test_a_file_sets_container_endpoint_consent_and_token() -> None:
    text = PURCHASE_YAML + (
        "container: GTM-ABC1234\nendpoint_id: user.id\n"
        "consent: [analytics_storage]\ntoken: {cookie: id_token}\n"
    )

    assert plan_file.read(text) == plan(
        PURCHASE,
        container="GTM-ABC1234",
        endpoint_id=DataLayerVariable("user.id"),
        consent=("analytics_storage",),
        token=CookieVariable("id_token"),
    )


def test_an_event_may_need_other_consent_than_the_rest() -> None:
    text = f"{URL}consent: [analytics_storage]\nga4: {{events: {{login: {{consent: [ad_storage]}}}}}}\n"
    text += "events: {paid: {consent: []}, read: }\n"

    made = plan_file.read(text)

    assert {tag.event: made.consent_of(tag) for tag in made.tags} == {
        "login": ("ad_storage",),
        "paid": (),
        "read": ("analytics_storage",),
    }


def test_consent_that_the_caller_names_is_for_all_events() -> None:
    text = f"{URL}events: {{paid: {{consent: []}}, read: }}\n"

    made = plan_file.read(text, overrides=Overrides(consent=("ad_storage",)))

    assert [made.consent_of(tag) for tag in made.tags] == [("ad_storage",), ("ad_storage",)]


def test_what_the_caller_knows_better_counts() -> None:
    text = PURCHASE_YAML + "consent: [ad_storage]\ntoken: {cookie: id_token}\n"
    token = DataLayerVariable("jwt")

    made = plan_file.read(
        text, overrides=Overrides(events_url="https://events.example.com/v1/events", consent=(), token=token)
    )

    assert made == plan(PURCHASE, events_url="https://events.example.com/v1/events", token=token)


def test_the_default_token_is_used_if_the_file_names_none() -> None:
    default = DataLayerVariable("id_token")

    assert plan_file.read(PURCHASE_YAML, overrides=Overrides(default_token=default)).token == default
    named = plan_file.read(
        PURCHASE_YAML + "token: {data_layer: jwt}", overrides=Overrides(default_token=default)
    )
    assert named.token == DataLayerVariable("jwt")


def test_the_example_is_a_plan() -> None:
    made = plan_file.read(EXAMPLE.read_text(encoding="utf-8"), overrides=Overrides(events_url=EVENTS_URL))

    assert {"purchase", "sign_up", "purchase_success"} <= {tag.event for tag in made.tags}


def test_the_example_sends_the_fields_of_prods_event_triggers() -> None:
    triggers = yaml.safe_load(PROD.read_text(encoding="utf-8"))["config"][
        "gtm-pixel:customerProfilesTriggers"
    ]
    kinds = {"attribute": ParameterKind.EVENT_ATTRIBUTE, "metric": ParameterKind.METRIC}
    looked_at = {
        (trigger["event"], kind, condition[key])
        for trigger in triggers
        for condition in trigger["conditions"]
        for key, kind in kinds.items()
        if key in condition
    }

    made = plan_file.read(EXAMPLE.read_text(encoding="utf-8"), overrides=Overrides(events_url=EVENTS_URL))

    sent = {(tag.event, each.kind, each.name) for tag in made.tags for each in tag.parameters}
    assert looked_at
    assert looked_at - sent == set()


URL = f"events_url: {EVENTS_URL}\n"

WRONG = {
    "an unknown key": (
        URL + "event: {a: {}}\nevents: {a: }",
        "gtm.yaml: event is unknown here (known: events_url, preview_events_url, container, "
        "endpoint_id, consent, token, ga4, events, all_custom_events); did you mean events?",
    ),
    "an unknown group": (
        URL + "events: {a: {user_attribute: {plan: plan}}}",
        "gtm.yaml: events.a.user_attribute is unknown here (known: event_id, timestamp, consent, "
        "event_attributes, metrics, user_attributes); did you mean user_attributes?",
    ),
    "a data layer variable that is no text": (
        URL + "events: {a: {metrics: {n: 12}}}",
        "gtm.yaml: events.a.metrics.n is 12 but must be a string; write a name, in quotes if necessary",
    ),
    "a data layer variable that is missing": (
        URL + "events: {a: {metrics: {n: }}}",
        "gtm.yaml: events.a.metrics.n is empty but must be a string; write a name, in quotes if necessary",
    ),
    "a name that is a list": (
        URL + "events: {[a]: {}}",
        "gtm.yaml: line 2 is not valid YAML (a key is not a string); correct it",
    ),
    "a variable of GTM": (
        URL + "events: {a: {metrics: {value: {{DLV - value}}}}}",
        "gtm.yaml: line 2 is not valid YAML ({{…}} names a variable in GTM; write the key that your site "
        "pushes, such as user.plan); correct it",
    ),
    "a value that no plan may hold": (
        URL + "events: {a: {user_attributes: {p/q: plan}}}",
        "gtm.yaml: events.a.user_attributes.p/q: the name 'p/q' is no name of a user attribute in Amazon "
        "Pinpoint: it must not contain # : ? \\ /; use an underscore",
    ),
    "a list in the place of a mapping": (
        URL + "events: [a, b]",
        "gtm.yaml: events is a list but must contain the names of events; write NAME: on each line, without "
        "a dash",
    ),
    "a date that does not exist": (
        URL + "events:\n  a: {timestamp: 2026-13-45}",
        "gtm.yaml: line 3 is not valid YAML (2026-13-45 is no timestamp; names need quotes there); correct "
        "it",
    ),
    "a value that its own type refuses": (
        URL + "events: {a: {timestamp: !!int abc}}",
        "gtm.yaml: line 2 is not valid YAML (abc is no int; names need quotes there); correct it",
    ),
    "too many levels": (
        "[" * 2_000 + "]" * 2_000,
        "gtm.yaml has too many levels of lists and mappings; correct it",
    ),
    "a name twice beside what a merge key brings": (
        URL + "events:\n  a: {metrics: &m {v: v}}\n  b: {metrics: {<<: *m, w: w, w: w}}",
        "gtm.yaml: line 4 is not valid YAML (w appears twice); correct it",
    ),
    "no events": (
        URL,
        "gtm.yaml: events is missing, so nothing would be sent; name the events, or set all_custom_events",
    ),
    "an empty list of events": (
        URL + "events: {}",
        "gtm.yaml: events is empty, so nothing would be sent; name at least one event",
    ),
    "events and all custom events": (
        URL + "events: {a: {}}\nall_custom_events: {}",
        "gtm.yaml: events and all_custom_events exclude each other; keep one of them",
    ),
    "no URL": (
        "events: {a: {}}",
        "gtm.yaml: events_url is missing, so the tags have no URL to call; set it, or give --events-url",
    ),
    "consent of an event that is no list": (
        URL + "events: {a: {consent: ad_storage}}",
        "gtm.yaml: events.a.consent is ad_storage but must be a list; write [analytics_storage]",
    ),
    "consent of an event that is none": (
        URL + "events: {a: {consent: [ad storage]}}",
        "gtm.yaml: events.a.consent[0]: the consent type 'ad storage' must be 1 to 64 letters, digits, "
        "hyphens and underscores; use one of Google's, such as analytics_storage",
    ),
    "consent that is no list": (
        URL + "events: {a: {}}\nconsent: analytics_storage",
        "gtm.yaml: consent is analytics_storage but must be a list; write [analytics_storage]",
    ),
    "two tokens": (
        URL + "events: {a: {}}\ntoken: {cookie: a, data_layer: b}",
        "gtm.yaml: token must be either data_layer: NAME or cookie: NAME; keep one",
    ),
    "a token of nothing": (
        URL + "events: {a: {}}\ntoken: id_token",
        "gtm.yaml: token is id_token but must contain data_layer: NAME or cookie: NAME; indent them below it",
    ),
    "nothing": ("", "gtm.yaml is empty but must contain events_url and events; write NAME: … on each line"),
    "a key twice": (
        URL + "events:\n  a: {}\n  a: {}",
        "gtm.yaml: line 4 is not valid YAML (a appears twice); correct it",
    ),
    "a key of two lines": (
        URL + 'events: {"a\\nb": }',
        "gtm.yaml: events.a\\nb: the event 'a\\nb' must have visible characters only and no space at either "
        "end; write it as your site pushes it",
    ),
    "a value of two lines": (
        URL + 'events: "a\\nb"',
        "gtm.yaml: events is a\\nb but must contain the names of events; indent them below it",
    ),
    "a key of two lines twice": (
        URL + 'events: {"a\\nb": , "a\\nb": }',
        "gtm.yaml: line 2 is not valid YAML (a\\nb appears twice); correct it",
    ),
    "no YAML": (
        URL + "events: {a",
        "gtm.yaml: line 2 is not valid YAML (expected ',' or '}', but got '<stream end>'); correct it",
    ),
    "code": (
        "!!python/object/apply:os.system [ls]",
        "gtm.yaml: line 1 is not valid YAML (could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.system'); correct it",
    ),
}


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG)
def test_an_error_names_the_key_the_rule_and_the_fix(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_every_error_of_a_file_is_found_in_one_reading() -> None:
    text = "container: nonsense\nconsent: [a b]\nevents:\n  gtm.js: {}\n  a: {metrics: {n: }}\n"

    assert [line.split(" ")[1].rstrip(":") for line in problems(text)] == [
        *("events_url", "container", "consent[0]", "events.gtm.js", "events.a.metrics.n")
    ]


def test_an_error_names_the_file_that_was_given() -> None:
    with pytest.raises(PlanFileError, match=r"^conf/site\.yaml: events_url is missing"):
        plan_file.read("events: {a: }", file="conf/site.yaml")


def of_ga4(events: str, more: str = "") -> dict[str | None, TagPlan]:
    made = plan_file.read(f"{URL}ga4: {{{more}events: {events}}}")
    return {tag.event: tag for tag in made.tags}


def test_a_list_of_recommended_events_is_enough() -> None:
    assert of_ga4("[purchase, login]") == {
        event: preset_tag(event, Source.ECOMMERCE) for event in ("purchase", "login")
    }


def test_recommended_events_can_be_those_of_gtag() -> None:
    assert of_ga4("[purchase]", "source: eventModel, ") == {
        "purchase": preset_tag("purchase", Source.EVENT_MODEL)
    }


def test_a_key_of_a_preset_can_be_replaced_added_and_switched_off() -> None:
    changed = (
        "{purchase: {event_id: order.id, timestamp: order.paid_at, "
        "event_attributes: {store: shop.id, currency: shop.currency, coupon: null, item_names: null}, "
        "metrics: {tax: null}, user_attributes: {plan: user.plan}}}"
    )

    tag = of_ga4(changed)["purchase"]

    preset = preset_tag("purchase", Source.ECOMMERCE)
    assert (tag.event_id, tag.timestamp) == (
        DataLayerVariable("order.id"),
        DataLayerVariable("order.paid_at"),
    )
    before = {each.url_name: each.value for each in preset.parameters}
    after = {each.url_name: each.value for each in tag.parameters}
    assert before.keys() - after.keys() == {"evat_coupon", "evat_item_names", "evmt_tax"}
    assert {name: value for name, value in after.items() if before.get(name) != value} == {
        "evat_store": DataLayerVariable("shop.id"),
        "evat_currency": DataLayerVariable("shop.currency"),
        "usat_plan": DataLayerVariable("user.plan"),
    }


def test_the_id_of_a_purchase_can_be_switched_off() -> None:
    tag = of_ga4("{purchase: {event_id: null}}")["purchase"]

    assert (tag.event_id, tag.parameters) == (None, preset_tag("purchase", Source.ECOMMERCE).parameters)


def test_recommended_events_and_others_stand_together() -> None:
    made = plan_file.read(URL + "ga4: {events: [login]}\nevents: {order_paid: }")

    assert [tag.event for tag in made.tags] == ["login", "order_paid"]


def test_an_event_has_an_id_and_a_time_and_values_from_cookies_and_items() -> None:
    text = URL + (
        "endpoint_id: {cookie: customer}\n"
        "events: {order_paid: {event_id: order.id, timestamp: {cookie: paid}, "
        "event_attributes: {brands: {list: order.items, of: brand}}, metrics: {lines: {count: order.items}}}}"
    )

    made = plan_file.read(text)

    (tag,) = made.tags
    assert made.endpoint_id == CookieVariable("customer")
    assert (tag.event_id, tag.timestamp) == (DataLayerVariable("order.id"), CookieVariable("paid"))
    assert [each.value for each in tag.parameters] == [
        ItemList("order.items", "brand"),
        ItemCount("order.items"),
    ]


def test_preview_goes_where_the_file_says_unless_the_caller_knows_better() -> None:
    text = PURCHASE_YAML + "preview_events_url: https://test.example.com/v1/events\n"
    other = "https://other.example.com/v1/events"

    assert plan_file.read(text).preview_events_url == "https://test.example.com/v1/events"
    made = plan_file.read(text, overrides=Overrides(preview_events_url=other))
    assert made.preview_events_url == other


WRONG_EVENTS = {
    "an event that Google does not recommend": (
        "ga4: {events: [purchase, purchas]}",
        "ga4.events.purchas is not an event that Google recommends (docs/ga4.md); did you mean purchase?",
    ),
    "an event of the site's own": (
        "ga4: {events: {order_paid: }}",
        "ga4.events.order_paid is not an event that Google recommends (docs/ga4.md); describe it under "
        "events",
    ),
    "an event twice": (
        "ga4: {events: [login, login]}",
        "ga4.events[1]: repeats login; remove it",
    ),
    "an event in both places": (
        "ga4: {events: [login]}\nevents: {login: }",
        "events.login is also in ga4.events and would be sent twice; remove either",
    ),
    "recommended events in the place of `events`": (
        "ga4: {purchase: {}, login: {}}",
        "ga4 must contain events: and below it the names; move the events there",
    ),
    "a list in the place of `events`": (
        "ga4: [purchase]",
        "ga4 must contain events: and below it the names; move the events there",
    ),
    "a list of recommended events with parameters": (
        "ga4: {events: [purchase: {metrics: {n: n}}, login]}",
        "ga4.events[0] has parameters, so it must be NAME: without a dash; write all events so",
    ),
    "a list of nothing but an event without a value": (
        "ga4: {events: [null]}",
        "ga4.events[0] is empty but must be a string; write a name, in quotes if necessary",
    ),
    "a field of every item": (
        "events: {e: {event_attributes: {ids: 'ecommerce.items[].item_id'}}}",
        "events.e.event_attributes.ids: the data layer variable 'ecommerce.items[].item_id' must name one "
        "value; for that of every item, write {list: ecommerce.items, of: item_id}",
    ),
    "another source": (
        "ga4: {source: dataLayer, events: [login]}",
        "ga4.source is dataLayer but must be ecommerce or eventModel; choose one",
    ),
    "no recommended event": (
        "ga4: {events: []}",
        "ga4.events is empty, so nothing would be sent; name at least one event",
    ),
    "all custom events beside recommended ones": (
        "ga4: {events: [login]}\nall_custom_events: {}",
        "ga4 and all_custom_events exclude each other; keep one of them",
    ),
    "null for what a preset does not send": (
        "ga4: {events: {login: {metrics: {value: null}}}}",
        "ga4.events.login.metrics.value is not sent by login, so null has no effect; remove it",
    ),
    "a variable of another form": (
        "events: {e: {metrics: {lines: {sum: order.items}}}}",
        "events.e.metrics.lines must be a data layer variable, {cookie: NAME}, {list: KEY, of: FIELD} or "
        "{count: KEY}",
    ),
    "an id that is made of items": (
        "events: {e: {event_id: {list: order.items, of: id}}}",
        "events.e.event_id must be a data layer variable or a cookie, not made of items; name one",
    ),
    "an id that is empty": (
        "events: {e: {event_id: }}",
        "events.e.event_id is empty but must be a string; write a name, in quotes if necessary",
    ),
    "a preview on the same stack": (
        f"preview_events_url: {EVENTS_URL}\nevents: {{e: }}",
        f"the preview URL {shown(EVENTS_URL)} is the events URL, so Preview would write real profiles; "
        "use the events_url of another stack, or none",
    ),
}


@pytest.mark.parametrize(("text", "problem"), WRONG_EVENTS.values(), ids=WRONG_EVENTS)
def test_an_error_in_events_names_the_key_the_rule_and_the_fix(text: str, problem: str) -> None:
    assert problems(URL + text) == [f"gtm.yaml: {problem}"]
