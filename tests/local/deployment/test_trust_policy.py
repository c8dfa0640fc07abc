"""Which trust policies let a service assume a role."""

from collections.abc import Mapping
from typing import Any

import pytest

from local.deployment.trust_policy import trusts

LAMBDA = "lambda.amazonaws.com"
ACCOUNT = "123456789012"


def trust(effect: str = "Allow", **changes: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": {"Service": LAMBDA}, "Action": "sts:AssumeRole", **changes}


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(trust(), id="the service by name"),
        pytest.param(trust(Principal={"Service": ["apigateway.amazonaws.com", LAMBDA]}), id="in a list"),
        pytest.param(trust(Principal="*"), id="every principal"),
        pytest.param(trust(Action=["sts:TagSession", "sts:AssumeRole"]), id="one of several actions"),
        pytest.param(trust(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), id="this account"),
    ],
)
def test_a_role_that_trusts_the_service_may_be_assumed(statement: Mapping[str, Any]) -> None:
    assert trusts({"Statement": [statement]}, LAMBDA, ACCOUNT)
    assert trusts({"Statement": statement}, LAMBDA, ACCOUNT)


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([], id="no statement"),
        pytest.param([trust(Principal={"Service": "apigateway.amazonaws.com"})], id="another service"),
        pytest.param([trust(Principal={"AWS": "*"})], id="accounts only"),
        pytest.param([trust(Action="sts:TagSession")], id="another action"),
        pytest.param([trust(), trust("Deny")], id="denied"),
        pytest.param(
            [trust(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}})], id="another account"
        ),
        pytest.param([trust(Condition={"ArnLike": {"aws:SourceArn": "*"}})], id="an unknown condition"),
    ],
)
def test_another_role_may_not(statements: list[Mapping[str, Any]]) -> None:
    assert not trusts({"Statement": statements}, LAMBDA, ACCOUNT)
