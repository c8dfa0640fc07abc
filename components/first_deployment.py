"""What a stack was at its first deployment, and must stay: its name and its Region.

The names of object types, metrics and alarms come from the stack's name, so `pulumi stack rename` would leave
triggers, history and alarms behind under the old one. In another Region, every resource would be replaced:
the URL that tags call, and the queues with the events that wait.
"""

from typing import TypedDict

import pulumi


class FirstDeploymentError(pulumi.RunError):
    """The stack is not what it was. The message says in one line why, and how to fix it."""


class _Facts(TypedDict):
    stack_name: str
    # Empty if only the AWS provider knows it.
    region: str


def same_as_at_first(name: str, stack_name: str, region: str | None) -> pulumi.Output[pulumi.Resource]:
    """The resource that keeps name and Region of the first deployment, once both are compared with today's.

    What waits for it is not declared if they differ: `pulumi preview` and `pulumi up` end with
    FirstDeploymentError before anything changes. The AWS provider is not asked for its Region, because that
    alone would note a new one in the stack's state, and going back would then replace everything.
    """
    now = _Facts(stack_name=stack_name, region=region or "")
    stash = pulumi.Stash(
        f"{name}-first-deployment",
        input=now,
        # The state would have today's facts beside the first ones.
        opts=pulumi.ResourceOptions(ignore_changes=["input"]),
    )

    def checked(first: _Facts) -> pulumi.Resource:
        _check(first, now)
        return stash

    return stash.output.apply(checked)


def _check(first: _Facts, now: _Facts) -> None:
    was, is_now = first["region"], now["region"]
    if was and is_now and was != is_now:
        raise FirstDeploymentError(
            f"aws:region: {is_now} would replace the URL and the queues of this stack, which is in {was}. "
            f"Make a new stack for {is_now} (pulumi stack init), and set aws:region to {was} here."
        )
    if first["stack_name"] != now["stack_name"]:
        raise FirstDeploymentError(
            f"deployedAs: this stack was deployed as {first['stack_name']}, and {now['stack_name']} would "
            "name its object types, metrics and alarms anew, without their history. Keep the names: "
            f"pulumi config set deployedAs {first['stack_name']}"
        )
