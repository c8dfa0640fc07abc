"""Settings of the API's host name: a domain name of the site's own, and its TLS versions."""

import re
from collections.abc import Iterable
from typing import Any

from components.domain import DomainArgs
from components.tls_policy import TlsPolicy
from settings import api
from settings.arns import arn, in_the_stacks_region
from settings.groups import Rule, Stack
from settings.problems import Problem
from settings.values import Setting, Values, choice, optional, string, true_or_false

# API Gateway takes no upper-case letters. A name of one label cannot be a domain name.
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN_NAME = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_HOSTED_ZONE_ID = re.compile(r"Z[A-Z0-9]{1,31}")

DOMAIN_NAME = Setting(
    "domainName",
    "",
    optional(
        string(
            _DOMAIN_NAME,
            "a host name: lower case, without https:// and path",
            "one such as events.example.com",
        )
    ),
)
CERTIFICATE_ARN = Setting(
    "certificateArn",
    "",
    optional(
        arn(
            "acm",
            "certificate/[A-Za-z0-9-]+",
            "a certificate of AWS Certificate Manager",
            example="arn:aws:acm:eu-central-1:123456789012:certificate/ID",
        )
    ),
)
HOSTED_ZONE_ID = Setting(
    "hostedZoneId",
    "",
    optional(
        string(
            _HOSTED_ZONE_ID,
            "the id of a hosted zone: Z and up to 31 capital letters and digits",
            "the one that Amazon Route 53 shows, or nothing to make the record yourself",
        )
    ),
)
EXECUTE_API_ENDPOINT = Setting("executeApiEndpoint", default=True, read=true_or_false)
TLS_POLICY = Setting("tlsPolicy", "TLS_1_2", choice(TlsPolicy))

SETTINGS = (DOMAIN_NAME, CERTIFICATE_ARN, HOSTED_ZONE_ID, EXECUTE_API_ENDPOINT, TLS_POLICY)


def _a_domain_has_a_certificate(values: Values, _: Stack) -> Iterable[Problem]:
    if values[DOMAIN_NAME] is not None and values[CERTIFICATE_ARN] is None:
        yield Problem(
            CERTIFICATE_ARN.key,
            f"it is not set, and domainName {values[DOMAIN_NAME]} needs a certificate.",
            "Set the ARN of one for that name, in the stack's Region.",
        )


def _only_with_a_domain(setting: Setting[Any]) -> Rule:
    def check(values: Values, _: Stack) -> Iterable[Problem]:
        if values[DOMAIN_NAME] is None and values[setting] is not None:
            yield Problem(
                setting.key,
                f"{values[setting]} has no effect without domainName.",
                f"Set domainName, or run: pulumi config rm {setting.key}",
            )

    return check


def _some_host_answers(values: Values, _: Stack) -> Iterable[Problem]:
    if values[DOMAIN_NAME] is None and not values[EXECUTE_API_ENDPOINT]:
        yield Problem(
            EXECUTE_API_ENDPOINT.key,
            "false leaves no host name that tags could call.",
            "Set domainName, or set executeApiEndpoint to true.",
        )


def _the_former_stage_answers(values: Values, _: Stack) -> Iterable[Problem]:
    """A domain leads to the new stage. The URL of the former one has API Gateway's own host."""
    stage = values[api.PREVIOUS_STAGE_NAME]
    if stage is not None and not values[EXECUTE_API_ENDPOINT]:
        yield Problem(
            api.PREVIOUS_STAGE_NAME.key,
            f"{stage!r} has no effect while executeApiEndpoint is false: its URL has API Gateway's own host.",
            f"Set executeApiEndpoint to true, or run: pulumi config rm {api.PREVIOUS_STAGE_NAME.key}",
        )


RULES: tuple[Rule, ...] = (
    _a_domain_has_a_certificate,
    _only_with_a_domain(CERTIFICATE_ARN),
    _only_with_a_domain(HOSTED_ZONE_ID),
    _some_host_answers,
    _the_former_stage_answers,
    in_the_stacks_region(CERTIFICATE_ARN, "the certificate"),
)


def make(values: Values) -> DomainArgs | None:
    """The domain, if the stack has one."""
    name, certificate_arn = values[DOMAIN_NAME], values[CERTIFICATE_ARN]
    if name is None or certificate_arn is None:
        return None
    return DomainArgs(name=name, certificate_arn=certificate_arn, hosted_zone_id=values[HOSTED_ZONE_ID])
