"""Resources of the Pulumi engine itself."""

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceType,
    names,
    nothing_to_delete,
)
from local.deployment.resources.target import Target


def _stash(_: Target, name: str, inputs: Properties) -> Created:
    """A value that the engine keeps from the first deployment on."""
    return name, {**inputs, "output": inputs["input"]}


def _update_stash(_: Target, existing: Existing, __: Properties) -> Properties:
    return {"output": existing.outputs["output"]}


RESOURCES = {
    "Stash": ResourceType(_stash, names("input", "output"), update=_update_stash, delete=nothing_to_delete)
}
