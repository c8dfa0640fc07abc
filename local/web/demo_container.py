"""The GTM container for the form of the page: an export that sends every custom event with its parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gtm.container import as_text, container_export
from gtm.plan import DEFAULT_TOKEN, Parameter, ParameterKind, Plan, TagPlan
from gtm.plan_error import PlanError
from gtm.variables import DataLayerVariable

# The data layer keys of a site, by kind of parameter. The page pushes to the same keys.
_DATA_LAYER_KEYS: Final = {
    ParameterKind.EVENT_ATTRIBUTE: "attributes",
    ParameterKind.METRIC: "metrics",
    ParameterKind.USER_ATTRIBUTE: "user",
}


def demo_container(outputs: Mapping[str, Any], parameters: Sequence[str]) -> str:
    """The export that `python -m gtm container` would write. `parameters` are names such as `evmt_value`.

    Raises PlanError for a parameter that no container can have.
    """
    is_authenticated = outputs["auth_mode"] == "authenticated"
    plan = Plan(
        events_url=outputs["events_url"],
        tags=(TagPlan(event=None, parameters=tuple(map(_parameter, parameters))),),
        token=DEFAULT_TOKEN if is_authenticated else None,
    )
    return as_text(container_export(plan))


def _parameter(url_name: str) -> Parameter:
    known = {kind.value: (kind, key) for kind, key in _DATA_LAYER_KEYS.items()}
    prefix, name = url_name[:5], url_name[5:]
    if prefix not in known:
        raise PlanError(f"the parameter {url_name[:60]!r} must begin with {', '.join(known)}")
    kind, key = known[prefix]
    return Parameter(kind=kind, name=name, value=DataLayerVariable(f"{key}.{name}"))
