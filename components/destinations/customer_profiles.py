"""Amazon Connect Customer Profiles: object types and event triggers, deployed by CloudFormation.

A domain that the stack creates has a dead-letter queue, for objects that it accepted and could not process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pulumi
import pulumi_aws as aws

from components.alarm import Alarm, Missing, simple
from components.destinations import ProvisionedDestination
from components.iam import allow
from components.location import Location
from components.profile_template import DEAD_LETTER_QUEUE_PARAMETER, ProfileTemplateArgs, template_body
from components.queues import create_queue, create_queue_policy
from components.safeguards import NO_SAFEGUARDS, Safeguards
from components.stack_metrics import of_queue
from contract.customer_profiles import CLOUDFORMATION_REGIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerProfilesArgs:
    """A Customer Profiles domain in which each event becomes an object of a profile."""

    name: ClassVar[str] = "customer-profiles"
    sdk_service: ClassVar[str] = "customer-profiles"

    # The object types and event triggers to deploy.
    template: ProfileTemplateArgs

    # Requests a second that one concurrent execution of the processor may send (1 or more): its share of the
    # account's quota.
    requests_per_second: int

    # The name of an existing domain's own dead-letter queue, for an alarm on it; None if it has none.
    domain_dead_letter_queue: str | None = None

    # The key of a new domain's dead-letter queue.
    safeguards: Safeguards = NO_SAFEGUARDS

    def provision(
        self, name: str, location: Location, child: pulumi.ResourceOptions
    ) -> ProvisionedDestination:
        profiles = CustomerProfiles(name, self.template, child, location=location, safeguards=self.safeguards)
        domain_arn = _domain_arn(location, profiles.domain_name)
        object_type_arn = pulumi.Output.concat(domain_arn, "/object-types/", profiles.object_type_name)
        return ProvisionedDestination(
            # profile:PutProfileObject, on the domain and the object type, allows BatchPutProfileObject too.
            statements=[
                allow("PutProfileObjects", ["profile:PutProfileObject"], domain_arn, object_type_arn)
            ],
            environment={
                "CUSTOMER_PROFILES_DOMAIN": profiles.domain_name,
                "CUSTOMER_PROFILES_OBJECT_TYPE": profiles.object_type_name,
                "CUSTOMER_PROFILES_TRIGGER_ATTRIBUTES": json.dumps(list(self.template.event_attributes)),
                "CUSTOMER_PROFILES_REQUESTS_PER_SECOND": str(self.requests_per_second),
            },
            outputs={
                "customer_profiles_domain": profiles.domain_name,
                "customer_profiles_object_type": profiles.object_type_name,
                "customer_profiles_endpoints_type": profiles.endpoints_type_name,
                "customer_profiles_expects": _expectations(self.template),
                **(
                    {"customer_profiles_dead_letter_queue_url": profiles.dead_letter_queue.url}
                    if profiles.dead_letter_queue
                    else {}
                ),
            },
            alarms=_alarms(self._watched_queue(profiles)),
            warning=pulumi.Output.from_input(location.region).apply(_region_warning),
        )

    def _watched_queue(self, profiles: CustomerProfiles) -> pulumi.Input[str] | None:
        """The name of the domain's dead-letter queue, if what it holds is a fault."""
        if profiles.dead_letter_queue is None:
            return self.domain_dead_letter_queue
        # If events create no profiles, it gets the events of every unknown customer.
        return profiles.dead_letter_queue.name if self.template.create_profiles else None


def _expectations(template: ProfileTemplateArgs) -> Mapping[str, object]:
    """What event triggers and searches expect of events, to compare with what tags send."""
    return {
        "trigger_attributes": list(template.trigger_attributes),
        "trigger_metrics": list(template.trigger_metrics),
        "search_attributes": list(template.search_attributes),
        "triggers": [
            {
                "name": trigger.name,
                "event": trigger.event_type,
                "fields": [condition.field for condition in trigger.conditions],
            }
            for trigger in template.event_triggers
        ],
    }


