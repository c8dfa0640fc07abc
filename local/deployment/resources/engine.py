"""Resources of the Pulumi engine itself."""

from local.deployment.resources.declaration import Created, Properties, ResourceType, names
from local.deployment.resources.target import Target


def _stash(_: Target, name: str, inputs: Properties) -> Created:
    """A value that the engine keeps from the first deployment on; every local run is one."""
    return name, {**inputs, "output": inputs["input"]}


RESOURCES = {"Stash": ResourceType(_stash, names("input", "output"))}
