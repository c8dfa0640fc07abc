"""Converts a plan to a Google Tag Manager container export, and back.

Pure. The fields are those of genuine exports: GTM refuses a file that lacks one. The same plan always gives
the same bytes, so a container can live in version control and a diff shows what changed.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from urllib.parse import unquote

from contract import url
from gtm.plan import (
    DEFAULT_ENDPOINT_KEY,
    Parameter,
    ParameterKind,
    Plan,
    PlanError,
    TagPlan,
    Token,
    TokenSource,
    encoded,
)

PREFIX: Final = "gtm-pixel - "
"""Begins every name, so that a merging import does not collide with existing names."""

FOLDER: Final = "gtm-pixel"
REFUSED_IN_NAMES: Final = ":,;<>&\"'"
"""Characters GTM refuses in names of tags, triggers and variables: the colon; others according to reports."""

ALL_CUSTOM_EVENTS: Final = "all custom events"

CUSTOM_EVENT_PATTERN: Final = "^(?!gtm\\.).+"
"""Every event except GTM's own (gtm.js, gtm.dom, gtm.load, gtm.click …), which `.*` would also match."""

# Constant, so that exports are reproducible. GTM only displays it.
_EXPORT_TIME = "2026-01-01 00:00:00"

# Ids of the account and container; an import replaces them.
_ACCOUNT = {"accountId": "0", "containerId": "0"}
_PATH = "accounts/0/containers/0"
_ADDRESS = "https://tagmanager.google.com/#"

_CACHE_BUSTER = "gtmcb"

_FOREIGN = "gtm-pixel did not write this container, or someone changed it since; export it again"

_PAIR = re.compile(r"([^=&]+)=\{\{(.+?)\}\}")


@dataclass(frozen=True, slots=True)
class _Variable:
    """A user-defined variable: a data layer variable or a first-party cookie."""

    source: TokenSource
    key: str

    @property
    def name(self) -> str:
        # Data layer keys have no spaces, so the two kinds cannot collide.
        return _name(f"cookie {self.key}" if self.source is TokenSource.COOKIE else self.key)


