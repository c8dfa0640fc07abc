"""The resources that WebAcl registers."""

import re
from typing import Any

import botocore.session
import pytest

from components.web_acl import RULE, RateLimit, WebAcl, WebAclArgs
from tests.recording import Recording, record

STAGE = "arn:aws:apigateway:eu-west-1::/restapis/api-1/stages/v1"
HEADERS = {"Cache-Control": "no-store", "Vary": "Origin"}
EXISTING = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/own/1"
LIMIT = RateLimit(
    requests_per_5_minutes=6_000, exempt_cidrs=("203.0.113.7/32", "2001:db8::/32", "198.51.100.0/24")
)


def recorded(rule: RateLimit | str = LIMIT, *, stack: str = "test") -> Recording:
    args = WebAclArgs(
        stack_name=f"gtm-pixel-{stack}",
        rule=rule,
        region="eu-west-1",
        stage_arns={"v1": STAGE},
        response_headers=HEADERS,
    )
    return record(lambda: WebAcl("acl", args))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded()


def rule(recording: Recording, name: str) -> dict[str, Any]:
    (found,) = [one for one in recording["acl"].inputs["rules"] if one["name"] == name]
    return found


def test_it_lets_every_request_pass_that_no_rule_blocks(recording: Recording) -> None:
    inputs = recording["acl"].inputs

    assert (inputs["scope"], inputs["defaultAction"]) == ("REGIONAL", {"allow": {}})


def test_an_address_above_the_limit_gets_429_with_the_headers_of_the_api(recording: Recording) -> None:
    limit = rule(recording, RULE)

    assert limit["statement"] == {
        "rateBasedStatement": {"aggregateKeyType": "IP", "evaluationWindowSec": 300, "limit": 6_000}
    }
    response = limit["action"]["block"]["customResponse"]
    assert response["responseCode"] == 429
    assert {one["name"]: one["value"] for one in response["responseHeaders"]} == HEADERS
    assert recording["acl"].inputs["customResponseBodies"] == [
        {
            "key": response["customResponseBodyKey"],
            "content": '{"message":"Too Many Requests"}',
            "contentType": "APPLICATION_JSON",
        }
    ]


def test_exempt_addresses_pass_before_the_limit_counts_them(recording: Recording) -> None:
    assert {name: recording[name].inputs["addresses"] for name in ("acl-exempt-ipv4", "acl-exempt-ipv6")} == {
        "acl-exempt-ipv4": ["203.0.113.7/32", "198.51.100.0/24"],
        "acl-exempt-ipv6": ["2001:db8::/32"],
    }
    exempt = [rule(recording, name) for name in ("exempt-ipv4", "exempt-ipv6")]
    assert [one["action"] for one in exempt] == [{"allow": {}}, {"allow": {}}]
    assert max(one["priority"] for one in exempt) < rule(recording, RULE)["priority"]


def test_without_exempt_addresses_it_has_one_rule() -> None:
    recording = recorded(RateLimit(requests_per_5_minutes=10))

    assert set(recording.names()) == {"acl", "acl-association-v1"}
    assert [one["name"] for one in recording["acl"].inputs["rules"]] == [RULE]


def test_no_request_is_kept_as_a_sample(recording: Recording) -> None:
    """URLs hold tokens and customers' data."""
    inputs = recording["acl"].inputs

    configs = [inputs["visibilityConfig"], *(one["visibilityConfig"] for one in inputs["rules"])]
    assert {config["sampledRequestsEnabled"] for config in configs} == {False}
    assert {config["cloudwatchMetricsEnabled"] for config in configs} == {True}


@pytest.mark.parametrize(("limit", "alarms"), [(LIMIT, ["blocked-requests"]), ("arn:of:another", [])])
def test_only_its_own_web_acl_has_an_alarm_on_the_metric_of_its_rule(
    limit: RateLimit | str, alarms: list[str]
) -> None:
    made: list[WebAcl] = []
    args = WebAclArgs(
        stack_name="gtm-pixel-test",
        rule=limit,
        region="eu-west-1",
        stage_arns={"v1": STAGE},
        response_headers=HEADERS,
    )
    recording = record(lambda: made.append(WebAcl("acl", args)))

    assert [alarm.key for alarm in made[0].alarms] == alarms
    for alarm in made[0].alarms:
        (series,) = alarm.series.values()
        assert series.metric.dimensions == {
            "WebACL": recording["acl"].inputs["visibilityConfig"]["metricName"],
            "Rule": rule(recording, RULE)["visibilityConfig"]["metricName"],
            "Region": "eu-west-1",
        }


@pytest.mark.parametrize("stack", ["prod", "feature.x", "s" * 100])
def test_each_stack_has_metrics_of_its_own_under_a_name_that_waf_takes(stack: str) -> None:
    name = recorded(stack=stack)["acl"].inputs["visibilityConfig"]["metricName"]

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name)
    assert name != recorded(stack="other")["acl"].inputs["visibilityConfig"]["metricName"]


def test_it_is_in_front_of_the_stage(recording: Recording) -> None:
    assert recording["acl-association-v1"].inputs == {
        "resourceArn": STAGE,
        "webAclArn": "arn:aws:wafv2:eu-west-1:123456789012:acl-1a2b3c4",
    }


def test_one_that_exists_is_only_associated() -> None:
    recording = recorded(EXISTING)

    assert set(recording.names()) == {"acl-association-v1"}
    assert recording["acl-association-v1"].inputs == {"resourceArn": STAGE, "webAclArn": EXISTING}


def test_its_rules_are_what_the_service_takes() -> None:
    model: Any = botocore.session.get_session().get_service_model("wafv2")
    shape = model.shape_for("RateBasedStatement")

    assert set(shape.members) >= {"Limit", "EvaluationWindowSec", "AggregateKeyType"}
    assert shape.members["Limit"].metadata == {"min": 10, "max": 2_000_000_000}
    assert 429 in range(*model.shape_for("ResponseStatusCode").metadata.values())
