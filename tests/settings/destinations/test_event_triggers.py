"""Settings of event triggers, and their limits against the service's own model."""

import math
from typing import Any

import pytest

from components.profile_template import EventTriggerArgs, TriggerConditionArgs
from settings.destinations.event_triggers import (
    ATTRIBUTE_OPERATORS,
    METRIC_OPERATORS,
    ONE_VALUE_OPERATORS,
    ComparisonOperator,
)
from tests.profile_templates import service_model
from tests.settings.stacks import condition, customer_profiles, problems, trigger

CAMPAIGN = "arn:aws:connect-campaigns:eu-central-1:123456789012:campaign/0a1b2c3d"


def test_an_event_trigger_needs_a_name_and_an_event() -> None:
    destination = customer_profiles(
        customerProfilesTriggers=[{"name": "purchase", "event": "purchase_success"}]
    )

    assert destination.template.event_triggers == (
        EventTriggerArgs(name="gtm-pixel-test-purchase", event_type="purchase_success"),
    )


def test_an_event_trigger_may_say_more() -> None:
    campaign = "arn:aws:connect-campaigns:eu-central-1:123456789012:campaign/0a1b2c3d-0000-1111"
    destination = customer_profiles(
        customerProfilesTriggerAttributes=["currency"],
        customerProfilesTriggerMetrics=["value"],
        customerProfilesTriggers=[
            {
                "name": "purchase",
                "event": "purchase_success",
                "conditions": [
                    {"attribute": "currency", "operator": "CONTAINS", "values": ["EUR", "CHF"]},
                    {"metric": "value", "operator": "BETWEEN", "values": [100, 200.5]},
                    {"metric": "value", "operator": "LESS_THAN", "values": [200.0]},
                    {"metric": "value", "operator": "NOT_BETWEEN", "values": ["-1e3", "0.50"]},
                ],
                "segment": "customers",
                "expirationMinutes": 15,
                "maxInvocationsPerDay": 1000,
                "campaignArn": campaign,
            }
        ],
    )

    assert destination.template.event_triggers == (
        EventTriggerArgs(
            name="gtm-pixel-test-purchase",
            event_type="purchase_success",
            conditions=(
                TriggerConditionArgs(field="evat_currency", operator="CONTAINS", values=("EUR", "CHF")),
                TriggerConditionArgs(field="evmt_value", operator="BETWEEN", values=("100", "200.5")),
                TriggerConditionArgs(field="evmt_value", operator="LESS_THAN", values=("200",)),
                TriggerConditionArgs(field="evmt_value", operator="NOT_BETWEEN", values=("-1e3", "0.50")),
            ),
            segment="customers",
            expiration_minutes=15,
            max_invocations_per_day=1000,
            campaign_arn=campaign,
        ),
    )


@pytest.mark.parametrize(
    ("entry", "operator"),
    [
        ({"attribute": "currency", "values": ["EUR"]}, "INCLUSIVE"),
        ({"metric": "value", "values": [100]}, "EQUAL"),
    ],
)
def test_a_condition_that_names_no_operator_is_for_the_value_itself(
    entry: dict[str, Any], operator: str
) -> None:
    (trigger_,) = customer_profiles(**condition(**entry)).template.event_triggers

    assert [condition_.operator for condition_ in trigger_.conditions] == [operator]


def test_event_triggers_are_named_after_the_object_type() -> None:
    """A trigger of another type is then another trigger: one of the same name could not be made beside it."""
    destination = customer_profiles(
        customerProfilesObjectType="events",
        customerProfilesTriggers=[{"name": "purchase", "event": "purchase_success"}],
    )

    assert [trigger.name for trigger in destination.template.event_triggers] == ["events-purchase"]


def test_operators_are_those_of_the_services_model() -> None:
    operators = [*ATTRIBUTE_OPERATORS, *METRIC_OPERATORS]

    assert sorted(operators) == sorted(service_model().shape_for("ComparisonOperator").enum)
    assert set(operators) == set(ComparisonOperator)


# ---- What is wrong -------------------------------------------------------------------------------------

ONE = "customerProfilesTriggers[0]"
FIRST = f"{ONE}.conditions[0]"
_NAME_RULE = "1 to 64 letters, digits, - and _"
_EVENT_RULE = "1 to 255 printable ASCII characters"
_LIST_RULE = f"a list of 1 to 10 values of {_EVENT_RULE}"


def entries(*triggers: Any) -> dict[str, Any]:
    return {"customerProfilesTriggers": list(triggers)}


