"""AWS CloudFormation: templates whose resources a fake creates, not moto.

The templates are kept for the fakes. Nothing goes to moto's CloudFormation, which knows none of these
resource types and takes about as long to import as a run takes to start.
"""

import json
import uuid

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
    target.templates.append(template)
    id_ = target.arn("cloudformation", f"stack/{stack_name}/{uuid.uuid4()}")
    return id_, {**inputs, "name": stack_name, "outputs": {}, "tagsAll": target.tags(inputs)}


def _refuse_unknown(template: Properties) -> None:
    for name, resource in template["Resources"].items():
        if resource["Type"] not in _TEMPLATE_TYPES:
            raise ResourceError(f"the local run does not know the resource type {resource['Type']} ({name})")
    if "Outputs" in template:
        raise ResourceError("the local run does not compute the outputs of a template")


RESOURCES = {"Stack": ResourceType(_stack, names("name", "templateBody", "onFailure", "tags"))}
