"""Event triggers of Customer Profiles in the settings of a stack: customerProfilesTriggers and its rules."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

import pulumi

from components.profile_template import MAXIMUM_DIMENSIONS, EventTriggerArgs, TriggerConditionArgs
from settings.values import (
    Entry,
    SettingsError,
    entries,
    entry_integer,
    entry_optional,
    entry_text,
    refuse_unknown_key,
    typed,
    unique,
)


class ComparisonOperator(StrEnum):
    """How an event trigger compares (Amazon Connect Customer Profiles, ObjectAttribute)."""

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


# What each type of field has, the default first (Amazon Connect administrator guide, "Create an outbound
# campaign using event triggers", supported types): attributes are texts, times among them, metrics numbers.
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
# INCLUSIVE holds where an attribute has all the values, so that with two it never would; of the others the
# same page speaks of the value or the timestamp.
ONE_VALUE_OPERATORS: Final = (
    ComparisonOperator.INCLUSIVE,
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

# Amazon Connect Customer Profiles: limits of an event trigger (CreateEventTrigger and its developer guide).
TRIGGER_NAME_CHARACTERS: Final = 64
TRIGGER_VALUES: Final = 10
TRIGGER_VALUE_CHARACTERS: Final = 255
TRIGGER_EXPIRATION_MINUTES: Final = 15
TRIGGER_INVOCATIONS: Final = 1_000

_TRIGGER_KEYS = (
    *("name", "event", "conditions", "segment", "expirationMinutes", "maxInvocationsPerDay"),
    "campaignArn",
)
_CONDITION_KEYS = ("attribute", "metric", "operator", "values")
KEYS: Final = (*_TRIGGER_KEYS, *_CONDITION_KEYS)
"""The keys that entries of customerProfilesTriggers, and of their conditions, may have."""

# AWS CloudFormation answers others as question marks (GetTemplate): a template with them would differ from
# the deployed one at each `pulumi up`.
_TRIGGER_VALUE = re.compile(rf"[ -~]{{1,{TRIGGER_VALUE_CHARACTERS}}}")
_TRIGGER_VALUE_RULE = f"1 to {TRIGGER_VALUE_CHARACTERS} printable ASCII characters"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PROFILE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_PROFILE_NAME_RULE = "letters, digits, - and _, at most 64 of them"
_CAMPAIGN_ARN = re.compile(r"arn:aws[a-z-]*:connect-campaigns:[a-z0-9-]+:\d{12}:campaign/[A-Za-z0-9-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _FieldKind:
    """What the conditions of one kind of field have in common."""

    name: str
    # The setting that declares its fields, and what their names start with in the URL.
    declaration: str
    prefix: str
    # The first is the default.
    operators: tuple[ComparisonOperator, ...]


_FIELD_KINDS: Mapping[str, _FieldKind] = {
    "attribute": _FieldKind(
        name="an attribute",
        declaration="customerProfilesTriggerAttributes",
        prefix="evat_",
        operators=ATTRIBUTE_OPERATORS,
    ),
    "metric": _FieldKind(
        name="a metric",
        declaration="customerProfilesTriggerMetrics",
        prefix="evmt_",
        operators=METRIC_OPERATORS,
    ),
}


def event_triggers(
    config: pulumi.Config, prefix: str, fields: Mapping[str, Collection[str]]
) -> tuple[EventTriggerArgs, ...]:
    """Triggers whose names start with `prefix`; `fields` are names by the key of a condition."""
    values: object = typed("customerProfilesTriggers", config.require_object, "a list")
    triggers = [
        _event_trigger(f"customerProfilesTriggers[{position}]", entry, prefix, fields)
        for position, entry in enumerate(entries("customerProfilesTriggers", values))
    ]
    unique("customerProfilesTriggers", [trigger.name.removeprefix(f"{prefix}-") for trigger in triggers])
    # A domain has one integration for each campaign.
    unique("customerProfilesTriggers", [trigger.campaign_arn for trigger in triggers if trigger.campaign_arn])
    return tuple(triggers)


def _event_trigger(
    path: str, entry: Entry, prefix: str, fields: Mapping[str, Collection[str]]
) -> EventTriggerArgs:
    for key in entry:
        refuse_unknown_key(f"{path}.{key}", key, _TRIGGER_KEYS)
    name = f"{prefix}-{entry_text(path, entry, 'name', _PROFILE_NAME, _PROFILE_NAME_RULE)}"
    if len(name) > TRIGGER_NAME_CHARACTERS:
        raise SettingsError(
            f"{path}.name",
            f"{name!r}, which begins with the name of the object type, has {len(name)} characters; an event "
            f"trigger's name has at most {TRIGGER_NAME_CHARACTERS}.",
            "Set a shorter one.",
        )
    conditions = entries(f"{path}.conditions", entry.get("conditions", []))
    if len(conditions) >= MAXIMUM_DIMENSIONS:
        raise SettingsError(
            f"{path}.conditions",
            f"{len(conditions)} are too many: an event trigger has {MAXIMUM_DIMENSIONS}, and the event type "
            "takes one.",
            f"Set {MAXIMUM_DIMENSIONS - 1} or fewer.",
        )
    return EventTriggerArgs(
        name=name,
        event_type=entry_text(path, entry, "event", _TRIGGER_VALUE, f"a text of {_TRIGGER_VALUE_RULE}"),
        conditions=tuple(
            _trigger_condition(f"{path}.conditions[{position}]", condition, fields)
            for position, condition in enumerate(conditions)
        ),
        segment=entry_optional(
            path, entry, "segment", _PROFILE_NAME, f"the name of a segment definition: {_PROFILE_NAME_RULE}"
        ),
        expiration_minutes=entry_integer(path, entry, "expirationMinutes", TRIGGER_EXPIRATION_MINUTES),
        max_invocations_per_day=entry_integer(path, entry, "maxInvocationsPerDay", TRIGGER_INVOCATIONS),
        campaign_arn=entry_optional(path, entry, "campaignArn", _CAMPAIGN_ARN, "the ARN of a campaign"),
    )


def _trigger_condition(
    path: str, entry: Entry, fields: Mapping[str, Collection[str]]
) -> TriggerConditionArgs:
    for key in entry:
        refuse_unknown_key(f"{path}.{key}", key, _CONDITION_KEYS)
    (key, *others) = [key for key in _FIELD_KINDS if key in entry] or [""]
    if not key or others:
        raise SettingsError(path, "it needs either attribute or metric.", "Set one of them.")
    kind, name = _FIELD_KINDS[key], entry[key]
    if name not in fields[key]:
        raise SettingsError(
            f"{path}.{key}",
            f"{name!r} is not in {kind.declaration}, so that event triggers cannot see it.",
            f"Add it to {kind.declaration}.",
        )
    operator = _operator(f"{path}.operator", entry.get("operator", kind.operators[0]), kind)
    read_values = _numbers if operator in METRIC_OPERATORS else _texts
    return TriggerConditionArgs(
        field=f"{kind.prefix}{name}",
        operator=operator,
        values=read_values(f"{path}.values", entry.get("values"), operator),
    )


def _operator(path: str, value: object, kind: _FieldKind) -> ComparisonOperator:
    for operator in kind.operators:
        if value == operator:
            return operator
    raise SettingsError(
        path, f"{value!r} does not go with {kind.name}.", f"Set {' or '.join(kind.operators)}."
    )


def _texts(path: str, value: object, operator: ComparisonOperator) -> tuple[str, ...]:
    """What an attribute is compared with."""
    elements = cast("list[object]", value) if isinstance(value, list) else []
    values = [_number_as_text(element) for element in elements]
    texts = [text for text in values if isinstance(text, str) and _TRIGGER_VALUE.fullmatch(text)]
    if not 1 <= len(texts) <= TRIGGER_VALUES or len(texts) < len(values):
        raise SettingsError(
            path,
            f"{value!r} is not a list of 1 to {TRIGGER_VALUES} values of {_TRIGGER_VALUE_RULE}.",
            "Set such a list.",
        )
    if operator in ONE_VALUE_OPERATORS and len(texts) != 1:
        raise SettingsError(
            path,
            f"{value!r} does not go with {operator}, which wants one value.",
            "Set one value, or operator CONTAINS, which holds for any of several.",
        )
    return tuple(texts)


def _numbers(path: str, value: object, operator: ComparisonOperator) -> tuple[str, ...]:
    """What a metric is compared with: one number, or the least and the most."""
    elements = cast("list[object]", value) if isinstance(value, list) else []
    values = [_number_as_text(element) for element in elements]
    texts = [text for text in values if isinstance(text, str) and _is_number(text)]
    if operator in (ComparisonOperator.BETWEEN, ComparisonOperator.NOT_BETWEEN):
        if len(texts) == len(values) == 2 and float(texts[0]) < float(texts[1]):
            return tuple(texts)
        rule, fix = "two numbers in ascending order", "Set two numbers: the least and the most."
    else:
        if len(texts) == len(values) == 1:
            return tuple(texts)
        rule, fix = "one number", "Set one number."
    raise SettingsError(path, f"{value!r} does not go with {operator}, which wants {rule}.", fix)


def _is_number(text: str) -> bool:
    """Whether a text is a finite number that is short enough for a value."""
    if len(text) > TRIGGER_VALUE_CHARACTERS or not _NUMBER.fullmatch(text):
        return False
    return math.isfinite(float(text))


def _number_as_text(value: object) -> object:
    """A number as the text that Customer Profiles compares with; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
