"""Alarms, the dashboard and saved queries name what is really published and logged.

An alarm on a misspelled metric, or with a dimension too many, would never go off: so the deployed functions
publish everything once, and both sides are compared.
"""

import json
import re
from collections.abc import Iterator, Mapping, Set
from functools import cached_property
from typing import Any, Final, NamedTuple

import pytest

from components.log_queries import LOG_QUERIES
from local.fakes.customer_profiles import CustomerProfilesFake, PlannedResponse
from local.run import LocalRun
from tests.metric_sources import AWS_METRICS
from tests.patience import eventually
from tests.runs import AT_ONCE, Runs, log_lines, new_endpoint, send, settle, the_event_of
from tests.test_scenarios import sign_in

OWN: Final = "gtm-pixel"

COOKIE: Final = "session"

NOT_WATCHED: Final = {
    # How senders write URLs, and repeats that are none of an operator's business: docs/url.md, operations.md.
    ("DuplicateEvents", frozenset({"service"})),
    ("EscapedNames", frozenset({"service"})),
    ("AttributesDropped", frozenset({"service"})),
    ("ProfileUpdatesDenied", frozenset({"service"})),
    ("CookiesIgnored", frozenset({"service"})),
    ("CookiesIgnored", frozenset({"service", "reason"})),
    ("DestinationsRemoved", frozenset({"service"})),
}
"""Published metrics that no alarm and no graph has. They are for a person who asks."""


class Published(NamedTuple):
    """A metric and the names of its dimensions."""

    namespace: str
    name: str
    dimensions: Set[str]


@pytest.fixture(scope="module")
def run(runs: Runs) -> LocalRun:
    """A stack with every alarm, in which everything that can be counted has happened once."""
    run = runs.shared(
        *AT_ONCE,
        *(f"oidcCookie={COOKIE}", "expectTraffic=true", "monthlyBudgetUsd=50"),
        "customerProfilesDeadLetterQueue=domain-dead-letters",
        stack="prod",
    )
    happen(run)
    return run


def happen(run: LocalRun) -> None:
    user = sign_in(run, "visitor")
    recorded = send(run, event="purchase", endpoint_id=user["endpoint_id"], token=user["token"])
    assert recorded.status == 200
    the_event_of(run, user["endpoint_id"])

    run.fake(CustomerProfilesFake).plan(*[PlannedResponse(status=429)] * 3)
    retried = new_endpoint()
    send(
        run,
        event="purchase",
        endpoint_id=retried,
        token=user["expired_token"],
        evat_x="undefined",
        usat_plan="gold",
    )
    eventually(lambda: "events retried" in "".join(log_lines(run)))
    settle(run)

    cookie = {"Cookie": f"{COOKIE}={user['token']}", "Sec-Fetch-Site": "cross-site"}
    send(run, cookie, event="purchase", endpoint_id="undefined")
    queue = run.cloud.client("sqs")
    unreadable = {"attempt": {"DataType": "String", "StringValue": "?"}}
    elsewhere = {"pending": {"DataType": "String", "StringValue": "pinpoint,firehose"}}
    for body, attributes in (("event=a&endpoint_id=e1", unreadable), ("event=a&endpoint_id=e1", elsewhere)):
        queue.send_message(QueueUrl=run.outputs["queue_url"], MessageBody=body, MessageAttributes=attributes)
    for sign in ("message dead-lettered", "destination removed", "message rejected"):
        eventually(lambda sign=sign: sign in "".join(log_lines(run)))


def lines(run: LocalRun) -> Iterator[dict[str, Any]]:
    for group in (run.outputs["log_group"], run.outputs["authorizer_log_group"]):
        yield from (json.loads(line) for line in log_lines(run, group))


def published(run: LocalRun) -> set[Published]:
    """What the functions have written in the embedded metric format."""
    return {
        Published(group["Namespace"], metric["Name"], frozenset(keys))
        for line in lines(run)
        for group in line.get("_aws", {}).get("CloudWatchMetrics", ())
        for keys in group["Dimensions"]
        for metric in group["Metrics"]
    }


class Watched:
    """What the deployed alarms and the dashboard read."""

    def __init__(self, run: LocalRun) -> None:
        self._cloudwatch = run.cloud.client("cloudwatch")
        self._dashboard = run.outputs["dashboard_url"].rpartition("/")[2]

    @cached_property
    def alarms(self) -> list[dict[str, Any]]:
        return self._cloudwatch.describe_alarms()["MetricAlarms"]

    def by_alarms(self) -> set[Published]:
        found: set[Published] = set()
        for alarm in self.alarms:
            parts = [
                query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query
            ]
            for metric in parts or [alarm]:
                names = frozenset(one["Name"] for one in metric["Dimensions"])
                found.add(Published(metric["Namespace"], metric["MetricName"], names))
        return found

    def by_dashboard(self) -> set[Published]:
        body = json.loads(self._cloudwatch.get_dashboard(DashboardName=self._dashboard)["DashboardBody"])
        return {
            metric
            for widget in body["widgets"]
            for line in widget["properties"].get("metrics", ())
            for metric in of_line(line)
        }


