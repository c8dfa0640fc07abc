"""Compares a plan with a stack: what tags send and the stack ignores, and what it uses and no tag sends.

Pure. These are warnings: the events are recorded in any case, and other tags, sites or servers may send the
rest.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from gtm.plan import ParameterKind, Plan, TagPlan
from gtm.stack_outputs import EventTrigger, Stack

_GROUPS: Final = {
    ParameterKind.EVENT_ATTRIBUTE: ("event attribute", "event_attributes"),
    ParameterKind.METRIC: ("metric", "metrics"),
    ParameterKind.USER_ATTRIBUTE: ("user attribute", "user_attributes"),
}
_CUSTOMER_PROFILES: Final = "customer-profiles"


def mismatches(plan: Plan, stack: Stack) -> Iterator[str]:
    """One line each, with the fix."""
    yield from _ignored(plan, stack)
    yield from _user_attributes(plan, stack)
    yield from _expected(plan, stack)


def _ignored(plan: Plan, stack: Stack) -> Iterator[str]:
    dated = [_event(tag) for tag in plan.tags if tag.timestamp is not None]
    if dated and stack.timestamp_source is TimestampSource.GATEWAY:
        yield (
            f"the timestamp of {_listed(dated)} is ignored: the stack's timestampSource is gateway; set it "
            "to url, or remove timestamp"
        )
    if plan.token is not None and stack.auth_mode is AuthMode.OPEN:
        yield (
            "the token is not used: the stack's authMode is open; remove token, or set authMode to "
            "authenticated"
        )


def _user_attributes(plan: Plan, stack: Stack) -> Iterator[str]:
    sent = _names(plan.tags, ParameterKind.USER_ATTRIBUTE)
    if sent and stack.profile_updates is ProfileUpdates.NONE:
        yield (
            f"no profile changes, although tags send {_listed(sent)}: the stack's profileUpdates is none; "
            "set it to allowlist or all, or remove user_attributes"
        )
        return
    declared = stack.profile_attributes
    if declared is None or stack.profile_updates is ProfileUpdates.NONE:
        return
    by_list = stack.profile_updates is ProfileUpdates.ALLOWLIST
    if by_list or _CUSTOMER_PROFILES in (stack.destinations or ()):
        where = "" if by_list else " of Customer Profiles"
        for name in sent:
            if name not in declared:
                yield (
                    f"the user attribute {name} changes no profile{where}: the stack's profileAttributes "
                    "lacks it; add it there, or remove it from user_attributes"
                )
    for name in declared:
        if name not in sent:
            yield (
                f"no event sends the user attribute {name}, so segments by it stay empty; add it to "
                "user_attributes, or remove it from the stack's profileAttributes"
            )


def _expected(plan: Plan, stack: Stack) -> Iterator[str]:
    expected = stack.expectations
    if expected is None:
        return
    for trigger in expected.triggers:
        yield from _trigger(plan, trigger)
    by_triggers = {field for trigger in expected.triggers for field in trigger.fields}
    attribute, metric = ParameterKind.EVENT_ATTRIBUTE, ParameterKind.METRIC
    settings = (
        ("customerProfilesTriggerAttributes", attribute, expected.trigger_attributes),
        ("customerProfilesTriggerMetrics", metric, expected.trigger_metrics),
        ("customerProfilesSearchAttributes", attribute, expected.search_attributes),
    )
    for setting, kind, names in settings:
        for name in names:
            # A trigger's own line says more.
            if kind + name not in by_triggers and name not in _names(plan.tags, kind):
                fix = _fix(plan.tags, kind, name)
                yield f"no event sends the {_GROUPS[kind][0]} {name} of {setting}; {fix}"


def _trigger(plan: Plan, trigger: EventTrigger) -> Iterator[str]:
    tags = [tag for tag in plan.tags if tag.event in (trigger.event, None)]
    if not tags:
        yield (
            f"the event trigger {trigger.name} waits for {trigger.event}, which no tag sends; add the event, "
            "or change the trigger in customerProfilesTriggers"
        )
        return
    for field in trigger.fields:
        kind = next((kind for kind in ParameterKind if field.startswith(kind)), None)
        if kind is None:
            continue
        name = field.removeprefix(kind)
        if name not in _names(tags, kind):
            yield (
                f"the event trigger {trigger.name} never fires: {trigger.event} does not send the "
                f"{_GROUPS[kind][0]} {name}; {_fix(tags, kind, name)}"
            )


def _fix(tags: Iterable[TagPlan], kind: ParameterKind, name: str) -> str:
    group = _GROUPS[kind][1]
    for other in ParameterKind:
        if other is not kind and name in _names(tags, other):
            return f"move it from {_GROUPS[other][1]} to {group}"
    return f"add it to {group}, or change the stack's setting"


def _names(tags: Iterable[TagPlan], kind: ParameterKind) -> list[str]:
    """Names that the tags send, each once."""
    names = [parameter.name for tag in tags for parameter in tag.parameters if parameter.kind is kind]
    return list(dict.fromkeys(names))


def _event(tag: TagPlan) -> str:
    return tag.event or "all custom events"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
