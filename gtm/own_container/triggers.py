"""The custom events on which a trigger fires."""

import re
from dataclasses import dataclass
from typing import Final

from gtm.own_container.parts import Part, bare, quoted

CUSTOM_EVENT: Final = "CUSTOMEVENT"

PAGE_TRIGGERS: Final = {
    "2147479553": "All Pages",
    "2147479572": "Consent Initialization - All Pages",
    "2147479573": "Initialization - All Pages",
}
"""GTM's own triggers, which an export names by id alone."""

_KINDS: Final = {
    "PAGEVIEW": "page view",
    "DOMREADY": "DOM ready",
    "WINDOWLOADED": "window loaded",
    "INIT": "initialization",
    "CONSENTINIT": "consent initialization",
    "CLICK": "click",
    "LINKCLICK": "link click",
    "FORMSUBMISSION": "form submission",
    "HISTORYCHANGE": "history change",
    "ELEMENTVISIBILITY": "element visibility",
    "SCROLLDEPTH": "scroll depth",
    "TIMER": "timer",
    "JSERROR": "JavaScript error",
    "YOUTUBEVIDEO": "YouTube video",
}
_OPERATORS: Final = {
    "EQUALS": ("equals", "does not equal"),
    "CONTAINS": ("contains", "does not contain"),
    "STARTSWITH": ("starts with", "does not start with"),
    "ENDSWITH": ("ends with", "does not end with"),
    "MATCHREGEX": ("matches", "does not match"),
    "CSSSELECTOR": ("matches the selector", "does not match the selector"),
    "URLMATCHES": ("matches the URL", "does not match the URL"),
    "GREATER": ("is greater than", "is not greater than"),
    "GREATEROREQUALS": ("is at least", "is not at least"),
    "LESS": ("is less than", "is not less than"),
    "LESSOREQUALS": ("is at most", "is not at most"),
}
_EVENT_NAMES: Final = ("{{_event}}", "{{Event}}")
_CATCH_ALL: Final = frozenset({"", ".", ".*", ".+"})
# What a listed name may hold. A dot matches any character, but in names of events it is meant as a dot.
_NAME: Final = re.compile(r"[\w .:/-]+")
_ESCAPED: Final = re.compile(r"\\([.:/_ -])")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """What a trigger waits for. Without events, `problem` says why it names none."""

    name: str
    events: tuple[str, ...] = ()
    # Fires on every event.
    catch_all: bool = False
    # Further conditions, in words.
    filters: tuple[str, ...] = ()
    problem: str | None = None


def read_trigger(trigger: Part) -> EventTrigger:
    if trigger.type != CUSTOM_EVENT:
        return EventTrigger(name=trigger.name, problem=f"{_kind(trigger)}, which is no custom event")
    events: list[str] | None = None
    catch_all = False
    filters: list[str] = []
    for condition in (*trigger.parts("customEventFilter"), *trigger.parts("filter")):
        compared, operand = condition.parameter("arg0"), condition.parameter("arg1")
        names = _names(condition, operand) if compared in _EVENT_NAMES else None
        if names is None:
            filters.append(_in_words(condition))
        elif names:
            events = names if events is None else [name for name in events if name in names] or events
        else:
            catch_all = True
    if events is None and not catch_all:
        what = "; ".join(filters) or "no condition on the event"
        return EventTrigger(name=trigger.name, problem=f"its events cannot be listed ({what})")
    return EventTrigger(
        name=trigger.name,
        events=tuple(dict.fromkeys(events or ())),
        catch_all=catch_all and not events,
        filters=tuple(filters),
    )


def _kind(trigger: Part) -> str:
    if trigger.type == "TRIGGERGROUP":
        return "fires when several triggers have fired"
    kind = _KINDS.get(trigger.type)
    return f"is a {kind} trigger" if kind else f"has the type {quoted(trigger.text('type'))}"


def _names(condition: Part, operand: str) -> list[str] | None:
    """The events of a condition on the event: none listed means every event. None: they cannot be listed."""
    if condition.is_set("negate"):
        return None
    if condition.type == "EQUALS":
        return [operand] if operand else None
    if condition.type != "MATCHREGEX":
        return None
    alternatives = [_without_anchors(text) for text in _without_group(operand).split("|")]
    if any(text in _CATCH_ALL for text in alternatives):
        return []
    names = [_ESCAPED.sub(r"\1", text) for text in alternatives]
    return names if all(_NAME.fullmatch(name) for name in names) else None


def _without_group(pattern: str) -> str:
    """The pattern without anchors and one group around the whole."""
    pattern = _without_anchors(pattern)
    group = re.fullmatch(r"\((?:\?:)?([^()]*)\)", pattern)
    return group[1] if group else pattern


def _without_anchors(pattern: str) -> str:
    return pattern.strip().removeprefix("^").removesuffix("$")


def _in_words(condition: Part) -> str:
    other = bare(condition.text("type"))
    operator, negated = _OPERATORS.get(condition.type, (other, f"not {other}"))
    words = negated if condition.is_set("negate") else operator
    return f"{bare(condition.parameter('arg0'))} {words} {quoted(condition.parameter('arg1'))}"
