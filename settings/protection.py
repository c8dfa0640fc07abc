"""Settings that protect a stack: who may send how much, which key encrypts, what roles may never do."""

import ipaddress
from collections.abc import Iterable
from typing import Final

from components.safeguards import Safeguards
from components.web_acl import WINDOW_SECONDS, RateLimit
from settings import api
from settings.arns import arn, in_the_stacks_partition, in_the_stacks_region
from settings.groups import Rule, Stack
from settings.problems import InvalidValue, Problem
from settings.values import Reader, Setting, Values, list_of, optional, unique

LEAST_RATE: Final = 10
MOST_RATE: Final = 2_000_000_000
"""The limits of a rate-based rule (AWS WAF API reference, RateBasedStatement)."""

_RATE_FIX = f"Set 0 for no limit, or a whole number from {LEAST_RATE} to {MOST_RATE}."


def _rate(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValue(Problem(key, f"{value!r} is not a whole number.", _RATE_FIX))
    if value != 0 and not LEAST_RATE <= value <= MOST_RATE:
        raise InvalidValue(Problem(key, f"{value} is out of range.", _RATE_FIX))
    return value


def _cidr() -> Reader[str]:
    def read(key: str, value: object) -> str:
        fix = "Set one such as 203.0.113.7/32, 198.51.100.0/24 or 2001:db8::/32."
        try:
            network = ipaddress.ip_network(value if isinstance(value, str) else "")
        except ValueError:
            raise InvalidValue(Problem(key, f"{value!r} is not a range of IP addresses.", fix)) from None
        if "%" in str(network):
            raise InvalidValue(Problem(key, f"{value!r} has a zone, which AWS WAF does not take.", fix))
        if network.prefixlen == 0:
            raise InvalidValue(Problem(key, f"{value!r} is every address, which AWS WAF does not take.", fix))
        return str(network)

    return read


WEB_ACL_ARN = Setting(
    "webAclArn",
    "",
    optional(
        arn(
            "wafv2",
            "regional/webacl/[^/]+/[A-Za-z0-9-]+",
            "a Regional web ACL",
            example="arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/NAME/ID",
        )
    ),
)
RATE_LIMIT = Setting("rateLimitPerIpPer5Minutes", 0, _rate)
EXEMPT_CIDRS = Setting("rateLimitExemptCidrs", [], unique(list_of(_cidr(), "203.0.113.7/32")))
KMS_KEY_ARN = Setting(
    "kmsKeyArn",
    "",
    optional(
        arn(
            "kms",
            # Not an alias: policies do not take one.
            "key/(mrk-)?[a-f0-9-]+",
            "a key of AWS KMS",
            example="arn:aws:kms:eu-central-1:123456789012:key/ID, not an alias",
        )
    ),
)
PERMISSIONS_BOUNDARY_ARN = Setting(
    "permissionsBoundaryArn",
    "",
    optional(
        arn(
            "iam",
            "policy/[!-~]{1,640}",
            "a policy of AWS IAM",
            example="arn:aws:iam::123456789012:policy/NAME",
            regional=False,
        )
    ),
)

SETTINGS = (RATE_LIMIT, EXEMPT_CIDRS, WEB_ACL_ARN, KMS_KEY_ARN, PERMISSIONS_BOUNDARY_ARN)


def _one_web_acl(values: Values, _: Stack) -> Iterable[Problem]:
    if values[WEB_ACL_ARN] is not None and values[RATE_LIMIT]:
        yield Problem(
            RATE_LIMIT.key,
            f"{values[RATE_LIMIT]} does not go with webAclArn: a stage has one web ACL.",
            "Put the limit into your web ACL, or run: pulumi config rm webAclArn",
        )


def _exempt_from_a_limit(values: Values, _: Stack) -> Iterable[Problem]:
    if values[EXEMPT_CIDRS] and not values[RATE_LIMIT]:
        yield Problem(
            EXEMPT_CIDRS.key,
            "the list has no effect without rateLimitPerIpPer5Minutes.",
            f"Set rateLimitPerIpPer5Minutes, or run: pulumi config rm {EXEMPT_CIDRS.key}",
        )


def _one_address_cannot_take_all(values: Values, _: Stack) -> Iterable[Problem]:
    """The stage's own limit is shared by all senders."""
    limit, stage = values[RATE_LIMIT], values[api.THROTTLING_RATE_LIMIT]
    if limit >= stage * WINDOW_SECONDS:
        yield Problem(
            RATE_LIMIT.key,
            f"{limit} lets one address use all of throttlingRateLimit, {stage} requests a second.",
            f"Set less than {stage * WINDOW_SECONDS}.",
        )


RULES: tuple[Rule, ...] = (
    _one_web_acl,
    _exempt_from_a_limit,
    _one_address_cannot_take_all,
    in_the_stacks_region(WEB_ACL_ARN, "the web ACL"),
    in_the_stacks_region(KMS_KEY_ARN, "the key"),
    in_the_stacks_partition(PERMISSIONS_BOUNDARY_ARN),
)


def web_acl(values: Values) -> RateLimit | str | None:
    """The limit of a new web ACL, the ARN of an existing one, or None."""
    if limit := values[RATE_LIMIT]:
        return RateLimit(requests_per_5_minutes=limit, exempt_cidrs=values[EXEMPT_CIDRS])
    return values[WEB_ACL_ARN]


def safeguards(values: Values) -> Safeguards:
    """The account's key, and the boundary of every role."""
    return Safeguards(
        kms_key_arn=values[KMS_KEY_ARN], permissions_boundary_arn=values[PERMISSIONS_BOUNDARY_ARN]
    )
