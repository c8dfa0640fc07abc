"""Metrics of a local run, in moto's CloudWatch: what the functions print, and what the services publish.

Nothing here goes over HTTP, and nothing waits: a metric is an entry in a list of this process.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends

if TYPE_CHECKING:
    from local.deployment.cloud import Cloud

_EMBEDDED = '"_aws"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Values of one metric with one set of dimensions. `at` is epoch milliseconds."""

    namespace: str
    name: str
    values: Sequence[float]
    unit: str
    dimensions: Mapping[str, str]
    at: int


def embedded_metrics(line: str) -> list[Metric]:
    """The metrics of a log line in CloudWatch's embedded metric format; none if it is another line.

    A metric with several sets of dimensions is returned once for each.
    """
    if _EMBEDDED not in line:
        return []
    try:
        document = json.loads(line)
        return [
            Metric(
                namespace=directive["Namespace"],
                name=metric["Name"],
                values=_values(document[metric["Name"]]),
                unit=metric.get("Unit", "None"),
                dimensions={name: str(document[name]) for name in dimensions},
                at=document["_aws"]["Timestamp"],
            )
            for directive in document["_aws"]["CloudWatchMetrics"]
            for dimensions in directive["Dimensions"]
            for metric in directive["Metrics"]
        ]
    except (ValueError, KeyError, TypeError):
        return []  # CloudWatch keeps such a line as a log line, too


def put_metrics(cloud: "Cloud", metrics: Iterable[Metric]) -> None:
    """Publish metrics in the cloud's CloudWatch."""
    backend = cloudwatch_backends[cloud.account_id][cloud.region]
    for metric in metrics:
        backend.put_metric_data(metric.namespace, [_datum(metric)])


def function_metrics(function_name: str, *, milliseconds: float, failed: bool) -> list[Metric]:
    """What AWS Lambda publishes for an invocation. The local run throttles no function."""
    measured = (
        ("Invocations", 1, "Count"),
        ("Errors", int(failed), "Count"),
        ("Throttles", 0, "Count"),
        ("Duration", milliseconds, "Milliseconds"),
    )
    return [
        _now("AWS/Lambda", name, value, unit, FunctionName=function_name) for name, value, unit in measured
    ]


def api_metrics(api_name: str, stage: str, *, status: int, milliseconds: float) -> list[Metric]:
    """What API Gateway publishes for a request: by API, and by API and stage."""
    measured = (
        ("Count", 1, "Count"),
        ("4XXError", int(400 <= status < 500), "Count"),
        ("5XXError", int(status >= 500), "Count"),
        ("Latency", milliseconds, "Milliseconds"),
    )
    return [
        _now("AWS/ApiGateway", name, value, unit, **dimensions)
        for dimensions in ({"ApiName": api_name}, {"ApiName": api_name, "Stage": stage})
        for name, value, unit in measured
    ]


def _now(namespace: str, name: str, value: float, unit: str, **dimensions: str) -> Metric:
    return Metric(
        namespace=namespace,
        name=name,
        values=[value],
        unit=unit,
        dimensions=dimensions,
        at=time.time_ns() // 1_000_000,
    )


def _values(value: Any) -> list[float]:
    return [float(one) for one in (value if isinstance(value, list) else [value])]


def _datum(metric: Metric) -> dict[str, Any]:
    """An entry of PutMetricData, as moto parses it: times are UTC without an offset."""
    return {
        "MetricName": metric.name,
        "Values": list(metric.values),
        "Unit": metric.unit,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
        "Timestamp": datetime.fromtimestamp(metric.at / 1000, UTC).replace(tzinfo=None),
    }
