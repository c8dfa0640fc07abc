"""AWS CloudFormation: templates whose resources a fake creates, not moto.

The templates are kept for the fakes. Nothing goes to moto's CloudFormation, which knows none of these
resource types and takes about as long to import as a run takes to start. The deployer's permissions are
checked, also those that CloudFormation uses in the deployer's name.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from local.deployment.resources.declaration import (
    Created,
    Existing,
    Properties,
    ResourceError,
    ResourceType,
    autoname,
    names,
)
from local.deployment.resources.target import Target


@dataclass(frozen=True, slots=True)
class _TemplateType:
    """A type of resource in a template: its actions (handlers of the type's schema), and its name."""

    create: str
    update: str
    delete: str
    # The last part of its ARN, with properties in braces.
    place: str


_TEMPLATE_TYPES: Final = {
    f"AWS::CustomerProfiles::{name}": template_type
    for name, template_type in {
        "Domain": _TemplateType("CreateDomain", "UpdateDomain", "DeleteDomain", "domains/{DomainName}"),
        "ObjectType": _TemplateType(
            "PutProfileObjectType",
            "PutProfileObjectType",
            "DeleteProfileObjectType",
            "domains/{DomainName}/object-types/{ObjectTypeName}",
        ),
        "EventTrigger": _TemplateType(
            "CreateEventTrigger",
            "UpdateEventTrigger",
            "DeleteEventTrigger",
            "domains/{DomainName}/event-triggers/{EventTriggerName}",
        ),
        "Integration": _TemplateType(
            "PutIntegration", "PutIntegration", "DeleteIntegration", "domains/{DomainName}/integrations/{Uri}"
        ),
    }.items()
}

_RETAINED: Final = "RetainExceptOnCreate"

# Resources of a template by the last parts of their ARNs.
ByPlace = Mapping[str, Any]


def _stack(target: Target, name: str, inputs: Properties) -> Created:
    stack_name = inputs.get("name") or autoname(name)
    id_ = target.arn("cloudformation", f"stack/{stack_name}/{uuid.uuid4()}")
    tags = target.tags(inputs)
    target.check_permission("cloudformation:CreateStack", id_)
    if tags:
        target.check_permission("cloudformation:TagResource", id_)
    _deploy(target, {}, _by_place(inputs))
    if tags:
        _tag(target, inputs, "profile:TagResource")
    return id_, {**inputs, "name": stack_name, "outputs": {}, "tagsAll": tags}


def _update_stack(target: Target, existing: Existing, inputs: Properties) -> None:
    target.check_permission("cloudformation:UpdateStack", existing.id)
    _deploy(target, _by_place(existing.inputs), _by_place(inputs))


def _delete_stack(target: Target, existing: Existing) -> None:
    target.check_permission("cloudformation:DeleteStack", existing.id)
    _deploy(target, _by_place(existing.inputs), {})


def _retag(target: Target, existing: Existing, tags: Mapping[str, str]) -> None:
    """UpdateStack takes the tags, and CloudFormation passes them on."""
    target.check_permission("cloudformation:UpdateStack", existing.id)
    for verb, some in (("Untag", existing.outputs["tagsAll"].keys() - tags.keys()), ("Tag", tags)):
        if some:
            target.check_permission(f"cloudformation:{verb}Resource", existing.id)
            _tag(target, existing.inputs, f"profile:{verb}Resource")


def _tag(target: Target, inputs: Properties, action: str) -> None:
    for place in _by_place(inputs):
        target.check_permission(action, target.arn("profile", place))


def template_of(inputs: Properties) -> dict[str, Any]:
    """The template of a stack, with its parameters filled in."""
    template = json.loads(inputs["templateBody"])
    _refuse_unknown(template)
    return {**template, "Resources": _filled_in(template["Resources"], _parameters(template, inputs))}


def _by_place(inputs: Properties) -> ByPlace:
    """The resources of a stack's template. A `Ref` to a domain is its name."""
    resources = template_of(inputs)["Resources"]

    def place(resource: Properties) -> str:
        properties = resource["Properties"]
        domain = properties["DomainName"]
        if isinstance(domain, Mapping):
            domain = resources[domain["Ref"]]["Properties"]["DomainName"]
        return _TEMPLATE_TYPES[resource["Type"]].place.format_map({**properties, "DomainName": domain})

    return {place(resource): resource for resource in resources.values()}


def _deploy(target: Target, former: ByPlace, resources: ByPlace) -> None:
    """Check the permissions for a change from one set of resources to another."""

    def check_permission(action: str, place: str) -> None:
        target.check_permission(f"profile:{action}", target.arn("profile", place))

    for place, resource in resources.items():
        actions = _TEMPLATE_TYPES[resource["Type"]]
        if place in target.left_behind:
            # CloudFormation creates nothing that exists, such as what an earlier stack has left behind.
            raise ResourceError(f"CREATE_FAILED: {place} already exists")
        if place not in former:
            check_permission(actions.create, place)
        elif former[place] != resource:
            check_permission(actions.update, place)
    for place in former.keys() - resources.keys():
        if former[place].get("DeletionPolicy") == _RETAINED:
            target.left_behind.add(place)
        else:
            check_permission(_TEMPLATE_TYPES[former[place]["Type"]].delete, place)


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
        differing = ", ".join(sorted(given.keys() ^ declared.keys()))
        raise ResourceError(f"the template and the parameters of its stack differ in {differing}")
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


RESOURCES = {
    "Stack": ResourceType(
        _stack,
        names("name", "templateBody", "parameters", "onFailure", "tags"),
        replaced_by=("name", "onFailure"),
        update=_update_stack,
        retag=_retag,
        delete=_delete_stack,
    )
}
