"""What moto's CloudWatch lacks: the metrics of queues, read from the queues themselves, and percentiles.

Its list of metrics is replaced, too: moto takes minutes once a run has been busy for a quarter of an hour.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, MetricDatum, MetricDatumBase, Statistics
from moto.core.utils import utcnow
from moto.sqs.models import Queue, sqs_backends

_moto_metrics: Any = vars(CloudWatchBackend)["aws_metric_data"]
_moto_statistic = Statistics.get_statistics_for_type

# How far back the age of a queue's oldest message is known: longer than any alarm looks.
_AGE_MINUTES = 60

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


def service_metrics(backend: CloudWatchBackend) -> list[Any]:
    """moto's own metrics of services, and those of every queue, read from it now."""
    queues = sqs_backends[backend.account_id][backend.region_name].queues.values()
    return [*_moto_metrics.fget(backend), *(datum for queue in queues for datum in _of_queue(queue))]


def statistic(statistics: Statistics, name: str) -> Any:
    """A statistic by its name; moto knows no percentiles (`p50`, `p99.9`)."""
    percentile = _PERCENTILE.fullmatch(name)
    if percentile is None:
        return _moto_statistic(statistics, name)
    values = sorted(statistics.metric_single_values_list)
    return values[max(0, math.ceil(float(percentile[1]) / 100 * len(values)) - 1)] if values else None


def filtered_metrics(
    backend: CloudWatchBackend, metric_name: str, namespace: str, dimensions: Sequence[Mapping[str, str]]
) -> list[MetricDatumBase]:
    """Each metric once. moto repeats those with several dimensions for each of their values."""
    wanted: dict[str, Any] = {"namespace": namespace, "name": metric_name, "dimensions": dimensions}
    found: dict[Any, MetricDatumBase] = {}
    for datum in backend.get_all_metrics():
        if datum.filter(**wanted):
            of_datum = frozenset((one.name, one.value) for one in datum.dimensions)
            found.setdefault((datum.namespace, datum.name, of_datum), datum)
    return list(found.values())


def _of_queue(queue: Queue) -> Iterator[Any]:
    delayed = [message for message in queue._messages if message.delayed]  # noqa: SLF001
    waiting = [message for message in queue._messages if not message.delayed]  # noqa: SLF001
    visible = [message for message in waiting if message.visible]
    oldest = min((message.sent_timestamp or 0 for message in waiting), default=None)
    age = 0.0 if oldest is None else max(0.0, time.time() - oldest / 1000)
    # A message that waits now has waited all the time, and its age then was at least this. An alarm looks at
    # several periods.
    ages = [("ApproximateAgeOfOldestMessage", age - 60 * ago, "Seconds", ago) for ago in _minutes(age)]
    for name, value, unit, minutes_ago in (
        *ages,
        ("ApproximateNumberOfMessagesVisible", len(visible), "Count", 0),
        ("ApproximateNumberOfMessagesNotVisible", len(waiting) - len(visible), "Count", 0),
        ("ApproximateNumberOfMessagesDelayed", len(delayed), "Count", 0),
    ):
        at = utcnow() - timedelta(minutes=minutes_ago)
        yield MetricDatum("AWS/SQS", name, value, [{"Name": "QueueName", "Value": queue.name}], at, unit)


def _minutes(seconds: float) -> range:
    return range(min(int(seconds // 60), _AGE_MINUTES) + 1)
