"""The cloud that gets the resources, and facts about them that moto does not keep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.credentials import Credentials

from local.deployment.cloud import Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLogging:
    """Where a function logs, and the format of Lambda's own lines: `Text` or `JSON`."""

    log_group: str
    log_format: str = "Text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The cloud that a stack is deployed to. The deployed API will be served at `api_url`."""

    cloud: Cloud
    api_url: str
    default_tags: Mapping[str, str]
    # Who deploys. None is the administrator.
    deployer: Credentials | None = None
    function_logging: dict[str, FunctionLogging] = field(default_factory=dict[str, FunctionLogging])
    event_sources: list[str] = field(default_factory=list[str])
    """The ids of the event source mappings."""
    templates: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """CloudFormation templates, parsed, for the fake that reads what they declare."""
    _clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def client(self, service: str) -> Any:
        """The deployer's client: what the provider calls."""
        if self.deployer is None:
            return self.cloud.client(service)
        if service not in self._clients:
            self._clients[service] = self.cloud.client_as(self.deployer, service)
        return self._clients[service]

    def tags(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        """A resource's own tags, over the stack's default tags."""
        return {**self.default_tags, **inputs.get("tags", {})}

    def arn(self, service: str, resource: str, *, account: bool = True) -> str:
        """An ARN in this account and Region; API Gateway's have no account."""
        cloud = self.cloud
        return (
            f"arn:{cloud.partition}:{service}:{cloud.region}:{cloud.account_id if account else ''}:{resource}"
        )
