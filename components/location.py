"""Where a stack lives: the partition, Region and account that its ARNs are built from."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The parts of an ARN that depend on where the stack is deployed."""

    # aws, aws-cn or aws-us-gov.
    partition: pulumi.Input[str]
    region: pulumi.Input[str]
    account_id: pulumi.Input[str]


def current_location(
    parent: pulumi.Resource | None = None, after: pulumi.Input[pulumi.Resource] | None = None
) -> Location:
    """The location of the AWS provider that children of `parent` use, asked once `after` is there."""
    opts = pulumi.InvokeOutputOptions(parent=parent, depends_on=[after] if after is not None else None)
    return Location(
        partition=aws.get_partition_output(opts=opts).partition,
        region=aws.get_region_output(opts=opts).region,
        account_id=aws.get_caller_identity_output(opts=opts).account_id,
    )
