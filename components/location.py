"""Where a stack lives: partition, Region and account, from which ARNs are built."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The parts of an ARN that depend on where the program runs (`aws`, `aws-cn` or `aws-us-gov` first)."""

    partition: pulumi.Input[str]
    region: pulumi.Input[str]
    account_id: pulumi.Input[str]


def current_location() -> Location:
    """The location of the AWS provider in use."""
    return Location(
        partition=aws.get_partition_output().partition,
        region=aws.get_region_output().region,
        account_id=aws.get_caller_identity_output().account_id,
    )
