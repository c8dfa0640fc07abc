"""AWS CloudFormation: templates whose resources a fake creates, not moto.

The templates are kept for the fakes. Nothing goes to moto's CloudFormation, which knows none of these
resource types and takes about as long to import as a run takes to start.
"""

import json
import uuid
from typing import Any, cast

from local.deployment.resources.declaration import (
    Created,
    Properties,
    ResourceError,
    ResourceType,
    autoname,
    names,
)
from local.deployment.resources.target import Target

_TEMPLATE_TYPES = frozenset(
    f"AWS::CustomerProfiles::{name}" for name in ("Domain", "ObjectType", "EventTrigger", "Integration")
)


def _stack(target: Target, name: str, inputs: Properties) -> Created:
    stack_name = inputs.get("name") or autoname(name)
    template = json.loads(inputs["templateBody"])
    _refuse_unknown(template)
    resources = _filled_in(template["Resources"], _parameters(template, inputs))
    target.templates.append({**template, "Resources": resources})
    id_ = target.arn("cloudformation", f"stack/{stack_name}/{uuid.uuid4()}")
    return id_, {**inputs, "name": stack_name, "outputs": {}, "tagsAll": target.tags(inputs)}


def _refuse_unknown(template: Properties) -> None:
    for name, resource in template["Resources"].items():
        if resource["Type"] not in _TEMPLATE_TYPES:
            raise ResourceError(f"the local run does not know the resource type {resource['Type']} ({name})")
    if "Outputs" in template:
        raise ResourceError("the local run does not compute the outputs of a template")


def _parameters(template: Properties, inputs: Properties) -> Properties:
    """The values of the template's parameters. As in CloudFormation, none is missing and none is too many."""
    given, declared = inputs.get("parameters") or {}, template.get("Parameters", {})
    if given.keys() != declared.keys():
        names = ", ".join(sorted(given.keys() ^ declared.keys()))
        raise ResourceError(f"the template and the parameters of its stack differ in {names}")
    return given


def _filled_in(part: Any, parameters: Properties) -> Any:
    """A part of a template with the parameters' values in place of the references to them."""
    if isinstance(part, list):
        return [_filled_in(one, parameters) for one in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    entries = cast("dict[str, Any]", part)
    if entries.keys() == {"Ref"} and entries["Ref"] in parameters:
        return parameters[entries["Ref"]]
    return {name: _filled_in(one, parameters) for name, one in entries.items()}


RESOURCES = {"Stack": ResourceType(_stack, names("name", "templateBody", "parameters", "onFailure", "tags"))}
