"""The states of alarms, which moto never evaluates: here they are evaluated when somebody asks for them.

Periods are those of the clock. The one that is under way counts only once it has data, so that an alarm on
absent data does not go off at the beginning of each period. Nobody is notified.
"""

import ast
import operator
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricDatumBase, Statistics

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_OPERATORS: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

Value = float | None
"""None: there is no data."""


def evaluate_alarms(backend: CloudWatchBackend) -> None:
    """Bring the state of every metric alarm up to date."""
    data = backend.get_all_metrics()
    now = time.time()
    for alarm in backend.alarms.values():
        if alarm.rule is not None:
            continue
        state = state_of(alarm, _values(alarm, data, now))
        if state != alarm.state_value:
            alarm.update_state("Evaluated when it was asked for", "{}", state)


def state_of(alarm: Alarm, newest_first: Sequence[Value]) -> str:
    """The state that follows from the values of the last periods, the newest first.

    There is one value more than the alarm looks at: the first one does not count if it is absent.
    """
    count = int(alarm.evaluation_periods)
    looked_at = newest_first[1 : count + 1] if newest_first[0] is None else newest_first[:count]
    compare = _COMPARISONS[alarm.comparison_operator]
    is_bad_when_missing = {"breaching": True, "notBreaching": False}.get(alarm.treat_missing_data or "")
    verdicts = [
        is_bad_when_missing if value is None else compare(value, float(alarm.threshold))
        for value in looked_at
    ]
    known = [verdict for verdict in verdicts if verdict is not None]
    if not known:
        return alarm.state_value if alarm.treat_missing_data == "ignore" else "INSUFFICIENT_DATA"
    return "ALARM" if sum(known) >= int(alarm.datapoints_to_alarm or count) else "OK"


def calculate(expression: str, values: Mapping[str, Value]) -> Value:
    """A metric math expression for one period: arithmetic, comparisons, AND, OR, FILL and IF.

    Raises ValueError for anything else. Without data for a part of it there is no result.
    """
    python = re.sub(r"\b(AND|OR)\b|&&|\|\|", lambda found: _word(found[0]), expression)
    try:
        tree = ast.parse(python, mode="eval").body
    except SyntaxError:
        raise ValueError(f"the local run cannot evaluate {expression!r}") from None
    result = _calculate(tree, values)
    return None if result is None else float(result)


def _word(text: str) -> str:
    return " and " if text in ("AND", "&&") else " or "


def _calculate(node: ast.AST, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.Call(func=ast.Name(id="FILL"), args=[series, default]):
            found = _calculate(series, values)
            return _calculate(default, values) if found is None else found
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            holds = _calculate(condition, values)
            return None if holds is None else _calculate(then if holds else otherwise, values)
        case ast.BoolOp(op=kind, values=parts):
            results = [_calculate(part, values) for part in parts]
            together = all if isinstance(kind, ast.And) else any
            return None if None in results else together(results)
        case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _OPERATORS:
            return _apply(type(kind), _calculate(left, values), _calculate(right, values))
        case ast.Compare(left=left, ops=[kind], comparators=[right]) if type(kind) in _OPERATORS:
            return _apply(type(kind), _calculate(left, values), _calculate(right, values))
        case _:
            raise ValueError(f"the local run cannot evaluate {ast.unparse(node)!r}")


def _apply(kind: type, left: Value, right: Value) -> Value:
    if left is None or right is None or (kind is ast.Div and right == 0):
        return None
    return _OPERATORS[kind](left, right)


def _values(alarm: Alarm, data: Sequence[MetricDatumBase], now: float) -> list[Value]:
    """The values of the period that is under way and of those before it."""
    if not alarm.metric_data_queries:
        statistic = alarm.statistic or alarm.extended_statistic
        series = _Series(alarm.namespace, alarm.metric_name, alarm.dimensions, statistic, int(alarm.period))
        return [series.value(data, end) for end in _ends(alarm, series.period, now)]
    named = {
        query.id: _Series(
            query.metric_stat.metric.namespace,
            query.metric_stat.metric.metric_name,
            query.metric_stat.metric.dimensions,
            query.metric_stat.stat,
            int(query.metric_stat.period),
        )
        for query in alarm.metric_data_queries
        if query.metric_stat is not None
    }
    (expression,) = [query.expression for query in alarm.metric_data_queries if query.expression]
    period = max(series.period for series in named.values())
    try:
        return [
            calculate(expression, {name: series.value(data, end) for name, series in named.items()})
            for end in _ends(alarm, period, now)
        ]
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _ends(alarm: Alarm, period: int, now: float) -> Iterator[float]:
    """The ends of periods, the newest first."""
    last = now // period * period + period
    return (last - number * period for number in range(int(alarm.evaluation_periods) + 1))


class _Series:
    """A metric and its statistic in each period."""

    def __init__(self, namespace: str, name: str, dimensions: Any, statistic: Any, period: int) -> None:
        self.period = period
        self._key = (namespace, name, _pairs(dimensions))
        self._statistic = statistic

    def value(self, data: Sequence[MetricDatumBase], end: float) -> Value:
        statistics = Statistics([self._statistic], datetime.fromtimestamp(end, UTC))
        statistics.metric_data = [
            datum
            for datum in data
            if (datum.namespace, datum.name, _pairs(datum.dimensions)) == self._key
            and end - self.period <= datum.timestamp.replace(tzinfo=UTC).timestamp() < end
        ]
        if not statistics.metric_data:
            return None
        found: Any = statistics.get_statistics_for_type(self._statistic)
        return None if found is None else float(found)


def _pairs(dimensions: Any) -> frozenset[tuple[Any, Any]]:
    return frozenset((dimension.name, dimension.value) for dimension in dimensions)
