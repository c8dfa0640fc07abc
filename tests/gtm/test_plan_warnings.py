"""Warnings of plans that are allowed but probably not intended."""

from contract.url import LONGEST_REQUEST_BYTES
from gtm.limits import STRICTEST
from gtm.plan import ParameterKind, TagPlan
from gtm.plan_warnings import longest_request_bytes, warnings
from tests.gtm.plans import event_attribute, plan


def test_a_plan_that_fits_has_no_warnings() -> None:
    assert list(warnings(plan(consent=("analytics_storage",)))) == []


def test_a_consent_type_that_a_page_may_never_set_is_warned_of() -> None:
    assert list(warnings(plan(consent=("analytic_storage",)))) == [
        "the consent type analytic_storage is not one of Google's: unless your page sets it, GTM treats it "
        "as granted and the tags fire"
    ]


def test_an_events_url_of_this_machine_is_warned_of() -> None:
    (warning,) = warnings(plan(events_url="http://127.0.0.1:8080/v1/events"))

    assert "no visitor can call it" in warning


def test_an_events_url_that_ad_blockers_block_is_warned_of() -> None:
    (warning,) = warnings(plan(events_url="https://tracking.example.com/v1/events"))

    assert warning == (
        "ad blockers block the events URL 'https://tracking.example.com/v1/events' (EasyPrivacy of "
        "2026-08-22: ://tracking.*/event); use another host or stage"
    )


def test_a_tag_whose_requests_could_be_too_long_is_warned_of() -> None:
    parameters = tuple(event_attribute(f"a{index}", f"a{index}") for index in range(40))
    made = plan(TagPlan(event="too_long", parameters=parameters))

    (warning,) = warnings(made)

    assert warning.startswith("too_long: if every value has its maximum length, a request has about 10,")
    assert "API Gateway refuses more than 10,240; send fewer attributes, or shorter values" in warning


def test_a_request_holds_the_url_each_pair_and_the_headers() -> None:
    bare = plan(TagPlan(event="e"))
    one_more = plan(TagPlan(event="e", parameters=(event_attribute("value", "value"),)))

    grown = longest_request_bytes(one_more, one_more.tags[0]) - longest_request_bytes(bare, bare.tags[0])

    assert grown == len("&evat_value=") + STRICTEST.longest_value(ParameterKind.EVENT_ATTRIBUTE)
    assert longest_request_bytes(bare, bare.tags[0]) < LONGEST_REQUEST_BYTES


def test_a_preview_url_of_this_machine_is_for_this_machine_only() -> None:
    made = plan(preview_events_url="http://127.0.0.1:8080/v1/events")

    assert list(warnings(made)) == [
        "the preview URL 'http://127.0.0.1:8080/v1/events' is of this machine: Preview sends events from no "
        "other machine; for others, use the events_url of a test stack"
    ]


def test_a_name_that_has_the_prefix_of_the_url_is_warned_of() -> None:
    made = plan(TagPlan(event="e", parameters=(event_attribute("evat_currency", "currency"),)))

    assert list(warnings(made)) == [
        "e: the name 'evat_currency' begins with a prefix of the URL, which is added by itself; write "
        "currency"
    ]
