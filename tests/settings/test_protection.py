"""Settings that protect a stack."""

from typing import Any

import pytest

from components.safeguards import Safeguards
from components.web_acl import RateLimit
from tests.settings.stacks import load, problems

WEB_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/own/11111111-2222-3333-4444-555555555555"

_RATE_FIX = "Set 0 for no limit, or a whole number from 10 to 2000000000."
_CIDR_FIX = "Set one such as 203.0.113.7/32, 198.51.100.0/24 or 2001:db8::/32."


def test_a_stack_has_no_web_acl_by_default() -> None:
    assert load().web_acl is None


def test_a_limit_by_address_may_exempt_some() -> None:
    loaded = load(rateLimitPerIpPer5Minutes=6_000, rateLimitExemptCidrs=["203.0.113.7", "2001:DB8::/32"])

    assert loaded.web_acl == RateLimit(
        requests_per_5_minutes=6_000, exempt_cidrs=("203.0.113.7/32", "2001:db8::/32")
    )


def test_a_web_acl_that_exists_is_taken_by_its_arn() -> None:
    assert load(webAclArn=WEB_ACL).web_acl == WEB_ACL


@pytest.mark.parametrize(
    "key", ["11111111-2222-3333-4444-555555555555", "mrk-1234abcd12ab34cd56ef1234567890ab"]
)
def test_an_account_may_require_a_key_and_a_boundary(key: str) -> None:
    arn = f"arn:aws:kms:eu-west-1:123456789012:key/{key}"
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"

    loaded = load(kmsKeyArn=arn, permissionsBoundaryArn=boundary)

    assert loaded.safeguards == Safeguards(kms_key_arn=arn, permissions_boundary_arn=boundary)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc")],
)
def test_a_key_may_be_in_any_partition(region: str, partition: str) -> None:
    arn = f"arn:{partition}:kms:{region}:123456789012:key/1a"

    assert load(kmsKeyArn=arn, region=region).safeguards.kms_key_arn == arn


ERRORS: list[tuple[dict[str, Any], str]] = [
    *(
        (
            {"rateLimitPerIpPer5Minutes": value},
            f"rateLimitPerIpPer5Minutes: {value} is out of range. {_RATE_FIX}",
        )
        for value in (-1, 9, 2_000_000_001)
    ),
    (
        {"rateLimitPerIpPer5Minutes": "many"},
        f"rateLimitPerIpPer5Minutes: 'many' is not a whole number. {_RATE_FIX}",
    ),
    (
        {"rateLimitPerIpPer5Minutes": 30_000, "throttlingRateLimit": 100},
        "rateLimitPerIpPer5Minutes: 30000 lets one address use all of throttlingRateLimit, "
        "100 requests a second. Set less than 30000.",
    ),
    *(
        (
            {"rateLimitPerIpPer5Minutes": 10, "rateLimitExemptCidrs": [value]},
            f"rateLimitExemptCidrs[0]: {value!r} is not a range of IP addresses. {_CIDR_FIX}",
        )
        for value in ("office", "203.0.113.7/24", "203.0.113.0/33", 7)
    ),
    (
        {"rateLimitPerIpPer5Minutes": 10, "rateLimitExemptCidrs": ["fe80::1%eth0"]},
        f"rateLimitExemptCidrs[0]: 'fe80::1%eth0' has a zone, which AWS WAF does not take. {_CIDR_FIX}",
    ),
    (
        {"rateLimitPerIpPer5Minutes": 10, "rateLimitExemptCidrs": ["::/0"]},
        f"rateLimitExemptCidrs[0]: '::/0' is every address, which AWS WAF does not take. {_CIDR_FIX}",
    ),
    (
        {"rateLimitPerIpPer5Minutes": 10, "rateLimitExemptCidrs": ["203.0.113.7", "203.0.113.7/32"]},
        "rateLimitExemptCidrs[1]: '203.0.113.7/32' is listed twice. List it once.",
    ),
    (
        {"rateLimitExemptCidrs": ["203.0.113.7/32"]},
        "rateLimitExemptCidrs: the list has no effect without rateLimitPerIpPer5Minutes. "
        "Set rateLimitPerIpPer5Minutes, or run: pulumi config rm rateLimitExemptCidrs",
    ),
    (
        {"rateLimitPerIpPer5Minutes": 10, "webAclArn": WEB_ACL},
        "rateLimitPerIpPer5Minutes: 10 does not go with webAclArn: a stage has one web ACL. "
        "Put the limit into your web ACL, or run: pulumi config rm webAclArn",
    ),
    (
        {"webAclArn": WEB_ACL.replace("eu-west-1", "us-east-1")},
        "webAclArn: the web ACL is in us-east-1, and the stack is in eu-west-1. "
        "Set one that is in eu-west-1.",
    ),
    (
        {"webAclArn": WEB_ACL.replace("regional", "global")},
        f"webAclArn: {WEB_ACL.replace('regional', 'global')!r} is not the ARN of a Regional web ACL. Set one "
        "such as arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/NAME/ID.",
    ),
    (
        {"kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:alias/events"},
        "kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:alias/events' is not the ARN of a key of AWS KMS. "
        "Set one such as arn:aws:kms:eu-central-1:123456789012:key/ID, not an alias.",
    ),
    (
        {"kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1a"},
        "kmsKeyArn: the key is in us-east-1, and the stack is in eu-west-1. Set one that is in eu-west-1.",
    ),
    (
        {"permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/b", "region": "us-gov-west-1"},
        "permissionsBoundaryArn: 'arn:aws:iam::123456789012:policy/b' is of another partition than "
        "us-gov-west-1, whose ARNs begin with arn:aws-us-gov:. Copy it from the console of the stack's "
        "account.",
    ),
    (
        {"kmsKeyArn": "arn:aws:kms:cn-north-1:123456789012:key/1a", "region": "cn-north-1"},
        "kmsKeyArn: 'arn:aws:kms:cn-north-1:123456789012:key/1a' is of another partition than cn-north-1, "
        "whose ARNs begin with arn:aws-cn:. Copy it from the console of the stack's account.",
    ),
    (
        {"permissionsBoundaryArn": "boundary"},
        "permissionsBoundaryArn: 'boundary' is not the ARN of a policy of AWS IAM. "
        "Set one such as arn:aws:iam::123456789012:policy/NAME.",
    ),
]


@pytest.mark.parametrize(("changes", "error"), ERRORS)
def test_an_error_is_one_line_that_says_what_to_do(changes: dict[str, Any], error: str) -> None:
    assert problems(**changes) == [error]
