"""Who deploys the local run: an IAM user with the deployer's policies, as far as moto can enforce them.

moto checks each action. It checks the resource of an action where it finds it in the request; elsewhere it
checks against `*`, and the statement is for every resource here. It knows no conditions of requests, so those
are left out, and with them the denials that only a condition limits.
"""

from collections.abc import Mapping
from typing import Any, Final

from botocore.credentials import Credentials

from local.deployment.cloud import Cloud
from local.deployment.stack_config import StackConfig
from policies import deployer, policy

_RESOURCE_IS_KNOWN: Final = frozenset({"firehose", "iam", "lambda", "logs", "s3", "sqs"})
_EXCEPT: Final = frozenset(
    {
        # What is created has no ARN yet, or is named in the body.
        *("iam:CreateRole", "lambda:CreateFunction", "sqs:CreateQueue"),
        *("lambda:TagResource", "lambda:UntagResource", "lambda:ListTags"),
    }
)


def create_deployer(cloud: Cloud, config: StackConfig) -> Credentials:
    """A user who may do what the deployer's policies allow for this stack, and nothing else."""
    values = deployer.values(config.values, project=config.project, account=cloud.account_id)
    statements = [
        enforced
        for name in deployer.POLICIES
        for statement in policy.filled(policy.read(name), values)["Statement"]
        if statement["Effect"] == "Allow"
        for enforced in _enforced(statement)
    ]
    return cloud.create_user("deployer", {"Version": "2012-10-17", "Statement": statements})


def _enforced(statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statement as moto can check it: in two, if it knows the resource of some of the actions."""
    known = [
        one for one in statement["Action"] if one.split(":")[0] in _RESOURCE_IS_KNOWN and one not in _EXCEPT
    ]
    others = [one for one in statement["Action"] if one not in known]
    return [
        {"Effect": "Allow", "Action": actions, "Resource": resources}
        for actions, resources in ((known, statement["Resource"]), (others, ["*"]))
        if actions
    ]
