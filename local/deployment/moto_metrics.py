"""What moto's CloudWatch lacks: the metrics of queues, read from the queues themselves, and percentiles."""

import math
import re
import time
from collections.abc import Iterator
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, MetricDatum, Statistics
from moto.core.utils import utcnow
from moto.sqs.models import Queue, sqs_backends

_moto_metrics: Any = vars(CloudWatchBackend)["aws_metric_data"]
_moto_statistic = Statistics.get_statistics_for_type

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


def service_metrics(backend: CloudWatchBackend) -> list[Any]:
    """moto's own metrics of services, and those of every queue as it is now."""
    queues = sqs_backends[backend.account_id][backend.region_name].queues.values()
    return [*_moto_metrics.fget(backend), *(datum for queue in queues for datum in _of_queue(queue))]


def statistic(statistics: Statistics, name: str) -> Any:
    """A statistic by its name; moto knows no percentiles (`p50`, `p99.9`)."""
    percentile = _PERCENTILE.fullmatch(name)
    if percentile is None:
        return _moto_statistic(statistics, name)
    values = sorted(statistics.metric_single_values_list)
    return values[max(0, math.ceil(float(percentile[1]) / 100 * len(values)) - 1)] if values else None


def _of_queue(queue: Queue) -> Iterator[Any]:
    delayed = [message for message in queue._messages if message.delayed]  # noqa: SLF001
    waiting = [message for message in queue._messages if not message.delayed]  # noqa: SLF001
    visible = [message for message in waiting if message.visible]
    oldest = min((message.sent_timestamp or 0 for message in waiting), default=None)
    age = 0.0 if oldest is None else max(0.0, time.time() - oldest / 1000)
    for name, value, unit in (
        ("ApproximateAgeOfOldestMessage", age, "Seconds"),
        ("ApproximateNumberOfMessagesVisible", len(visible), "Count"),
        ("ApproximateNumberOfMessagesNotVisible", len(waiting) - len(visible), "Count"),
        ("ApproximateNumberOfMessagesDelayed", len(delayed), "Count"),
    ):
        yield MetricDatum(
            "AWS/SQS", name, value, [{"Name": "QueueName", "Value": queue.name}], utcnow(), unit
        )
