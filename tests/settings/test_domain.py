"""Settings of a domain of one's own."""

from typing import Any

import pytest

from components.domain import DomainArgs
from components.tls_policy import TlsPolicy
from tests.settings.stacks import load, problems

NAME = "events.example.com"
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
DOMAIN: dict[str, Any] = {"domainName": NAME, "certificateArn": CERTIFICATE}

_NAME_RULE = "a host name: lower case, without https:// and path"
_CERTIFICATE_RULE = (
    "the ARN of a certificate of AWS Certificate Manager. "
    "Set one such as arn:aws:acm:eu-central-1:123456789012:certificate/ID."
)


def test_without_one_the_api_has_its_own_host_name() -> None:
    loaded = load()

    assert (loaded.domain, loaded.execute_api_endpoint, loaded.tls_policy) == (None, True, TlsPolicy.TLS_1_2)


def test_a_domain_has_a_certificate_and_may_have_a_hosted_zone() -> None:
    loaded = load(**DOMAIN, hostedZoneId="Z0123", executeApiEndpoint=False)

    assert loaded.domain == DomainArgs(name=NAME, certificate_arn=CERTIFICATE, hosted_zone_id="Z0123")
    assert not loaded.execute_api_endpoint


@pytest.mark.parametrize(
    "name", ["example.com", "a.b.c.example.co.uk", "xn--bcher-kva.example", "e-1.example"]
)
def test_a_name_may_be_any_host_of_a_domain(name: str) -> None:
    assert problems(**{**DOMAIN, "domainName": name}) == []


def test_a_certificate_is_not_compared_with_a_region_that_only_the_provider_knows() -> None:
    assert problems(**DOMAIN, region=None) == []


ERRORS: list[tuple[dict[str, Any], str]] = [
    *(
        (
            {**DOMAIN, "domainName": name},
            f"domainName: {name!r} is not {_NAME_RULE}. Set one such as events.example.com.",
        )
        for name in (
            "https://events.example.com",
            "events.example.com/events",
            "Events.example.com",
            "*.example.com",
            "localhost",
            "events.example.com.",
            "events..example.com",
            "10.0.0.1",
            "a" * 64 + ".example.com",
        )
    ),
    *(
        ({**DOMAIN, "certificateArn": arn}, f"certificateArn: {arn!r} is not {_CERTIFICATE_RULE}")
        for arn in (
            "1a2b",
            "arn:aws:acm::123456789012:certificate/1",
            "arn:aws:iam:eu-west-1:1:certificate",
        )
    ),
    (
        {**DOMAIN, "certificateArn": CERTIFICATE.replace("eu-west-1", "us-east-1")},
        "certificateArn: the certificate is in us-east-1, and the stack is in eu-west-1. "
        "Set one that is in eu-west-1.",
    ),
    (
        {"domainName": NAME},
        "certificateArn: it is not set, and domainName events.example.com needs a certificate. "
        "Set the ARN of one for that name, in the stack's Region.",
    ),
    (
        {"certificateArn": CERTIFICATE},
        f"certificateArn: {CERTIFICATE} has no effect without domainName. "
        "Set domainName, or run: pulumi config rm certificateArn",
    ),
    (
        {"hostedZoneId": "Z1"},
        "hostedZoneId: Z1 has no effect without domainName. "
        "Set domainName, or run: pulumi config rm hostedZoneId",
    ),
    (
        {**DOMAIN, "hostedZoneId": "example.com"},
        "hostedZoneId: 'example.com' is not the id of a hosted zone: Z and up to 31 capital letters "
        "and digits. Set the one that Amazon Route 53 shows, or nothing to make the record yourself.",
    ),
    (
        {"executeApiEndpoint": False},
        "executeApiEndpoint: false leaves no host name that tags could call. "
        "Set domainName, or set executeApiEndpoint to true.",
    ),
    (
        {**DOMAIN, "executeApiEndpoint": False, "previousStageName": "v0"},
        "previousStageName: 'v0' has no effect while executeApiEndpoint is false: its URL has API Gateway's "
        "own host. Set executeApiEndpoint to true, or run: pulumi config rm previousStageName",
    ),
    (
        {"tlsPolicy": "TLS_1_1"},
        "tlsPolicy: 'TLS_1_1' is not TLS_1_2 or SecurityPolicy_TLS13_1_2_2021_06 or "
        "SecurityPolicy_TLS13_1_2_PQ_2025_09 or SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09 or "
        "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09 or SecurityPolicy_TLS13_1_3_2025_09 or "
        "SecurityPolicy_TLS13_1_3_FIPS_2025_09. Did you mean TLS_1_2?",
    ),
]


@pytest.mark.parametrize(("changes", "error"), ERRORS)
def test_an_error_is_one_line_that_says_what_to_do(changes: dict[str, Any], error: str) -> None:
    assert problems(**changes) == [error]