def of_line(line: list[Any]) -> Iterator[Published]:
    if isinstance(line[0], str):
        namespace, name, *dimensions = [part for part in line if isinstance(part, str)]
        yield Published(namespace, name, frozenset(dimensions[::2]))
    else:
        searched = re.fullmatch(
            r"""SEARCH\('\{"(.+)",([\w,]+)\} MetricName="(\w+)" service="[\w-]+"', 'Sum', 300\)""",
            line[0]["expression"],
        )
        assert searched, line
        yield Published(searched[1], searched[3], frozenset(searched[2].split(",")))


def test_every_metric_that_is_watched_is_published(run: LocalRun) -> None:
    watched = Watched(run).by_alarms() | Watched(run).by_dashboard()

    own = {metric for metric in watched if metric.namespace == OWN}
    assert own - published(run) == set()
    for metric in watched - own:
        names, dimensions = AWS_METRICS[metric.namespace]
        assert metric.name in names
        assert metric.dimensions == dimensions


def test_every_metric_that_is_published_is_watched_or_listed_here(run: LocalRun) -> None:
    watched = Watched(run).by_alarms() | Watched(run).by_dashboard()

    unwatched = {(one.name, one.dimensions) for one in published(run) - watched}
    assert unwatched == NOT_WATCHED


def test_dimensions_have_the_values_of_this_stack(run: LocalRun) -> None:
    outputs = run.outputs
    values: Mapping[str, Set[str]] = {
        "service": {outputs["project_stack"]},
        "destination": set(outputs["destinations"]),
        "ApiName": {outputs["api_name"]},
        "FunctionName": {outputs["function_name"], outputs["authorizer_function_name"]},
        "QueueName": {
            *(outputs[name].rpartition("/")[2] for name in ("queue_url", "dead_letter_queue_url")),
            "domain-dead-letters",
        },
        "DeliveryStreamName": {outputs["firehose_stream"]},
        "WebACL": {"gtm-pixel-prod-web-acl"},
        "Rule": {"rate-per-ip"},
        "reason": {"keys_unavailable"},
        "Region": {outputs["region"]},
    }
    found: dict[str, set[str]] = {}
    for alarm in Watched(run).alarms:
        for metric in [
            alarm,
            *(query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query),
        ]:
            for dimension in metric.get("Dimensions", ()):
                found.setdefault(dimension["Name"], set()).add(dimension["Value"])

    assert found == values


def test_alarms_tell_the_topic_when_they_go_off_and_when_that_is_over(run: LocalRun) -> None:
    topic = [run.outputs["alarm_topic_arn"]]

    assert [(one["AlarmActions"], one["OKActions"]) for one in Watched(run).alarms] == [
        (topic, topic) for _ in Watched(run).alarms
    ]


class TestSavedQueries:
    """Their fields and messages are those of real log lines."""

    # Of CloudWatch Logs itself, and of the line with which Lambda ends an invocation (Lambda Telemetry API).
    GIVEN: Final = {"@timestamp", "record.status"}

    @staticmethod
    def queries() -> Iterator[str]:
        for query in LOG_QUERIES:
            yield query.query

    def test_they_name_messages_that_are_logged(self, run: LocalRun) -> None:
        logged = {line.get("message") for line in lines(run)}
        # Errors that did not happen here; tests/test_docs.py holds them against the code.
        absent = {"destination is not set up", "message not dead-lettered", "signing keys not fetched"}
        named = {
            message
            for query in self.queries()
            for listed in re.findall(r"message (?:=|in) (\[[^]]+\]|\"[^\"]+\")", query)
            for message in re.findall(r'"([^"]+)"', listed)
        }

        assert named - absent <= logged

    def test_they_name_fields_that_are_logged(self, run: LocalRun) -> None:
        fields = {field for line in lines(run) for field in line}
        named = {field for query in self.queries() for field in fields_of(query)}

        # Only if something is broken: the type of an error, a service's error code, and what is wrong with a
        # token or its keys.
        assert named - self.GIVEN - {"error", "code", "detail"} <= fields


def fields_of(query: str) -> Iterator[str]:
    for command in query.split("|"):
        verb, _, rest = command.strip().partition(" ")
        match verb:
            case "fields":
                yield from (field.strip() for field in rest.split(","))
            case "filter":
                yield from re.findall(r"([\w.@]+) (?:=|in) ", rest)
            case "stats":
                counted, _, by = rest.partition(" by ")
                yield from re.findall(r"(?:sum|max)\((\w+)\)", counted)
                yield from (field.strip() for field in by.split(",") if "(" not in field)
            case "sort":
                name = rest.split()[0]
                if name == "@timestamp":
                    yield name
            case _:
                assert verb == "limit", query
