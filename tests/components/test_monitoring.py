"""The resources of Monitoring: whom alarms tell, the budget, the dashboard and the saved queries."""

import json
from typing import Any

import pytest

from components.alarm import Alarm
from components.location import Location
from components.log_queries import Log
from components.monitoring import AlarmsArgs, BudgetArgs, Monitoring, MonitoringArgs
from components.safeguards import Safeguards
from tests.components.test_dashboard import FIREHOSE, METRICS, OPEN
from tests.recording import ACCOUNT_ID, Recording, record

LOCATION = Location(partition="aws", region="eu-west-1", account_id=ACCOUNT_ID)
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT_ID}:on-call"
OWN_TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT_ID}:monitoring-alarms-1a2b3c4"

ALARMS: dict[str, Any] = {
    "topic_arn": None,
    "email": "on-call@example.com",
    "no_traffic_minutes": None,
    "rejected_percent": 50,
    "budget": None,
}


def monitored(
    *, alarms: dict[str, Any] | None = None, service_alarms: tuple[Alarm, ...] = (), **changes: Any
) -> Recording:
    args: dict[str, Any] = {
        "location": LOCATION,
        "metrics": METRICS,
        "logs": {Log.PROCESSOR: "/processor", Log.AUTHORIZER: "/authorizer"},
        "destinations": ["firehose"],
        "service_alarms": service_alarms,
        "timeout_seconds": 60,
        "batch_window_seconds": 1,
        "dashboard": False,
        **changes,
    }
    given = None if alarms is None else AlarmsArgs(**{**ALARMS, **alarms})
    return record(lambda: Monitoring("monitoring", MonitoringArgs(alarms=given, **args)))


def of_type(recording: Recording, type_: str) -> dict[str, dict[str, Any]]:
    return {one.name: one.inputs for one in recording.resources if one.type.endswith(f":{type_}")}


