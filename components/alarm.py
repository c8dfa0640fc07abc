"""One CloudWatch alarm: what it watches, what it means and where a person reads on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from components.stack_metrics import Metric


class Missing(StrEnum):
    """What periods without data count as."""

    FINE = "notBreaching"
    BAD = "breaching"
    # The alarm keeps its state.
    UNCHANGED = "ignore"


class Comparison(StrEnum):
    ABOVE = "GreaterThanThreshold"
    BELOW = "LessThanThreshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric and the statistic of each period."""

    metric: Metric
    statistic: str = "Sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm on one series, or on an expression over several."""

    # Its name in docs/monitoring.md, and the end of its resource's name.
    key: str

    # What it says about the stack: one or two sentences.
    means: str

    # The heading in docs/operations.md to read first.
    section: str

    # By their names in the expression. Without an expression there is one.
    series: Mapping[str, Series]
    expression: str | None = None

    threshold: float
    comparison: Comparison = Comparison.ABOVE

    # It goes off once `bad_periods` of the last `periods` are beyond the threshold (by default all of them).
    period_seconds: int = 300
    periods: int = 1
    bad_periods: int | None = None

    missing: Missing = Missing.FINE


def simple(metric: Metric, statistic: str = "Sum") -> Mapping[str, Series]:
    """The series of an alarm without an expression."""
    return {"value": Series(metric=metric, statistic=statistic)}


def create_alarm(
    name: str, alarm: Alarm, *, stack: str, topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.cloudwatch.MetricAlarm:
    """Create the alarm `name`-KEY, which tells the topic when it goes off and when that is over."""
    alone = next(iter(alarm.series.values())) if alarm.expression is None else None
    return aws.cloudwatch.MetricAlarm(
        f"{name}-{alarm.key}",
        alarm_description=f"{stack}: {alarm.means} Read {alarm.section!r} in docs/operations.md.",
        comparison_operator=alarm.comparison.value,
        threshold=alarm.threshold,
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.bad_periods or alarm.periods,
        treat_missing_data=alarm.missing.value,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        namespace=alone and alone.metric.namespace,
        metric_name=alone and alone.metric.name,
        dimensions=alone and alone.metric.dimensions,
        statistic=alone and alone.statistic,
        period=alarm.period_seconds if alone else None,
        metric_queries=None if alarm.expression is None else _queries(alarm, alarm.expression),
        opts=opts,
    )


def _queries(alarm: Alarm, expression: str) -> Sequence[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    return [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="result", expression=expression, label=alarm.key, return_data=True
        ),
        *(
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id=id_,
                metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                    namespace=series.metric.namespace,
                    metric_name=series.metric.name,
                    dimensions=series.metric.dimensions,
                    stat=series.statistic,
                    period=alarm.period_seconds,
                ),
                return_data=False,
            )
            for id_, series in alarm.series.items()
        ),
    ]
