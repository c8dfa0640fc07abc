"""Reads a whole container: its custom events, what GA4 tags send with each, and what was passed over."""

from collections.abc import Iterable
from typing import Final

from gtm.export_parts import PREFIX
from gtm.limits import STRICTEST
from gtm.own_container import customer, ga4_tags
from gtm.own_container.customer import Customer
from gtm.own_container.export_file import WebContainer
from gtm.own_container.findings import ANALYTICS_CONSENT, FoundEvent, FoundVariable, Reading
from gtm.own_container.ga4_tags import GA4_EVENT, GOOGLE_TAGS, Ga4EventTag
from gtm.own_container.parts import Part, bare, quoted
from gtm.own_container.passed_over import PassedOver
from gtm.own_container.sent_parameters import sent_by
from gtm.own_container.triggers import CUSTOM_EVENT, PAGE_TRIGGERS, EventTrigger, read_trigger
from gtm.own_container.values import Variables, changes, data_layer_key
from gtm.plan import Parameter, TagPlan, check_consent_type
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable, DataLayerVariable, PlainVariable

_TAG_KINDS: Final = {
    "HTML": "Custom HTML",
    "IMG": "Custom Image",
    "UA": "Universal Analytics",
    "GA": "Universal Analytics",
    "AWCT": "Google Ads conversion",
    "AWUD": "Google Ads user-provided data",
    "AWCUD": "Google Ads user-provided data",
    "AWCC": "Google Ads call conversion",
    "AWCR": "Google Ads remarketing",
    "SP": "Google Ads remarketing",
    "GCLIDW": "Conversion Linker",
    "FLC": "Floodlight counter",
    "FLS": "Floodlight sales",
    "GTMPR": "Google tag of another container",
}


def read(container: WebContainer) -> Reading:
    """Raises PlanError if there is no custom event at all."""
    reader = _Reader(container)
    reader.read_triggers()
    reader.read_tags()
    reader.read_others()
    return reader.reading()