def container_export(plan: Plan) -> dict[str, Any]:
    """The export of a container for a plan, for Admin → Import Container."""
    ids = count(1)
    folder = {"parentFolderId": str(next(ids))}
    variables = _variables(plan)
    variable_objects = [_variable_object(variable, str(next(ids)), folder) for variable in variables]
    triggers = [_trigger_object(tag, str(next(ids)), folder) for tag in plan.tags]
    tags = [
        _tag_object(plan, tag, str(next(ids)), trigger["triggerId"], folder)
        for tag, trigger in zip(plan.tags, triggers, strict=True)
    ]
    return {
        "exportFormatVersion": 2,
        "exportTime": _EXPORT_TIME,
        "containerVersion": _with_fingerprint(
            {
                "path": f"{_PATH}/versions/0",
                **_ACCOUNT,
                "containerVersionId": "0",
                "container": _with_fingerprint(
                    {
                        "path": _PATH,
                        **_ACCOUNT,
                        "name": FOLDER,
                        "publicId": plan.container,
                        "usageContext": ["WEB"],
                    },
                    tagManagerUrl=f"{_ADDRESS}/container/{_PATH}/workspaces?apiLink=container",
                ),
                "tag": tags,
                "trigger": triggers,
                "variable": variable_objects,
                "folder": [
                    _with_fingerprint({**_ACCOUNT, "folderId": folder["parentFolderId"], "name": FOLDER})
                ],
                "builtInVariable": [{**_ACCOUNT, "type": "EVENT", "name": "Event"}],
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


def _variables(plan: Plan) -> list[_Variable]:
    """All variables that the tags use, in order of first use."""
    keys = [
        plan.endpoint_key,
        *(parameter.data_layer_key for tag in plan.tags for parameter in tag.parameters),
    ]
    variables = [_Variable(TokenSource.DATA_LAYER, key) for key in keys]
    if plan.token is not None:
        variables.append(_Variable(plan.token.source, plan.token.name))
    return list(dict.fromkeys(variables))


def _tag_object(
    plan: Plan, tag: TagPlan, tag_id: str, trigger_id: str, folder: Mapping[str, str]
) -> dict[str, Any]:
    written = {
        **_ACCOUNT,
        "tagId": tag_id,
        "name": _tag_name(tag),
        "type": "img",
        "parameter": [
            _parameter("BOOLEAN", "useCacheBuster", "true"),
            _parameter("TEMPLATE", "url", _url(plan, tag)),
            _parameter("TEMPLATE", "cacheBusterQueryParam", _CACHE_BUSTER),
        ],
    }
    behaviour: dict[str, Any] = {
        "firingTriggerId": [trigger_id],
        **folder,
        "tagFiringOption": "ONCE_PER_EVENT",
        "monitoringMetadata": {"type": "MAP"},
    }
    if plan.consent:
        types = [{"type": "TEMPLATE", "value": consent_type} for consent_type in plan.consent]
        consent = {"consentStatus": "NEEDED", "consentType": {"type": "LIST", "list": types}}
        behaviour["consentSettings"] = consent
    return _with_fingerprint(written, **behaviour)


def _url(plan: Plan, tag: TagPlan) -> str:
    """The Image URL. GTM percent-encodes the values of variables in the query.

    `endpoint_id` comes first, because filter lists block queries that begin with certain events
    (docs/gtm.md).
    """
    pairs = [
        (url.ENDPOINT_ID, _Variable(TokenSource.DATA_LAYER, plan.endpoint_key).name),
        (url.EVENT, "Event"),
    ]
    for parameter in tag.parameters:
        variable = _Variable(TokenSource.DATA_LAYER, parameter.data_layer_key)
        pairs.append((encoded(parameter.url_name), variable.name))
    if plan.token is not None:
        pairs.append((url.TOKEN, _Variable(plan.token.source, plan.token.name).name))
    return plan.events_url + "?" + "&".join(f"{name}={{{{{variable}}}}}" for name, variable in pairs)


def _trigger_object(tag: TagPlan, trigger_id: str, folder: Mapping[str, str]) -> dict[str, Any]:
    operator, value = ("MATCH_REGEX", CUSTOM_EVENT_PATTERN) if tag.event is None else ("EQUALS", tag.event)
    condition = [_parameter("TEMPLATE", "arg0", "{{_event}}"), _parameter("TEMPLATE", "arg1", value)]
    return _with_fingerprint(
        {
            **_ACCOUNT,
            "triggerId": trigger_id,
            "name": _tag_name(tag),
            "type": "CUSTOM_EVENT",
            "customEventFilter": [{"type": operator, "parameter": condition}],
        },
        **folder,
    )


def _variable_object(variable: _Variable, variable_id: str, folder: Mapping[str, str]) -> dict[str, Any]:
    if variable.source is TokenSource.COOKIE:
        kind, first = "k", [_parameter("BOOLEAN", "decodeCookie", "false")]
        folder = {}  # genuine exports have no folder here
    else:
        kind = "v"
        first = [
            _parameter("INTEGER", "dataLayerVersion", "2"),
            _parameter("BOOLEAN", "setDefaultValue", "false"),
        ]
    return _with_fingerprint(
        {
            **_ACCOUNT,
            "variableId": variable_id,
            "name": variable.name,
            "type": kind,
            "parameter": [*first, _parameter("TEMPLATE", "name", variable.key)],
        },
        **folder,
        formatValue={},
    )


def _name(text: str) -> str:
    """A name that GTM accepts. A digest tells names apart that differ only in characters GTM refuses."""
    accepted = "".join("_" if character in REFUSED_IN_NAMES else character for character in text)
    if accepted == text:
        return PREFIX + text
    return f"{PREFIX}{accepted} {hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _tag_name(tag: TagPlan) -> str:
    # An event called "all custom events" would collide, but a plan never has both.
    return _name(ALL_CUSTOM_EVENTS if tag.event is None else tag.event)


def _parameter(kind: str, key: str, value: str) -> dict[str, str]:
    return {"type": kind, "key": key, "value": value}


def _with_fingerprint(content: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Adds a fingerprint of the content, where GTM writes the time of the last change in milliseconds."""
    digest = hashlib.sha256(json.dumps([content, rest]).encode()).digest()
    return {**content, "fingerprint": f"1{int.from_bytes(digest[:8]) % 10**12:012d}", **rest}


def _read(version: Mapping[str, Any]) -> Plan:
    variables = {item["name"]: _read_variable(item) for item in version["variable"]}
    events = {trigger["triggerId"]: _read_event(trigger) for trigger in version["trigger"]}
    events_url, endpoint_key, token = "", DEFAULT_ENDPOINT_KEY, None
    tags: list[TagPlan] = []
    for tag in version["tag"]:
        events_url, _, query = _value(tag, "url").partition("?")
        parameters: list[Parameter] = []
        for name, variable_name in _pairs(query):
            variable = variables.get(variable_name)
            if name == url.ENDPOINT_ID and variable is not None:
                endpoint_key = variable.key
            elif name == url.TOKEN and variable is not None:
                token = Token(source=variable.source, name=variable.key)
            elif variable is not None:
                kind, own_name = ParameterKind(name[:5]), name[5:]
                parameters.append(Parameter(kind=kind, name=own_name, data_layer_key=variable.key))
        tags.append(TagPlan(event=events[tag["firingTriggerId"][0]], parameters=tuple(parameters)))
    consent = version["tag"][0].get("consentSettings", {}).get("consentType", {}).get("list", [])
    return Plan(
        events_url=events_url,
        tags=tuple(tags),
        endpoint_key=endpoint_key,
        token=token,
        consent=tuple(item["value"] for item in consent),
        container=version["container"]["publicId"],
    )


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for name, variable_name in _PAIR.findall(query):
        yield unquote(name), variable_name


def _read_variable(item: Mapping[str, Any]) -> _Variable:
    source = {"v": TokenSource.DATA_LAYER, "k": TokenSource.COOKIE}[item["type"]]
    return _Variable(source, _value(item, "name"))


def _read_event(trigger: Mapping[str, Any]) -> str | None:
    condition = trigger["customEventFilter"][0]
    return None if condition["type"] == "MATCH_REGEX" else _value(condition, "arg1")


def _value(item: Mapping[str, Any], key: str) -> str:
    (value,) = (parameter["value"] for parameter in item["parameter"] if parameter["key"] == key)
    return value
