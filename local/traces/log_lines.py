"""Reads the log of an invocation: its lines, and the metrics among them (embedded metric format). Pure."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from local.functions.execution_environment import LogLine

_METRICS = "_aws"


def lines(log: Sequence[LogLine]) -> list[str]:
    """The lines as printed, without the metrics."""
    return [line.text for line in log if _METRICS not in _parsed(line)]


def entries(log: Sequence[LogLine]) -> list[dict[str, Any]]:
    """The lines that are JSON objects, without the metrics."""
    return [entry for line in log if (entry := _parsed(line)) and _METRICS not in entry]


def metrics(log: Sequence[LogLine]) -> list[dict[str, Any]]:
    """The metrics, each with its dimensions."""
    return [metric for line in log if _METRICS in (entry := _parsed(line)) for metric in _metrics(entry)]


def _metrics(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for directive in entry[_METRICS]["CloudWatchMetrics"]:
        dimensions = {name: entry[name] for names in directive["Dimensions"] for name in names}
        for metric in directive["Metrics"]:
            value = entry[metric["Name"]]
            yield {
                "name": metric["Name"],
                "value": value[0] if isinstance(value, list) and len(value) == 1 else value,
                "unit": metric["Unit"],
                "dimensions": dimensions,
            }


def _parsed(line: LogLine) -> dict[str, Any]:
    try:
        value = json.loads(line.text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
