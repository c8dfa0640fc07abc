"""The CloudFormation template for a Customer Profiles domain: object types, event triggers, integrations.

Pure. CloudFormation, because Pulumi's AWS provider has none of these resources. settings/ checks the limits.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract.customer_profiles import (
    EMAIL_KEY,
    ENDPOINT_ATTRIBUTE,
    ENDPOINT_KEY,
    ENDPOINTS_TYPE_SUFFIX,
    EVENT_KEY,
    OPT_OUT_ATTRIBUTE,
    PHONE_KEY,
)
from contract.url import EVENT_ATTRIBUTE, EVENT_METRIC, USER_ATTRIBUTE

MAXIMUM_TEMPLATE_BYTES: Final = 51_200
"""The longest template that CloudFormation accepts in a request (AWS CloudFormation quotas)."""

# The AWS provider encodes the template with Go's JSON encoder, which writes these as \u0026, \u003c, \u003e.
_ESCAPED_CHARACTERS: Final = "&<>"
_ESCAPED_BYTES: Final = 6

DEAD_LETTER_QUEUE_PARAMETER: Final = "DomainDeadLetterQueueUrl"
"""The parameter of a template with a new domain: the URL of the domain's dead-letter queue."""

# Resources that hold customers' data survive the deletion of the stack, and a change of their names.
_KEPT: Final[Mapping[str, str]] = {
    "DeletionPolicy": "RetainExceptOnCreate",
    "UpdateReplacePolicy": "Retain",
}

_EVENT_FIELDS: Final = ("event_key", "event_id", "endpoint_id", "event_type", "timestamp")
_MILLISECONDS_A_MINUTE: Final = 60_000


