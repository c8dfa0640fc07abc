"""Settings that are ARNs: how they are read, and in which Region and partition they may be."""

import re
from collections.abc import Iterable

from contract.regions import PARTITIONS, partition_of
from settings.groups import Rule, Stack
from settings.problems import Problem
from settings.values import Reader, Setting, Values, string

_PARTITION = f"arn:({'|'.join(sorted(PARTITIONS))})"


def arn(service: str, resource: str, what: str, *, example: str, regional: bool = True) -> Reader[str]:
    """An ARN of one service. `resource` is a regular expression; `what` completes "is not the ARN of …"."""
    # Policies that AWS manages belong to no account.
    region, account = ("[a-z0-9-]+", "[0-9]{12}") if regional else ("", "([0-9]{12}|aws)")
    pattern = re.compile(f"{_PARTITION}:{service}:{region}:{account}:{resource}")
    return string(pattern, f"the ARN of {what}", f"one such as {example}")


def in_the_stacks_region(setting: Setting[str | None], what: str) -> Rule:
    """Require the stack's Region and partition, because the service takes no resource of another one."""

    def check(values: Values, stack: Stack) -> Iterable[Problem]:
        if (value := values[setting]) is None or stack.region is None:
            return
        region = value.split(":")[3]
        if region != stack.region:
            yield Problem(
                setting.key,
                f"{what} is in {region}, and the stack is in {stack.region}.",
                f"Set one that is in {stack.region}.",
            )
        else:
            yield from in_the_stacks_partition(setting)(values, stack)

    return check


def in_the_stacks_partition(setting: Setting[str | None]) -> Rule:
    """Require the stack's partition. The ARNs of IAM have no Region."""

    def check(values: Values, stack: Stack) -> Iterable[Problem]:
        if (value := values[setting]) is None or stack.region is None:
            return
        partition = partition_of(stack.region)
        if value.split(":")[1] != partition:
            yield Problem(
                setting.key,
                f"{value!r} is of another partition than {stack.region}, whose ARNs begin with "
                f"arn:{partition}:.",
                "Copy it from the console of the stack's account.",
            )

    return check