class _Reader:
    def __init__(self, container: WebContainer) -> None:
        self._container = container
        self._variables = Variables(container.variables)
        self._triggers: dict[str, EventTrigger] = {}
        self._events: dict[str | None, FoundEvent] = {}
        self._unusable_consent: set[str] = set()
        # Custom event triggers of whose condition no names can be read.
        self._unlisted: list[EventTrigger] = []
        self._passed_over = PassedOver()

    def read_triggers(self) -> None:
        for trigger_id, part in self._container.triggers.items():
            trigger = read_trigger(part)
            self._triggers[trigger_id] = trigger
            if trigger.name.startswith(PREFIX):
                continue
            if trigger.problem is not None:
                self._passed_over.part("trigger", trigger.name, trigger.problem)
                if part.type == CUSTOM_EVENT:
                    self._unlisted.append(trigger)
            for name in trigger.events:
                self._found(name, trigger)

    def read_tags(self) -> None:
        for part in self._container.tags:
            if part.name.startswith(PREFIX):
                self._passed_over.part("tag", part.name, "is gtm-pixel's own")
            elif part.type == GA4_EVENT and part.paused:
                self._passed_over.part("tag", part.name, "is paused")
            elif part.type == GA4_EVENT:
                self._read_event_tag(ga4_tags.read_event_tag(part, self._variables))
            elif part.type not in GOOGLE_TAGS:
                self._passed_over.part("tag", part.name, f"{_kind(part)}; only GA4's tags are read")

    def read_others(self) -> None:
        for kind, part in self._container.others:
            what = (
                "loads other containers; inspect their exports as well" if kind == "zone" else "is not read"
            )
            self._passed_over.part(bare(kind), part.name, what)

    def reading(self) -> Reading:
        found = [event for event in self._events.values() if event.name is not None]
        sent = [event for event in found if event.plan is not None]
        every = self._events.get(None)
        if every is not None and not found:
            sent, found = [every], [every]
        elif every is not None:
            for tag in every.tags:
                self._passed_over.part(
                    "tag", tag, "fires on every event; only the events with names are sent"
                )
        elif not any(event.tags for event in found):
            # Without GA4 event tags, the triggers say which events matter.
            for event in found:
                event.plan = self._planned(event, (), None)
            sent = [event for event in found if event.plan is not None]
        if not sent:
            raise PlanError(self._why_nothing_is_sent())
        unsent = [event for event in found if event.plan is None and not event.tags]
        unsent = [event for event in unsent if self._planned(event, (), None) is not None]
        who = customer.find(self._container.tags, self._variables)
        self._name_changes(sent, who)
        return Reading(
            container=self._container,
            customer=who,
            sent=tuple(sent),
            unsent=tuple(unsent),
            variables=self._found_variables(sent, who),
            passed_over=tuple(self._passed_over.lines()),
        )

    def _why_nothing_is_sent(self) -> str:
        if not self._unlisted:
            return (
                "names no custom event that could be sent: gtm-pixel sends events that pages push to the "
                "data layer, not page views or clicks; push one, and name it in gtm.yaml"
            )
        first, *more = self._unlisted
        others = f" (and {len(more)} more like it)" if more else ""
        return (
            f"names no custom event: trigger {quoted(first.name)}: {first.problem}{others}; copy "
            "gtm/gtm.yaml, and name the events there"
        )

    def _read_event_tag(self, tag: Ga4EventTag) -> None:
        events: dict[str | None, None] = {}
        for trigger_id in tag.triggers:
            trigger = self._triggers.get(trigger_id)
            if trigger is None:
                what = PAGE_TRIGGERS.get(trigger_id)
                why = (
                    f"fires on {quoted(what)}, which is no custom event"
                    if what
                    else "fires on a trigger that the export does not have"
                )
                self._passed_over.part("tag", tag.name, why)
            elif trigger.problem is not None:
                self._passed_over.part("tag", tag.name, f"fires on {quoted(trigger.name)}, which is not read")
            else:
                names = (None,) if trigger.catch_all else trigger.events
                events.update(dict.fromkeys(names))
                for name in names:
                    self._found(name, trigger)
        if not tag.triggers:
            self._passed_over.part("tag", tag.name, "has no trigger")
        if tag.exceptions and events:
            self._passed_over.part(
                "tag", tag.name, "has exceptions, which are not copied: its events are always sent"
            )
        for name in events:
            self._add(self._events[name], tag)

    def _found(self, name: str | None, trigger: EventTrigger) -> FoundEvent:
        event = self._events.setdefault(name, FoundEvent(name=name))
        event.triggers[trigger.name] = trigger.filters
        return event

    def _add(self, event: FoundEvent, tag: Ga4EventTag) -> None:
        sent = sent_by(tag, event.name, self._variables)
        if not sent.ecommerce:
            what = "sends ecommerce data, which gtm-pixel sends with GA4's recommended events of shops only"
            if event.name is None:
                what += "; name these under ga4, in place of all_custom_events"
            self._passed_over.part("tag", tag.name, what)
        for name, why in sent.problems:
            self._passed_over.parameter(name, tag.name, why)
        event.tags[tag.name] = None
        event.consent.setdefault(ANALYTICS_CONSENT, [])
        for consent_type in filter(self._is_usable, tag.consent):
            event.consent.setdefault(consent_type, []).append(tag.name)
        if tag.event not in (None, "", event.name):
            event.ga4_names[str(tag.event)] = None
        if event.plan is None:
            event.preset = sent.preset
            event.plan = self._planned(event, sent.parameters, sent.event_id)
            return
        # Several tags send the event. What the first one sends counts.
        before = {parameter.url_name: parameter for parameter in event.plan.parameters}
        new = [parameter for parameter in sent.parameters if parameter.url_name not in before]
        for parameter in sent.parameters:
            if before.get(parameter.url_name, parameter) != parameter:
                first = quoted(next(iter(event.tags)))
                self._passed_over.parameter(
                    parameter.name, tag.name, f"has another value in {first}, which counts"
                )
        event.preset = event.preset or sent.preset
        event.plan = self._planned(
            event, (*event.plan.parameters, *new), event.plan.event_id or sent.event_id
        )

    def _planned(
        self, event: FoundEvent, parameters: Iterable[Parameter], event_id: PlainVariable | None
    ) -> TagPlan | None:
        """The tag, with as many of the parameters as an event may have."""
        try:
            plan = TagPlan(event=event.name, event_id=event_id)
        except PlanError as error:
            self._passed_over.part("event", event.name or "", f"cannot be sent: {error}")
            return None
        for parameter in parameters:
            try:
                more = (*plan.parameters, parameter)
                plan = STRICTEST.checked_tag(TagPlan(event=event.name, parameters=more, event_id=event_id))
            except PlanError as error:
                self._passed_over.parameter(parameter.name, next(iter(event.tags)), str(error))
        return plan

    def _is_usable(self, consent_type: str) -> bool:
        try:
            check_consent_type(consent_type)
        except PlanError as error:
            if consent_type not in self._unusable_consent:
                self._passed_over.part("consent type", consent_type, str(error))
            self._unusable_consent.add(consent_type)
            return False
        return True

    def _used(self, sent: Iterable[FoundEvent], who: Customer) -> dict[object, dict[str, None]]:
        """The plan's variables of the data layer and cookies, and the parameters that are made of them."""
        used: dict[object, dict[str, None]] = {}
        if who.found:
            used.setdefault(who.variable, {})["endpoint_id"] = None
        for event in sent:
            if event.plan is None:
                continue
            if event.plan.event_id is not None:
                used.setdefault(event.plan.event_id, {})["event_id"] = None
            for parameter in event.plan.parameters:
                value = parameter.value
                source = (
                    value
                    if isinstance(value, DataLayerVariable | CookieVariable)
                    else DataLayerVariable(value.items)
                )
                used.setdefault(source, {})[parameter.name] = None
        return used

    def _found_variables(self, sent: Iterable[FoundEvent], who: Customer) -> tuple[FoundVariable, ...]:
        used = self._used(sent, who)
        found: list[FoundVariable] = []
        for name, variable in self._container.variables.items():
            key = data_layer_key(variable)
            if key is None or name.startswith(PREFIX):
                continue
            source = self._variables.read(f"{{{{{name}}}}}")
            found.append(
                FoundVariable(
                    name=name,
                    key=key,
                    version=variable.parameter("dataLayerVersion"),
                    used_for=tuple(used.get(source, ())),
                )
            )
        return tuple(found)

    def _name_changes(self, sent: Iterable[FoundEvent], who: Customer) -> None:
        used = self._used(sent, who)
        for name, variable in self._container.variables.items():
            what = changes(variable)
            if what is not None and self._variables.read(f"{{{{{name}}}}}") in used:
                self._passed_over.part("variable", name, f"has a {what}, which is not copied")


def _kind(tag: Part) -> str:
    """The kind of a tag: is a …"""
    if tag.type.startswith("CVT"):
        return "is a custom template"
    kind = _TAG_KINDS.get(tag.type)
    return f"is a {kind} tag" if kind else f"has the type {quoted(tag.text('type'))}"
