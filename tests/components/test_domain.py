"""The resources that CustomDomain registers."""

from typing import Any

import botocore.session
import pytest

from components.domain import CustomDomain, CustomDomainArgs, DomainArgs
from components.tls_policy import TlsPolicy
from tests.recording import Recording, record

NAME = "events.example.com"
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
ALIAS = {
    "name": "d-1a2b3c4.execute-api.eu-west-1.test",
    "zoneId": "Z2OJLYMUO9EFXC",
    "evaluateTargetHealth": False,
}


def recorded(
    *, hosted_zone_id: str | None = "Z1", tls_policy: TlsPolicy = TlsPolicy.TLS_1_2, **changes: Any
) -> Recording:
    domain = DomainArgs(name=NAME, certificate_arn=CERTIFICATE, hosted_zone_id=hosted_zone_id)
    args = CustomDomainArgs(
        domain=domain, tls_policy=tls_policy, rest_api_id="api-1", stage_name="v1", **changes
    )
    return record(lambda: CustomDomain("domain", args))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded()


def test_the_domain_name_is_regional_and_reachable_over_ipv6(recording: Recording) -> None:
    assert recording["domain"].inputs == {
        "domainName": NAME,
        "regionalCertificateArn": CERTIFICATE,
        "endpointConfiguration": {"types": "REGIONAL", "ipAddressType": "dualstack"},
        "securityPolicy": "TLS_1_2",
    }


def test_it_leads_to_the_stage_without_a_base_path(recording: Recording) -> None:
    assert recording["domain-mapping"].inputs == {
        "domainName": NAME,
        "restApi": "api-1",
        "stageName": "v1",
    }


@pytest.mark.parametrize(("record_name", "type_"), [("domain-ipv4", "A"), ("domain-ipv6", "AAAA")])
def test_its_hosted_zone_gets_aliases(recording: Recording, record_name: str, type_: str) -> None:
    assert recording[record_name].inputs == {
        "zoneId": "Z1",
        "name": NAME,
        "type": type_,
        "aliases": [ALIAS],
    }


def test_no_request_reaches_the_name_before_the_name_leads_to_the_api(recording: Recording) -> None:
    assert "domain-mapping" in recording["domain-ipv4"].depends_on & recording["domain-ipv6"].depends_on


def test_without_a_hosted_zone_it_makes_no_records() -> None:
    assert set(recorded(hosted_zone_id=None).names()) == {"domain", "domain-mapping"}


def test_an_enhanced_tls_policy_comes_with_an_access_mode() -> None:
    inputs = recorded(tls_policy=TlsPolicy.TLS13_1_3_2025_09)["domain"].inputs

    assert (inputs["securityPolicy"], inputs["endpointAccessMode"]) == (
        "SecurityPolicy_TLS13_1_3_2025_09",
        "BASIC",
    )


@pytest.mark.parametrize("protect", [True, False])
def test_what_tags_call_can_be_protected(*, protect: bool) -> None:
    stack = recorded(protect=protect)

    called = ("domain", "domain-mapping", "domain-ipv4", "domain-ipv6")
    assert [stack[name].protected for name in called] == [protect] * len(called)


def test_each_tls_policy_is_one_of_api_gateways_for_regional_endpoints() -> None:
    model: Any = botocore.session.get_session().get_service_model("apigateway")
    policies = model.shape_for("SecurityPolicy").enum

    assert {policy.value for policy in TlsPolicy} <= {name for name in policies if "EDGE" not in name}
