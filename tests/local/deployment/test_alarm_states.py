"""Alarms of a local run are evaluated as CloudWatch would, when somebody asks for them."""

from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudwatch.models import Alarm

from local.deployment.alarm_states import Value, calculate, state_of
from local.deployment.cloud import Cloud


def alarm(**properties: Any) -> Any:
    """An alarm on more than 5 in each of 2 periods."""
    absent: dict[str, Any] = dict.fromkeys(Alarm.__init__.__annotations__)
    given = {"region_name": "r", "account_id": "1", "name": "a", "dimensions": []}
    rule = {"comparison_operator": "GreaterThanThreshold", "threshold": 5, "evaluation_periods": 2}
    return Alarm(**{**absent, **given, **rule, **properties})


@pytest.mark.parametrize(
    ("newest_first", "properties", "state"),
    [
        ([6, 7, 1], {}, "ALARM"),
        ([6, 5, 9], {}, "OK"),
        ([6, 5, 9], {"datapoints_to_alarm": 1}, "ALARM"),
        ([4, 4, 0], {"comparison_operator": "LessThanThreshold"}, "ALARM"),
        # The period under way counts once it has data.
        ([None, 6, 7], {}, "ALARM"),
        ([None, None, None], {"treat_missing_data": "notBreaching"}, "OK"),
        ([None, None, None], {"treat_missing_data": "breaching"}, "ALARM"),
        ([1, None, None], {"treat_missing_data": "breaching"}, "OK"),
        ([None, None, None], {"treat_missing_data": "missing"}, "INSUFFICIENT_DATA"),
        ([None, None, None], {}, "INSUFFICIENT_DATA"),
        ([None, None, None], {"treat_missing_data": "ignore"}, "OK"),
    ],
)
def test_the_last_periods_decide(
    newest_first: Sequence[Value], properties: dict[str, Any], state: str
) -> None:
    assert state_of(alarm(**properties), newest_first) == state


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("100 * bad / all", 25.0),
        ("bad + all - 1", 4.0),
        ("bad / none", None),
        ("absent + 1", None),
        ("FILL(absent, 0) + 1", 1.0),
        ("FILL(bad, 7)", 1.0),
        ("IF(none < 1 AND (bad >= 10 OR all >= 4), 1, 0)", 1.0),
        ("IF(none > 1, 1, 0)", 0.0),
        ("IF(absent > 1, 1, 0)", None),
        ("none == 0 && bad != 2", 1.0),
    ],
)
def test_an_expression_is_calculated(expression: str, value: Value) -> None:
    assert calculate(expression, {"bad": 1.0, "all": 4.0, "none": 0.0, "absent": None}) == value


@pytest.mark.parametrize(
    "expression", ["unknown", "ANOMALY_DETECTION_BAND(bad)", "bad bad", "'text'", "bad ** 2"]
)
def test_an_expression_that_is_not_known_here_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="the local run cannot evaluate"):
        calculate(expression, {"bad": 1.0})


def metric(name: str) -> dict[str, Any]:
    return {"Namespace": "n", "MetricName": name, "Dimensions": [{"Name": "service", "Value": "s"}]}


def test_an_alarm_goes_off_as_soon_as_its_metric_is_published(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    rule = {"EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(
        AlarmName="single",
        **metric("Bad"),
        Statistic="Sum",
        Period=300,
        TreatMissingData="notBreaching",
        **rule,
    )
    stat = {"Period": 300, "Stat": "Sum"}
    cloudwatch.put_metric_alarm(
        AlarmName="share",
        Metrics=[
            {"Id": "result", "Expression": "100 * bad / (bad + good)", "ReturnData": True},
            {"Id": "bad", "MetricStat": {"Metric": metric("Bad"), **stat}, "ReturnData": False},
            {"Id": "good", "MetricStat": {"Metric": metric("Good"), **stat}, "ReturnData": False},
        ],
        **{**rule, "Threshold": 50},
    )

    def states() -> dict[str, str]:
        alarms = cloudwatch.describe_alarms()["MetricAlarms"]
        return {one["AlarmName"]: one["StateValue"] for one in alarms}

    assert states() == {"single": "OK", "share": "INSUFFICIENT_DATA"}
    for name, value in (("Bad", 3), ("Good", 1)):
        cloudwatch.put_metric_data(
            Namespace="n",
            MetricData=[{k: v for k, v in metric(name).items() if k != "Namespace"} | {"Value": value}],
        )

    assert states() == {"single": "ALARM", "share": "ALARM"}


def test_an_alarm_that_cannot_be_evaluated_here_says_so(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="odd",
        Metrics=[
            {"Id": "result", "Expression": "RATE(bad)", "ReturnData": True},
            {
                "Id": "bad",
                "MetricStat": {"Metric": metric("Bad"), "Period": 300, "Stat": "Sum"},
                "ReturnData": False,
            },
        ],
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )

    with pytest.raises(ClientError, match="the local run cannot evaluate"):
        cloudwatch.describe_alarms()


@pytest.mark.parametrize(("minutes", "state"), [(10, "ALARM"), (6, "OK")])
def test_a_message_that_has_waited_long_was_old_in_the_periods_before(
    cloud: Cloud, minutes: int, state: str
) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"queue-{minutes}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="event=e")
    (message,) = cloud._queue(url)._messages
    message.sent_timestamp = (message.sent_timestamp or 0) - minutes * 60_000
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=f"age-{minutes}",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": f"queue-{minutes}"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=3,
        Threshold=300,
        ComparisonOperator="GreaterThanThreshold",
    )

    (found,) = cloud.client("cloudwatch").describe_alarms(AlarmNames=[f"age-{minutes}"])["MetricAlarms"]
    assert found["StateValue"] == state


def test_a_metric_of_several_dimensions_is_listed_once(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    for service in ("a", "b"):
        dimensions = [{"Name": "service", "Value": service}, {"Name": "reason", "Value": "r"}]
        datum = {"MetricName": "Rejected", "Dimensions": dimensions, "Value": 1}
        cloudwatch.put_metric_data(Namespace="listed", MetricData=[datum] * 3)

    def listed(**wanted: Any) -> list[str]:
        metrics = cloudwatch.list_metrics(Namespace="listed", **wanted)["Metrics"]
        return sorted(pair["Value"] for one in metrics for pair in one["Dimensions"])

    assert listed() == ["a", "b", "r", "r"]
    assert listed(Dimensions=[{"Name": "service", "Value": "b"}]) == ["b", "r"]
    assert listed(MetricName="Accepted") == []
