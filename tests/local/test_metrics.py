"""Metrics of a local run: the embedded metric format, and what services publish."""

import json
from typing import Any

import pytest

from local.metrics import Metric, api_metrics, embedded_metrics, function_metrics

AT = 1_795_838_419_921


def line(*directives: dict[str, Any], **values: Any) -> str:
    return json.dumps({"_aws": {"Timestamp": AT, "CloudWatchMetrics": list(directives)}, **values})


def directive(name: str, *dimensions: list[str], unit: str = "Count") -> dict[str, Any]:
    return {"Namespace": "n", "Dimensions": list(dimensions), "Metrics": [{"Name": name, "Unit": unit}]}


def test_a_metric_is_read_with_its_dimensions_and_time() -> None:
    assert embedded_metrics(
        line(directive("Recorded", ["service"]), Recorded=[3], service="a-b", more=1)
    ) == [
        Metric(
            namespace="n", name="Recorded", values=[3.0], unit="Count", dimensions={"service": "a-b"}, at=AT
        )
    ]


def test_a_metric_of_many_values_keeps_each() -> None:
    (metric,) = embedded_metrics(line(directive("Age", [], unit="Milliseconds"), Age=[5, 7.5]))

    assert (metric.values, metric.unit, metric.dimensions) == ([5.0, 7.5], "Milliseconds", {})


def test_each_set_of_dimensions_is_a_metric_of_its_own() -> None:
    found = embedded_metrics(line(directive("A", ["s"], ["s", "reason"]), A=1, s="x", reason="r"))

    assert [metric.dimensions for metric in found] == [{"s": "x"}, {"s": "x", "reason": "r"}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "START RequestId: 1",
        '{"message": "batch processed"}',
        '{"_aws": {"Timestamp": 1',
        line(directive("Absent", [])),
        line(directive("A", ["absent"]), A=1),
        line(directive("A", []), A="one"),
        '{"_aws": {}}',
    ],
)
def test_another_line_or_a_broken_one_has_no_metrics(text: str) -> None:
    assert embedded_metrics(text) == []


@pytest.mark.parametrize(("status", "counted"), [(200, (0, 0)), (404, (1, 0)), (503, (0, 1))])
def test_an_api_counts_requests_and_their_errors_by_stage_and_together(
    status: int, counted: tuple[int, int]
) -> None:
    found = api_metrics("pixel", "v1", status=status, milliseconds=12.0)

    for dimensions in ({"ApiName": "pixel"}, {"ApiName": "pixel", "Stage": "v1"}):
        values = {metric.name: metric.values[0] for metric in found if metric.dimensions == dimensions}
        assert values == {"Count": 1, "4XXError": counted[0], "5XXError": counted[1], "Latency": 12.0}


def test_a_function_counts_errors_also_where_there_are_none() -> None:
    values = {
        failed: {one.name: one.values[0] for one in function_metrics("f", milliseconds=9.0, failed=failed)}
        for failed in (False, True)
    }

    expected = {"Invocations": 1, "Throttles": 0, "Duration": 9.0}
    assert values == {False: {**expected, "Errors": 0}, True: {**expected, "Errors": 1}}
