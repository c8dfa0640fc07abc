"""Reads the tags of a plan file: `events`, `all_custom_events` and `ga4`."""

import difflib
from collections.abc import Mapping
from typing import Any, Final, cast

from gtm.ga4 import PRESETS, Source, preset_tag
from gtm.limits import Limits
from gtm.plan import Parameter, ParameterKind, TagPlan, check_consent_type
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList, PlainVariable, Variable
from gtm.yaml_document import DocumentReader, shown_in_yaml

_GROUPS: Final = {
    "event_attributes": ParameterKind.EVENT_ATTRIBUTE,
    "metrics": ParameterKind.METRIC,
    "user_attributes": ParameterKind.USER_ATTRIBUTE,
}
_OF_EVENT: Final = ("event_id", "timestamp", "consent", *_GROUPS)
_SPECIAL_FORMS: Final = (frozenset({"cookie"}), frozenset({"list", "of"}), frozenset({"count"}))
_SOURCES: Final = tuple(source.value for source in Source)

_Key = tuple[ParameterKind, str]


class TagReader(DocumentReader):
    """Reads variables, and the tags that are made of them."""

    def __init__(self, file: str, limits: Limits) -> None:
        super().__init__(file)
        self._limits = limits

    def tags(self, content: Mapping[str, Any]) -> list[TagPlan]:
        """The tags of a whole document, in its order: first those of `ga4`."""
        named = [key for key in ("ga4", "events") if key in content]
        if "all_custom_events" in content:
            if named:
                self.problem(named[0], "and all_custom_events exclude each other; keep one of them")
                return []
            tag = self._tag(None, content["all_custom_events"], "all_custom_events")
            return [] if tag is None else [tag]
        if not named:
            self.problem(
                "events", "is missing, so nothing would be sent; name the events, or set all_custom_events"
            )
        presets = self._presets(content["ga4"]) if "ga4" in content else []
        events = self._events(content["events"]) if "events" in content else []
        of_ga4 = {tag.event for tag in presets}
        for tag in events:
            if tag.event in of_ga4:
                self.problem(
                    f"events.{tag.event}", "is also in ga4.events and would be sent twice; remove either"
                )
        return [*presets, *events]

    def variable(self, value: object, path: str) -> Variable | None:
        """A data layer key, `{cookie: NAME}`, `{list: KEY, of: FIELD}` or `{count: KEY}`."""
        if isinstance(value, dict):
            return self._special(cast("dict[str, object]", value), path)
        key = self.string(value, path)
        return None if key is None else self.made(path, lambda: DataLayerVariable(key))

    def plain_variable(self, value: object, path: str) -> PlainVariable | None:
        """A data layer key or `{cookie: NAME}`."""
        variable = self.variable(value, path)
        if variable is None or isinstance(variable, DataLayerVariable | CookieVariable):
            return variable
        self.problem(path, "must be a data layer variable or a cookie, not made of items; name one")
        return None

    def consent(self, value: object, path: str) -> tuple[str, ...]:
        """A list of consent types, which may be empty."""
        if not isinstance(value, list):
            self.problem(path, f"is {shown_in_yaml(value)} but must be a list; write [analytics_storage]")
            return ()
        items = cast("list[object]", value)
        texts = [self.string(item, f"{path}[{index}]") for index, item in enumerate(items)]
        types = [
            None if text is None else self.made(f"{path}[{index}]", lambda text=text: _consent_type(text))
            for index, text in enumerate(texts)
        ]
        return tuple(one for one in types if one is not None)

    def _special(self, content: dict[str, object], path: str) -> Variable | None:
        if frozenset(content) not in _SPECIAL_FORMS:
            self.problem(
                path, "must be a data layer variable, {cookie: NAME}, {list: KEY, of: FIELD} or {count: KEY}"
            )
            return None
        texts: dict[str, str] = {}
        for name, value in content.items():
            text = self.string(value, f"{path}.{name}")
            if text is None:
                return None
            texts[name] = text
        return self.made(path, lambda: _special_variable(texts))

    def _events(self, value: object) -> list[TagPlan]:
        if value == {}:
            self.problem("events", "is empty, so nothing would be sent; name at least one event")
        events = self.mapping(value, "events", "the names of events") or {}
        tags = [self._tag(name, of_event, f"events.{name}") for name, of_event in events.items()]
        return [tag for tag in tags if tag is not None]

    def _presets(self, value: object) -> list[TagPlan]:
        if _holds_events(value):
            self.problem("ga4", "must contain events: and below it the names; move the events there")
            return []
        content = self.mapping(value, "ga4", "events: the names of events", ("source", "events"))
        if content is None:
            return []
        source = content.get("source", Source.ECOMMERCE.value)
        if source not in _SOURCES:
            self.problem(
                "ga4.source", f"is {shown_in_yaml(source)} but must be {' or '.join(_SOURCES)}; choose one"
            )
            return []
        events: object = content.get("events")
        if isinstance(events, list) and events:
            events = self._by_name(cast("list[object]", events))
        elif not events:
            self.problem("ga4.events", "is empty, so nothing would be sent; name at least one event")
            return []
        names = self.mapping(cast("object", events), "ga4.events", "the names of events") or {}
        tags: list[TagPlan] = []
        for name, overrides in names.items():
            path = f"ga4.events.{name}"
            if name not in PRESETS:
                close = difflib.get_close_matches(name, PRESETS, n=1)
                fix = f"did you mean {close[0]}?" if close else "describe it under events"
                self.problem(path, f"is not an event that Google recommends (docs/ga4.md); {fix}")
                continue
            tag = self._tag(name, overrides, path, preset_tag(name, Source(source)))
            if tag is not None:
                tags.append(tag)
        return tags

    def _by_name(self, events: list[object]) -> dict[str, None]:
        names: dict[str, None] = {}
        for index, event in enumerate(events):
            if isinstance(event, dict):
                what = "has parameters, so it must be NAME: without a dash; write all events so"
                self.problem(f"ga4.events[{index}]", what)
                continue
            name = self.string(event, f"ga4.events[{index}]")
            if name in names:
                self.problem(f"ga4.events[{index}]", f"repeats {name}; remove it")
            elif name is not None:
                names[name] = None
        return names

    def _tag(
        self, event: str | None, value: object, path: str, preset: TagPlan | None = None
    ) -> TagPlan | None:
        """The tag of an event. Over a preset, null switches a parameter off."""
        # An event without a value is the preset as it is, or sends only the endpoint id.
        content = self.mapping({} if value is None else value, path, ", ".join(_OF_EVENT), _OF_EVENT) or {}
        own = {
            "event_id": preset.event_id if preset else None,
            "timestamp": preset.timestamp if preset else None,
        }
        for name in own.keys() & content.keys():
            switched_off = content[name] is None and preset is not None
            own[name] = None if switched_off else self.plain_variable(content[name], f"{path}.{name}")
        consent = self.consent(content["consent"], f"{path}.consent") if "consent" in content else None
        parameters: dict[_Key, Variable] = {}
        if preset:
            parameters = {(each.kind, each.name): each.value for each in preset.parameters}
        for group, kind in _GROUPS.items():
            if group in content:
                self._add_parameters(parameters, content[group], kind, f"{path}.{group}", preset)
        made = [
            self.made(
                f"{path}.{_group_of(kind)}.{name}",
                lambda kind=kind, name=name, value=value: self._limits.checked(
                    Parameter(kind=kind, name=name, value=value)
                ),
            )
            for (kind, name), value in parameters.items()
        ]
        return self.made(
            path,
            lambda: self._limits.checked_tag(
                TagPlan(event=event, parameters=tuple(filter(None, made)), consent=consent, **own)
            ),
        )

    def _add_parameters(
        self,
        parameters: dict[_Key, Variable],
        value: object,
        kind: ParameterKind,
        path: str,
        preset: TagPlan | None,
    ) -> None:
        for name, given in (self.mapping(value, path, "name: data layer variable") or {}).items():
            where = f"{path}.{name}"
            if given is None and preset is not None:
                if parameters.pop((kind, name), None) is None:
                    self.problem(where, f"is not sent by {preset.event}, so null has no effect; remove it")
            elif (variable := self.variable(given, where)) is not None:
                parameters[(kind, name)] = variable


def _holds_events(value: object) -> bool:
    """Whether a list or a mapping is of recommended events."""
    names = cast("list[object]", value) if isinstance(value, list | dict) else []
    return any(isinstance(name, str) and name in PRESETS for name in names)


def _consent_type(text: str) -> str:
    check_consent_type(text)
    return text


def _special_variable(texts: Mapping[str, str]) -> Variable:
    if "cookie" in texts:
        return CookieVariable(texts["cookie"])
    if "count" in texts:
        return ItemCount(texts["count"])
    return ItemList(texts["list"], texts["of"])


def _group_of(kind: ParameterKind) -> str:
    return next(group for group, of_group in _GROUPS.items() if of_group is kind)
