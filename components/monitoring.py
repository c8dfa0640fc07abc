"""Alarms, a budget, a dashboard and saved log queries of a stack. Each is on by a setting of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm, create_alarm
from components.alarm_topic import AlarmTopic, AlarmTopicArgs
from components.alarms import AlarmSettings, stack_alarms
from components.dashboard import DashboardArgs, dashboard_body
from components.location import Location
from components.log_queries import Log, log_queries
from components.safeguards import NO_SAFEGUARDS, Safeguards
from components.stack_metrics import StackMetrics
from components.stack_names import fitting_name

_LONGEST_DASHBOARD_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetArgs:
    """A budget of the account, or of what has one tag."""

    monthly_usd: int

    # A cost allocation tag and its value, such as ("project", "gtm-pixel"). None counts the whole account.
    tag: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsArgs:
    """Alarms, and whom they tell: a topic that exists, or an e-mail address."""

    topic_arn: str | None
    email: str | None

    # Minutes without a request that mean that something is wrong; None for no such alarm.
    no_traffic_minutes: int | None

    # The share of messages that may be rejected.
    rejected_percent: int

    budget: BudgetArgs | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringArgs:
    location: Location
    metrics: StackMetrics

    # The log groups of the functions that the stack has.
    logs: Mapping[Log, pulumi.Input[str]]

    # As in the setting `destinations`.
    destinations: Sequence[str]

    # Alarms of the services around the pixel, besides its own.
    service_alarms: Sequence[Alarm]

    # The event processor's timeout, and how long messages wait for a batch to fill.
    timeout_seconds: int
    batch_window_seconds: int

    # None creates no alarms.
    alarms: AlarmsArgs | None

    # Whether to create a dashboard and saved queries.
    dashboard: bool

    safeguards: Safeguards = NO_SAFEGUARDS


class Monitoring(pulumi.ComponentResource):
    """What tells a person that a stack needs them, and shows them why."""

    # Stack outputs: `alarm_topic_arn` with alarms, `dashboard_url` with a dashboard.
    outputs: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("gtm-pixel:index:Monitoring", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        outputs: dict[str, pulumi.Output[str]] = {}
        alarm_arns: Sequence[pulumi.Output[str]] = ()
        if args.alarms is not None:
            topic_arn = self._topic(name, args, args.alarms, child)
            alarm_arns = self._create_alarms(name, args, args.alarms, topic_arn, child)
            if args.alarms.budget is not None:
                self._create_budget(f"{name}-budget", args.alarms.budget, topic_arn, child)
            outputs["alarm_topic_arn"] = topic_arn
        if args.dashboard:
            outputs["dashboard_url"] = self._create_dashboard(name, args, alarm_arns, child)
        self.outputs = outputs
        self.register_outputs({"outputs": outputs})

    @staticmethod
    def _topic(
        name: str, args: MonitoringArgs, alarms: AlarmsArgs, child: pulumi.ResourceOptions
    ) -> pulumi.Output[str]:
        if alarms.topic_arn is not None:
            return pulumi.Output.from_input(alarms.topic_arn)
        if alarms.email is None:
            raise ValueError("alarms need a topic or an e-mail address")
        topic_args = AlarmTopicArgs(
            location=args.location, email=alarms.email, kms_key_arn=args.safeguards.kms_key_arn
        )
        return AlarmTopic(f"{name}-alarms", topic_args, child).topic_arn

    @staticmethod
    def _create_alarms(
        name: str,
        args: MonitoringArgs,
        alarms: AlarmsArgs,
        topic_arn: pulumi.Input[str],
        child: pulumi.ResourceOptions,
    ) -> Sequence[pulumi.Output[str]]:
        settings = AlarmSettings(
            destinations=args.destinations,
            timeout_seconds=args.timeout_seconds,
            batch_window_seconds=args.batch_window_seconds,
            no_traffic_minutes=alarms.no_traffic_minutes,
            rejected_percent=alarms.rejected_percent,
        )
        return [
            create_alarm(name, alarm, stack=args.metrics.service, topic_arn=topic_arn, opts=child).arn
            for alarm in (*stack_alarms(args.metrics, settings), *args.service_alarms)
        ]

    @staticmethod
    def _create_budget(
        name: str, budget: BudgetArgs, topic_arn: pulumi.Input[str], child: pulumi.ResourceOptions
    ) -> None:
        """Tell the topic at 80% and 100% of the month's costs, and once they are forecast to exceed 100%."""
        aws.budgets.Budget(
            name,
            budget_type="COST",
            limit_amount=str(budget.monthly_usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            cost_filters=[{"name": "TagKeyValue", "values": ["user:{}${}".format(*budget.tag)]}]
            if budget.tag
            else None,
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": type_,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [topic_arn],
                }
                for type_, percent in (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
            ],
            opts=child,
        )

    @staticmethod
    def _create_dashboard(
        name: str,
        args: MonitoringArgs,
        alarm_arns: Sequence[pulumi.Input[str]],
        child: pulumi.ResourceOptions,
    ) -> pulumi.Output[str]:
        """Create the dashboard and the saved queries; returns the dashboard's address in the console."""
        stack = args.metrics.service
        body = dashboard_body(
            DashboardArgs(
                region=args.location.region,
                metrics=args.metrics,
                destinations=args.destinations,
                service_alarms=args.service_alarms,
                alarm_arns=alarm_arns,
            )
        )
        dashboard = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            # Pulumi gives no name to a dashboard by itself.
            dashboard_name=fitting_name(stack, longest=_LONGEST_DASHBOARD_NAME),
            dashboard_body=pulumi.Output.json_dumps(body),
            opts=child,
        )
        for query in log_queries(authorizer=Log.AUTHORIZER in args.logs):
            aws.cloudwatch.QueryDefinition(
                f"{name}-query-{query.key}",
                # The part before the slash is a folder in the console.
                name=f"{stack}/{query.title}",
                log_group_names=[args.logs[log] for log in query.logs if log in args.logs],
                query_string=query.query,
                opts=child,
            )
        console = pulumi.Output.from_input(args.location.partition).apply(_console)
        return pulumi.Output.concat(
            *("https://", args.location.region, ".", console, "/cloudwatch/home?region="),
            *(args.location.region, "#dashboards/dashboard/", dashboard.dashboard_name),
        )


def _console(partition: str) -> str:
    """The domain of the AWS console."""
    return {
        "aws-cn": "console.amazonaws.cn",
        "aws-us-gov": "console.amazonaws-us-gov.com",
    }.get(partition, "console.aws.amazon.com")
