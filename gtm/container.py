"""Converts a plan to a Google Tag Manager container export, and back.

Pure. The fields are those of genuine exports: GTM refuses a file that lacks one. The same plan always gives
the same bytes, so a container can live in version control and a diff shows what changed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final
from urllib.parse import unquote

from contract import url
from gtm.export_parts import ACCOUNT, name_of, parameter, template, value_of, with_fingerprint
from gtm.export_variables import (
    EVENTS_URL,
    built_in_variables,
    read_events_urls,
    read_variables,
    variable_name,
    variable_objects,
)
from gtm.plan import DEFAULT_ENDPOINT_ID, Parameter, ParameterKind, Plan, TagPlan, encoded
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable, DataLayerVariable, PlainVariable, Variable

FOLDER: Final = "gtm-pixel"

ALL_CUSTOM_EVENTS: Final = "all custom events"

CUSTOM_EVENT_PATTERN: Final = "^(?!gtm\\.|gtag\\.).+"
"""Every event except Google's own (gtm.js, gtm.click, gtag.config …), which `.*` would also match."""

# Constant, so that exports are reproducible. GTM only displays it.
_EXPORT_TIME = "2026-01-01 00:00:00"

_PATH = "accounts/0/containers/0"
_ADDRESS = "https://tagmanager.google.com/#"

_CACHE_BUSTER = "gtmcb"

_FOREIGN = "gtm-pixel did not write this container, or someone changed it since; give the file as written"

_PAIR = re.compile(r"([^=&]+)=\{\{(.+?)\}\}")


def container_export(plan: Plan) -> dict[str, Any]:
    """The export of a container for a plan, for Admin → Import Container."""
    ids = count(1)
    folder = {"parentFolderId": str(next(ids))}
    variables = variable_objects(plan, ids, folder)
    triggers = [_trigger_object(tag, str(next(ids)), folder) for tag in plan.tags]
    tags = [
        _tag_object(plan, tag, str(next(ids)), trigger["triggerId"], folder)
        for tag, trigger in zip(plan.tags, triggers, strict=True)
    ]
    return {
        "exportFormatVersion": 2,
        "exportTime": _EXPORT_TIME,
        "containerVersion": with_fingerprint(
            {
                "path": f"{_PATH}/versions/0",
                **ACCOUNT,
                "containerVersionId": "0",
                "container": with_fingerprint(
                    {
                        "path": _PATH,
                        **ACCOUNT,
                        "name": FOLDER,
                        "publicId": plan.container,
                        "usageContext": ["WEB"],
                    },
                    tagManagerUrl=f"{_ADDRESS}/container/{_PATH}/workspaces?apiLink=container",
                ),
                "tag": tags,
                "trigger": triggers,
                "variable": variables,
                "folder": [
                    with_fingerprint({**ACCOUNT, "folderId": folder["parentFolderId"], "name": FOLDER})
                ],
                "builtInVariable": built_in_variables(plan),
            },
            tagManagerUrl=f"{_ADDRESS}/versions/{_PATH}/versions/0?apiLink=version",
        ),
    }


def as_text(export: Mapping[str, Any]) -> str:
    """The file that GTM imports."""
    return json.dumps(export, ensure_ascii=False, indent=2) + "\n"


