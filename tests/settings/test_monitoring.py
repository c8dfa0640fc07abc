"""Settings of alarms, the budget and the dashboard."""

from typing import Any

import pytest

from components.monitoring import AlarmsArgs, BudgetArgs
from settings import monitoring
from tests.settings.stacks import load, problems

TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
EMAIL = "on-call@example.com"
ALARMS: dict[str, Any] = {"alarms": True, "alarmEmail": EMAIL}


def test_a_stack_has_neither_alarms_nor_dashboard_unless_asked() -> None:
    loaded = load()

    assert (loaded.alarms, loaded.dashboard) == (None, False)


def test_alarms_tell_an_address_or_a_topic() -> None:
    assert load(**ALARMS).alarms == AlarmsArgs(
        topic_arn=None, email=EMAIL, no_traffic_minutes=None, rejected_percent=50, budget=None
    )
    assert load(alarms=True, alarmTopicArn=TOPIC).alarms == AlarmsArgs(
        topic_arn=TOPIC, email=None, no_traffic_minutes=None, rejected_percent=50, budget=None
    )


@pytest.mark.parametrize(
    ("changes", "minutes"), [({}, None), ({"expectTraffic": True}, 60), ({"noTrafficMinutes": 120}, 120)]
)
def test_traffic_is_expected_only_if_that_is_said(changes: dict[str, Any], minutes: int | None) -> None:
    expected = {"expectTraffic": True} if minutes else {}
    alarms = load(**ALARMS, **{**expected, **changes}).alarms

    assert alarms is not None
    assert alarms.no_traffic_minutes == minutes


@pytest.mark.parametrize(
    ("tag", "budget"),
    [
        ("", BudgetArgs(monthly_usd=50)),
        ("project=gtm-pixel", BudgetArgs(monthly_usd=50, tag=("project", "gtm-pixel"))),
        ("a=b=c", BudgetArgs(monthly_usd=50, tag=("a", "b=c"))),
    ],
)
def test_a_budget_is_of_the_account_or_of_a_tag(tag: str, budget: BudgetArgs) -> None:
    alarms = load(**ALARMS, monthlyBudgetUsd=50, monthlyBudgetTag=tag).alarms

    assert alarms is not None
    assert alarms.budget == budget


ERRORS: list[tuple[dict[str, Any], str]] = [
    *(
        ({key: "yes"}, f"{key}: 'yes' is not true or false. Set true or false.")
        for key in ("alarms", "dashboard")
    ),
    (
        {**ALARMS, "expectTraffic": "yes"},
        "expectTraffic: 'yes' is not true or false. Set true or false.",
    ),
    (
        {"alarms": True},
        "alarms: true tells nobody: neither alarmEmail nor alarmTopicArn is set. "
        "Set alarmEmail, or alarmTopicArn if you have a topic.",
    ),
    (
        {**ALARMS, "alarmTopicArn": TOPIC},
        f"alarmEmail: '{EMAIL}' has no effect beside alarmTopicArn: the stack changes no topic of yours. "
        "Subscribe the address to that topic, and run: pulumi config rm alarmEmail",
    ),
    *(
        (
            {"alarms": True, "alarmTopicArn": arn},
            f"alarmTopicArn: '{arn}' is not the ARN of a topic of Amazon SNS. "
            "Set one such as arn:aws:sns:eu-central-1:123456789012:alarms.",
        )
        # A FIFO topic cannot be the target of a budget or an alarm.
        for arn in ("on-call", "arn:aws:sqs:eu-west-1:123456789012:on-call", f"{TOPIC}.fifo")
    ),
    (
        {"alarms": True, "alarmTopicArn": TOPIC.replace("eu-west-1", "us-east-1")},
        "alarmTopicArn: the topic is in us-east-1, and the stack is in eu-west-1. "
        "Set one that is in eu-west-1.",
    ),
    *(
        (
            {"alarms": True, "alarmEmail": email},
            f"alarmEmail: '{email}' is not an e-mail address. Set one such as on-call@example.com.",
        )
        for email in ("on-call", "on call@example.com", "on-call@example")
    ),
    *(
        (
            {**ALARMS, **more, key: value},
            f"{key}: {value} is out of range. Set a whole number from {least} to {most}.",
        )
        for key, least, most, more in (
            ("noTrafficMinutes", 5, 1440, {"expectTraffic": True}),
            ("alarmRejectedPercent", 1, 99, {}),
            ("monthlyBudgetUsd", 0, 10_000_000, {}),
        )
        for value in (least - 1, most + 1)
    ),
    (
        {**ALARMS, "noTrafficMinutes": 120},
        "noTrafficMinutes: 120 has no effect while expectTraffic is false. "
        "Set expectTraffic to true, or run: pulumi config rm noTrafficMinutes",
    ),
    (
        {**ALARMS, "monthlyBudgetTag": "project=gtm-pixel"},
        "monthlyBudgetTag: 'project=gtm-pixel' has no effect without monthlyBudgetUsd. "
        "Set monthlyBudgetUsd, or run: pulumi config rm monthlyBudgetTag",
    ),
    (
        {**ALARMS, "monthlyBudgetUsd": 50, "monthlyBudgetTag": "gtm-pixel"},
        "monthlyBudgetTag: 'gtm-pixel' is not a tag as NAME=VALUE. "
        "Set one such as project=gtm-pixel, or nothing for the account.",
    ),
    (
        {"alarmEmail": EMAIL, "monthlyBudgetUsd": 50},
        f"alarmEmail: '{EMAIL}' has no effect while alarms is false. "
        "Set alarms to true, or run: pulumi config rm-all alarmEmail monthlyBudgetUsd",
    ),
    *(
        (
            {**ALARMS, "monthlyBudgetUsd": 50, "region": region},
            f"monthlyBudgetUsd: 50 cannot be in {region}, where AWS has no budgets in USD. "
            "Run: pulumi config rm monthlyBudgetUsd",
        )
        for region in ("us-gov-west-1", "cn-north-1")
    ),
]


@pytest.mark.parametrize(("changes", "error"), ERRORS, ids=lambda value: str(value)[:70])
def test_an_error_is_one_line_that_says_what_to_do(changes: dict[str, Any], error: str) -> None:
    assert problems(**changes) == [error]


def test_every_setting_has_a_wrong_value_here() -> None:
    keys = {line.partition(":")[0] for _, line in ERRORS}

    assert keys == {setting.key for setting in monitoring.SETTINGS}
