"""Settings of alarms, the budget and the dashboard."""

import re
from collections.abc import Iterable

from components.monitoring import AlarmsArgs, BudgetArgs
from contract.regions import COMMERCIAL, partition_of
from settings.arns import arn, in_the_stacks_region
from settings.groups import Rule, Stack
from settings.problems import Problem
from settings.values import Setting, Values, optional, string, true_or_false, whole_number

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}\.[^@\s.]{1,63}")
# What tags may have (AWS Billing), without the = that parts name and value here.
_TAG = re.compile(r"[\w .:/+@-]{1,128}=[\w .:/+@=-]{1,256}")

ALARMS = Setting("alarms", default=False, read=true_or_false)
TOPIC_ARN = Setting(
    "alarmTopicArn",
    "",
    optional(
        arn(
            "sns",
            r"[A-Za-z0-9_-]{1,256}",
            "a topic of Amazon SNS",
            example="arn:aws:sns:eu-central-1:123456789012:alarms",
        )
    ),
)
EMAIL = Setting(
    "alarmEmail", "", optional(string(_EMAIL, "an e-mail address", "one such as on-call@example.com"))
)
EXPECT_TRAFFIC = Setting("expectTraffic", default=False, read=true_or_false)
NO_TRAFFIC_MINUTES = Setting("noTrafficMinutes", 60, whole_number(5, 1_440))
REJECTED_PERCENT = Setting("alarmRejectedPercent", 50, whole_number(1, 99))
BUDGET_USD = Setting("monthlyBudgetUsd", 0, whole_number(0, 10_000_000))
BUDGET_TAG = Setting(
    "monthlyBudgetTag",
    "",
    optional(
        string(_TAG, "a tag as NAME=VALUE", "one such as project=gtm-pixel, or nothing for the account")
    ),
)
DASHBOARD = Setting("dashboard", default=False, read=true_or_false)

OF_ALARMS = (
    *(TOPIC_ARN, EMAIL, EXPECT_TRAFFIC, NO_TRAFFIC_MINUTES, REJECTED_PERCENT),
    *(BUDGET_USD, BUDGET_TAG),
)
"""Settings without effect while there are no alarms."""

SETTINGS = (ALARMS, *OF_ALARMS, DASHBOARD)


def _alarms_reach_somebody(values: Values, _: Stack) -> Iterable[Problem]:
    topic, email = values[TOPIC_ARN], values[EMAIL]
    if values[ALARMS] and topic is None and email is None:
        yield Problem(
            ALARMS.key,
            "true tells nobody: neither alarmEmail nor alarmTopicArn is set.",
            "Set alarmEmail, or alarmTopicArn if you have a topic.",
        )
    if topic is not None and email is not None:
        yield Problem(
            EMAIL.key,
            f"{email!r} has no effect beside alarmTopicArn: the stack changes no topic of yours.",
            "Subscribe the address to that topic, and run: pulumi config rm alarmEmail",
        )


def _the_time_without_traffic_counts(values: Values, _: Stack) -> Iterable[Problem]:
    minutes = values[NO_TRAFFIC_MINUTES]
    if values[ALARMS] and not values[EXPECT_TRAFFIC] and not NO_TRAFFIC_MINUTES.is_default(minutes):
        yield Problem(
            NO_TRAFFIC_MINUTES.key,
            f"{minutes} has no effect while expectTraffic is false.",
            "Set expectTraffic to true, or run: pulumi config rm noTrafficMinutes",
        )


def _the_tag_has_a_budget(values: Values, _: Stack) -> Iterable[Problem]:
    tag = values[BUDGET_TAG]
    if values[ALARMS] and tag is not None and not values[BUDGET_USD]:
        yield Problem(
            BUDGET_TAG.key,
            f"{tag!r} has no effect without monthlyBudgetUsd.",
            "Set monthlyBudgetUsd, or run: pulumi config rm monthlyBudgetTag",
        )


def _the_account_has_budgets_in_usd(values: Values, stack: Stack) -> Iterable[Problem]:
    """AWS Budgets has no endpoint in AWS GovCloud (US), and counts in CNY in China."""
    usd = values[BUDGET_USD]
    if values[ALARMS] and usd and stack.region and partition_of(stack.region) != COMMERCIAL:
        yield Problem(
            BUDGET_USD.key,
            f"{usd} cannot be in {stack.region}, where AWS has no budgets in USD.",
            f"Run: pulumi config rm {BUDGET_USD.key}",
        )


RULES: tuple[Rule, ...] = (
    _alarms_reach_somebody,
    _the_time_without_traffic_counts,
    _the_tag_has_a_budget,
    _the_account_has_budgets_in_usd,
    in_the_stacks_region(TOPIC_ARN, "the topic"),
)


def make(values: Values) -> AlarmsArgs | None:
    """The alarms, if the stack has any."""
    if not values[ALARMS]:
        return None
    return AlarmsArgs(
        topic_arn=values[TOPIC_ARN],
        email=values[EMAIL],
        no_traffic_minutes=values[NO_TRAFFIC_MINUTES] if values[EXPECT_TRAFFIC] else None,
        rejected_percent=values[REJECTED_PERCENT],
        budget=_budget(values),
    )


def _budget(values: Values) -> BudgetArgs | None:
    if not values[BUDGET_USD]:
        return None
    name, _, value = (values[BUDGET_TAG] or "").partition("=")
    return BudgetArgs(monthly_usd=values[BUDGET_USD], tag=(name, value) if name else None)
