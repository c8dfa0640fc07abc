"""A minimal template for Customer Profiles, and checks of templates by AWS's own models.

The models are cfn-lint's resource specification and botocore's API description.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.validate import ParamValidator

from components.profile_template import ProfileTemplateArgs

if TYPE_CHECKING:
    from cfnlint.runner import Runner

REGIONS = ("eu-central-1", "us-east-1")

MINIMAL = ProfileTemplateArgs(
    domain_name="amazon-connect-example",
    new_domain=False,
    object_type_name="gtm-pixel-test",
    expiration_days=366,
    max_events_per_profile=500,
    create_profiles=True,
)
"""The template of a stack without optional settings."""


@cache
def _linter() -> "Runner":
    """One for all templates, because loading the rules takes longest."""
    from cfnlint.config import ConfigMixIn  # takes half a second, which other tests need not wait
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=list(REGIONS)))


def findings(body: str) -> list[str]:
    """The errors and warnings of cfn-lint in two Regions that have Customer Profiles."""
    from cfnlint.decode import decode_str

    template, errors = decode_str(body)
    matches = errors if template is None else list(_linter().validate_template(template))
    return [f"{match.rule.id} {match.message}" for match in matches]


@cache
def service_model() -> Any:
    return botocore.session.get_session().get_service_model("customer-profiles")


def refusals(template: Mapping[str, Any]) -> list[str]:
    """The errors that the API's model finds in the requests that CloudFormation sends for a template."""
    return [
        f"{operation}: {problem}"
        for operation, request in _requests(template)
        for problem in _problems(service_model().operation_model(operation).input_shape, request)
    ]


def _requests(template: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        match resource["Type"]:
            case "AWS::CustomerProfiles::Domain":
                queue_url = "https://sqs.eu-central-1.amazonaws.com/123456789012/domain-dead-letters"
                yield "CreateDomain", {**properties, "DeadLetterQueueUrl": queue_url}
            case "AWS::CustomerProfiles::ObjectType":
                # CloudFormation has lists where the API has maps.
                yield (
                    "PutProfileObjectType",
                    {
                        **properties,
                        "Fields": _as_map(properties["Fields"], "ObjectTypeField"),
                        "Keys": _as_map(properties["Keys"], "ObjectTypeKeyList"),
                    },
                )
            case "AWS::CustomerProfiles::EventTrigger":
                yield "CreateEventTrigger", properties
            case "AWS::CustomerProfiles::Integration":
                yield "PutIntegration", properties
            case other:
                raise AssertionError(other)


def _as_map(entries: Sequence[Mapping[str, Any]], value: str) -> Mapping[str, Any]:
    names = [entry["Name"] for entry in entries]
    assert len(set(names)) == len(names), "two entries of one name"
    return {entry["Name"]: entry[value] for entry in entries}


def _problems(shape: Any, value: Any) -> list[str]:
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        return [report.generate_report()]
    return list(_limits(shape, value, shape.name))


def _limits(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Check sizes, patterns and enumerations, which botocore does not."""
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                yield from _limits(shape.members[name], member, f"{path}.{name}")
        case "map":
            for name, member in value.items():
                yield from _limits(shape.key, name, f"{path}.{name}")
                yield from _limits(shape.value, member, f"{path}.{name}")
        case "list":
            yield from _size(shape.metadata, len(value), path)
            for member in value:
                yield from _limits(shape.member, member, f"{path}[]")
        case "string":
            yield from _size(shape.metadata, len(value), path)
            yield from _spelling(shape.metadata, value, path)
        case "integer" | "long":
            yield from _size(shape.metadata, value, path)
        case "boolean":
            pass
        case other:
            raise AssertionError(other)


def _spelling(limits: Mapping[str, Any], value: str, path: str) -> Iterator[str]:
    if not re.search(limits.get("pattern", ""), value):
        yield f"{path} is {value}, and must match {limits['pattern']}"
    if value not in limits.get("enum", [value]):
        yield f"{path} is {value}, and must be one of {limits['enum']}"


def _size(limits: Mapping[str, Any], size: int, path: str) -> Iterator[str]:
    if not limits.get("min", size) <= size <= limits.get("max", size):
        yield f"{path} is {size}, and may be {limits.get('min')} to {limits.get('max')}"
