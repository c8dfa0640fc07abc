"""The dashboard: its form, its places, and the order in which it tells an event's story."""

import itertools
import json
from typing import Any

import jsonschema
import pytest

from components.alarm import Alarm, simple
from components.dashboard import DashboardArgs, dashboard_body
from components.stack_metrics import StackMetrics, of_delivery_stream
from tests.components.dashboard_schema import DASHBOARD

METRICS = StackMetrics(
    service="gtm-pixel-test",
    api_name="api",
    queue_name="events",
    dead_letter_queue_name="events-dead-letter",
    processor_name="processor",
    authorizer_name="authorizer",
)

OPEN = StackMetrics(
    service="gtm-pixel-test",
    api_name="api",
    queue_name="events",
    dead_letter_queue_name="events-dead-letter",
    processor_name="processor",
    authorizer_name=None,
)

FIREHOSE = Alarm(
    key="firehose-throttled",
    means="The stream is over its quota.",
    section="Retries",
    series=simple(of_delivery_stream("stream", "ThrottledRecords")),
    threshold=0,
)


def body(metrics: StackMetrics = METRICS, **changes: Any) -> dict[str, Any]:
    args = {"destinations": ["customer-profiles", "firehose"], **changes}
    return json.loads(json.dumps(dashboard_body(DashboardArgs(region="eu-west-1", metrics=metrics, **args))))


VARIANTS = {
    "everything": body(
        service_alarms=[FIREHOSE], alarm_arns=["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:one"]
    ),
    "no alarms": body(),
    "open": body(OPEN, destinations=["pinpoint"]),
}


@pytest.mark.parametrize("variant", VARIANTS)
class TestEveryDashboard:
    def test_it_has_the_documented_form(self, variant: str) -> None:
        jsonschema.validate(VARIANTS[variant], DASHBOARD, jsonschema.Draft202012Validator)

    def test_its_widgets_fill_the_width_and_do_not_overlap(self, variant: str) -> None:
        widgets = VARIANTS[variant]["widgets"]
        cells = [
            (x, y)
            for one in widgets
            for x in range(one["x"], one["x"] + one["width"])
            for y in range(one["y"], one["y"] + one["height"])
        ]

        assert len(cells) == len(set(cells)) == 24 * max(one["y"] + one["height"] for one in widgets)


def titles(dashboard: dict[str, Any]) -> list[list[str]]:
    """The titles of each row, from left to right."""
    rows = itertools.groupby(dashboard["widgets"], key=lambda one: one["y"])
    return [
        [one["properties"].get("title", one["type"]) for one in sorted(row, key=lambda one: one["x"])]
        for _, row in rows
    ]


def test_it_follows_an_event_from_left_to_right() -> None:
    assert titles(VARIANTS["everything"]) == [
        ["Alarms"],
        ["text"],
        ["Requests", "Queued", "Recorded", "Rejected", "Retried", "Dead-lettered"],
        [
            *("Requests", "Queue", "Recorded by destination", "Rejected by reason"),
            *("Retried by destination and reason", "Dead letters by reason"),
        ],
        [
            "From the request to the last destination (ms)",
            "Profile updates",
            "Tokens",
            "Attributes dropped by reason",
        ],
        ["Event processor", "Token authorizer", "firehose-throttled"],
    ]


def test_an_open_stack_has_no_graph_of_tokens() -> None:
    shown = [title for row in titles(VARIANTS["open"]) for title in row]

    assert "Tokens" not in shown
    assert "Token authorizer" not in shown


def test_each_destination_has_a_line_of_its_own() -> None:
    (graph,) = [
        one["properties"]["metrics"]
        for one in VARIANTS["everything"]["widgets"]
        if one["properties"].get("title") == "Recorded by destination"
    ]

    assert graph == [
        [
            *("gtm-pixel", "Recorded", "service", "gtm-pixel-test", "destination", name),
            {"stat": "Sum", "label": name},
        ]
        for name in ("customer-profiles", "firehose")
    ]


def test_reasons_are_found_by_a_search_in_this_stack_alone() -> None:
    """An alarm cannot search; and a graph of fixed reasons would miss those of new destinations."""
    (graph,) = [
        one["properties"]["metrics"]
        for one in VARIANTS["everything"]["widgets"]
        if one["properties"].get("title") == "Retried by destination and reason"
    ]

    assert graph == [
        [
            {
                "expression": (
                    'SEARCH(\'{"gtm-pixel",service,destination,reason} '
                    'MetricName="Retried" service="gtm-pixel-test"\', \'Sum\', 300)'
                ),
                "label": "${PROP('Dim.destination')} ${PROP('Dim.reason')}",
            }
        ]
    ]