class TestAlarms:
    def test_an_address_gets_a_topic_of_the_stack(self) -> None:
        recording = monitored(alarms={})

        assert recording["monitoring-alarms-email"].inputs == {
            "topic": OWN_TOPIC,
            "protocol": "email",
            "endpoint": "on-call@example.com",
        }

    def test_a_topic_that_exists_is_told_and_not_changed(self) -> None:
        recording = monitored(alarms={"topic_arn": TOPIC, "email": None})

        assert [one for one in recording.resources if ":sns/" in one.type] == []
        assert {tuple(one["alarmActions"]) for one in of_type(recording, "MetricAlarm").values()} == {
            (TOPIC,)
        }

    def test_only_this_accounts_alarms_and_budgets_may_publish(self) -> None:
        def publish(sid: str, service: str, source: str) -> dict[str, Any]:
            return {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sns:Publish",
                "Resource": OWN_TOPIC,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": source},
                },
            }

        assert monitored(alarms={})["monitoring-alarms-policy"].policy() == {
            "Version": "2012-10-17",
            "Statement": [
                publish(
                    "AlarmsPublish",
                    "cloudwatch.amazonaws.com",
                    f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT_ID}:alarm:*",
                ),
                publish("BudgetsPublish", "budgets.amazonaws.com", f"arn:aws:budgets::{ACCOUNT_ID}:*"),
                {
                    "Sid": "DenyInsecureTransport",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sns:Publish",
                    "Resource": [OWN_TOPIC],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        }

    def test_the_topic_has_no_key_that_cloudwatch_may_not_use(self) -> None:
        """With the key that AWS manages for SNS, no alarm reaches the topic."""
        assert monitored(alarms={})["monitoring-alarms"].inputs == {}

    def test_a_key_of_the_accounts_own_encrypts_it(self) -> None:
        key = f"arn:aws:kms:eu-west-1:{ACCOUNT_ID}:key/1a2b"

        recording = monitored(alarms={}, safeguards=Safeguards(kms_key_arn=key))

        assert recording["monitoring-alarms"].inputs == {"kmsMasterKeyId": key}

    def test_an_alarm_on_one_metric(self) -> None:
        assert monitored(alarms={})["monitoring-dead-letters"].inputs == {
            "alarmDescription": (
                "gtm-pixel-test: The dead-letter queue holds messages, for 14 days: their events are not "
                "recorded in every destination. Read 'Dead letters grow' in docs/operations.md."
            ),
            "namespace": "AWS/SQS",
            "metricName": "ApproximateNumberOfMessagesVisible",
            "dimensions": {"QueueName": "events-dead-letter"},
            "statistic": "Maximum",
            "period": 60,
            "evaluationPeriods": 1,
            "datapointsToAlarm": 1,
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 0,
            "treatMissingData": "ignore",
            "alarmActions": [OWN_TOPIC],
            "okActions": [OWN_TOPIC],
        }

    def test_an_alarm_on_a_share_of_two_metrics(self) -> None:
        alarm = monitored(alarms={})["monitoring-retried-firehose"].inputs

        def series(name: str) -> dict[str, Any]:
            return {
                "namespace": "gtm-pixel",
                "metricName": name,
                "dimensions": {"service": "gtm-pixel-test", "destination": "firehose"},
                "stat": "Sum",
                "period": 300,
            }

        assert "metricName" not in alarm
        assert alarm["metricQueries"] == [
            {
                "id": "result",
                "expression": "100 * retried / (retried + recorded)",
                "label": "retried-firehose",
                "returnData": True,
            },
            {"id": "retried", "metric": series("Retried"), "returnData": False},
            {"id": "recorded", "metric": series("Recorded"), "returnData": False},
        ]

    def test_services_around_the_pixel_have_alarms_of_their_own(self) -> None:
        names = of_type(monitored(alarms={}, service_alarms=(FIREHOSE,)), "MetricAlarm")

        assert "monitoring-firehose-throttled" in names


class TestTheBudget:
    def test_it_is_of_the_whole_account_and_tells_three_times(self) -> None:
        budget = monitored(alarms={"budget": BudgetArgs(monthly_usd=50)})["monitoring-budget"].inputs

        told = [(one["notificationType"], one["threshold"]) for one in budget.pop("notifications")]
        assert told == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
        assert budget == {
            "budgetType": "COST",
            "limitAmount": "50",
            "limitUnit": "USD",
            "timeUnit": "MONTHLY",
        }

    def test_it_tells_the_topic_once_that_lets_it_publish(self) -> None:
        """AWS Budgets tests whether it may, when it gets the topic."""
        recording = monitored(alarms={"budget": BudgetArgs(monthly_usd=50)})

        assert "monitoring-alarms-policy" in recording["monitoring-budget"].depends_on

    def test_it_may_count_what_has_a_tag(self) -> None:
        args = BudgetArgs(monthly_usd=50, tag=("project", "gtm-pixel"))
        budget = monitored(alarms={"budget": args})["monitoring-budget"].inputs

        assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:project$gtm-pixel"]}]


class TestTheDashboard:
    def test_it_is_named_after_the_stack(self) -> None:
        dashboard = monitored(dashboard=True)["monitoring-dashboard"].inputs

        assert dashboard["dashboardName"] == "gtm-pixel-test"

    def test_it_shows_the_alarms_if_there_are_any(self) -> None:
        def types(recording: Recording) -> set[str]:
            body = json.loads(recording["monitoring-dashboard"].inputs["dashboardBody"])
            return {widget["type"] for widget in body["widgets"]}

        assert types(monitored(dashboard=True)) == {"metric", "text"}
        assert types(monitored(dashboard=True, alarms={})) == {"alarm", "metric", "text"}

    def test_without_it_there_is_neither_dashboard_nor_query(self) -> None:
        types = {one.type for one in monitored(alarms={}).resources}

        assert not types & {
            "aws:cloudwatch/dashboard:Dashboard",
            "aws:cloudwatch/queryDefinition:QueryDefinition",
        }


class TestSavedQueries:
    def test_they_are_in_the_stacks_folder_and_read_its_logs(self) -> None:
        queries = of_type(monitored(dashboard=True), "QueryDefinition").values()

        assert {one["name"].partition("/")[0] for one in queries} == {"gtm-pixel-test"}
        assert {tuple(one["logGroupNames"]) for one in queries} == {
            ("/processor",),
            ("/authorizer",),
            ("/processor", "/authorizer"),
        }

    def test_an_open_stack_has_none_of_tokens(self) -> None:
        recording = monitored(dashboard=True, metrics=OPEN, logs={Log.PROCESSOR: "/processor"})
        queries = of_type(recording, "QueryDefinition")

        assert "monitoring-query-tokens" not in queries
        assert {tuple(one["logGroupNames"]) for one in queries.values()} == {("/processor",)}


@pytest.mark.parametrize(
    ("partition", "console"),
    [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
    ],
)
def test_the_dashboards_address_is_that_of_the_partitions_console(partition: str, console: str) -> None:
    urls: list[str] = []
    location = Location(partition=partition, region="eu-west-1", account_id=ACCOUNT_ID)

    def program() -> None:
        monitoring = Monitoring(
            "monitoring",
            MonitoringArgs(
                location=location,
                metrics=OPEN,
                logs={},
                destinations=[],
                service_alarms=(),
                timeout_seconds=60,
                batch_window_seconds=1,
                alarms=None,
                dashboard=True,
            ),
        )
        monitoring.outputs["dashboard_url"].apply(urls.append)

    record(program)

    (url,) = urls
    assert url == (
        f"https://eu-west-1.{console}/cloudwatch/home?region=eu-west-1#dashboards/dashboard/gtm-pixel-test"
    )
