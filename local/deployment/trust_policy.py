"""Decides whether a role's trust policy lets an AWS service assume it. moto cannot check that."""

from collections.abc import Mapping
from typing import Any


def trusts(trust_policy: Mapping[str, Any], service: str, account_id: str) -> bool:
    """Whether this service principal may assume the role; a deny wins."""
    effects = {
        statement["Effect"]
        for statement in _as_list(trust_policy["Statement"])
        if {"sts:AssumeRole", "sts:*", "*"} & set(_as_list(statement.get("Action", [])))
        and _is_service(statement.get("Principal"), service)
        and _meets(statement.get("Condition", {}), account_id)
    }
    return effects == {"Allow"}


def _is_service(principal: Any, service: str) -> bool:
    # A principal of `"*"` means every AWS principal, services included.
    return principal == "*" or (
        isinstance(principal, Mapping) and service in _as_list(principal.get("Service", []))
    )


def _meets(condition: Mapping[str, Any], account_id: str) -> bool:
    """Evaluate the one condition that a service role usually has; any other counts as not met."""
    return all(
        operator == "StringEquals"
        and all(key == "aws:SourceAccount" and account_id in _as_list(value) for key, value in keys.items())
        for operator, keys in condition.items()
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
