"""The GTM containers of the page: one for its form, and one to download for a stack of one's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import gtm
from gtm import plan_file
from gtm.container import container_export
from gtm.ga4 import PRESETS, Source, preset_tag
from gtm.limits import Limits
from gtm.plan import DEFAULT_TOKEN, Parameter, ParameterKind, Plan, TagPlan, check_events_url
from gtm.plan_error import PlanError
from gtm.variables import DataLayerVariable, PlainVariable

GTM_YAML: Final = Path(gtm.__file__).with_name("gtm.yaml")

# The data layer keys of a site, by kind of parameter. The page pushes to the same keys.
_DATA_LAYER_KEYS: Final = {
    ParameterKind.EVENT_ATTRIBUTE: "attributes",
    ParameterKind.METRIC: "metrics",
    ParameterKind.USER_ATTRIBUTE: "user",
}
_EVENT_ID: Final = "event_id"
_TIMESTAMP: Final = "timestamp"


def demo_container(
    outputs: Mapping[str, Any],
    parameters: Sequence[str],
    *,
    ga4_event: str | None = None,
    consent: Sequence[str] = (),
) -> dict[str, Any]:
    """The export that `python -m gtm container` would write. `parameters` are names such as `evmt_value`.

    With `ga4_event`, a recommended event of Google Analytics 4, the container has the tag of that event and
    adds the parameters to it. The tag needs the consent types of `consent`. Raises PlanError for what no
    container can have.
    """
    if ga4_event is not None and ga4_event not in PRESETS:
        raise PlanError(f"the event {ga4_event[:60]!r} is not one that Google recommends (docs/ga4.md)")
    preset = TagPlan(event=None) if ga4_event is None else preset_tag(ga4_event, Source.ECOMMERCE)
    plan = Plan(
        events_url=outputs["events_url"],
        tags=(Limits(outputs.get("destinations")).checked_tag(_with_parameters(preset, parameters)),),
        token=_default_token(outputs),
        consent=tuple(consent),
    )
    return container_export(plan)


def container_to_download(outputs: Mapping[str, Any], events_url: str) -> dict[str, Any]:
    """The container of gtm/gtm.yaml for a stack's events URL. Raises PlanError, PlanFileError."""
    check_events_url(events_url)
    overrides = plan_file.Overrides(events_url=events_url, default_token=_default_token(outputs))
    text = GTM_YAML.read_text(encoding="utf-8")
    return container_export(plan_file.read(text, file=GTM_YAML.name, overrides=overrides))


def _default_token(outputs: Mapping[str, Any]) -> PlainVariable | None:
    return DEFAULT_TOKEN if outputs["auth_mode"] == "authenticated" else None


def _with_parameters(tag: TagPlan, names: Sequence[str]) -> TagPlan:
    ids = {name: DataLayerVariable(name) for name in (_EVENT_ID, _TIMESTAMP) if name in names}
    added = {name: _parameter(name) for name in names if name not in ids}
    kept = [parameter for parameter in tag.parameters if parameter.url_name not in added]
    return TagPlan(
        event=tag.event,
        parameters=(*kept, *added.values()),
        event_id=ids.get(_EVENT_ID, tag.event_id),
        timestamp=ids.get(_TIMESTAMP, tag.timestamp),
    )


def _parameter(url_name: str) -> Parameter:
    known = {kind.value: (kind, key) for kind, key in _DATA_LAYER_KEYS.items()}
    prefix, name = url_name[:5], url_name[5:]
    if prefix not in known:
        alternatives = ", ".join((*known, _EVENT_ID, _TIMESTAMP))
        raise PlanError(f"the parameter {url_name[:60]!r} must begin with one of {alternatives}")
    kind, key = known[prefix]
    return Parameter(kind=kind, name=name, value=DataLayerVariable(f"{key}.{name}"))