ERRORS: list[tuple[dict[str, Any], str]] = [
    (
        {"customerProfilesTriggers": {"name": "purchase"}},
        "customerProfilesTriggers: {'name': 'purchase'} is not a list. Set one element at a time: "
        "pulumi config set --path 'customerProfilesTriggers[0]' VALUE.",
    ),
    *(
        (
            entries(value),
            f"{ONE}: {shown} is not an object. Set one key at a time: pulumi config set --path "
            "'customerProfilesTriggers[0].name' VALUE.",
        )
        for value, shown in (("purchase", "'purchase'"), (None, "null"), ([], "[]"))
    ),
    (
        entries({"name": "purchase", "event": "purchase", "segmnet": "vip"}),
        f"{ONE}.segmnet: there is no such setting. Did you mean segment?",
    ),
    (entries({"event": "purchase"}), f"{ONE}.name: it is not set. Set a name of {_NAME_RULE}."),
    (entries({"name": "a"}), f"{ONE}.event: it is not set. Set an event type of {_EVENT_RULE}."),
    *(
        (trigger(name=name), f"{ONE}.name: {name!r} is not {_NAME_RULE}. Set a name of {_NAME_RULE}.")
        for name in ("large purchase", "n" * 65, 1)
    ),
    (
        trigger(name="n" * 50),
        f"{ONE}.name: 'gtm-pixel-test-{'n' * 50}', which begins with the name of the object type, has 65 "
        "characters; an event trigger's name has at most 64. Set a shorter one.",
    ),
    (
        entries({"name": "purchase", "event": "a"}, {"name": "purchase", "event": "b"}),
        "customerProfilesTriggers[1].name: 'purchase' is used twice. Use it once.",
    ),
    (
        entries(*({"name": name, "event": "a", "campaignArn": CAMPAIGN} for name in ("a", "b"))),
        f"customerProfilesTriggers[1].campaignArn: {CAMPAIGN!r} is used twice. Use it once.",
    ),
    *(
        (
            trigger(event=event),
            f"{ONE}.event: {event!r} is not {_EVENT_RULE}. Set an event type of {_EVENT_RULE}.",
        )
        for event in (1, "achat termin\u00e9", "a\nb", "a\x7f")
    ),
    (
        trigger(segment="big spenders"),
        f"{ONE}.segment: 'big spenders' is not the name of a segment definition: {_NAME_RULE}. "
        "Set the segment's name, or leave it out.",
    ),
    *(
        (trigger(**{key: value}), f"{ONE}.{key}: {problem}. Set a whole number from 1 to {most}.")
        for key, most in {"expirationMinutes": 15, "maxInvocationsPerDay": 1000}.items()
        for value, problem in (
            (0, "0 is out of range"),
            (most + 1, f"{most + 1} is out of range"),
            ("ten", "'ten' is not a whole number"),
            (True, "true is not a whole number"),
        )
    ),
    (
        trigger(campaignArn="arn:aws:s3:::bucket"),
        f"{ONE}.campaignArn: 'arn:aws:s3:::bucket' is not the ARN of a campaign. "
        "Set the campaign's ARN, or leave it out.",
    ),
    (
        trigger(conditions=["a"]),
        f"{FIRST}: 'a' is not an object. Set one key at a time: pulumi config set --path "
        f"'{FIRST}.attribute' VALUE.",
    ),
    (
        trigger(conditions=[{"attribute": "currency", "values": ["EUR"]}] * 10),
        f"{ONE}.conditions: 10 are too many: a trigger has 10, and the event type takes one. Set 9 or fewer.",
    ),
    (
        condition(attribute="currency", values=["EUR"], unit="m"),
        f"{FIRST}.unit: there is no such setting. There are attribute, metric, operator, values.",
    ),
    *(
        (condition(**entry), f"{FIRST}: it needs either attribute or metric. Set one of the two.")
        for entry in ({"values": ["a"]}, {"attribute": "currency", "metric": "value", "values": ["a"]})
    ),
    (
        condition(attribute=["currency"], values=["a"]),
        f"{FIRST}.attribute: ['currency'] is not the name of an attribute. Set it as it follows evat_ in "
        "the URL.",
    ),
    *(
        (
            condition(**{kind: name}, values=["1"]),
            f"{FIRST}.{kind}: {name!r} is not in {setting}, so event triggers cannot see it. Add it to "
            f"{setting}.",
        )
        for kind, name, setting in (
            ("attribute", "value", "customerProfilesTriggerAttributes"),
            ("metric", "currency", "customerProfilesTriggerMetrics"),
        )
    ),
    *(
        (
            condition(attribute="currency", operator=operator, values=["1", "2"]),
            f"{FIRST}.operator: {operator!r} is not an operator for an attribute. {fix}",
        )
        for operator, fix in (
            ("IS", f"Set {' or '.join(ATTRIBUTE_OPERATORS)}."),
            ("inclusive", "Did you mean INCLUSIVE?"),
            (1, f"Set {' or '.join(ATTRIBUTE_OPERATORS)}."),
            (["ON"], f"Set {' or '.join(ATTRIBUTE_OPERATORS)}."),
        )
    ),
    *(
        (
            condition(attribute="currency", values=values),
            f"{FIRST}.values: {values!r} is not {_LIST_RULE}. Set such a list.",
        )
        for values in ([], "EUR", ["a"] * 11, [""], [True], [["EUR"]], ["\u20ac"], ["a\tb"])
    ),
    (condition(attribute="currency"), f"{FIRST}.values: null is not {_LIST_RULE}. Set such a list."),
    *(
        (
            condition(metric="value", operator=operator, values=values),
            f"{FIRST}.values: {values!r} is not a list of two numbers in ascending order, which {operator} "
            "needs. "
            "Set the least and the most.",
        )
        for operator in ("BETWEEN", "NOT_BETWEEN")
        for values in ([1], [1, 2, 3], [2, 1], [1, 1], ["9", "10", "a"], ["a", 1], [1, True])
    ),
    *(
        (
            condition(metric="value", operator=operator, values=values),
            f"{FIRST}.values: {values!r} is not a list of one number, which {operator} needs. Set one "
            "number.",
        )
        for operator in ("EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL")
        for values in ([], 1, [1, 2], [1, "a"])
    ),
    *(
        (
            condition(metric="value", values=[value]),
            f"{FIRST}.values: [{value!r}] is not a list of one number, which EQUAL needs. Set one number.",
        )
        for value in (
            *("", "a", " 1", "1_000", "1,5", "0x1", "\u0661", "nan", "inf", "-Infinity", "1e999"),
            *(True, None, [1], math.nan, math.inf),
        )
    ),
    *(
        (
            condition(attribute="currency", operator=operator, values=["EUR", "USD"]),
            f"{FIRST}.values: ['EUR', 'USD'] has 2 values, and {operator} compares with one. "
            "Set one value, or operator CONTAINS, which any of several meets.",
        )
        for operator in ONE_VALUE_OPERATORS
    ),
]


