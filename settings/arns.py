"""Settings that are ARNs: how they are read, and in which Region they may be."""

import re
from collections.abc import Iterable

from settings.groups import Rule, Stack
from settings.problems import Problem
from settings.values import Reader, Setting, Values, string

_PARTITION = "arn:(aws|aws-cn|aws-us-gov)"


def arn(service: str, resource: str, what: str, *, example: str, regional: bool = True) -> Reader[str]:
    """An ARN of one service. `resource` is a regular expression; `what` completes "is not the ARN of …"."""
    # Policies that AWS manages belong to no account.
    region, account = ("[a-z0-9-]+", "[0-9]{12}") if regional else ("", "([0-9]{12}|aws)")
    pattern = re.compile(f"{_PARTITION}:{service}:{region}:{account}:{resource}")
    return string(pattern, f"the ARN of {what}", f"one such as {example}")


def in_the_stacks_region(setting: Setting[str | None], what: str) -> Rule:
    """Require the stack's Region, because the service takes no resource of another one."""

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

    return check
