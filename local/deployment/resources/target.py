"""The cloud that gets the resources, and who deploys them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.credentials import Credentials

from local.deployment.cloud import Cloud
from local.deployment.permissions import check_permission


@dataclass(slots=True, kw_only=True)
class Target:
    """The cloud that a stack is deployed to. The deployed API will be served at `api_url`."""

    cloud: Cloud
    api_url: str
    default_tags: Mapping[str, str]
    # Who deploys. None is the administrator.
    deployer: Credentials | None = None
    left_behind: set[str] = field(default_factory=set[str])
    """What deleted CloudFormation stacks have left: the last parts of ARNs."""
    _clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def client(self, service: str) -> Any:
        """The deployer's client: what the provider calls."""
        if self.deployer is None:
            return self.cloud.client(service)
        if service not in self._clients:
            self._clients[service] = self.cloud.client_as(self.deployer, service)
        return self._clients[service]

    def check_permission(self, action: str, resource: str = "*") -> None:
        """For a call that moto does not serve: raise PermissionDenied unless the deployer may make it."""
        if self.deployer is not None:
            check_permission(self.cloud, self.deployer, action, resource)

    def tags(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        """A resource's own tags, over the stack's default tags."""
        return {**self.default_tags, **inputs.get("tags", {})}

    def arn(self, service: str, resource: str, *, account: bool = True) -> str:
        """An ARN in this account and Region; API Gateway's have no account."""
        cloud = self.cloud
        return (
            f"arn:{cloud.partition}:{service}:{cloud.region}:{cloud.account_id if account else ''}:{resource}"
        )
