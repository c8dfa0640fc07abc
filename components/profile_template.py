"""The CloudFormation template that tells a Customer Profiles domain what this project's events look like.

Pure: arguments in, a JSON-ready document out. CloudFormation, because the AWS provider of Pulumi has no
object types, event triggers and integrations. Limits are those of the service's API model
(PutProfileObjectType, CreateEventTrigger) and of its quotas; settings/ checks them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAXIMUM_TEMPLATE_BYTES: Final = 51_200
"""Longest template that CloudFormation takes in a request (AWS CloudFormation quotas); see template_bytes."""

MAXIMUM_FIELDS: Final = 250
"""Fields of an object type (Amazon Connect Customer Profiles quotas)."""

MAXIMUM_KEYS: Final = 10
"""Keys of an object type (Amazon Connect Customer Profiles quotas)."""

MAXIMUM_DIMENSIONS: Final = 10
"""Dimensions of a condition of an event trigger; the event type takes one."""

ENDPOINT_ATTRIBUTE: Final = "gtm_pixel_endpoint_id"
"""The profile attribute that holds the endpoint id, for people and segments."""

ENDPOINT_KEY: Final = "gtm_pixel_endpoint_id"
"""The key that finds a customer's profile: SearchProfiles(KeyName=ENDPOINT_KEY, Values=[endpoint id])."""

OPT_OUT_ATTRIBUTE: Final = "gtm_pixel_opt_out"
"""The profile attribute that says on which channels a customer opted out in Amazon Pinpoint, for segments:
NONE, or names of channels joined by commas. Only the import writes it."""

EMAIL_KEY: Final = "_email"
PHONE_KEY: Final = "_phone"
"""The domain's own keys, by which agents search. Without a standard identifier they tie no object to a
profile ("Search-only keys", Amazon Connect administrator guide)."""

EVENT_KEY: Final = "gtm_pixel_event_key"
"""The key that makes an object of the events type the same object when it is put again."""

# What Go's JSON encoder, through which the AWS provider passes a template, writes as \u0026, \u003c, \u003e.
_ESCAPED_CHARACTERS: Final = "&<>"
_ESCAPED_BYTES: Final = 6

# What holds customers' data outlives the stack, and what it was before it got another name.
_KEPT: Final[Mapping[str, str]] = {
    "DeletionPolicy": "RetainExceptOnCreate",
    "UpdateReplacePolicy": "Retain",
}

_EVENT_FIELDS: Final = ("event_key", "event_id", "endpoint_id", "event_type", "timestamp")
_MILLISECONDS_A_MINUTE: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerConditionArgs:
    """What a field of an event has to be like."""

    # Name of an event attribute or metric as in the URL, with its prefix: evat_currency, evmt_value.
    field: str

    # A ComparisonOperator of the service, and what it compares with: 1 to 10 texts of 1 to 255 characters,
    # printable ASCII only, because CloudFormation answers others as question marks.
    operator: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTriggerArgs:
    """An event trigger: events of one type that meet every condition start a campaign."""

    # In the domain: 1 to 64 of the characters A-Z a-z 0-9 _ -.
    name: str

    # 1 to 255 printable ASCII characters, as in conditions.
    event_type: str
    conditions: Sequence[TriggerConditionArgs] = ()

    # Segment definition that the customer has to be in.
    segment: str | None = None

    # An event that the service takes longer with starts nothing; None leaves it to the service (at most 15).
    expiration_minutes: int | None = None

    # Starts a customer and day; None leaves it to the service (10).
    max_invocations_per_day: int | None = None

    # The event-triggered campaign to start; None: the campaign is connected elsewhere.
    campaign_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTemplateArgs:
    """What the domain is told. Names of attributes and metrics are without usat_, evat_ or evmt_."""

    # Must start with amazon-connect- so that Amazon Connect may use it.
    domain_name: str

    # Whether this template makes the domain; it outlives the stack.
    new_domain: bool

    # The type of events; that of imported endpoints has -endpoints appended. Both outlive the stack.
    object_type_name: str

    # Days that the domain keeps objects, and profiles that nothing updates (1 to 1,098).
    expiration_days: int

    # Events that a profile keeps; beyond, the oldest go. A profile has 1,000 objects (Amazon Connect Customer
    # Profiles quotas), and a type without a limit of its own, such as that of endpoints, is never over it.
    max_events_per_profile: int

    # Whether an event of an unknown endpoint makes a profile.
    create_profiles: bool

    # User attributes that become attributes of the profile.
    profile_attributes: Sequence[str] = ()

    # Event attributes and metrics that event triggers and segments can see.
    trigger_attributes: Sequence[str] = ()
    trigger_metrics: Sequence[str] = ()

    # Event attributes that find profiles, each by a key of its own; at most 8.
    search_attributes: Sequence[str] = ()

    event_triggers: Sequence[EventTriggerArgs] = ()

    @property
    def endpoints_type_name(self) -> str:
        """The object type of endpoints imported from Amazon Pinpoint."""
        return f"{self.object_type_name}-endpoints"

    @property
    def event_attributes(self) -> tuple[str, ...]:
        """Event attributes that are fields of the events type, each once."""
        return tuple(dict.fromkeys([*self.trigger_attributes, *self.search_attributes]))


