"""Reads the entries of customerProfilesTriggers: event triggers of Customer Profiles."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from components.profile_template import EventTriggerArgs, TriggerConditionArgs
from contract import url
from contract.customer_profiles import (
    DIMENSIONS,
    TRIGGER_EXPIRATION_MINUTES,
    TRIGGER_INVOCATIONS_PER_DAY,
    TRIGGER_VALUE_CHARACTERS,
    TRIGGER_VALUES,
)
from settings.problems import InvalidValue, Problem, closest
from settings.values import (
    any_object,
    list_of,
    object_of,
    optional,
    shown,
    string,
    whole_number,
)


class ComparisonOperator(StrEnum):
    """The operators of an event trigger (Amazon Connect Customer Profiles, ObjectAttribute)."""

    INCLUSIVE = "INCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    CONTAINS = "CONTAINS"
    BEGINS_WITH = "BEGINS_WITH"
    ENDS_WITH = "ENDS_WITH"
    GREATER_THAN = "GREATER_THAN"
    LESS_THAN = "LESS_THAN"
    GREATER_THAN_OR_EQUAL = "GREATER_THAN_OR_EQUAL"
    LESS_THAN_OR_EQUAL = "LESS_THAN_OR_EQUAL"
    EQUAL = "EQUAL"
    BEFORE = "BEFORE"
    AFTER = "AFTER"
    ON = "ON"
    BETWEEN = "BETWEEN"
    NOT_BETWEEN = "NOT_BETWEEN"


# The operators of each kind of field, the default first (Amazon Connect administrator guide, "Create an
# outbound campaign using event triggers", supported types): attributes are strings, times among them; metrics
# are numbers.
ATTRIBUTE_OPERATORS: Final = (
    ComparisonOperator.INCLUSIVE,
    ComparisonOperator.EXCLUSIVE,
    ComparisonOperator.CONTAINS,
    ComparisonOperator.BEGINS_WITH,
    ComparisonOperator.ENDS_WITH,
    ComparisonOperator.BEFORE,
    ComparisonOperator.AFTER,
    ComparisonOperator.ON,
)
METRIC_OPERATORS: Final = (
    ComparisonOperator.EQUAL,
    ComparisonOperator.GREATER_THAN,
    ComparisonOperator.GREATER_THAN_OR_EQUAL,
    ComparisonOperator.LESS_THAN,
    ComparisonOperator.LESS_THAN_OR_EQUAL,
    ComparisonOperator.BETWEEN,
    ComparisonOperator.NOT_BETWEEN,
)
# INCLUSIVE requires all of the values, so with two it would never match. For the others, the same page speaks
# of one value or timestamp.
ONE_VALUE_OPERATORS: Final = (
    ComparisonOperator.INCLUSIVE,
    ComparisonOperator.BEGINS_WITH,
    ComparisonOperator.ENDS_WITH,
    ComparisonOperator.BEFORE,
    ComparisonOperator.AFTER,
    ComparisonOperator.ON,
)

CONDITION_KEYS: Final = ("attribute", "metric", "operator", "values")

# CloudFormation returns other characters as question marks (GetTemplate): a template with them would differ
# from the deployed one at each `pulumi up`.
_VALUE = re.compile(rf"[ -~]{{1,{TRIGGER_VALUE_CHARACTERS}}}")
_VALUE_RULE = f"1 to {TRIGGER_VALUE_CHARACTERS} printable ASCII characters"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NAME_RULE = "1 to 64 letters, digits, - and _"
_CAMPAIGN_ARN = re.compile(r"arn:aws[a-z-]*:connect-campaigns:[a-z0-9-]+:\d{12}:campaign/[A-Za-z0-9-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldKind:
    """A kind of field that conditions can test."""

    key: str
    prefix: str
    operators: tuple[ComparisonOperator, ...]
    name: str


FIELD_KINDS: Final = (
    FieldKind(
        key="attribute", prefix=url.EVENT_ATTRIBUTE, operators=ATTRIBUTE_OPERATORS, name="an attribute"
    ),
    FieldKind(key="metric", prefix=url.EVENT_METRIC, operators=METRIC_OPERATORS, name="a metric"),
)


def _condition(key: str, value: object) -> TriggerConditionArgs:
    entry = any_object(CONDITION_KEYS)(key, value)
    kinds = [kind for kind in FIELD_KINDS if kind.key in entry]
    if len(kinds) != 1:
        raise InvalidValue(Problem(key, "it needs either attribute or metric.", "Set one of the two."))
    (kind,) = kinds
    name = entry[kind.key]
    if not isinstance(name, str) or not name:
        what = f"{shown(name)} is not the name of {kind.name}."
        raise InvalidValue(
            Problem(f"{key}.{kind.key}", what, f"Set it as it follows {kind.prefix} in the URL.")
        )
    operator = _operator(f"{key}.operator", entry, kind)
    read_values = _numbers if operator in METRIC_OPERATORS else _strings
    return TriggerConditionArgs(
        field=f"{kind.prefix}{name}",
        operator=operator,
        values=read_values(f"{key}.values", entry.get("values"), operator),
    )


def _operator(key: str, entry: Mapping[str, object], kind: FieldKind) -> ComparisonOperator:
    value = entry.get("operator", kind.operators[0])
    for operator in kind.operators:
        if value == operator:
            return operator
    names = [str(operator) for operator in kind.operators]
    meant = closest(value, names) if isinstance(value, str) else None
    fix = f"Did you mean {meant}?" if meant else f"Set {' or '.join(names)}."
    raise InvalidValue(Problem(key, f"{shown(value)} is not an operator for {kind.name}.", fix))


def _strings(key: str, value: object, operator: ComparisonOperator) -> tuple[str, ...]:
    """The values of a condition on an attribute."""
    strings = [_as_string(element) for element in _elements(value)]
    usable = [one for one in strings if isinstance(one, str) and _VALUE.fullmatch(one)]
    if not 1 <= len(usable) <= TRIGGER_VALUES or len(usable) < len(strings):
        rule = f"a list of 1 to {TRIGGER_VALUES} values of {_VALUE_RULE}"
        raise InvalidValue(Problem(key, f"{shown(value)} is not {rule}.", "Set such a list."))
    if operator in ONE_VALUE_OPERATORS and len(usable) != 1:
        raise InvalidValue(
            Problem(
                key,
                f"{shown(value)} has {len(usable)} values, and {operator} compares with one.",
                "Set one value, or operator CONTAINS, which any of several meets.",
            )
        )
    return tuple(usable)


def _numbers(key: str, value: object, operator: ComparisonOperator) -> tuple[str, ...]:
    """The values of a condition on a metric: one number, or the least and the most."""
    strings = [_as_string(element) for element in _elements(value)]
    numbers = [one for one in strings if isinstance(one, str) and _is_number(one)]
    if operator in (ComparisonOperator.BETWEEN, ComparisonOperator.NOT_BETWEEN):
        is_right = len(numbers) == len(strings) == 2 and float(numbers[0]) < float(numbers[1])
        rule, fix = "a list of two numbers in ascending order", "Set the least and the most."
    else:
        is_right = len(numbers) == len(strings) == 1
        rule, fix = "a list of one number", "Set one number."
    if not is_right:
        raise InvalidValue(Problem(key, f"{shown(value)} is not {rule}, which {operator} needs.", fix))
    return tuple(numbers)


def _elements(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _is_number(string: str) -> bool:
    """Whether a string is a finite number that is short enough for a value."""
    if len(string) > TRIGGER_VALUE_CHARACTERS or not _NUMBER.fullmatch(string):
        return False
    return math.isfinite(float(string))


def _as_string(value: object) -> object:
    """A number as the string that Customer Profiles compares it with. Other values are unchanged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _conditions(key: str, value: object) -> tuple[TriggerConditionArgs, ...]:
    conditions = list_of(_condition)(key, value)
    if len(conditions) >= DIMENSIONS:
        what = f"{len(conditions)} are too many: a trigger has {DIMENSIONS}, and the event type takes one."
        raise InvalidValue(Problem(key, what, f"Set {DIMENSIONS - 1} or fewer."))
    return conditions