Resource = Mapping[str, object]
"""A resource of the template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerConditionArgs:
    """A condition on one field of an event."""

    # An event attribute or metric as in the URL, with its prefix: evat_currency, evmt_value.
    field: str

    # A ComparisonOperator of the service, and its operands: 1 to 10 strings of 1 to 255 characters. Printable
    # ASCII only, because CloudFormation returns other characters as question marks.
    operator: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTriggerArgs:
    """Events of one type that meet every condition start a campaign."""

    # Unique in the domain: 1 to 64 of A-Z a-z 0-9 _ -.
    name: str

    # 1 to 255 printable ASCII characters.
    event_type: str
    conditions: Sequence[TriggerConditionArgs] = ()

    # Only customers in this segment definition start the campaign.
    segment: str | None = None

    # An event processed later than this starts nothing. None is the service's default (15, also the maximum).
    expiration_minutes: int | None = None

    # Starts per customer and day. None is the service's default (10).
    max_invocations_per_day: int | None = None

    # ARN of the campaign to start. None: the campaign is connected elsewhere.
    campaign_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTemplateArgs:
    """The contents of the template. Names of attributes and metrics have no prefix (usat_, evat_, evmt_)."""

    # Amazon Connect can use a domain only if its name starts with amazon-connect-.
    domain_name: str

    # Whether the template creates the domain.
    new_domain: bool

    # The object type of events; that of imported endpoints has the suffix -endpoints.
    object_type_name: str

    # A profile expires after this many days without updates, an object after the same time (1 to 1,098).
    expiration_days: int

    # A profile keeps this many events, and drops the oldest first. It holds 1,000 objects of all types, and
    # the endpoints type has no limit of its own.
    max_events_per_profile: int

    # Whether an event of an unknown endpoint creates a profile.
    create_profiles: bool

    # User attributes that become attributes of the profile.
    profile_attributes: Sequence[str] = ()

    # Event attributes and metrics that event triggers and segments can use.
    trigger_attributes: Sequence[str] = ()
    trigger_metrics: Sequence[str] = ()

    # Event attributes that profiles can be searched by. Each takes a key, so at most 8.
    search_attributes: Sequence[str] = ()

    event_triggers: Sequence[EventTriggerArgs] = ()

    @property
    def endpoints_type_name(self) -> str:
        """The object type of endpoints imported from Amazon Pinpoint."""
        return f"{self.object_type_name}{ENDPOINTS_TYPE_SUFFIX}"

    @property
    def event_attributes(self) -> tuple[str, ...]:
        """Event attributes that are fields of the events type, each once."""
        return tuple(dict.fromkeys([*self.trigger_attributes, *self.search_attributes]))


def field_count(args: ProfileTemplateArgs) -> int:
    """The number of fields in the larger of the two object types."""
    return max(len(_event_fields(args)), len(_endpoint_fields(args)))


def profile_template(args: ProfileTemplateArgs) -> Mapping[str, Any]:
    """The template. It has no outputs, because every name in it is an argument.

    The domain and the object types survive the deletion of the stack: DeleteProfileObjectType also deletes
    the type's objects, and removes what they wrote from every profile. A failed creation does delete them:
    they are still empty, and would block the next attempt.
    """
    resources: dict[str, Resource] = {}
    if args.new_domain:
        resources["Domain"] = {
            "Type": "AWS::CustomerProfiles::Domain",
            **_KEPT,
            "Properties": {
                "DomainName": args.domain_name,
                "DefaultExpirationDays": args.expiration_days,
                "DeadLetterQueueUrl": {"Ref": DEAD_LETTER_QUEUE_PARAMETER},
            },
        }
    resources["EventsType"] = _object_type(
        args,
        args.object_type_name,
        "Events from Google Tag Manager",
        create_profiles=args.create_profiles,
        fields=_event_fields(args),
        keys=_event_keys(args),
        max_objects_per_profile=args.max_events_per_profile,
    )
    resources["EndpointsType"] = _object_type(
        args,
        args.endpoints_type_name,
        "Endpoints imported from Amazon Pinpoint",
        create_profiles=True,
        fields=_endpoint_fields(args),
        keys=[
            _key(ENDPOINT_KEY, ["endpoint_id"], ["UNIQUE", "PROFILE"]),
            _key(EMAIL_KEY, ["email"], []),
            _key(PHONE_KEY, ["phone"], []),
        ],
    )
    for trigger in args.event_triggers:
        logical_id = _logical_id(trigger.name)
        resources[f"EventTrigger{logical_id}"] = _event_trigger(args, trigger)
        if trigger.campaign_arn is not None:
            # One integration per campaign. Its logical id depends on the campaign alone: CloudFormation
            # replaces a renamed resource by creating the new one and then deleting the old one, and here both
            # would be the same integration.
            resources[f"Integration{_logical_id(trigger.campaign_arn)}"] = {
                "Type": "AWS::CustomerProfiles::Integration",
                "Properties": {
                    "DomainName": args.domain_name,
                    "Uri": trigger.campaign_arn,
                    "EventTriggerNames": [trigger.name],
                },
            }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        # Do not change it: UpdateStack refuses a new description alone, so every `pulumi up` of a deployed
        # stack would show the same change.
        "Description": f"What {args.domain_name} knows about events of {args.object_type_name}",
        **({"Parameters": {DEAD_LETTER_QUEUE_PARAMETER: {"Type": "String"}}} if args.new_domain else {}),
        "Resources": _in_sequence(resources),
    }


def template_body(args: ProfileTemplateArgs) -> str:
    """The template as compact JSON, because CloudFormation limits its length."""
    return json.dumps(profile_template(args), separators=(",", ":"))


def template_bytes(args: ProfileTemplateArgs) -> int:
    """The length of the template as the AWS provider sends it; compare it with MAXIMUM_TEMPLATE_BYTES."""
    body = template_body(args)
    escaped = sum(body.count(character) for character in _ESCAPED_CHARACTERS)
    return len(body.encode()) + escaped * (_ESCAPED_BYTES - 1)


def _in_sequence(resources: Mapping[str, Resource]) -> Mapping[str, Resource]:
    """Make each resource depend on the one before it.

    PutProfileObjectType and PutIntegration allow one request per second (Amazon Connect Customer Profiles
    quotas), and CloudFormation creates independent resources in parallel. It deletes in reverse order, so an
    integration goes before its trigger.
    """
    chained: dict[str, Resource] = {}
    before: str | None = None
    for logical_id, resource in resources.items():
        dependency = {} if before is None else {"DependsOn": [before]}
        chained[logical_id] = {"Type": resource["Type"], **dependency, **resource}
        before = logical_id
    return chained


def _object_type(
    args: ProfileTemplateArgs,
    name: str,
    description: str,
    *,
    create_profiles: bool,
    fields: Sequence[Mapping[str, object]],
    keys: Sequence[Mapping[str, object]],
    max_objects_per_profile: int | None = None,
) -> Resource:
    return {
        "Type": "AWS::CustomerProfiles::ObjectType",
        **_KEPT,
        "Properties": {
            "DomainName": args.domain_name,
            "ObjectTypeName": name,
            "Description": description,
            "AllowProfileCreation": create_profiles,
            "ExpirationDays": args.expiration_days,
            **({"MaxProfileObjectCount": max_objects_per_profile} if max_objects_per_profile else {}),
            "Fields": fields,
            "Keys": keys,
        },
    }


def _event_fields(args: ProfileTemplateArgs) -> Sequence[Mapping[str, object]]:
    targets = {"endpoint_id": ENDPOINT_ATTRIBUTE}
    return [
        *(_field(name, name, attribute=targets.get(name)) for name in _EVENT_FIELDS),
        *_profile_attribute_fields(args.profile_attributes),
        *(_field(f"{EVENT_ATTRIBUTE}{name}", f"attributes.{name}") for name in args.event_attributes),
        *(
            _field(f"{EVENT_METRIC}{name}", f"metrics.{name}", content_type="NUMBER")
            for name in args.trigger_metrics
        ),
    ]


def _endpoint_fields(args: ProfileTemplateArgs) -> Sequence[Mapping[str, object]]:
    return [
        _field("endpoint_id", "endpoint_id", attribute=ENDPOINT_ATTRIBUTE),
        _field("user_id", "user_id", attribute="user_id"),
        _field("opt_out", "opt_out", attribute=OPT_OUT_ATTRIBUTE),
        _field("email", "email", target="_profile.EmailAddress", content_type="EMAIL_ADDRESS"),
        _field("phone", "phone", target="_profile.PhoneNumber", content_type="PHONE_NUMBER"),
        # A second field with the target user_id would make the profile's value arbitrary.
        *_profile_attribute_fields(
            [name for name in args.profile_attributes if attribute_key(name) != "user_id"]
        ),
    ]


def _profile_attribute_fields(names: Sequence[str]) -> Sequence[Mapping[str, object]]:
    return [
        _field(f"{USER_ATTRIBUTE}{name}", f"user_attributes.{key}", attribute=key)
        for name, key in ((name, attribute_key(name)) for name in names)
    ]


def attribute_key(name: str) -> str:
    """The name of a user attribute in objects and profiles, where a dot would start a nested level."""
    return name.replace(".", "_")


def _field(
    name: str,
    source: str,
    *,
    attribute: str | None = None,
    target: str | None = None,
    content_type: str = "STRING",
) -> Mapping[str, object]:
    """A field that reads `source` of an object, and writes a profile attribute or another `target`."""
    target = f"_profile.Attributes.{attribute}" if attribute else target
    return {
        "Name": name,
        "ObjectTypeField": {
            "Source": f"_source.{source}",
            **({"Target": target} if target else {}),
            "ContentType": content_type,
        },
    }


def _event_keys(args: ProfileTemplateArgs) -> Sequence[Mapping[str, object]]:
    return [
        # A hash of endpoint, event type, event id and proof (handler/event_identity.py). The sender chooses
        # the event id, so a key of that alone would let one customer replace another's event.
        _key(EVENT_KEY, ["event_key"], ["UNIQUE"]),
        _key(ENDPOINT_KEY, ["endpoint_id"], ["PROFILE"]),
        *(_key(f"gtm_pixel_{name}", [f"{EVENT_ATTRIBUTE}{name}"], []) for name in args.search_attributes),
    ]


def _key(name: str, fields: Sequence[str], identifiers: Sequence[str]) -> Mapping[str, object]:
    """A key. Without identifiers it only serves to search profiles, and assigns no object to one."""
    return {
        "Name": name,
        "ObjectTypeKeyList": [
            {**({"StandardIdentifiers": identifiers} if identifiers else {}), "FieldNames": fields}
        ],
    }


def _event_trigger(args: ProfileTemplateArgs, trigger: EventTriggerArgs) -> Mapping[str, object]:
    conditions = [
        TriggerConditionArgs(field="event_type", operator="INCLUSIVE", values=[trigger.event_type]),
        *trigger.conditions,
    ]
    limits = _limits(trigger)
    return {
        "Type": "AWS::CustomerProfiles::EventTrigger",
        "Properties": {
            "DomainName": args.domain_name,
            "EventTriggerName": trigger.name,
            "ObjectTypeName": args.object_type_name,
            "EventTriggerConditions": [
                {
                    "LogicalOperator": "ALL",
                    "EventTriggerDimensions": [_dimension(condition) for condition in conditions],
                }
            ],
            **({"SegmentFilter": trigger.segment} if trigger.segment else {}),
            **({"EventTriggerLimits": limits} if limits else {}),
        },
    }


def _dimension(condition: TriggerConditionArgs) -> Mapping[str, object]:
    return {
        "ObjectAttributes": [
            {
                "FieldName": condition.field,
                "ComparisonOperator": condition.operator,
                "Values": list(condition.values),
            }
        ]
    }


def _limits(trigger: EventTriggerArgs) -> Mapping[str, object]:
    limits: dict[str, object] = {}
    if trigger.expiration_minutes is not None:
        limits["EventExpiration"] = trigger.expiration_minutes * _MILLISECONDS_A_MINUTE
    if trigger.max_invocations_per_day is not None:
        per_day = {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": trigger.max_invocations_per_day}
        limits["Periods"] = [per_day]
    return limits


def _logical_id(identity: str) -> str:
    """A name or an ARN as part of a logical id, which may hold letters and digits only.

    Not a position in the list: removing a trigger would rename those after it, and CloudFormation would try
    to create them again under names that are taken.
    """
    readable = "".join(character for character in identity if character.isalnum())
    return f"{readable}{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
