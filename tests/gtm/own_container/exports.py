"""The parts of an export, in the shape in which GTM writes them."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

IDS = {"accountId": "6001234567", "containerId": "178901234"}
PATH = "accounts/6001234567/containers/178901234"
ADDRESS = "https://tagmanager.google.com/#"

Part = dict[str, Any]

_fingerprints = count(1717000000000)


def fingerprint() -> str:
    return str(next(_fingerprints))


def template(key: str, value: str) -> Part:
    return {"type": "TEMPLATE", "key": key, "value": value}


def boolean(key: str, *, value: bool) -> Part:
    return {"type": "BOOLEAN", "key": key, "value": "true" if value else "false"}


def table(
    key: str, rows: Mapping[str, str], columns: tuple[str, str] = ("parameter", "parameterValue")
) -> Part:
    maps = [
        {"type": "MAP", "map": [template(columns[0], name), template(columns[1], value)]}
        for name, value in rows.items()
    ]
    return {"type": "LIST", "key": key, "list": maps}


def tag(
    tag_id: str, name: str, kind: str, parameters: Sequence[Part], triggers: Sequence[str], **more: Any
) -> Part:
    return {
        **IDS,
        "tagId": tag_id,
        "name": name,
        "type": kind,
        "parameter": list(parameters),
        "fingerprint": fingerprint(),
        "firingTriggerId": list(triggers),
        "tagFiringOption": "ONCE_PER_EVENT",
        "monitoringMetadata": {"type": "MAP"},
        "consentSettings": {"consentStatus": "NOT_SET"},
        **more,
    }


def ga4_tag(
    tag_id: str,
    event: str,
    triggers: Sequence[str],
    *,
    ecommerce: bool = False,
    rows: Mapping[str, str] | None = None,
    settings: str | None = None,
    **more: Any,
) -> Part:
    """A GA4 event tag."""
    parameters = [boolean("sendEcommerceData", value=ecommerce)]
    if ecommerce:
        parameters.append(template("getEcommerceDataFrom", "dataLayer"))
    parameters.append(boolean("enhancedUserId", value=False))
    if rows:
        parameters.append(table("eventSettingsTable", rows))
    parameters += [template("eventName", event), template("measurementIdOverride", "{{GA4 ID}}")]
    if settings is not None:
        parameters.append(template("eventSettingsVariable", settings))
    return tag(tag_id, more.pop("name", f"GA4 - {event}"), "gaawe", parameters, triggers, **more)


def condition(operator: str, compared: str, operand: str, *, negate: bool = False) -> Part:
    parameters = [template("arg0", compared), template("arg1", operand)]
    if negate:
        parameters.append(boolean("negate", value=True))
    return {"type": operator, "parameter": parameters}


def trigger(trigger_id: str, name: str, kind: str, **more: Any) -> Part:
    return {
        **IDS,
        "triggerId": trigger_id,
        "name": name,
        "type": kind,
        **more,
        "fingerprint": fingerprint(),
    }


def event_trigger(
    trigger_id: str, event: str, operator: str = "EQUALS", filters: Sequence[Part] = (), **more: Any
) -> Part:
    """A trigger of the type Custom Event."""
    more["customEventFilter"] = [condition(operator, "{{_event}}", event)]
    if filters:
        more["filter"] = list(filters)
    return trigger(trigger_id, more.pop("name", f"CE - {event}"), "CUSTOM_EVENT", **more)


def variable(variable_id: str, name: str, kind: str, parameters: Sequence[Part], **more: Any) -> Part:
    return {
        **IDS,
        "variableId": variable_id,
        "name": name,
        "type": kind,
        "parameter": list(parameters),
        "fingerprint": fingerprint(),
        "formatValue": {},
        **more,
    }


def settings_variable(variable_id: str, name: str, kind: str, parameters: Sequence[Part]) -> Part:
    """Google tag settings (gtcs) or event settings (gtes), whose value has no format."""
    made = variable(variable_id, name, kind, parameters)
    del made["formatValue"]
    return made


def data_layer_variable(variable_id: str, key: str, *, version: int = 2, **more: Any) -> Part:
    parameters = [
        {"type": "INTEGER", "key": "dataLayerVersion", "value": str(version)},
        boolean("setDefaultValue", value="default" in more),
        *([template("defaultValue", more.pop("default"))] if "default" in more else []),
        template("name", key),
    ]
    return variable(variable_id, more.pop("name", f"DLV - {key}"), "v", parameters, **more)


def cookie_variable(variable_id: str, name: str, cookie: str) -> Part:
    return variable(variable_id, name, "k", [boolean("decodeCookie", value=False), template("name", cookie)])


def export(
    tags: Sequence[Part], triggers: Sequence[Part] = (), variables: Sequence[Part] = (), **container: Any
) -> Part:
    """A whole export. Keywords replace fields of the container."""
    return {
        "exportFormatVersion": 2,
        "exportTime": "2026-11-20 09:15:00",
        "containerVersion": {
            "path": f"{PATH}/versions/0",
            **IDS,
            "containerVersionId": "0",
            "container": {
                "path": PATH,
                **IDS,
                "name": "shop.example.com",
                "publicId": "GTM-W3ABCD12",
                "usageContext": ["WEB"],
                "fingerprint": fingerprint(),
                "tagManagerUrl": f"{ADDRESS}/container/{PATH}/workspaces?apiLink=container",
                "features": {"supportUserPermissions": True, "supportTags": True, "supportClients": False},
                "tagIds": ["GTM-W3ABCD12"],
                **container,
            },
            "tag": list(tags),
            "trigger": list(triggers),
            "variable": list(variables),
            "builtInVariable": [
                {**IDS, "type": "PAGE_URL", "name": "Page URL"},
                {**IDS, "type": "EVENT", "name": "Event"},
                {**IDS, "type": "CLICK_TEXT", "name": "Click Text"},
            ],
            "fingerprint": fingerprint(),
            "tagManagerUrl": f"{ADDRESS}/versions/{PATH}/versions/0?apiLink=version",
        },
    }
