"""Deploys a stack and changes it, as `pulumi up` does."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.deployment import program
from local.deployment.cloud import Cloud
from local.deployment.deployer import Deployer
from local.deployment.resources import Resources
from local.deployment.stack import Stack
from local.deployment.stack_config import StackConfig


class Deployment:
    """One stack. Every call that creates, changes or deletes a resource is the deployer's."""

    def __init__(
        self,
        cloud: Cloud,
        config: StackConfig,
        *,
        project_dir: Path,
        api_url: str,
        echo: Callable[[str], None],
    ) -> None:
        """`echo` gets each line that the program logs."""
        self._config = config
        self._deployer = Deployer(cloud, config)
        self._project_dir = project_dir
        self._echo = echo
        self._resources = Resources(
            cloud,
            api_url=api_url,
            default_tags=config.default_tags,
            deployer=self._deployer.credentials,
        )
        self.stack = Stack(self._resources)

    @contextmanager
    def up(self, config: StackConfig) -> Iterator[Mapping[str, Any]]:
        """Deploy with these settings: the stack outputs, while what is no longer needed still exists.

        The end deletes that. Until then, the deployer may do what the former settings need, too. Raises
        what the program or a provider's call raises; what was changed by then stays.
        """
        self._deployer.permit(self._config, config)
        self._resources.change_default_tags(config.default_tags)
        self.stack.begin()
        yield program.run(self._project_dir, config, self.stack, self._echo)
        self.stack.finish()
        self._deployer.permit(config)
        self._config = config
