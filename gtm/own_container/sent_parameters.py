"""What gtm-pixel's tag sends in place of a GA4 event tag."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from gtm.ga4 import ITEM_COUNT, ITEM_LISTS, PRESETS, Source, preset_tag
from gtm.limits import STRICTEST
from gtm.own_container.ga4_tags import NUMBERS, Ga4EventTag, is_personal
from gtm.own_container.parts import Row
from gtm.own_container.values import Unread, Variables
from gtm.plan import Parameter, ParameterKind, TagPlan
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList, PlainVariable

Problem = tuple[str, str]
"""A parameter that is not sent, and why: it …"""

_ITEMS: Final = "items"
_EVENT_ID: Final = "event_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The parameters of an event, and the tag's parameters that are not sent, each with why."""

    parameters: tuple[Parameter, ...]
    event_id: PlainVariable | None
    # The event is one of gtm.yaml's `ga4:`; the parameters that differ from the preset's are overrides.
    preset: bool
    # False if the tag sends ecommerce data that gtm-pixel does not send.
    ecommerce: bool
    problems: tuple[Problem, ...]


def sent_by(tag: Ga4EventTag, event: str | None, variables: Variables) -> Sent:
    """What to send for this tag when it fires on an event of the data layer. None: on every event."""
    problems: list[Problem] = []
    recommended = (event if tag.event is None else tag.event) or ""
    base = _ecommerce_tag(tag.ecommerce, recommended)
    event_id = None if base is None else base.event_id
    parameters = {} if base is None else {parameter.url_name: parameter for parameter in base.parameters}
    preset = PRESETS.get(recommended)
    id_parameter = None if preset is None else preset.event_id
    for name, source in _readable(tag.parameters, variables, problems):
        if name == _EVENT_ID:
            event_id = event_id or source
            continue
        if name == id_parameter:
            event_id = source
        for parameter in _parameters(name, source, problems):
            parameters[parameter.url_name] = parameter
    for name, source in _readable(tag.user_properties, variables, problems):
        for parameter in _made(ParameterKind.USER_ATTRIBUTE, name, source, problems):
            parameters[parameter.url_name] = parameter
    return Sent(
        parameters=tuple(parameters.values()),
        event_id=event_id,
        preset=base is not None and base == preset_tag(recommended, Source.ECOMMERCE) and base.event == event,
        ecommerce=tag.ecommerce is None or base is not None,
        problems=tuple(problems),
    )


def _readable(
    rows: Iterable[Row], variables: Variables, problems: list[Problem]
) -> Iterator[tuple[str, PlainVariable]]:
    for name, text in rows:
        source = variables.read(text)
        key = source.key.rpartition(".")[2] if isinstance(source, DataLayerVariable) else ""
        if is_personal(name) or is_personal(key):
            problems.append((name, "is personal data"))
        elif isinstance(source, Unread):
            problems.append((name, source.why))
        else:
            yield name, source


def _ecommerce_tag(ecommerce: str | None, event: str) -> TagPlan | None:
    """A recommended event's tag, reading from the key under which this page has its ecommerce data."""
    if ecommerce is None or event not in PRESETS or not PRESETS[event].ecommerce:
        return None
    tag = preset_tag(event, Source.ECOMMERCE)

    def moved(key: str) -> str:
        return ecommerce + key.removeprefix(Source.ECOMMERCE)

    def parameter(written: Parameter) -> Parameter:
        match written.value:
            case DataLayerVariable(key):
                return replace(written, value=DataLayerVariable(moved(key)))
            case ItemList(items, field):
                return replace(written, value=ItemList(moved(items), field))
            case ItemCount(items):
                return replace(written, value=ItemCount(moved(items)))
            case CookieVariable():
                return written

    return replace(
        tag,
        parameters=tuple(map(parameter, tag.parameters)),
        event_id=DataLayerVariable(moved(tag.event_id.key))
        if isinstance(tag.event_id, DataLayerVariable)
        else None,
    )


def _parameters(name: str, source: PlainVariable, problems: list[Problem]) -> Iterator[Parameter]:
    if name == _ITEMS and isinstance(source, DataLayerVariable):
        for attribute, item_field in ITEM_LISTS.items():
            yield Parameter(
                kind=ParameterKind.EVENT_ATTRIBUTE, name=attribute, value=ItemList(source.key, item_field)
            )
        yield Parameter(kind=ParameterKind.METRIC, name=ITEM_COUNT, value=ItemCount(source.key))
        return
    kind = ParameterKind.METRIC if name in NUMBERS else ParameterKind.EVENT_ATTRIBUTE
    yield from _made(kind, name, source, problems)


def _made(
    kind: ParameterKind, name: str, source: PlainVariable, problems: list[Problem]
) -> Iterator[Parameter]:
    try:
        yield STRICTEST.checked(Parameter(kind=kind, name=name, value=source))
    except PlanError as error:
        problems.append((name, str(error)))
