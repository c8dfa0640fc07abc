"""The web ACL in front of a stage, as the program declares it and moto has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from components.web_acl import RULE as RULE_OF_STACKS
from components.web_acl import RateLimit, WebAclArgs
from components.web_acl import WebAcl as Component
from local.apigateway.responses import UnservedPart
from local.apigateway.web_acl import WebAcl
from local.deployment.cloud import Cloud
from local.deployment.resources import Resources
from tests.recording import record

OFFICE = "203.0.113.7"
VISITOR = "192.0.2.1"
RULE: dict[str, Any] = {
    "name": "own",
    "priority": 0,
    "action": {"block": {}},
    "statement": {"rateBasedStatement": {"aggregateKeyType": "CONSTANT", "limit": 10}},
    "visibilityConfig": {
        "cloudwatchMetricsEnabled": True,
        "metricName": "own",
        "sampledRequestsEnabled": False,
    },
}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud, api_url="http://127.0.0.1:8080", default_tags={})


@pytest.fixture(scope="module")
def arn(resources: Resources) -> str:
    """The web ACL that the program declares, created in moto."""
    args = WebAclArgs(
        stack_name="gtm-pixel-test",
        rule=RateLimit(requests_per_5_minutes=10, exempt_cidrs=(f"{OFFICE}/32", "2001:db8::/32")),
        region="eu-west-1",
        stage_arns={"v1": "arn:aws:apigateway:eu-west-1::/restapis/api-1/stages/v1"},
        response_headers={"Cache-Control": "no-store"},
    )
    declared = record(lambda: Component("acl", args))
    arns: dict[str, str] = {}
    for name in ("acl-exempt-ipv4", "acl-exempt-ipv6"):
        _, outputs = resources.create(declared[name].type, name, declared[name].inputs)
        arns[name] = outputs["arn"]
    inputs = declared["acl"].inputs
    for rule in inputs["rules"]:
        if "ipSetReferenceStatement" in rule["statement"]:
            rule["statement"]["ipSetReferenceStatement"]["arn"] = arns[f"acl-{rule['name']}"]
    return resources.create(declared["acl"].type, "acl", inputs)[1]["arn"]


def statuses(acl: WebAcl, address: str, requests: int) -> list[int]:
    responses = [acl.block(address) for _ in range(requests)]
    return [response.status_code if response else 200 for response in responses]


def test_an_address_above_the_limit_gets_429_and_others_go_on(cloud: Cloud, arn: str) -> None:
    acl = WebAcl(cloud, arn, clock=Clock())

    assert statuses(acl, VISITOR, 12) == [200] * 10 + [429] * 2
    assert statuses(acl, "192.0.2.2", 1) == [200]
    blocked = acl.block(VISITOR)
    assert blocked is not None
    assert (blocked.json, blocked.headers["Cache-Control"]) == ({"message": "Too Many Requests"}, "no-store")


def test_after_five_quiet_minutes_it_may_send_again(cloud: Cloud, arn: str) -> None:
    clock = Clock()
    acl = WebAcl(cloud, arn, clock=clock)

    assert statuses(acl, VISITOR, 11)[-1] == 429
    clock.now += 300
    assert statuses(acl, VISITOR, 1) == [200]


@pytest.mark.parametrize("address", [OFFICE, "2001:db8::1"])
def test_an_exempt_address_has_no_limit(cloud: Cloud, arn: str, address: str) -> None:
    assert set(statuses(WebAcl(cloud, arn), address, 30)) == {200}


def test_a_rule_of_another_kind_is_refused(cloud: Cloud, resources: Resources) -> None:
    acl = {
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "rules": [RULE],
        "visibilityConfig": RULE["visibilityConfig"],
    }
    _, outputs = resources.create("aws:wafv2/webAcl:WebAcl", "own", acl)

    with pytest.raises(UnservedPart, match="the rule own of the web ACL is not served"):
        WebAcl(cloud, outputs["arn"])


def test_aws_waf_tells_which_addresses_a_rule_blocks_now(cloud: Cloud, arn: str) -> None:
    clock = Clock()
    acl = WebAcl(cloud, arn, clock=clock)
    name, id_ = arn.split("/")[-2:]

    def blocked(rule: str = RULE_OF_STACKS) -> list[str]:
        place = {"Scope": "REGIONAL", "WebACLName": name, "WebACLId": id_, "RuleName": rule}
        keys = cloud.client("wafv2").get_rate_based_statement_managed_keys(**place)
        return [*keys["ManagedKeysIPV4"]["Addresses"], *keys["ManagedKeysIPV6"]["Addresses"]]

    statuses(acl, "192.0.2.8", 10)
    assert blocked() == []
    for address in ("192.0.2.8", "2001:db9::1"):
        statuses(acl, address, 11)
    assert blocked() == ["192.0.2.8/32", "2001:db9::1/128"]
    assert blocked("exempt-ipv4") == []
    clock.now += 301
    assert blocked() == []
