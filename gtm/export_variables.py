"""The variables of a container export, and back. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gtm import item_functions
from gtm.export_parts import ACCOUNT, name_of, parameter, template, value_of, with_fingerprint
from gtm.plan import Plan
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList, Variable

EVENTS_URL: Final = name_of("events URL")
"""Holds the events URL, once for all tags. With a preview URL it is a lookup table by Debug Mode."""

_DEBUG_MODE = "{{Debug Mode}}"

# Which events URL a parameter of the lookup table holds.
_IN_PREVIEW = "value"
_FOR_VISITORS = "defaultValue"


def variable_name(variable: Variable) -> str:
    """The name in GTM. Data layer keys and names of cookies have no spaces, so no two kinds collide."""
    match variable:
        case DataLayerVariable(key):
            return name_of(key)
        case CookieVariable(name):
            return name_of(f"cookie {name}")
        case ItemList(items, field):
            return name_of(f"{items} list of {field}")
        case ItemCount(items):
            return name_of(f"{items} count of items")


def variables_of(plan: Plan) -> list[Variable]:
    """All variables that the tags use, in order of first use. A list's own variable comes before the list."""
    used = [plan.endpoint_id, *(variable for tag in plan.tags for variable in tag.variables)]
    if plan.token is not None:
        used.append(plan.token)
    return list(dict.fromkeys(each for variable in used for each in _with_what_it_reads(variable)))


def _with_what_it_reads(variable: Variable) -> Iterable[Variable]:
    match variable:
        case ItemList(items) | ItemCount(items):
            return (DataLayerVariable(items), variable)
        case _:
            return (variable,)


def variable_objects(plan: Plan, ids: Iterator[int], folder: Mapping[str, str]) -> list[dict[str, Any]]:
    """The objects of all variables, first the events URL."""
    return [
        _events_url_object(plan, str(next(ids)), folder),
        *(_variable_object(variable, str(next(ids)), folder) for variable in variables_of(plan)),
    ]


def built_in_variables(plan: Plan) -> list[dict[str, Any]]:
    """The built-in variables that must be enabled."""
    names = {"EVENT": "Event"} | ({} if plan.preview_events_url is None else {"DEBUG_MODE": "Debug Mode"})
    return [{**ACCOUNT, "type": kind, "name": name} for kind, name in names.items()]


def read_events_urls(item: Mapping[str, Any]) -> tuple[str, str | None]:
    """The events URL and the preview URL of the variable EVENTS_URL."""
    if item["type"] == "c":
        return value_of(item, "value"), None
    (rows,) = (each["list"] for each in item["parameter"] if each["key"] == "map")
    return value_of(item, _FOR_VISITORS), value_of({"parameter": rows[0]["map"]}, _IN_PREVIEW)


def read_variables(items: Iterable[Mapping[str, Any]]) -> dict[str, Variable]:
    """The variables of an export by name, without EVENTS_URL. Raises ValueError or KeyError for others."""
    variables: dict[str, Variable] = {}
    for item in items:
        if item["name"] != EVENTS_URL:
            variables[item["name"]] = _read_variable(item, variables)
    return variables


def _read_variable(item: Mapping[str, Any], known: Mapping[str, Variable]) -> Variable:
    match item["type"]:
        case "v":
            return DataLayerVariable(value_of(item, "name"))
        case "k":
            return CookieVariable(value_of(item, "name"))
        case "jsm":
            items_variable, field = item_functions.read(value_of(item, "javascript"))
            items = known[items_variable]
            if not isinstance(items, DataLayerVariable):
                raise PlanError(f"{items_variable} is no data layer variable")
            return ItemCount(items.key) if field is None else ItemList(items.key, field)
        case other:
            raise ValueError(other)


def _variable_object(variable: Variable, variable_id: str, folder: Mapping[str, str]) -> dict[str, Any]:
    name = variable_name(variable)
    match variable:
        case DataLayerVariable(key):
            parameters = [
                parameter("INTEGER", "dataLayerVersion", "2"),
                parameter("BOOLEAN", "setDefaultValue", "false"),
                template("name", key),
            ]
            return _object(variable_id, name, "v", parameters, folder)
        case CookieVariable(key):
            parameters = [parameter("BOOLEAN", "decodeCookie", "false"), template("name", key)]
            return _object(variable_id, name, "k", parameters, {})  # genuine exports have no folder here
        case ItemList(items, field):
            function = item_functions.list_function(name_of(items), field)
        case ItemCount(items):
            function = item_functions.count_function(name_of(items))
    return _object(variable_id, name, "jsm", [template("javascript", function)], folder)


def _events_url_object(plan: Plan, variable_id: str, folder: Mapping[str, str]) -> dict[str, Any]:
    if plan.preview_events_url is None:
        return _object(variable_id, EVENTS_URL, "c", [template("value", plan.events_url)], folder)
    row = {"type": "MAP", "map": [template("key", "true"), template(_IN_PREVIEW, plan.preview_events_url)]}
    parameters = [
        parameter("BOOLEAN", "setDefaultValue", "true"),
        template("input", _DEBUG_MODE),
        template(_FOR_VISITORS, plan.events_url),
        {"type": "LIST", "key": "map", "list": [row]},
    ]
    return _object(variable_id, EVENTS_URL, "smm", parameters, folder)


def _object(
    variable_id: str, name: str, kind: str, parameters: list[dict[str, Any]], folder: Mapping[str, str]
) -> dict[str, Any]:
    written = {**ACCOUNT, "variableId": variable_id, "name": name, "type": kind, "parameter": parameters}
    return with_fingerprint(written, **folder, formatValue={})