TRIGGER_READERS: Final = {
    "name": ("name", string(_NAME, _NAME_RULE, f"a name of {_NAME_RULE}")),
    "event_type": ("event", string(_VALUE, _VALUE_RULE, f"an event type of {_VALUE_RULE}")),
    "conditions": ("conditions", _conditions),
    "segment": (
        "segment",
        optional(
            string(
                _NAME,
                f"the name of a segment definition: {_NAME_RULE}",
                "the segment's name, or leave it out",
            )
        ),
    ),
    "expiration_minutes": ("expirationMinutes", optional(whole_number(1, TRIGGER_EXPIRATION_MINUTES))),
    "max_invocations_per_day": (
        "maxInvocationsPerDay",
        optional(whole_number(1, TRIGGER_INVOCATIONS_PER_DAY)),
    ),
    "campaign_arn": (
        "campaignArn",
        optional(string(_CAMPAIGN_ARN, "the ARN of a campaign", "the campaign's ARN, or leave it out")),
    ),
}

KEYS: Final = (*(key for key, _ in TRIGGER_READERS.values()), *CONDITION_KEYS)
"""The allowed keys of entries and of their conditions."""

event_trigger = object_of(EventTriggerArgs, **TRIGGER_READERS)
"""One entry; its name lacks the object type's. Rules check that its fields are declared."""
