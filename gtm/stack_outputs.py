"""What a stack says of itself in its outputs: where its events go, and what it expects of them.

Pure. Outputs of an earlier version lack some of this, and may come from anywhere. What is absent or malformed
is None, and is not compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from gtm.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """An event trigger of Customer Profiles. Fields are named as in the URL: evat_currency, evmt_value."""

    name: str
    event: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What triggers and searches of Customer Profiles use of events. Names have no prefix."""

    trigger_attributes: tuple[str, ...]
    trigger_metrics: tuple[str, ...]
    search_attributes: tuple[str, ...]
    triggers: tuple[EventTrigger, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The outputs that concern tags."""

    events_url: str
    auth_mode: AuthMode | None = None
    timestamp_source: TimestampSource | None = None
    destinations: tuple[str, ...] | None = None
    profile_updates: ProfileUpdates | None = None
    profile_attributes: tuple[str, ...] | None = None
    expectations: Expectations | None = None

    @property
    def limits(self) -> Limits:
        return Limits(self.destinations)


def stack_of(outputs: Mapping[str, Any]) -> Stack | None:
    """None if there is no events URL: the stack is not up."""
    events_url = outputs.get("events_url")
    if not isinstance(events_url, str):
        return None
    return Stack(
        events_url=events_url,
        auth_mode=_member(AuthMode, outputs.get("auth_mode")),
        timestamp_source=_member(TimestampSource, outputs.get("timestamp_source")),
        destinations=_strings(outputs.get("destinations")),
        profile_updates=_member(ProfileUpdates, outputs.get("profile_updates")),
        profile_attributes=_strings(outputs.get("profile_attributes")),
        expectations=_expectations(outputs.get("customer_profiles_expects")),
    )


def _expectations(value: object) -> Expectations | None:
    if not isinstance(value, dict):
        return None
    content = cast(dict[str, Any], value)
    return Expectations(
        trigger_attributes=_strings(content.get("trigger_attributes")) or (),
        trigger_metrics=_strings(content.get("trigger_metrics")) or (),
        search_attributes=_strings(content.get("search_attributes")) or (),
        triggers=tuple(
            EventTrigger(
                name=str(each.get("name", "")),
                event=str(each.get("event", "")),
                fields=_strings(each.get("fields")) or (),
            )
            for each in _objects(content.get("triggers"))
        ),
    )


def _member(choices: Any, value: object) -> Any:
    return next((choice for choice in choices if choice == value), None)


def _objects(value: object) -> list[dict[str, Any]]:
    items = cast(list[object], value) if isinstance(value, list) else []
    return [cast(dict[str, Any], item) for item in items if isinstance(item, dict)]


def _strings(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(item for item in cast(list[object], value) if isinstance(item, str))
