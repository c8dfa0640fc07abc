"""The form of a dashboard's body as a JSON Schema, written from AWS's "Dashboard Body Structure and Syntax".

Only what gtm-pixel uses is permitted: anything else would have to be looked up there first.
"""

from typing import Any, Final

_PERIOD: Final = {"type": "integer", "enum": [60, 300, 900, 3600]}
_STATISTIC: Final = {"enum": ["Sum", "Average", "Maximum", "Minimum", "SampleCount", "p50", "p95"]}

_RENDERING: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "stat": _STATISTIC,
        "label": {"type": "string"},
        "yAxis": {"enum": ["left", "right"]},
        "period": _PERIOD,
    },
}

_EXPRESSION: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["expression"],
    "properties": {
        "expression": {"type": "string", "maxLength": 1024},
        "label": {"type": "string"},
    },
}

_METRIC: Final = {
    "oneOf": [
        # Namespace, name, pairs of dimension and value, and how to show it.
        {
            "type": "array",
            "minItems": 4,
            "prefixItems": [{"type": "string"}] * 4,
            "items": {"anyOf": [{"type": "string"}, _RENDERING]},
        },
        {"type": "array", "minItems": 1, "maxItems": 1, "prefixItems": [_EXPRESSION]},
    ]
}

_METRIC_PROPERTIES: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["metrics", "region"],
    "properties": {
        "title": {"type": "string"},
        "region": {"type": "string", "pattern": "^[a-z]{2}(-[a-z]+)+-[0-9]$"},
        "period": _PERIOD,
        "stat": _STATISTIC,
        "view": {"enum": ["timeSeries", "singleValue"]},
        "stacked": {"type": "boolean"},
        "setPeriodToTimeRange": {"type": "boolean"},
        "sparkline": {"type": "boolean"},
        "metrics": {"type": "array", "minItems": 1, "maxItems": 500, "items": _METRIC},
    },
}

_ALARM_PROPERTIES: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["alarms"],
    "properties": {
        "title": {"type": "string"},
        "alarms": {"type": "array", "minItems": 1, "maxItems": 100, "items": {"pattern": "^arn:"}},
        "sortBy": {"enum": ["default", "stateUpdatedTimestamp", "timestamp"]},
    },
}

_TEXT_PROPERTIES: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["markdown"],
    "properties": {"markdown": {"type": "string", "minLength": 1}},
}


def _widget(type_: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["type", "properties", "x", "y", "width", "height"],
        "properties": {
            "type": {"const": type_},
            "x": {"type": "integer", "minimum": 0, "maximum": 23},
            "y": {"type": "integer", "minimum": 0},
            "width": {"type": "integer", "minimum": 1, "maximum": 24},
            "height": {"type": "integer", "minimum": 1, "maximum": 1000},
            "properties": properties,
        },
    }


DASHBOARD: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["widgets"],
    "properties": {
        "start": {"type": "string", "pattern": "^-P"},
        "periodOverride": {"enum": ["auto", "inherit"]},
        "widgets": {
            "type": "array",
            "maxItems": 500,
            "items": {
                "oneOf": [
                    _widget("metric", _METRIC_PROPERTIES),
                    _widget("alarm", _ALARM_PROPERTIES),
                    _widget("text", _TEXT_PROPERTIES),
                ]
            },
        },
    },
}
