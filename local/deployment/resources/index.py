"""Functions of the provider itself: the account, Region and partition of the local run."""

from typing import Any

from local.deployment.resources.declaration import Function, Properties
from local.deployment.resources.target import Target


def _get_caller_identity(target: Target, _: Properties) -> dict[str, Any]:
    caller = target.client("sts").get_caller_identity()
    return {
        "id": caller["Account"],
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


def _get_region(target: Target, _: Properties) -> dict[str, Any]:
    region = target.cloud.region
    return {
        "id": region,
        "region": region,
        "name": region,
        "description": region,
        "endpoint": f"ec2.{region}.{target.cloud.dns_suffix}",
    }


def _get_partition(target: Target, _: Properties) -> dict[str, Any]:
    cloud = target.cloud
    return {
        "id": cloud.partition,
        "partition": cloud.partition,
        "dnsSuffix": cloud.dns_suffix,
        "reverseDnsPrefix": ".".join(reversed(cloud.dns_suffix.split("."))),
    }


FUNCTIONS = {
    "getCallerIdentity": Function(_get_caller_identity, {}),
    "getRegion": Function(_get_region, {}),
    "getPartition": Function(_get_partition, {}),
}
