"""A custom domain name for the API, so that tags call a host of the site's own domain.

Its base path mapping leads to the stage, so the URL has no stage in its path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.tls_policy import TlsPolicy
from contract.url import PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainArgs:
    """A host name of the site's own domain."""

    # Such as events.example.com, in lower case.
    name: str

    # A certificate for that name, in AWS Certificate Manager and in the stack's Region.
    certificate_arn: str

    # The Route 53 hosted zone that gets the records of the name; None makes no records.
    hosted_zone_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDomainArgs:
    domain: DomainArgs
    tls_policy: TlsPolicy

    # The API and its stage. The stage must exist.
    rest_api_id: pulumi.Input[str]
    stage_name: pulumi.Input[str]

    # Limits of the stage, which are there before the domain leads to it.
    after: Sequence[pulumi.Resource] = ()

    # Refuse to delete or replace the domain name and its records, because tags call it.
    protect: bool = False


class CustomDomain(pulumi.ComponentResource):
    """`https://NAME/events`, with IPv4 and IPv6 records if the name's hosted zone is in Route 53."""

    events_url: pulumi.Output[str]

    # The host to which a CNAME record of the name must lead.
    target: pulumi.Output[str]

    def __init__(self, name: str, args: CustomDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("gtm-pixel:index:CustomDomain", name, None, opts)

        domain = aws.apigateway.DomainName(
            name,
            domain_name=args.domain.name,
            regional_certificate_arn=args.domain.certificate_arn,
            endpoint_configuration={"types": "REGIONAL", "ip_address_type": "dualstack"},
            security_policy=args.tls_policy.value,
            endpoint_access_mode=args.tls_policy.access_mode,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        mapping = aws.apigateway.BasePathMapping(
            f"{name}-mapping",
            domain_name=domain.domain_name,
            rest_api=args.rest_api_id,
            stage_name=args.stage_name,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=args.after),
        )
        if args.domain.hosted_zone_id is not None:
            for suffix, record_type in (("ipv4", "A"), ("ipv6", "AAAA")):
                aws.route53.Record(
                    f"{name}-{suffix}",
                    zone_id=args.domain.hosted_zone_id,
                    name=domain.domain_name,
                    type=record_type,
                    aliases=[
                        {
                            "name": domain.regional_domain_name,
                            "zone_id": domain.regional_zone_id,
                            "evaluate_target_health": False,
                        }
                    ],
                    # No request must reach the domain before it leads to the API.
                    opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=[mapping]),
                )

        # Known once requests to the domain reach the API.
        self.events_url = mapping.id.apply(lambda _: f"https://{args.domain.name}{PATH}")
        self.target = domain.regional_domain_name
        self.register_outputs({"events_url": self.events_url, "target": self.target})
