"""An AWS WAF web ACL in front of the API: one rate limit for each IP address, or an ACL that exists.

It has a standing charge, so a stack has one only by a setting.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm, simple
from components.stack_metrics import Metric
from components.stack_names import fitting_name

WINDOW_SECONDS = 300
"""The time for which AWS WAF counts the requests of an address."""

RULE = "rate-per-ip"
"""The rule that blocks, and its metric: the dimension `Rule` of AWS/WAFV2."""

TOO_MANY_REQUESTS = '{"message":"Too Many Requests"}'
"""The body of the 429, as in API Gateway's own."""

_LONGEST_METRIC_NAME = 128
_BODY_KEY = "too-many-requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many requests one IP address may send."""

    # Requests in 5 minutes (10 to 2,000,000,000).
    requests_per_5_minutes: int

    # Addresses without a limit, such as those of a server-side GTM container or an office.
    exempt_cidrs: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAclArgs:
    # Project and stack, which begin the name of its metric.
    stack_name: str

    # A limit for a new web ACL, or the ARN of one that exists (Regional, in the stack's Region).
    rule: RateLimit | str

    region: pulumi.Input[str]

    # The stage that it protects.
    stage_arns: Mapping[str, pulumi.Input[str]]

    # Headers of the 429. AWS WAF responds by itself, before API Gateway.
    response_headers: Mapping[str, str]


class WebAcl(pulumi.ComponentResource):
    """A web ACL on the stage. It responds with 429 to an address that sends too much.

    No request is kept as a sample, because URLs hold customers' data and tokens.
    """

    # Alarms on this web ACL; none for one that exists, which has an owner of its own.
    alarms: Sequence[Alarm]

    web_acl_arn: pulumi.Output[str]

    def __init__(self, name: str, args: WebAclArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("gtm-pixel:index:WebAcl", name, None, opts)

        if isinstance(args.rule, str):
            self.alarms = ()
            self.web_acl_arn = pulumi.Output.from_input(args.rule)
        else:
            metric_name = fitting_name(args.stack_name, longest=_LONGEST_METRIC_NAME, suffix="-web-acl")
            self.alarms = [_alarm(metric_name, args.region)]
            self.web_acl_arn = self._create(name, args.rule, args.response_headers, metric_name)
        for position, (stage_name, stage_arn) in enumerate(args.stage_arns.items()):
            # The first stage's had no stage in its name in earlier versions.
            aliases = [pulumi.Alias(name=f"{name}-association")] if position == 0 else None
            aws.wafv2.WebAclAssociation(
                f"{name}-association-{stage_name}",
                resource_arn=stage_arn,
                web_acl_arn=self.web_acl_arn,
                # Deleting the old one after creating the new one would take the new one off the stage.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, aliases=aliases),
            )
        self.register_outputs({"web_acl_arn": self.web_acl_arn})

    def _create(
        self, name: str, limit: RateLimit, response_headers: Mapping[str, str], metric_name: str
    ) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        rules = [
            _exempt(position, f"exempt-{version.lower()}", ip_set.arn)
            for position, (version, ip_set) in enumerate(self._ip_sets(name, limit, child).items())
        ]
        acl = aws.wafv2.WebAcl(
            name,
            description="Limits the requests of each IP address",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[*rules, _rate_limit(len(rules), limit.requests_per_5_minutes, response_headers)],
            custom_response_bodies=[
                {"key": _BODY_KEY, "content": TOO_MANY_REQUESTS, "content_type": "APPLICATION_JSON"}
            ],
            visibility_config={
                "cloudwatch_metrics_enabled": True,
                "metric_name": metric_name,
                "sampled_requests_enabled": False,
            },
            opts=child,
        )
        return acl.arn

    @staticmethod
    def _ip_sets(name: str, limit: RateLimit, child: pulumi.ResourceOptions) -> Mapping[str, aws.wafv2.IpSet]:
        """A set for each IP version that has addresses without a limit."""
        networks = [ipaddress.ip_network(cidr) for cidr in limit.exempt_cidrs]
        addresses = {
            version: [str(network) for network in networks if f"IPV{network.version}" == version]
            for version in ("IPV4", "IPV6")
        }
        return {
            version: aws.wafv2.IpSet(
                f"{name}-exempt-{version.lower()}",
                description="Addresses without a limit",
                scope="REGIONAL",
                ip_address_version=version,
                addresses=listed,
                opts=child,
            )
            for version, listed in addresses.items()
            if listed
        }


def _exempt(priority: int, name: str, ip_set_arn: pulumi.Input[str]) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": name,
        "priority": priority,
        "action": {"allow": {}},
        "statement": {"ip_set_reference_statement": {"arn": ip_set_arn}},
        "visibility_config": _visibility(name),
    }


def _rate_limit(
    priority: int, limit: int, response_headers: Mapping[str, str]
) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": RULE,
        "priority": priority,
        "action": {
            "block": {
                "custom_response": {
                    "response_code": 429,
                    "custom_response_body_key": _BODY_KEY,
                    "response_headers": [
                        {"name": header, "value": value} for header, value in response_headers.items()
                    ],
                }
            }
        },
        "statement": {
            "rate_based_statement": {
                "aggregate_key_type": "IP",
                "evaluation_window_sec": WINDOW_SECONDS,
                "limit": limit,
            }
        },
        "visibility_config": _visibility(RULE),
    }


def _alarm(metric_name: str, region: pulumi.Input[str]) -> Alarm:
    blocked = Metric(
        namespace="AWS/WAFV2",
        name="BlockedRequests",
        dimensions={"WebACL": metric_name, "Rule": RULE, "Region": region},
    )
    return Alarm(
        key="blocked-requests",
        means=(
            "For a quarter of an hour an address sent more than rateLimitPerIpPer5Minutes. Its events above "
            "the limit are lost; they count only if it is a sender of yours."
        ),
        section="Nothing arrives",
        series=simple(blocked),
        periods=3,
        threshold=0,
    )


def _visibility(metric_name: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgsDict:
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": metric_name,
        "sampled_requests_enabled": False,
    }