def _domain_arn(location: Location, domain_name: pulumi.Input[str]) -> pulumi.Output[str]:
    return pulumi.Output.concat(
        *("arn:", location.partition, ":profile:", location.region, ":", location.account_id),
        *(":domains/", domain_name),
    )


def _alarms(domain_dead_letter_queue: pulumi.Input[str] | None) -> Sequence[Alarm]:
    if domain_dead_letter_queue is None:
        return ()
    return [
        Alarm(
            key="domain-dead-letters",
            means=(
                "Customer Profiles could not process objects that it had accepted. They are in the domain's "
                "own dead-letter queue."
            ),
            section="Nothing arrives",
            series=simple(
                of_queue(domain_dead_letter_queue, "ApproximateNumberOfMessagesVisible"), "Maximum"
            ),
            period_seconds=60,
            threshold=0,
            missing=Missing.UNCHANGED,
        )
    ]


def _region_warning(region: str) -> str | None:
    if region in CLOUDFORMATION_REGIONS:
        return None
    return (
        f"Amazon Connect Customer Profiles is not known to be available in {region}, so the deployment will "
        f"probably fail. Set aws:region to one of {', '.join(sorted(CLOUDFORMATION_REGIONS))}."
    )


class CustomerProfiles(pulumi.ComponentResource):
    """Object types and event triggers in a domain, and the domain itself if it is new.

    `pulumi destroy` keeps the object types with their objects, and a new domain with its dead-letter queue.
    It deletes event triggers.
    """

    domain_name: pulumi.Output[str]
    object_type_name: pulumi.Output[str]
    endpoints_type_name: pulumi.Output[str]

    # Of a new domain; an existing one has its own, or none.
    dead_letter_queue: aws.sqs.Queue | None

    def __init__(
        self,
        name: str,
        args: ProfileTemplateArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        location: Location,
        safeguards: Safeguards = NO_SAFEGUARDS,
    ) -> None:
        super().__init__("gtm-pixel:index:CustomerProfiles", name, None, opts)

        queue = policy = None
        if args.new_domain:
            queue, policy = self._create_dead_letter_queue(name, args.domain_name, location, safeguards)
        stack = aws.cloudformation.Stack(
            name,
            template_body=template_body(args),
            parameters={DEAD_LETTER_QUEUE_PARAMETER: queue.url} if queue else None,
            # CloudFormation cannot update a stack whose creation failed (ROLLBACK_COMPLETE).
            on_failure="DELETE",
            # Customer Profiles tests whether it may send to the queue.
            opts=pulumi.ResourceOptions(parent=self, depends_on=policy),
        )

        def once_there(value: str) -> pulumi.Output[str]:
            """The name as an output. Its users wait until CloudFormation has created the named resource."""
            return stack.id.apply(lambda _: value)

        self.dead_letter_queue = queue
        self.domain_name = once_there(args.domain_name)
        self.object_type_name = once_there(args.object_type_name)
        self.endpoints_type_name = once_there(args.endpoints_type_name)
        self.register_outputs(
            {
                "domain_name": self.domain_name,
                "object_type_name": self.object_type_name,
                "endpoints_type_name": self.endpoints_type_name,
            }
        )

    def _create_dead_letter_queue(
        self, name: str, domain_name: str, location: Location, safeguards: Safeguards
    ) -> tuple[aws.sqs.Queue, aws.sqs.QueuePolicy]:
        """Create the queue to which only this domain may send."""
        retained = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        queue = create_queue(f"{name}-dead-letter", safeguards, retained)
        policy = create_queue_policy(
            f"{name}-dead-letter-policy",
            queue,
            retained,
            # As in "Cross-service confused deputy prevention" of the Amazon Connect administrator guide.
            {
                "Sid": "SendDeadLettersOfTheDomain",
                "Effect": "Allow",
                "Principal": {"Service": "profile.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue.arn,
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": location.account_id,
                        "aws:SourceArn": _domain_arn(location, domain_name),
                    }
                },
            },
        )
        return queue, policy
