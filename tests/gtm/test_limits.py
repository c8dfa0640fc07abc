"""A plan is held to the limits of a stack's destinations, and to the strictest if the stack is unknown."""

from collections.abc import Sequence
from typing import Any

import pytest

from contract.pinpoint import KEYS_OF_EVENT, USER_ATTRIBUTES, VALUE_CHARACTERS
from gtm import plan_file
from gtm.limits import DESTINATIONS, DETAIL_TYPE_CHARACTERS, STRICTEST, Limits
from gtm.plan import Parameter, ParameterKind, TagPlan
from gtm.plan_error import PlanError
from gtm.plan_warnings import longest_request_bytes
from gtm.yaml_document import PlanFileError
from handler.destinations.eventbridge_entries import MAX_DETAIL_TYPE_LENGTH
from settings.destinations import GROUPS
from tests.gtm.plans import EVENTS_URL, event_attribute, metric, plan, user_attribute

LONG = event_attribute("n" * 51, "value")
SLASH = user_attribute("a/b", "value")
SPACE = user_attribute("favourite colour", "value")
MANY = TagPlan(event="e", parameters=tuple(metric(f"m{index}", "m") for index in range(KEYS_OF_EVENT + 1)))
OF_USERS = TagPlan(
    event="e", parameters=tuple(user_attribute(f"u{index}", "u") for index in range(USER_ATTRIBUTES + 1))
)

LONG_ERROR = f"the name '{'n' * 51}' has 51 characters, and Amazon Pinpoint accepts 50; choose another"
SLASH_ERROR = (
    "the name 'a/b' is no name of a user attribute in Amazon Pinpoint: it must not contain # : ? \\ /; use "
    "an underscore"
)
SPACE_ERROR = (
    "the name 'favourite colour' is no name of a user attribute in Customer Profiles: 1 to 59 letters, "
    "digits, _, - and dots; use an underscore"
)


def test_every_destination_has_limits() -> None:
    assert set(DESTINATIONS) == set(GROUPS)


def test_event_bridges_limit_is_that_of_the_processor() -> None:
    assert DETAIL_TYPE_CHARACTERS == MAX_DETAIL_TYPE_LENGTH


@pytest.mark.parametrize(
    ("destinations", "parameter", "message"),
    [
        (None, LONG, LONG_ERROR),
        (None, SLASH, SLASH_ERROR),
        (None, SPACE, SPACE_ERROR),
        (["pinpoint"], LONG, LONG_ERROR),
        (["customer-profiles"], SPACE, SPACE_ERROR),
        (["pinpoint", "customer-profiles"], SLASH, SLASH_ERROR),
    ],
)
def test_a_name_that_no_destination_keeps_is_an_error(
    destinations: Sequence[str] | None, parameter: Parameter, message: str
) -> None:
    with pytest.raises(PlanError) as caught:
        Limits(destinations).checked(parameter)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("destinations", "parameter", "warned"),
    [
        (["pinpoint", "firehose"], LONG, [f"e: {LONG_ERROR}"]),
        (["customer-profiles", "eventbridge"], SPACE, [f"e: {SPACE_ERROR}"]),
        (["customer-profiles", "firehose"], LONG, []),
        (["pinpoint"], SPACE, []),
        (["firehose"], SLASH, []),
        # Attributes of events have no such rule.
        (["pinpoint"], event_attribute("a/b:c", "value"), []),
        (["pinpoint"], event_attribute("n" * 50, "value"), []),
    ],
)
def test_a_name_that_some_destinations_keep_is_a_warning(
    destinations: Sequence[str], parameter: Parameter, warned: list[str]
) -> None:
    limits = Limits(destinations)

    assert limits.checked(parameter) is parameter
    assert list(limits.warnings(plan(TagPlan(event="e", parameters=(parameter,))))) == warned


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        (
            MANY,
            "there are 41 event attributes and metrics, and Amazon Pinpoint accepts 40 in all; remove some",
        ),
        (OF_USERS, "there are 251 user attributes, and Amazon Pinpoint accepts 250; remove some"),
    ],
)
def test_more_parameters_than_a_destination_takes(tag: TagPlan, message: str) -> None:
    for limits in (STRICTEST, Limits(["pinpoint"])):
        with pytest.raises(PlanError) as caught:
            limits.checked_tag(tag)
        assert str(caught.value) == message

    assert Limits(["firehose"]).checked_tag(tag) is tag
    both = Limits(["pinpoint", "firehose"])
    assert both.checked_tag(tag) is tag
    assert list(both.warnings(plan(tag))) == [f"e: {message}"]


def test_a_long_event_is_cut_in_event_bridges_detail_type() -> None:
    made = plan(TagPlan(event="e" * 129))

    assert list(Limits(["eventbridge"]).warnings(made)) == [
        f"'{'e' * 59}…': EventBridge's detail-type has only the first 128 characters; match "
        "detail.event_type in rules, or push a shorter name"
    ]
    assert list(Limits(["firehose"]).warnings(made)) == []


@pytest.mark.parametrize(
    ("destinations", "longest"),
    [
        (None, VALUE_CHARACTERS),
        (["pinpoint"], 200),
        (["pinpoint", "customer-profiles"], 255),
        (["firehose"], 255),
    ],
)
def test_the_longest_value_is_that_of_the_destination_that_takes_most(
    destinations: Any, longest: int
) -> None:
    limits = Limits(destinations)
    made = plan(TagPlan(event="e", parameters=(event_attribute("a", "a"),)))
    bare = plan(TagPlan(event="e"))

    grown = longest_request_bytes(made, made.tags[0], limits) - longest_request_bytes(bare, bare.tags[0])

    assert limits.longest_value(ParameterKind.EVENT_ATTRIBUTE) == longest
    assert grown == longest + len("&evat_a=")


def test_a_destination_of_ones_own_has_no_known_limits() -> None:
    assert Limits(["kafka"]).checked(LONG) is LONG


def test_a_file_is_held_to_the_stacks_limits() -> None:
    text = f"events_url: {EVENTS_URL}\nevents: {{e: {{event_attributes: {{{LONG.name}: value}}}}}}"

    with pytest.raises(PlanFileError, match=r"event_attributes\.n+: the name"):
        plan_file.read(text)
    read = plan_file.read(text, overrides=plan_file.Overrides(limits=Limits(["firehose"])))
    assert read.tags == (TagPlan(event="e", parameters=(LONG,)),)
