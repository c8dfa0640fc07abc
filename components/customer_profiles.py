"""What a Customer Profiles domain is told of this stack's events: one CloudFormation stack.

Its template is profile_template.py's.
"""

import pulumi
import pulumi_aws as aws

from components.profile_template import ProfileTemplateArgs, template_body

# The Regions of the partition aws in which CloudFormation has AWS::CustomerProfiles::ObjectType and
# AWS::CustomerProfiles::EventTrigger (its resource specification of 2026-11).
REGIONS = frozenset(
    {
        *("af-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2"),
        *("ca-central-1", "eu-central-1", "eu-west-2", "us-east-1", "us-west-2"),
    }
)


class CustomerProfiles(pulumi.ComponentResource):
    """Object types and event triggers in a domain, and the domain where it is to be a new one.

    The outputs are known only once CloudFormation is done: who uses them waits for the object types.
    `pulumi destroy` leaves the object types with their objects, and a new domain; event triggers go.
    """

    domain_name: pulumi.Output[str]
    object_type_name: pulumi.Output[str]
    endpoints_type_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: ProfileTemplateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gtm-pixel:index:CustomerProfiles", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        stack = aws.cloudformation.Stack(
            name,
            template_body=template_body(args),
            # A stack whose creation failed and that stayed (ROLLBACK_COMPLETE) could not be updated.
            on_failure="DELETE",
            opts=child,
        )

        def once_there(value: str) -> pulumi.Output[str]:
            """A name that is known beforehand, for those who have to wait for what it names."""
            return stack.id.apply(lambda _: value)

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
