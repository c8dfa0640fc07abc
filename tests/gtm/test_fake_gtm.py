"""The fake GTM runs an exported container in a browser as GTM's documentation says."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import Error

from gtm.container import container_export
from gtm.plan import Parameter, ParameterKind, Plan, TagPlan
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList, PlainVariable
from tests.gtm import chromium
from tests.gtm.plans import PURCHASE, event_attribute, plan
from tests.gtm.site import Endpoint, Site
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE

pytestmark = chromium.NEEDED

ONE_VALUE = TagPlan(event="e", parameters=(event_attribute("value", "value"),))


def to(endpoint: Endpoint, *tags: TagPlan, **changes: Any) -> Plan:
    return plan(*tags, **{"events_url": endpoint.events_url, **changes})


def sent_value(site: Site, endpoint: Endpoint, message: str, key: str = "value", before: str = "") -> str:
    """Push a message. Returns the attribute `value` that arrives, read from a data layer variable."""
    tag = TagPlan(event="e", parameters=(event_attribute("value", key),))
    site.run(to(endpoint, tag), before=before)
    site.push(message)
    site.await_outcomes()
    (parameters,) = endpoint.parameters
    return parameters["evat_value"]


def test_a_pushed_event_arrives_with_its_values(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint))

    site.push(
        "{event: 'purchase_success', endpoint_id: 'e1', "
        "ecommerce: {currency: 'EUR', value: 12.5, quantity: 2}, user: {plan: 'gold'}}"
    )

    assert site.await_outcomes() == ["succeeded"]
    assert endpoint.parameters == [
        {
            "event": "purchase_success",
            "endpoint_id": "e1",
            "evat_currency": "EUR",
            "evmt_value": "12.5",
            "evmt_quantity": "2",
            "usat_plan": "gold",
        }
    ]


def test_hostile_values_arrive_as_they_were_pushed(site: Site, endpoint: Endpoint) -> None:
    pushed = {f"e{number}": value for number, value in enumerate((*HOSTILE_VALUES, LONGEST_ATTRIBUTE))}
    site.run(to(endpoint, ONE_VALUE))

    site.page.evaluate(
        "pushed => { for (const [endpoint_id, value] of Object.entries(pushed))"
        " dataLayer.push({event: 'e', endpoint_id, value}); }",
        pushed,
    )

    site.await_outcomes(len(pushed))
    assert {each["endpoint_id"]: each["evat_value"] for each in endpoint.parameters} == pushed
    assert {frozenset(each) for each in endpoint.parameters} == {
        frozenset({"event", "endpoint_id", "evat_value"})
    }


def test_quotes_and_brackets_are_encoded_too(site: Site, endpoint: Endpoint) -> None:
    sent_value(site, endpoint, """{event: 'e', value: "it's (here)!"}""")

    assert "&evat_value=it%27s%20%28here%29!&" in endpoint.queries[0]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("{event: 'e'}", "undefined"),
        ("{event: 'e', value: null}", "null"),
        ("{event: 'e', value: ['a', 1, ['b']]}", "a,1,b"),
        ("{event: 'e', value: {a: 1}}", "[object Object]"),
        ("{event: 'e', value: 0}", "0"),
        ("{event: 'e', value: false}", "false"),
        ("{event: 'e', value: ''}", ""),
    ],
)
def test_other_values_become_strings_as_in_gtm(
    site: Site, endpoint: Endpoint, message: str, text: str
) -> None:
    assert sent_value(site, endpoint, message) == text


def test_a_variable_that_throws_is_false(site: Site, endpoint: Endpoint) -> None:
    thrower = "{event: 'e', order: new (class Order { get value() { throw new Error('no'); } })()}"

    assert sent_value(site, endpoint, thrower, "order.value") == "false"


def test_a_value_that_no_url_can_hold_fails_the_tag_alone(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'e', endpoint_id: 'e1', value: '🎉'.substring(0, 1)}, {event: 'e', value: '🎉'}")

    site.await_outcomes(2)
    assert [(report["outcome"], "url" in report) for report in site.reports()] == [
        ("failed", False),
        *(("sent", True), ("succeeded", True)),
    ]
    assert [each["evat_value"] for each in endpoint.parameters] == ["🎉"]


def test_a_path_below_null_is_false_and_below_undefined_is_undefined(site: Site, endpoint: Endpoint) -> None:
    two = (event_attribute("null", "ecommerce.value"), event_attribute("nothing", "order.lines.first"))
    site.run(to(endpoint, TagPlan(event="e", parameters=two)))

    site.push("{event: 'e', ecommerce: null}")

    site.await_outcomes()
    assert endpoint.parameters[0]["evat_null"] == "false"
    assert endpoint.parameters[0]["evat_nothing"] == "undefined"


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("{a: {b: 1}}", "{a: {c: 2}}", "1"),
        ("{a: {b: 1}}", "{a: {b: 2}}", "2"),
        ("{a: {b: [1, 2, 3]}}", "{a: {b: [9]}}", "9,2,3"),
        ("{a: {b: {c: 1}}}", "{a: {b: {d: 2}}}, function () { this.set('a.b', this.get('a.b.c')); }", "1"),
        ("{a: {b: ['x', 'y']}}", "{a: {b: ['z'], _clear: true}}", "z"),
        ("{a: {b: 1}}", "{a: 'text'}", "undefined"),
        ("{'a.b': 1}", "{}", "1"),
        ("{a: {b: 1}}", "function () { this.set('a.b', this.get('a.b') + 1); }", "2"),
        ("{a: {b: [1]}}", "['a.b.push', 2]", "1,2"),
        ("{a: {b: 1}}", "(function () { return arguments; })('set', 'a.b', 3)", "3"),
        ("{a: {b: 1}}", "(function () { return arguments; })('set', {a: {b: 4}})", "4"),
        ("{a: {b: 1}}", "function () { throw new Error('no'); }", "1"),
        ("{a: {b: 1}}", "['a.nothing.push', 2]", "1"),
        ("{a: {b: 1}}", "'text'", "1"),
        ("{a: {b: [1, 2]}}", "{a: {b: [3]}, _clear: true}", "3"),
    ],
)
def test_messages_merge_into_the_model(
    site: Site, endpoint: Endpoint, first: str, second: str, text: str
) -> None:
    assert sent_value(site, endpoint, f"{first}, {second}, {{event: 'e'}}", "a.b") == text


def test_a_message_cannot_change_the_pages_objects(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE))

    site.push('JSON.parse(\'{"__proto__": {"polluted": 1}, "a": {"__proto__": {"polluted": 1}}}\')')

    assert site.script("() => ({}).polluted") is None


def test_pushes_before_the_container_ran_count(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE), before="dataLayer.push({endpoint_id: 'e1'}, {event: 'e', value: 1});")

    site.await_outcomes()

    assert endpoint.parameters == [{"event": "e", "endpoint_id": "e1", "evat_value": "1"}]


def test_a_push_during_an_event_waits_for_its_turn(site: Site, endpoint: Endpoint) -> None:
    both = (ONE_VALUE, TagPlan(event="f", parameters=ONE_VALUE.parameters))
    site.run(to(endpoint, *both))
    site.script(
        "() => { const report = reports.push; reports.push = function (r) {"
        " if (r.event === 'e' && r.outcome === 'sent') dataLayer.push({event: 'f', value: 2});"
        " return report.call(reports, r); }; }"
    )

    site.push("{event: 'e', value: 1}, {value: 3}")

    site.await_outcomes(2)
    values = {each["event"]: each["evat_value"] for each in endpoint.parameters}
    assert values == {"e": "1", "f": "2"}


def test_an_event_of_another_name_sends_nothing(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'E'}, {event: 'ee'}, {value: 'no event'}, {event: 'e', value: 'the only one'}")

    site.await_outcomes()
    assert [each["evat_value"] for each in endpoint.parameters] == ["the only one"]


def test_all_custom_events_are_sent_but_none_of_gtms_own(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, TagPlan(event=None)))

    site.push("{event: 'gtm.js'}, {event: 'sign_up'}, {event: 'gtm.load'}, {event: 'refund'}")

    site.await_outcomes(2)
    assert {each["event"] for each in endpoint.parameters} == {"sign_up", "refund"}


def test_a_tag_fires_once_for_an_event_however_many_triggers_match(site: Site, endpoint: Endpoint) -> None:
    export = container_export(to(endpoint, ONE_VALUE))
    (trigger,) = export["containerVersion"]["trigger"]
    export["containerVersion"]["trigger"].append({**trigger, "triggerId": "99"})
    export["containerVersion"]["tag"][0]["firingTriggerId"].append("99")
    site.run(export)

    site.push("{event: 'e'}, {event: 'e'}")

    site.await_outcomes(2)
    assert len(endpoint.queries) == 2


def test_each_request_has_another_cache_buster(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'e'}, {event: 'e'}")

    site.await_outcomes(2)
    busters = [query.rpartition("&gtmcb=")[2] for query in endpoint.queries]
    assert all(buster.isdecimal() for buster in busters)
    assert len(set(busters)) == 2


@pytest.mark.parametrize(
    "status",
    [
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ],
)
def test_an_error_response_fails_the_tag(site: Site, endpoint: Endpoint, status: HTTPStatus) -> None:
    endpoint.status, endpoint.content, endpoint.media_type = status, '{"message": "no"}', "application/json"
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'e'}")

    assert site.await_outcomes() == ["failed"]


def test_a_response_that_is_not_an_image_fails_the_tag(site: Site, endpoint: Endpoint) -> None:
    endpoint.content, endpoint.media_type = "{}", "application/json"
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'e'}")

    assert site.await_outcomes() == ["failed"]


def test_an_endpoint_that_does_not_respond_fails_the_tag(site: Site) -> None:
    with Endpoint() as gone:
        container = to(gone, ONE_VALUE)
    site.run(container)

    site.push("{event: 'e'}")

    assert site.await_outcomes() == ["failed"]


def sent_by(site: Site, endpoint: Endpoint) -> list[dict[str, str]]:
    """Push a purchase, and return what each request of it held without the ids."""
    # Later, because Chromium lets scripts of the browser's debugger evaluate whatever the policy says.
    site.script(f"() => {{ setTimeout(() => dataLayer.push({PURCHASE_PUSH})); }}")
    site.await_outcomes()
    return [
        {name: value for name, value in each.items() if name not in ("event", "endpoint_id")}
        for each in endpoint.parameters
    ]


ITEMS = (
    Parameter(
        kind=ParameterKind.EVENT_ATTRIBUTE, name="item_ids", value=ItemList("ecommerce.items", "item_id")
    ),
    Parameter(kind=ParameterKind.METRIC, name="item_count", value=ItemCount("ecommerce.items")),
    event_attribute("currency", "ecommerce.currency"),
)
PURCHASE_PUSH = "{event: 'e', ecommerce: {currency: 'EUR', items: [{item_id: 'A'}, {item_id: 'B'}]}}"


def test_a_container_brings_the_functions_that_make_lists_of_items(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, TagPlan(event="e", parameters=ITEMS)), functions=False)

    assert sent_by(site, endpoint) == [
        {"evat_item_ids": "A|B", "evmt_item_count": "2", "evat_currency": "EUR"},
    ]


def test_a_policy_without_unsafe_eval_costs_the_lists_and_nothing_else(
    site: Site, endpoint: Endpoint
) -> None:
    site.headers = {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self'; img-src {endpoint.origin}"
    }
    site.run(to(endpoint, TagPlan(event="e", parameters=ITEMS)), functions=False)

    assert sent_by(site, endpoint) == [
        {"evat_item_ids": "undefined", "evmt_item_count": "undefined", "evat_currency": "EUR"},
    ]


def test_a_script_with_the_functions_needs_no_eval(site: Site, endpoint: Endpoint) -> None:
    site.headers = {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self'; img-src {endpoint.origin}"
    }
    site.run(to(endpoint, TagPlan(event="e", parameters=ITEMS)))

    assert sent_by(site, endpoint) == [
        {"evat_item_ids": "A|B", "evmt_item_count": "2", "evat_currency": "EUR"},
    ]


def test_a_gtag_event_has_its_data_under_event_model_until_the_next_message(
    site: Site, endpoint: Endpoint
) -> None:
    value = event_attribute("value", "eventModel.value")
    events = [TagPlan(event=event, parameters=(value,)) for event in ("purchase", "login")]
    site.run(to(endpoint, *events), before="gtag('config', 'G-1');")

    site.script("() => { gtag('event', 'purchase', {value: 12.5}); gtag('event', 'login'); }")
    site.push("{event: 'login'}")

    site.await_outcomes(3)
    # Requests may arrive in another order.
    assert sorted((each["event"], each["evat_value"]) for each in endpoint.parameters) == [
        ("login", "undefined"),
        ("login", "undefined"),
        ("purchase", "12.5"),
    ]


@pytest.mark.parametrize("arguments", ["'event', 1", "'event', 'e', 'text'", "'event', 'e', {}, {}"])
def test_a_gtag_event_of_another_form_is_ignored(site: Site, endpoint: Endpoint, arguments: str) -> None:
    site.run(to(endpoint, TagPlan(event=None)))

    site.script(f"() => {{ gtag({arguments}); }}")
    site.push("{event: 'last'}")

    site.await_outcomes()
    assert [each["event"] for each in endpoint.parameters] == ["last"]


@pytest.mark.parametrize("is_preview", [False, True])
def test_preview_sends_to_the_test_stack(site: Site, endpoint: Endpoint, is_preview: bool) -> None:  # noqa: FBT001
    others = f"{endpoint.origin}/others/events"
    made = to(endpoint, ONE_VALUE, events_url=others, preview_events_url=endpoint.events_url)
    site.run(made, options={"debugMode": is_preview})

    site.push("{event: 'e'}")

    site.await_outcomes()
    assert site.reports("sent")[0]["url"].startswith(endpoint.events_url if is_preview else others)


def test_a_variable_at_the_beginning_of_a_url_stays_a_url(site: Site, endpoint: Endpoint) -> None:
    export = container_export(to(endpoint, ONE_VALUE))
    export["containerVersion"]["variable"][0]["parameter"][0]["value"] += "/a b'(c)&d"
    site.run(export)

    site.push("{event: 'e'}")

    assert site.reports("sent")[0]["url"].startswith(
        f"{endpoint.events_url}/a%20b%27%28c%29&amp;d?endpoint_id="
    )
    assert site.await_outcomes() == ["succeeded"]


CONSENT = {"consent": ("analytics_storage", "ad_storage")}


def test_without_consent_nothing_is_sent(site: Site, endpoint: Endpoint) -> None:
    site.run(
        to(endpoint, ONE_VALUE, **CONSENT),
        before="gtag('consent', 'default', {analytics_storage: 'denied'});",
    )

    site.push("{event: 'e'}")
    # A request sent later would also arrive later.
    site.script(f"() => fetch('{endpoint.events_url}?event=last', {{mode: 'no-cors'}}).then(() => null)")

    assert site.reports() == [
        {
            "tag": "gtm-pixel - e",
            "event": "e",
            "outcome": "blocked",
            "missingConsent": ["analytics_storage"],
        }
    ]
    assert endpoint.parameters == [{"event": "last"}]


def test_consent_counts_from_when_it_is_given(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE, **CONSENT), before="gtag('consent', 'default', {ad_storage: 'denied'});")

    site.push("{event: 'e', value: 'before'}")
    site.script("() => { gtag('consent', 'update', {ad_storage: 'granted'}); }")
    site.push("{event: 'e', value: 'after'}")

    site.await_outcomes()
    assert [each["evat_value"] for each in endpoint.parameters] == ["after"]


@pytest.mark.parametrize(
    "pushes",
    [
        "",
        "gtag('consent', 'default', {analytics_storage: 'granted', ad_storage: 'granted', "
        "wait_for_update: 500});",
        "gtag('consent', 'default', {ad_storage: 'denied', region: ['DE']});",
        "gtag('consent', 'update', {ad_storage: 'granted'}); gtag('consent', 'default', {ad_storage: "
        "'denied'});",
    ],
    ids=["nothing says otherwise", "granted", "denied elsewhere", "a default after an update"],
)
def test_with_consent_an_event_is_sent(site: Site, endpoint: Endpoint, pushes: str) -> None:
    site.run(to(endpoint, ONE_VALUE, **CONSENT), before=pushes)

    site.push("{event: 'e'}")

    assert site.await_outcomes() == ["succeeded"]


def test_consent_can_be_taken_back(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE, **CONSENT), before="gtag('consent', 'update', {ad_storage: 'granted'});")

    site.script("() => { gtag('consent', 'update', {ad_storage: 'denied'}); }")
    site.push("{event: 'e'}")

    assert [report["outcome"] for report in site.reports()] == ["blocked"]


def test_a_tag_that_needs_no_consent_fires_without(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE), before="gtag('consent', 'default', {analytics_storage: 'denied'});")

    site.push("{event: 'e'}")

    assert site.await_outcomes() == ["succeeded"]


def test_a_page_whose_policy_names_the_pixels_host_can_send(site: Site, endpoint: Endpoint) -> None:
    site.headers = {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self'; img-src {endpoint.origin}"
    }
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'e'}")

    assert site.await_outcomes() == ["succeeded"]


def test_a_page_whose_policy_lacks_the_pixels_host_cannot(site: Site, endpoint: Endpoint) -> None:
    site.headers = {"Content-Security-Policy": "default-src 'none'; script-src 'self'; img-src 'self'"}
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'e'}")

    assert site.await_outcomes() == ["failed"]
    assert endpoint.queries == []


def test_the_pixel_leaves_no_cookie(site: Site, endpoint: Endpoint) -> None:
    site.run(to(endpoint, ONE_VALUE))

    site.push("{event: 'e'}")

    site.await_outcomes()
    assert site.page.context.cookies() == []


@pytest.mark.parametrize(
    ("token", "before"),
    [
        (DataLayerVariable("id_token"), "dataLayer.push({id_token: 'aaa.bbb.c=c'});"),
        (
            CookieVariable("id_token"),
            "document.cookie = 'a=b'; document.cookie = 'id_token=aaa.bbb.c=c';",
        ),
    ],
    ids=["data layer", "cookie"],
)
def test_the_token_is_sent(site: Site, endpoint: Endpoint, token: PlainVariable, before: str) -> None:
    site.run(to(endpoint, ONE_VALUE, token=token), before=before)

    site.push("{event: 'e'}")

    site.await_outcomes()
    assert endpoint.parameters[0]["token"] == "aaa.bbb.c=c"


@pytest.mark.parametrize("kind", [DataLayerVariable, CookieVariable])
def test_without_a_signed_in_user_the_token_is_undefined(
    site: Site, endpoint: Endpoint, kind: type[PlainVariable]
) -> None:
    site.run(to(endpoint, ONE_VALUE, token=kind("id_token")))

    site.push("{event: 'e'}")

    site.await_outcomes()
    assert endpoint.parameters[0]["token"] == "undefined"


def test_a_stopped_container_ignores_pushes(site: Site, endpoint: Endpoint) -> None:
    site.open()
    site.page.evaluate(
        "container => { window.dataLayer = []; window.reports = [];"
        " GtmFake.run(container, {onTag(report) { reports.push(report); }}).stop(); }",
        container_export(to(endpoint, ONE_VALUE)),
    )

    site.push("{event: 'e'}")

    assert site.reports() == []


def change(kind: str, **changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda version: version[kind][-1].update(changes)


def reparameter(kind: str, key: str, value: str) -> Callable[[dict[str, Any]], None]:
    def make(version: dict[str, Any]) -> None:
        (found,) = (each for each in version[kind][-1]["parameter"] if each["key"] == key)
        found["value"] = value

    return make


UNKNOWN = {
    "a tag of another type": (change("tag", type="html"), "of type html"),
    "another firing option": (change("tag", tagFiringOption="UNLIMITED"), "with the option UNLIMITED"),
    "an exception": (change("tag", blockingTriggerId=["1"]), "with exceptions or a sequence"),
    "a trigger of another type": (change("trigger", type="PAGEVIEW"), "of type PAGEVIEW"),
    "a trigger with a further condition": (change("trigger", filter=[{}]), "of type CUSTOM_EVENT"),
    "a variable of another type": (change("variable", type="aev"), "of type aev"),
    "a value format": (
        change("variable", formatValue={"caseConversionType": "lowercase"}),
        "with a value format",
    ),
    "another data layer version": (
        reparameter("variable", "dataLayerVersion", "1"),
        "with data layer version 1",
    ),
    "a default value": (reparameter("variable", "setDefaultValue", "true"), "with a default value"),
    "another built-in variable": (
        change("builtInVariable", type="PAGE_URL"),
        "the built-in variable PAGE_URL",
    ),
    "a variable that is not there": (
        reparameter("tag", "url", "https://a.example/v1/events?a={{b}}"),
        "the variable b, which is not in the container",
    ),
    "a variable before the query": (
        reparameter("tag", "url", "https://a.example/{{Event}}?a=b"),
        "the variable Event before the query",
    ),
}


@pytest.mark.parametrize(("make", "what"), UNKNOWN.values(), ids=UNKNOWN)
def test_anything_unknown_is_an_error(
    site: Site, endpoint: Endpoint, make: Callable[[dict[str, Any]], None], what: str
) -> None:
    export = container_export(to(endpoint, PURCHASE))
    make(export["containerVersion"])

    with pytest.raises(Error, match=f"The fake GTM does not run .*{what}"):
        site.run(export)
