"""Who deploys the local run: an IAM user with the deployer's policies, as far as moto can enforce them.

moto checks each action. It checks the resource of an action where it finds it in the request; elsewhere it
checks against `*`, and the statement is for every resource here. It knows no conditions of requests, so those
are left out, and with them the denials that only a condition limits.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from local.deployment.cloud import Cloud
from local.deployment.stack_config import StackConfig
from policies import deployer, policy

_RESOURCE_IS_KNOWN: Final = frozenset(
    {
        *("apigateway", "firehose", "iam", "lambda", "logs", "s3", "sns", "sqs"),
        # moto does not serve these; `permissions` checks them.
        *("cloudformation", "profile", "route53"),
    }
)
_NAME: Final = "deployer"
_EXCEPT: Final = frozenset(
    {
        # What is created has no ARN yet, or is named in the body.
        *("iam:CreateRole", "lambda:CreateFunction", "sns:CreateTopic", "sqs:CreateQueue"),
        *("lambda:TagResource", "lambda:UntagResource", "lambda:ListTags"),
    }
)


class Deployer:
    """A user who may do what the deployer's policies allow for a stack, and nothing else."""

    def __init__(self, cloud: Cloud, config: StackConfig) -> None:
        self._cloud = cloud
        self._values = self._values_of([config])
        self.credentials: Final = cloud.create_user(_NAME, _document(self._values))

    def permit(self, *configs: StackConfig) -> None:
        """Allow what the policies say for any of these settings of the stack."""
        values = self._values_of(configs)
        if values != self._values:
            self._cloud.permit_user(_NAME, _document(values))
            self._values = values

    def _values_of(self, configs: Iterable[StackConfig]) -> Sequence[Mapping[str, str]]:
        values: list[Mapping[str, str]] = []
        for config in configs:
            one = deployer.values(config.values, project=config.project, account=self._cloud.account_id)
            if one not in values:
                values.append(one)
        return values


def _document(values: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    statements = [
        enforced
        for one in values
        for name in deployer.POLICIES
        for statement in policy.filled(policy.read(name), one)["Statement"]
        if statement["Effect"] == "Allow"
        for enforced in _enforced(statement)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


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
