"""A plan held against a stack: one line for each mismatch, with the fix."""

from dataclasses import replace
from typing import Any

import pytest

from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from gtm.plan import Plan, TagPlan
from gtm.stack_comparison import mismatches
from gtm.stack_outputs import EventTrigger, Expectations, Stack, stack_of
from gtm.variables import DataLayerVariable
from tests.gtm.plans import EVENTS_URL, event_attribute, metric, plan, user_attribute

NOTHING_EXPECTED = Expectations(trigger_attributes=(), trigger_metrics=(), search_attributes=(), triggers=())
STACK = Stack(
    events_url=EVENTS_URL,
    auth_mode=AuthMode.OPEN,
    timestamp_source=TimestampSource.GATEWAY,
    destinations=("customer-profiles", "firehose"),
    profile_updates=ProfileUpdates.ALL,
    profile_attributes=("plan",),
    expectations=NOTHING_EXPECTED,
)
PURCHASE = TagPlan(
    event="purchase",
    parameters=(event_attribute("currency", "c"), metric("value", "v"), user_attribute("plan", "p")),
)
BIG_ORDER = EventTrigger(name="big-order", event="purchase", fields=("evat_currency", "evmt_value"))


def lines(made: Plan, **changes: Any) -> list[str]:
    return list(mismatches(made, replace(STACK, **changes)))


def expecting(**changes: Any) -> Expectations:
    return replace(NOTHING_EXPECTED, **changes)


def test_a_plan_that_fits_its_stack_has_no_lines() -> None:
    everything = expecting(
        trigger_attributes=("currency",),
        trigger_metrics=("value",),
        search_attributes=("currency",),
        triggers=(BIG_ORDER,),
    )

    assert lines(plan(PURCHASE), expectations=everything) == []


class TestUserAttributes:
    def test_if_no_profile_changes_one_line_says_so(self) -> None:
        assert lines(plan(PURCHASE), profile_updates=ProfileUpdates.NONE) == [
            "no profile changes, although tags send plan: the stack's profileUpdates is none; set it to "
            "allowlist or all, or remove user_attributes"
        ]
        assert lines(plan(TagPlan(event="e")), profile_updates=ProfileUpdates.NONE) == []

    @pytest.mark.parametrize(
        ("updates", "where"),
        [(ProfileUpdates.ALLOWLIST, ""), (ProfileUpdates.ALL, " of Customer Profiles")],
    )
    def test_one_that_profiles_do_not_have_is_named(self, updates: ProfileUpdates, where: str) -> None:
        tag = replace(PURCHASE, parameters=(*PURCHASE.parameters, user_attribute("tier", "t")))

        assert lines(plan(tag), profile_updates=updates) == [
            f"the user attribute tier changes no profile{where}: the stack's profileAttributes lacks it; add "
            "it there, or remove it from user_attributes"
        ]

    def test_without_customer_profiles_and_a_list_any_will_do(self) -> None:
        tag = replace(PURCHASE, parameters=(*PURCHASE.parameters, user_attribute("tier", "t")))

        assert lines(plan(tag), destinations=("firehose",)) == []

    def test_one_that_no_event_sends_is_named(self) -> None:
        assert lines(plan(PURCHASE), profile_attributes=("plan", "tier")) == [
            "no event sends the user attribute tier, so segments by it stay empty; add it to "
            "user_attributes, or remove it from the stack's profileAttributes"
        ]


class TestEventTriggers:
    def lines(self, tag: TagPlan) -> list[str]:
        return lines(
            plan(tag),
            profile_attributes=None,
            expectations=expecting(triggers=(BIG_ORDER,)),
        )

    def test_an_event_that_no_tag_sends(self) -> None:
        assert self.lines(TagPlan(event="sign_up")) == [
            "the event trigger big-order waits for purchase, which no tag sends; add the event, or change "
            "the trigger in customerProfilesTriggers"
        ]

    def test_a_field_that_its_event_does_not_send(self) -> None:
        assert self.lines(TagPlan(event="purchase", parameters=(event_attribute("currency", "c"),))) == [
            "the event trigger big-order never fires: purchase does not send the metric value; add it to "
            "metrics, or change the stack's setting"
        ]

    def test_a_number_that_is_sent_as_an_attribute(self) -> None:
        tag = TagPlan(
            event="purchase", parameters=(event_attribute("currency", "c"), event_attribute("value", "v"))
        )

        assert self.lines(tag) == [
            "the event trigger big-order never fires: purchase does not send the metric value; move it from "
            "event_attributes to metrics"
        ]

    def test_a_tag_for_all_custom_events_sends_its_event(self) -> None:
        assert self.lines(replace(PURCHASE, event=None)) == []


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        (
            {"trigger_attributes": ("shop",)},
            "no event sends the event attribute shop of customerProfilesTriggerAttributes; add it to "
            "event_attributes, or change the stack's setting",
        ),
        (
            {"trigger_metrics": ("currency",)},
            "no event sends the metric currency of customerProfilesTriggerMetrics; move it from "
            "event_attributes to metrics",
        ),
        (
            {"search_attributes": ("order",)},
            "no event sends the event attribute order of customerProfilesSearchAttributes; add it to "
            "event_attributes, or change the stack's setting",
        ),
    ],
)
def test_what_segments_and_searches_use_and_no_event_sends(expected: dict[str, Any], line: str) -> None:
    assert lines(plan(PURCHASE), expectations=expecting(**expected)) == [line]


def test_a_timestamp_that_the_stack_ignores() -> None:
    made = plan(replace(PURCHASE, timestamp=DataLayerVariable("at")))

    assert lines(made) == [
        "the timestamp of purchase is ignored: the stack's timestampSource is gateway; set it to url, or "
        "remove timestamp"
    ]
    assert lines(made, timestamp_source=TimestampSource.URL) == []


def test_a_token_that_the_stack_does_not_read() -> None:
    made = plan(PURCHASE, token=DataLayerVariable("id_token"))

    assert lines(made) == [
        "the token is not used: the stack's authMode is open; remove token, or set authMode to authenticated"
    ]
    assert lines(made, auth_mode=AuthMode.AUTHENTICATED) == []


class TestOutputs:
    def test_a_stack_that_is_not_up_has_none(self) -> None:
        assert stack_of({}) is None

    @pytest.mark.parametrize("value", [None, 3, "x", {}, [], [3], {"triggers": [None, {"fields": 3}]}])
    def test_of_an_earlier_version_or_malformed_they_are_compared_with_nothing(self, value: Any) -> None:
        names = ("auth_mode", "timestamp_source", "profile_updates", "customer_profiles_expects")
        stack = stack_of({"events_url": EVENTS_URL, **dict.fromkeys(names, value)})

        assert stack is not None
        assert [line for line in mismatches(plan(PURCHASE), stack) if "trigger " not in line] == []
