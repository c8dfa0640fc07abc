"""The addresses that AWS WAF blocks now: counted for everybody, listed only for whoever asks."""

import json
from typing import Any, cast

import pytest

from cli.errors import UsageError
from ops import checks
from ops.aws import Aws
from ops.examined import of_stack
from ops.stack import Stack
from tests.ops.examples import Account, stack
from tests.ops.running import InMemory, run

ARN = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/gtm-pixel-web-acl-1a2b3c4/0a-1b"
LIMITED = stack(web_acl_arn=ARN, web_acl_rule="rate-per-ip")
ADDRESSES = ["192.0.2.44/32", "2001:db8::1/128"]
BLOCKED = {
    "ManagedKeysIPV4": {"IPAddressVersion": "IPV4", "Addresses": ADDRESSES[:1]},
    "ManagedKeysIPV6": {"IPAddressVersion": "IPV6", "Addresses": ADDRESSES[1:]},
}


class Waf:
    """Responds with blocked addresses, and notes of which rule it was asked."""

    now = 0.0

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def call(self, _service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        assert operation == "get_rate_based_statement_managed_keys"
        self.asked = parameters
        return BLOCKED

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def found_by_the_doctor(of: Stack, **responses: Any) -> list[str]:
    account = Account(get_caller_identity={"Account": "123456789012"}, **responses)
    all_of_them = checks.findings(cast(Aws, account), of_stack(of), lambda _: None)
    return [one.detail for one in all_of_them if one.check == "blocked addresses"]


def test_the_rule_of_the_stack_s_web_acl_is_asked() -> None:
    waf = Waf()

    assert run(cast(InMemory, waf), "blocked", deployed=LIMITED) == 0
    assert waf.asked == {
        "Scope": "REGIONAL",
        "WebACLName": "gtm-pixel-web-acl-1a2b3c4",
        "WebACLId": "0a-1b",
        "RuleName": "rate-per-ip",
    }


def test_addresses_are_personal_data_and_shown_only_to_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Waf(), "blocked", deployed=LIMITED) == 0
    assert json.loads(capsys.readouterr().out) == {"blocked": 2}

    assert run(Waf(), "blocked", "--show-values", deployed=LIMITED) == 0
    assert json.loads(capsys.readouterr().out)["addresses"] == ADDRESSES


def test_the_doctor_says_how_many_and_not_which() -> None:
    assert found_by_the_doctor(LIMITED, get_rate_based_statement_managed_keys=BLOCKED) == [
        "2 addresses are blocked now: python -m ops blocked"
    ]
    assert found_by_the_doctor(LIMITED, get_rate_based_statement_managed_keys={}) == ["none is blocked now"]


@pytest.mark.parametrize("outputs", [{}, {"web_acl_arn": ARN}])
def test_of_a_stack_without_a_rate_by_address_nothing_is_said(outputs: dict[str, str]) -> None:
    assert found_by_the_doctor(stack(**outputs)) == []
    with pytest.raises(UsageError, match="this stack blocks no addresses: set rateLimitPerIpPer5Minutes"):
        run(Waf(), "blocked", deployed=stack(**outputs))
