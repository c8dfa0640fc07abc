"""Numbers of CloudWatch: a metric of a stack over a window of time, whole or by its parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from contract.metrics import NAMESPACE, SERVICE
from ops.aws import Aws

# Longest window, and its period, in seconds. A window starts where a period starts: a long period would add
# older values to a short window, and short periods would return many values for a long one.
_PERIODS: Final = ((900, 60), (10_800, 300))
_LONGEST_PERIOD_SECONDS: Final = 3600
_QUERIES_IN_CALL: Final = 500  # GetMetricData


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric and its statistic.

    Sums of several periods are added. Of other statistics the highest counts, or with `is_latest` the newest.
    """

    namespace: str
    name: str
    statistic: str = "Sum"
    dimensions: Mapping[str, str] = field(default_factory=dict[str, str])
    is_latest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of time, in epoch seconds."""

    start: float
    end: float
    period_seconds: int

    @classmethod
    def of_last(cls, seconds: float, *, now: float) -> "Window":
        """The last seconds, from the beginning of a period, because CloudWatch counts by periods."""
        period = next((period for most, period in _PERIODS if seconds <= most), _LONGEST_PERIOD_SECONDS)
        start = (now - seconds) // period * period
        # Includes the current minute.
        return cls(start=start, end=now // 60 * 60 + 60, period_seconds=period)


def own(service: str, name: str, statistic: str = "Sum", **dimensions: str) -> Metric:
    """A metric that the stack's functions publish."""
    return Metric(
        namespace=NAMESPACE, name=name, statistic=statistic, dimensions={SERVICE: service, **dimensions}
    )


def fetch(aws: Aws, wanted: Mapping[str, Metric], window: Window) -> dict[str, float | None]:
    """The value of each metric in a window; None where nothing was published. Raises CallError."""
    names = list(wanted)
    values = dict[str, float | None].fromkeys(names)
    for start in range(0, len(names), _QUERIES_IN_CALL):
        chunk = names[start : start + _QUERIES_IN_CALL]
        ids = {f"m{number}": name for number, name in enumerate(chunk)}
        results = aws.pages(
            *("cloudwatch", "get_metric_data", "MetricDataResults"),
            StartTime=datetime.fromtimestamp(window.start, UTC),
            EndTime=datetime.fromtimestamp(window.end, UTC),
            ScanBy="TimestampDescending",
            MetricDataQueries=[_query(id_, wanted[name], window.period_seconds) for id_, name in ids.items()],
        )
        for result in results:
            name = ids[result["Id"]]
            values[name] = _together([values[name], *result["Values"]], wanted[name])
    return values


def parts(aws: Aws, service: str, names: Sequence[str]) -> list[Metric]:
    """The metrics of a stack that are published by destination or reason, too. Raises CallError."""
    listed = aws.pages(
        *("cloudwatch", "list_metrics", "Metrics"),
        Namespace=NAMESPACE,
        Dimensions=[{"Name": SERVICE, "Value": service}],
    )
    found = {
        (metric["MetricName"], tuple(sorted((d["Name"], d["Value"]) for d in metric["Dimensions"])))
        for metric in listed
    }
    return [
        Metric(namespace=NAMESPACE, name=name, dimensions=dict(dimensions))
        for name, dimensions in sorted(found)
        if name in names and len(dimensions) > 1
    ]


def key_of(metric: Metric) -> str:
    """What tells a part from the others: `firehose, firehose_503`."""
    return ", ".join(_own_dimensions(metric))


def _own_dimensions(metric: Metric) -> Iterator[str]:
    # The destination comes before the reason in the alphabet, too.
    return (value for name, value in sorted(metric.dimensions.items()) if name != SERVICE)


def _query(id_: str, metric: Metric, period_seconds: int) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
    return {
        "Id": id_,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": dimensions,
            },
            "Period": period_seconds,
            "Stat": metric.statistic,
        },
    }


def _together(newest_first: Sequence[float | None], metric: Metric) -> float | None:
    numbers = [value for value in newest_first if value is not None]
    if not numbers:
        return None
    if metric.is_latest:
        return numbers[0]
    return sum(numbers) if metric.statistic == "Sum" else max(numbers)