def plan_of(export: Mapping[str, Any]) -> Plan:
    """The plan from which an export was made. Raises PlanError unless this module made the export."""
    try:
        plan = _read(export["containerVersion"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise PlanError(_FOREIGN) from None
    if container_export(plan) != export:
        raise PlanError(_FOREIGN)
    return plan


def _tag_object(
    plan: Plan, tag: TagPlan, tag_id: str, trigger_id: str, folder: Mapping[str, str]
) -> dict[str, Any]:
    written = {
        **ACCOUNT,
        "tagId": tag_id,
        "name": _tag_name(tag),
        "type": "img",
        "parameter": [
            parameter("BOOLEAN", "useCacheBuster", "true"),
            template("url", _url(plan, tag)),
            template("cacheBusterQueryParam", _CACHE_BUSTER),
        ],
    }
    behaviour: dict[str, Any] = {
        "firingTriggerId": [trigger_id],
        **folder,
        "tagFiringOption": "ONCE_PER_EVENT",
        "monitoringMetadata": {"type": "MAP"},
    }
    types = [{"type": "TEMPLATE", "value": consent_type} for consent_type in plan.consent_of(tag)]
    if types:
        consent = {"consentStatus": "NEEDED", "consentType": {"type": "LIST", "list": types}}
        behaviour["consentSettings"] = consent
    return with_fingerprint(written, **behaviour)


def _url(plan: Plan, tag: TagPlan) -> str:
    """The Image URL. GTM percent-encodes the values of variables in the query.

    `endpoint_id` comes first, because filter lists block queries that begin with certain events
    (docs/browsers.md).
    """
    pairs = [(url.ENDPOINT_ID, variable_name(plan.endpoint_id)), (url.EVENT, "Event")]
    if tag.event_id is not None:
        pairs.append((url.EVENT_ID, variable_name(tag.event_id)))
    if tag.timestamp is not None:
        pairs.append((url.TIMESTAMP, variable_name(tag.timestamp)))
    pairs += [(encoded(each.url_name), variable_name(each.value)) for each in tag.parameters]
    if plan.token is not None:
        pairs.append((url.TOKEN, variable_name(plan.token)))
    query = "&".join(f"{name}={{{{{variable}}}}}" for name, variable in pairs)
    return f"{{{{{EVENTS_URL}}}}}?{query}"


def _trigger_object(tag: TagPlan, trigger_id: str, folder: Mapping[str, str]) -> dict[str, Any]:
    operator, value = ("MATCH_REGEX", CUSTOM_EVENT_PATTERN) if tag.event is None else ("EQUALS", tag.event)
    condition = [template("arg0", "{{_event}}"), template("arg1", value)]
    return with_fingerprint(
        {
            **ACCOUNT,
            "triggerId": trigger_id,
            "name": _tag_name(tag),
            "type": "CUSTOM_EVENT",
            "customEventFilter": [{"type": operator, "parameter": condition}],
        },
        **folder,
    )


def _tag_name(tag: TagPlan) -> str:
    # An event called "all custom events" would collide, but a plan never has both.
    return name_of(ALL_CUSTOM_EVENTS if tag.event is None else tag.event)


def _read(version: Mapping[str, Any]) -> Plan:
    (urls,) = (read_events_urls(item) for item in version["variable"] if item["name"] == EVENTS_URL)
    variables = read_variables(version["variable"])
    events = {trigger["triggerId"]: _read_event(trigger) for trigger in version["trigger"]}
    of_plan: dict[str, PlainVariable] = {}
    # What the first tag needs is the plan's; another tag has a list of its own if it differs.
    consent = _consent(version["tag"][0])
    tags: list[TagPlan] = []
    for tag in version["tag"]:
        parameters: list[Parameter] = []
        of_tag: dict[str, PlainVariable] = {}
        for name, variable_of_pair in _pairs(value_of(tag, "url")):
            if variable_of_pair == "Event":
                continue
            variable = variables[variable_of_pair]
            if name in (url.ENDPOINT_ID, url.TOKEN):
                of_plan[name] = _plain(variable)
            elif name in (url.EVENT_ID, url.TIMESTAMP):
                of_tag[name] = _plain(variable)
            else:
                kind, own_name = ParameterKind(name[:5]), name[5:]
                parameters.append(Parameter(kind=kind, name=own_name, value=variable))
        tags.append(
            TagPlan(
                event=events[tag["firingTriggerId"][0]],
                parameters=tuple(parameters),
                event_id=of_tag.get(url.EVENT_ID),
                timestamp=of_tag.get(url.TIMESTAMP),
                consent=None if _consent(tag) == consent else _consent(tag),
            )
        )
    return Plan(
        events_url=urls[0],
        preview_events_url=urls[1],
        tags=tuple(tags),
        endpoint_id=of_plan.get(url.ENDPOINT_ID, DEFAULT_ENDPOINT_ID),
        token=of_plan.get(url.TOKEN),
        consent=consent,
        container=version["container"]["publicId"],
    )


def _consent(tag: Mapping[str, Any]) -> tuple[str, ...]:
    types = tag.get("consentSettings", {}).get("consentType", {}).get("list", [])
    return tuple(item["value"] for item in types)


def _plain(variable: Variable) -> PlainVariable:
    if isinstance(variable, DataLayerVariable | CookieVariable):
        return variable
    raise ValueError(variable)


def _pairs(image_url: str) -> Iterator[tuple[str, str]]:
    for name, variable in _PAIR.findall(image_url.partition("?")[2]):
        yield unquote(name), variable


def _read_event(trigger: Mapping[str, Any]) -> str | None:
    condition = trigger["customEventFilter"][0]
    return None if condition["type"] == "MATCH_REGEX" else value_of(condition, "arg1")
