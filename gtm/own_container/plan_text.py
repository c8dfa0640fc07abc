"""Writes the gtm.yaml that sends the events of a container, with comments for whoever edits it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import yaml

from gtm.ga4 import PRESETS, Source, preset_tag
from gtm.own_container.findings import FoundEvent, Reading
from gtm.own_container.parts import bare, quoted
from gtm.plan import ParameterKind, TagPlan, check_container
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList, Variable

_GROUPS: Final = {
    ParameterKind.EVENT_ATTRIBUTE: "event_attributes",
    ParameterKind.METRIC: "metrics",
    ParameterKind.USER_ATTRIBUTE: "user_attributes",
}
_HEADER: Final = """\
# What the tags send, written from the container {container}.
# Edit it, then write the container to import: make gtm GTM_CONFIG=THIS_FILE
# (without a stack: python -m gtm container --config THIS_FILE --events-url URL -o FILE).
# Left of each colon is the recorded name, right of it the variable of your data layer.
"""
_CONSENT: Final = """\
# GA4's tags look for consent to analytics_storage by themselves; image tags do so because of this line.
# A site without consent mode counts as granted."""
_GA4: Final = """\
# GA4's recommended events, from the ecommerce data that your GA4 tags read, too. Each may have more
# parameters, as in `events`. A parameter with the value null is not sent."""
_EVENTS: Final = """\
# Metrics are numbers: the parameters that are numbers in GA4, such as value, tax and quantity.
# Move other numbers of yours there."""
_UNSENT: Final = """\
# These custom events have a trigger and no GA4 event tag. To send one, move its name under `events:`."""


def plan_text(reading: Reading) -> str:
    """The text of gtm.yaml."""
    return "\n".join(_lines(reading)).rstrip() + "\n"


def _lines(reading: Reading) -> Iterator[str]:
    yield _HEADER.format(container=_container_name(reading))
    if _is_usable(reading.container.public_id):
        yield f"container: {reading.container.public_id}\n"
    yield from _customer(reading)
    common = _common_consent(reading.sent)
    if common:
        yield _CONSENT
        yield f"consent: {_list(common)}\n"
    of_ga4 = [event for event in reading.sent if event.preset]
    yield from _section(_GA4, "ga4:\n  events:", of_ga4, common, indent=4)
    others = [event for event in reading.sent if not event.preset]
    if any(event.name is None for event in others):
        yield from _section(_EVENTS, None, others, common, indent=0)
    else:
        yield from _section(_EVENTS, "events:", others, common, indent=2)
    if reading.unsent:
        yield _UNSENT
        yield from (f"#   {scalar(event.name or '')}:" for event in reading.unsent)


def _customer(reading: Reading) -> Iterator[str]:
    if reading.customer.found:
        yield f"# Who the event is about: {reading.customer.why}."
    else:
        yield f"# Who the event is about. CHECK THIS LINE: {reading.customer.why}."
        yield "# Your page must push the customer's id under this name; events without it are rejected."
    yield f"endpoint_id: {_value(reading.customer.variable)}\n"


def _common_consent(events: Sequence[FoundEvent]) -> list[str]:
    """The consent types that every event needs."""
    return [one for one in events[0].consent if all(one in event.consent for event in events)]


def _list(consent: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, consent))}]"


def _section(
    comment: str, heading: str | None, events: Sequence[FoundEvent], consent: Sequence[str], *, indent: int
) -> Iterator[str]:
    if not events:
        return
    yield comment
    if heading is not None:
        yield heading
    for event in events:
        plan = _overrides(event) if event.preset else event.plan
        if plan is not None and set(event.consent) != set(consent):
            plan = replace(plan, consent=tuple(event.consent))
        yield from _event(event, plan, indent=indent)
    yield ""


def _is_usable(container: str) -> bool:
    try:
        check_container(container)
    except PlanError:
        return False
    return True


def _container_name(reading: Reading) -> str:
    container = reading.container
    return " ".join(filter(None, (quoted(container.name), container.public_id and bare(container.public_id))))


def _event(event: FoundEvent, tag: TagPlan | None, *, indent: int) -> Iterator[str]:
    space = " " * indent
    for comment in _comments(event):
        yield f"{space}# {comment}"
    yield f"{space}{'all_custom_events' if event.name is None else scalar(event.name)}:{_empty(event, tag)}"
    if tag is None:
        return
    if tag.event_id is not None:
        yield f"{space}  event_id: {_value(tag.event_id)}"
    if tag.consent is not None:
        yield f"{space}  consent: {_list(tag.consent)}"
    for kind, group in _GROUPS.items():
        parameters = [parameter for parameter in tag.parameters if parameter.kind is kind]
        if parameters:
            yield f"{space}  {group}:"
        for parameter in parameters:
            yield f"{space}    {scalar(parameter.name)}: {_value(parameter.value)}"


def _empty(event: FoundEvent, tag: TagPlan | None) -> str:
    nothing = tag is None or (not tag.parameters and tag.event_id is None and tag.consent is None)
    return " {}" if nothing and event.name is None else ""


def _comments(event: FoundEvent) -> Iterator[str]:
    if event.ga4_names:
        yield f"GA4 records it as {_and(event.ga4_names)}, gtm-pixel under this name."
    if event.filters:
        yield f"GA4's trigger also asks for: {'; '.join(event.filters)}. Here every such event is sent."
    for consent_type, tags in event.consent.items():
        if tags and len(tags) < len(event.tags):
            yield f"Only {_and(tags)} asked for consent to {consent_type}. Here the event needs it."
    preset = PRESETS.get(event.name or "")
    if not event.preset and preset is not None and preset.ecommerce:
        yield "If your page pushes GA4's `ecommerce` object with it, list it under `ga4:` instead."


def _overrides(event: FoundEvent) -> TagPlan | None:
    """What differs from the preset."""
    if event.plan is None or event.name is None:
        return None
    preset = preset_tag(event.name, Source.ECOMMERCE)
    return TagPlan(
        event=event.name,
        event_id=None if event.plan.event_id == preset.event_id else event.plan.event_id,
        parameters=tuple(each for each in event.plan.parameters if each not in preset.parameters),
    )


def _value(variable: Variable) -> str:
    match variable:
        case DataLayerVariable(key):
            return scalar(key)
        case CookieVariable(name):
            return f"{{cookie: {scalar(name)}}}"
        case ItemList(items, field):
            return f"{{list: {scalar(items)}, of: {scalar(field)}}}"
        case ItemCount(items):
            return f"{{count: {scalar(items)}}}"


def scalar(text: str) -> str:
    """A string as YAML: plain if that reads as the same string, else in double quotes."""
    plain = text.replace("_", "").replace(".", "").replace("-", "").isalnum() and text.isascii()
    if plain and text[0].isalpha() and yaml.safe_load(text) == text:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _and(names: Iterable[str]) -> str:
    return " and ".join(quoted(name) for name in names)
