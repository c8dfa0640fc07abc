"""The body of a stack's CloudWatch dashboard, which follows an event from left to right.

The form is AWS's "Dashboard Body Structure and Syntax". Pure: names in, a structure for JSON out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.alarm import Alarm
from components.stack_metrics import Metric, StackMetrics, of_function
from contract import metrics as published

_COLUMNS: Final = 24
_PERIOD_SECONDS: Final = 300

Widget = Mapping[str, Any]
Line = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardArgs:
    region: pulumi.Input[str]
    metrics: StackMetrics

    # As in the setting `destinations`.
    destinations: Sequence[str]

    # Alarms of the services around the pixel, whose metrics get a graph each.
    service_alarms: Sequence[Alarm] = ()

    # ARNs of the stack's alarms; without alarms there is no widget of them.
    alarm_arns: Sequence[pulumi.Input[str]] = ()


def dashboard_body(args: DashboardArgs) -> Mapping[str, Any]:
    """The dashboard. Values may be outputs."""
    rows = [
        _alarms(args),
        [_text(_LEGEND)],
        _totals(args),
        _story(args),
        _quality(args),
        _parts(args),
    ]
    return {"start": "-PT3H", "periodOverride": "inherit", "widgets": list(_placed(rows))}


_LEGEND: Final = (
    "From left to right: **requests** to the API → **queued** (new events and retries) → **recorded** in "
    "every destination → **rejected** (no event in the message) → **retried** (a destination could not take "
    "the event yet) → **dead letters** (kept for 14 days). docs/monitoring.md explains every number, "
    "docs/operations.md what to do."
)


def _totals(args: DashboardArgs) -> Sequence[Widget]:
    """One number for each step, over the time that the dashboard shows."""
    own, metrics = args.metrics.own, args.metrics
    return [
        _number(args, "Requests", _line(metrics.api("Count"))),
        _number(args, "Queued", _line(metrics.queue("NumberOfMessagesSent"))),
        _number(args, "Recorded", _line(own("Recorded"))),
        _number(args, "Rejected", _line(own("Rejected"))),
        _number(args, "Retried", _line(own("Retried"))),
        _number(args, "Dead-lettered", _line(own("DeadLettered"))),
    ]


def _story(args: DashboardArgs) -> Sequence[Widget]:
    """The same steps over time, each by what explains it."""
    own, metrics = args.metrics.own, args.metrics
    return [
        _graph(
            args,
            "Requests",
            [
                _line(metrics.api("Count"), label="requests"),
                _line(metrics.api("5XXError"), label="5xx: lost"),
                _line(metrics.api("4XXError"), label="4xx: refused"),
            ],
        ),
        _graph(
            args,
            "Queue",
            [
                _line(metrics.queue("ApproximateNumberOfMessagesVisible"), "Maximum", label="waiting"),
                _line(metrics.queue("ApproximateNumberOfMessagesNotVisible"), "Maximum", label="in work"),
                _line(metrics.queue("ApproximateNumberOfMessagesDelayed"), "Maximum", label="for a retry"),
                _line(metrics.queue("ApproximateAgeOfOldestMessage"), "Maximum", label="age (s)", right=True),
            ],
        ),
        _graph(
            args,
            "Recorded by destination",
            [_line(own("Recorded", destination=name), label=name) for name in args.destinations],
        ),
        _graph(args, "Rejected by reason", [_search(args, "Rejected", "reason")], stacked=True),
        _graph(
            args,
            "Retried by destination and reason",
            [_search(args, "Retried", "destination", "reason")],
            stacked=True,
        ),
        _graph(
            args,
            "Dead letters by reason",
            [
                _search(args, "DeadLettered", "reason"),
                _line(
                    metrics.dead_letter_queue("ApproximateNumberOfMessagesVisible"),
                    "Maximum",
                    label="in the dead-letter queue",
                    right=True,
                ),
            ],
        ),
    ]


def _quality(args: DashboardArgs) -> Sequence[Widget]:
    """How fast, and what became of profile updates and tokens."""
    own = args.metrics.own
    graphs = [
        _graph(
            args,
            "From the request to the last destination (ms)",
            [_line(own("EventAge"), statistic, label=statistic) for statistic in ("p50", "p95")],
        ),
        _graph(
            args,
            "Profile updates",
            [
                _line(own("ProfileUpdatesApplied"), label="applied"),
                _search(args, "ProfileUpdatesDenied", "reason"),
            ],
        ),
    ]
    if args.metrics.authorizer_name is not None:
        graphs.append(
            _graph(
                args,
                "Tokens",
                [
                    _line(own("TokensVerified"), label="valid"),
                    _line(own("RequestsWithoutToken"), label="none"),
                    _line(own("KeyFetchesFailed"), label="key requests failed"),
                    _search(args, "TokensInvalid", "reason"),
                ],
            )
        )
    graphs.append(
        _graph(
            args,
            "Attributes dropped by reason",
            [_search(args, "AttributesDropped", "reason")],
            stacked=True,
        )
    )
    return graphs


def _parts(args: DashboardArgs) -> Sequence[Widget]:
    """The functions, and the services behind the destinations."""
    functions = {"Event processor": args.metrics.processor_name}
    if args.metrics.authorizer_name is not None:
        functions["Token authorizer"] = args.metrics.authorizer_name
    graphs = [
        _graph(
            args,
            title,
            [
                _line(of_function(name, "Errors"), label="errors"),
                _line(of_function(name, "Throttles"), label="throttles"),
                _line(of_function(name, "ConcurrentExecutions"), "Maximum", label="at once"),
                _line(of_function(name, "Duration"), "Maximum", label="longest (ms)", right=True),
            ],
        )
        for title, name in functions.items()
    ]
    for alarm in args.service_alarms:
        lines = [_line(series.metric, series.statistic) for series in alarm.series.values()]
        graphs.append(_graph(args, alarm.key, lines))
    return graphs


def _alarms(args: DashboardArgs) -> Sequence[Widget]:
    if not args.alarm_arns:
        return []
    return [
        {
            "type": "alarm",
            "height": 3,
            "properties": {
                "title": "Alarms",
                "alarms": list(args.alarm_arns),
                "sortBy": "stateUpdatedTimestamp",
            },
        }
    ]


def _placed(rows: Sequence[Sequence[Widget]]) -> Iterator[Widget]:
    """Widgets side by side in each row, in the same width, over the whole width."""
    y = 0
    for row in rows:
        if not row:
            continue
        height = row[0]["height"]
        for position, widget in enumerate(row):
            left, right = (_COLUMNS * edge // len(row) for edge in (position, position + 1))
            yield {**widget, "x": left, "y": y, "width": right - left}
        y += height


def _text(markdown: str) -> Widget:
    return {"type": "text", "height": 2, "properties": {"markdown": markdown}}


def _number(args: DashboardArgs, title: str, line: Line) -> Widget:
    return _metric_widget(
        args, title, [line], height=3, view="singleValue", setPeriodToTimeRange=True, sparkline=True
    )


def _graph(args: DashboardArgs, title: str, lines: Sequence[Line], *, stacked: bool = False) -> Widget:
    return _metric_widget(args, title, lines, height=6, view="timeSeries", stacked=stacked)


def _metric_widget(
    args: DashboardArgs, title: str, lines: Sequence[Line], *, height: int, **properties: object
) -> Widget:
    return {
        "type": "metric",
        "height": height,
        "properties": {
            "title": title,
            "region": args.region,
            "period": _PERIOD_SECONDS,
            "stat": "Sum",
            "metrics": list(lines),
            **properties,
        },
    }


def _line(metric: Metric, statistic: str = "Sum", *, label: str | None = None, right: bool = False) -> Line:
    rendering = {
        "stat": statistic,
        **({"label": label} if label else {}),
        **({"yAxis": "right"} if right else {}),
    }
    dimensions = [part for dimension in metric.dimensions.items() for part in dimension]
    return [metric.namespace, metric.name, *dimensions, rendering]


def _search(args: DashboardArgs, name: str, *dimensions: str) -> Line:
    """A line for each value of the dimensions that has occurred in the last two weeks."""
    schema = ",".join([f'"{published.NAMESPACE}"', published.SERVICE, *dimensions])
    term = f'MetricName="{name}" {published.SERVICE}="{args.metrics.service}"'
    expression = f"SEARCH('{{{schema}}} {term}', 'Sum', {_PERIOD_SECONDS})"
    label = " ".join(f"${{PROP('Dim.{dimension}')}}" for dimension in dimensions)
    return [{"expression": expression, "label": label}]