@pytest.mark.parametrize(("changes", "line"), ERRORS, ids=lambda value: str(value)[-70:])
def test_a_wrong_trigger_is_an_error_of_one_line(changes: dict[str, Any], line: str) -> None:
    assert problems(**changes) == [line]


OPTIONAL = ("conditions", "segment", "expirationMinutes", "maxInvocationsPerDay", "campaignArn")


@pytest.mark.parametrize("key", OPTIONAL)
@pytest.mark.parametrize("value", [None, ""], ids=repr)
def test_an_emptied_key_does_not_widen_a_trigger(key: str, value: object) -> None:
    """Without its segment or its conditions, a campaign would go to everyone."""
    (line,) = problems(**trigger(**{key: value}))

    assert line.startswith(f"{ONE}.{key}: ")


@pytest.mark.parametrize("value", [None, "", 0, False], ids=repr)
def test_an_emptied_operator_is_not_the_default_one(value: object) -> None:
    (line,) = problems(**condition(attribute="currency", operator=value, values=["EUR"]))

    assert line.startswith(f"{FIRST}.operator: ")


@pytest.mark.parametrize("value", ["1" * 256, 10**400], ids=["string", "number"])
def test_a_number_of_very_many_digits_is_no_value(value: object) -> None:
    (line,) = problems(**condition(metric="value", values=[value]))

    assert "is not a list of one number" in line


@pytest.mark.parametrize(
    ("kind", "operator"),
    [
        *(("attribute", str(operator)) for operator in METRIC_OPERATORS),
        *(("metric", str(operator)) for operator in ATTRIBUTE_OPERATORS),
    ],
)
def test_an_operator_of_the_other_kind_is_refused(kind: str, operator: str) -> None:
    name = "currency" if kind == "attribute" else "value"
    (line,) = problems(**condition(**{kind: name}, operator=operator, values=[1]))

    assert line.startswith(f"{FIRST}.operator: '{operator}' is not an operator for a")


def test_every_problem_of_a_trigger_is_reported() -> None:
    wrong = {"name": "a b", "segmnet": "x", "expirationMinutes": 16, "conditions": [{"values": []}, 1]}

    assert [line.partition(": ")[0] for line in problems(**entries(wrong))] == [
        f"{ONE}.segmnet",
        f"{ONE}.name",
        f"{ONE}.event",
        f"{ONE}.conditions[0]",
        f"{ONE}.conditions[1]",
        f"{ONE}.expirationMinutes",
    ]