def field_count(args: ProfileTemplateArgs) -> int:
    """Fields of the larger of the two object types, that of events or that of endpoints."""
    return max(len(_event_fields(args)), len(_endpoint_fields(args)))


def profile_template(args: ProfileTemplateArgs) -> Mapping[str, Any]:
    """The template. It has no outputs: every name in it is one of the arguments.

    A new domain and the object types stay when the stack goes: deleting a type deletes its objects and
    scrubs whatever came from them off every profile (DeleteProfileObjectType). They go if it is their
    creation that fails: there is nothing in them yet, and what is left behind stands in the way of the next
    attempt.
    """
    resources: dict[str, Any] = {}
    if args.new_domain:
        resources["Domain"] = {
            "Type": "AWS::CustomerProfiles::Domain",
            **_KEPT,
            "Properties": {
                "DomainName": args.domain_name,
                "DefaultExpirationDays": args.expiration_days,
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
            # A campaign has one, which stays the same when its trigger gets another name, or the campaign
            # another trigger: CloudFormation would make a new one beside the old, and then delete that.
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
        "Description": f"What {args.domain_name} knows about events of {args.object_type_name}",
        "Resources": _one_after_the_other(resources),
    }


def template_body(args: ProfileTemplateArgs) -> str:
    """The template as the text that goes to CloudFormation: short, because its length is limited."""
    return json.dumps(profile_template(args), separators=(",", ":"))


def template_bytes(args: ProfileTemplateArgs) -> int:
    """The length of the template as the AWS provider sends it, for MAXIMUM_TEMPLATE_BYTES."""
    body = template_body(args)
    escaped = sum(body.count(character) for character in _ESCAPED_CHARACTERS)
    return len(body.encode()) + escaped * (_ESCAPED_BYTES - 1)


def _one_after_the_other(resources: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Each resource depends on the one before it; CloudFormation deletes them in the opposite order.

    PutProfileObjectType and PutIntegration allow one request a second (Amazon Connect Customer Profiles
    quotas), and CloudFormation makes at once what does not depend on one another. An integration comes right
    after its trigger, so that it goes before it.
    """
    chained: dict[str, Any] = {}
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
    fields: Sequence[Mapping[str, Any]],
    keys: Sequence[Mapping[str, Any]],
    max_objects_per_profile: int | None = None,
) -> Mapping[str, Any]:
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


def _event_fields(args: ProfileTemplateArgs) -> Sequence[Mapping[str, Any]]:
    targets = {"endpoint_id": ENDPOINT_ATTRIBUTE}
    return [
        *(_field(name, name, attribute=targets.get(name)) for name in _EVENT_FIELDS),
        *_profile_attribute_fields(args.profile_attributes),
        *(_field(f"evat_{name}", f"attributes.{name}") for name in args.event_attributes),
        *(_field(f"evmt_{name}", f"metrics.{name}", content_type="NUMBER") for name in args.trigger_metrics),
    ]


def _endpoint_fields(args: ProfileTemplateArgs) -> Sequence[Mapping[str, Any]]:
    return [
        _field("endpoint_id", "endpoint_id", attribute=ENDPOINT_ATTRIBUTE),
        _field("user_id", "user_id", attribute="user_id"),
        _field("opt_out", "opt_out", attribute=OPT_OUT_ATTRIBUTE),
        _field("email", "email", target="_profile.EmailAddress", content_type="EMAIL_ADDRESS"),
        _field("phone", "phone", target="_profile.PhoneNumber", content_type="PHONE_NUMBER"),
        # Two fields with one target: which of them counts would be anyone's guess.
        *_profile_attribute_fields(
            [name for name in args.profile_attributes if attribute_key(name) != "user_id"]
        ),
    ]


def _profile_attribute_fields(names: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    return [
        _field(f"usat_{name}", f"user_attributes.{key}", attribute=key)
        for name, key in ((name, attribute_key(name)) for name in names)
    ]


def attribute_key(name: str) -> str:
    """What a user attribute is called in objects and profiles, where a dot would begin another level."""
    return name.replace(".", "_")


def _field(
    name: str,
    source: str,
    *,
    attribute: str | None = None,
    target: str | None = None,
    content_type: str = "STRING",
) -> Mapping[str, Any]:
    """A field read from `source` of the object; `attribute` is an attribute of the profile as target."""
    target = f"_profile.Attributes.{attribute}" if attribute else target
    return {
        "Name": name,
        "ObjectTypeField": {
            "Source": f"_source.{source}",
            **({"Target": target} if target else {}),
            "ContentType": content_type,
        },
    }


def _event_keys(args: ProfileTemplateArgs) -> Sequence[Mapping[str, Any]]:
    return [
        # A hash of endpoint, event type, event id and proof (handler/event_identity.py). Event ids come from
        # the sender: by itself, one customer's could replace the event of another.
        _key(EVENT_KEY, ["event_key"], ["UNIQUE"]),
        _key(ENDPOINT_KEY, ["endpoint_id"], ["PROFILE"]),
        *(_key(f"gtm_pixel_{name}", [f"evat_{name}"], []) for name in args.search_attributes),
    ]


def _key(name: str, fields: Sequence[str], identifiers: Sequence[str]) -> Mapping[str, Any]:
    """A key; without a standard identifier it finds profiles but ties no object to one."""
    return {
        "Name": name,
        "ObjectTypeKeyList": [
            {**({"StandardIdentifiers": identifiers} if identifiers else {}), "FieldNames": fields}
        ],
    }


def _event_trigger(args: ProfileTemplateArgs, trigger: EventTriggerArgs) -> Mapping[str, Any]:
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


def _dimension(condition: TriggerConditionArgs) -> Mapping[str, Any]:
    return {
        "ObjectAttributes": [
            {
                "FieldName": condition.field,
                "ComparisonOperator": condition.operator,
                "Values": list(condition.values),
            }
        ]
    }


def _limits(trigger: EventTriggerArgs) -> Mapping[str, Any]:
    limits: dict[str, Any] = {}
    if trigger.expiration_minutes is not None:
        limits["EventExpiration"] = trigger.expiration_minutes * _MILLISECONDS_A_MINUTE
    if trigger.max_invocations_per_day is not None:
        per_day = {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": trigger.max_invocations_per_day}
        limits["Periods"] = [per_day]
    return limits


def _logical_id(identity: str) -> str:
    """A name or an ARN as part of a logical id, which has letters and digits only.

    It depends on nothing but what a resource is known by: were it a position in the list, a trigger taken
    out of the list would rename those after it, and CloudFormation would make them anew under names that
    are taken.
    """
    readable = "".join(character for character in identity if character.isalnum())
    return f"{readable}{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
