"""AWS Budgets. A budget is kept in moto and never computed."""

from typing import Any

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    as_string,
    autoname,
    names,
    refuse_unknown,
)
from local.deployment.resources.tags import check_retag
from local.deployment.resources.target import Target

_NOTIFICATION = names(
    *("comparisonOperator", "notificationType", "threshold", "thresholdType", "subscriberSnsTopicArns"),
)


def _budget(target: Target, name: str, inputs: Properties) -> Created:
    budget = inputs.get("name") or autoname(name)
    account, tags = target.cloud.account_id, target.tags(inputs)
    arn = f"arn:{target.cloud.partition}:budgets::{account}:budget/{budget}"
    if tags:
        target.check_permission("budgets:TagResource", arn)  # moto has no tags of budgets
    target.client("budgets").create_budget(
        AccountId=account,
        Budget={
            "BudgetName": budget,
            "BudgetType": inputs["budgetType"],
            "BudgetLimit": {"Amount": as_string(inputs["limitAmount"]), "Unit": inputs["limitUnit"]},
            "TimeUnit": inputs["timeUnit"],
            "CostFilters": {one["name"]: one["values"] for one in inputs.get("costFilters", ())},
        },
        NotificationsWithSubscribers=[_notification(one) for one in inputs.get("notifications", ())],
    )
    return f"{account}:{budget}", {
        **inputs,
        "name": budget,
        "arn": arn,
        "tagsAll": tags,
    }


def _update_budget(target: Target, existing: Existing, inputs: Properties) -> None:
    """moto has no UpdateBudget. All changes of a budget are one action in IAM."""
    _delete_budget(target, existing)
    _budget(target, existing.name, {**inputs, "name": existing.outputs["name"]})


def _delete_budget(target: Target, existing: Existing) -> None:
    target.client("budgets").delete_budget(
        AccountId=target.cloud.account_id, BudgetName=existing.outputs["name"]
    )


def _notification(inputs: Properties) -> dict[str, Any]:
    refuse_unknown(inputs, _NOTIFICATION, "notifications.")
    return {
        "Notification": {
            "NotificationType": inputs["notificationType"],
            "ComparisonOperator": inputs["comparisonOperator"],
            "Threshold": inputs["threshold"],
            "ThresholdType": inputs["thresholdType"],
        },
        "Subscribers": [
            {"SubscriptionType": "SNS", "Address": arn} for arn in inputs["subscriberSnsTopicArns"]
        ],
    }


RESOURCES = {
    "Budget": ResourceType(
        _budget,
        {
            **names("name", "budgetType", "limitAmount", "limitUnit", "timeUnit", "costFilters"),
            **names("notifications", "tags"),
        },
        replaced_by=("name",),
        update=_update_budget,
        retag=check_retag("budgets:UntagResource", "budgets:TagResource"),
        delete=_delete_budget,
    ),
}
