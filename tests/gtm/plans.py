"""Plans for tests."""

from typing import Any

from gtm.plan import Parameter, ParameterKind, Plan, TagPlan
from gtm.variables import DataLayerVariable

EVENTS_URL = "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1/events"


def event_attribute(name: str, key: str) -> Parameter:
    return Parameter(kind=ParameterKind.EVENT_ATTRIBUTE, name=name, value=DataLayerVariable(key))


def metric(name: str, key: str) -> Parameter:
    return Parameter(kind=ParameterKind.METRIC, name=name, value=DataLayerVariable(key))


def user_attribute(name: str, key: str) -> Parameter:
    return Parameter(kind=ParameterKind.USER_ATTRIBUTE, name=name, value=DataLayerVariable(key))


PURCHASE = TagPlan(
    event="purchase_success",
    parameters=(
        event_attribute("currency", "ecommerce.currency"),
        metric("value", "ecommerce.value"),
        metric("quantity", "ecommerce.quantity"),
        user_attribute("plan", "user.plan"),
    ),
)


def plan(*tags: TagPlan, **changes: Any) -> Plan:
    """A plan with these tags, by default a purchase."""
    return Plan(**{"events_url": EVENTS_URL, "tags": tags or (PURCHASE,), **changes})
