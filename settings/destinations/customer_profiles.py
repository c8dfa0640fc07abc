"""Settings of Amazon Connect Customer Profiles, and the rules between them."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from components.destinations.customer_profiles import CustomerProfilesArgs
from components.profile_template import (
    MAXIMUM_TEMPLATE_BYTES,
    EventTriggerArgs,
    ProfileTemplateArgs,
    attribute_key,
    field_count,
    template_bytes,
)
from contract import url
from contract.customer_profiles import (
    ENDPOINT_ATTRIBUTE,
    ENDPOINTS_TYPE_SUFFIX,
    EXPIRATION_DAYS,
    FIELDS,
    KEYS,
    OBJECTS_IN_REQUEST,
    OBJECTS_OF_PROFILE,
    OPT_OUT_ATTRIBUTE,
    TRIGGER_NAME_CHARACTERS,
    USER_ATTRIBUTE_NAME,
)
from contract.function_time import (
    CLOSING_SECONDS,
    CUSTOMER_PROFILES_REQUEST_SECONDS,
    MESSAGES_HANDED_OVER_IN_A_SECOND,
)
from contract.scenario import ProfileUpdates
from settings import events, function, monitoring, protection
from settings.destinations.event_triggers import FIELD_KINDS, event_trigger
from settings.groups import DestinationGroup, Stack
from settings.problems import InvalidValue, Problem
from settings.values import (
    Reader,
    Setting,
    Values,
    list_of,
    optional,
    string,
    true_or_false,
    unique,
    whole_number,
)

_DOMAIN_NAME = re.compile(r"amazon-connect-[a-zA-Z0-9_-]{1,49}")
_OBJECT_TYPE_NAME = re.compile(r"[a-zA-Z_][a-zA-Z_0-9-]{0,244}")
_OBJECT_TYPE_RULE = "1 to 245 letters, digits, - and _, of which the first is no digit and no -"
# Names of fields and keys, with room for usat_ and gtm_pixel_ before them.
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")
_PROFILE_ATTRIBUTE = re.compile(USER_ATTRIBUTE_NAME)
_OWN_ATTRIBUTES: Mapping[str, str] = {
    ENDPOINT_ATTRIBUTE: "which endpoint a profile is",
    OPT_OUT_ATTRIBUTE: "where a customer has opted out",
}
_OWN_KEYS = ("event_key", "endpoint_id")
# Attributes by which profiles are found or merged: names of standard fields and keys, and what sites call the
# same things. Compared without case, digits and separators.
_IDENTITY_ATTRIBUTE = re.compile(
    r"gtmpixel[a-z]+|profileid|(user|customer|client|member|account|party|person|contact|endpoint|visitor|crm)?id"
    r"|username|(user|customer|client|member|account|loyalty)(number|key)"
    r"|(user|customer|contact|personal|private|business|work|company|home|primary|secondary)?"
    r"(e?mail|e?mailaddress|(mobile|cell)?(tele)?phone(number)?|mobile(number)?|cell(number)?|tel|msisdn)"
)


def _field_names(prefix: str) -> Reader[tuple[str, ...]]:
    return unique(
        list_of(
            string(
                _FIELD_NAME,
                "a field name of Customer Profiles: 1 to 50 letters, digits and _, no digit first",
                f"the name as it follows {prefix} in the URL, or leave it out",
            ),
            "NAME",
        )
    )


def _search_attributes(key: str, value: object) -> tuple[str, ...]:
    names = _field_names(url.EVENT_ATTRIBUTE)(key, value)
    most = KEYS - 2
    if len(names) > most:
        what = (
            f"{len(names)} are too many: an object type has {KEYS} keys, and event and endpoint id take two."
        )
        raise InvalidValue(Problem(key, what, f"Set {most} or fewer."))
    taken = [
        Problem(f"{key}[{position}]", f"{name!r} is the name of a key that every stack has.", "Leave it out.")
        for position, name in enumerate(names)
        if name in _OWN_KEYS
    ]
    if taken:
        raise InvalidValue(*taken)
    return names


DOMAIN = Setting(
    "customerProfilesDomain",
    "",
    string(
        _DOMAIN_NAME,
        "a name that Amazon Connect can use: amazon-connect- and 1 to 49 letters, digits, - and _",
        "the domain's name, such as amazon-connect-example",
    ),
)
NEW_DOMAIN = Setting("customerProfilesNewDomain", default=False, read=true_or_false)
REQUESTS_PER_SECOND = Setting("customerProfilesRequestsPerSecond", 100, whole_number(1, 100_000))
OBJECT_TYPE = Setting(
    "customerProfilesObjectType",
    "",
    optional(
        string(
            _OBJECT_TYPE_NAME,
            f"the name of an object type: {_OBJECT_TYPE_RULE}",
            "such a name, or nothing for the stack's own",
        )
    ),
)
MAX_EVENTS_PER_PROFILE = Setting(
    "customerProfilesMaxEventsPerProfile", 500, whole_number(1, OBJECTS_OF_PROFILE)
)
EXPIRATION = Setting("customerProfilesExpirationDays", 366, whole_number(1, EXPIRATION_DAYS))
CREATE = Setting("customerProfilesCreate", default=True, read=true_or_false)
DEAD_LETTER_QUEUE = Setting(
    "customerProfilesDeadLetterQueue",
    "",
    optional(
        string(
            re.compile(r"[A-Za-z0-9_-]{1,80}"),
            "the name of a queue: 1 to 80 letters, digits, _ and -",
            "the last part of the queue's URL, or nothing if the domain has none",
        )
    ),
)
ALLOW_IDENTITY_ATTRIBUTES = Setting(
    "customerProfilesAllowIdentityAttributes", default=False, read=true_or_false
)
TRIGGER_ATTRIBUTES = Setting("customerProfilesTriggerAttributes", [], _field_names(url.EVENT_ATTRIBUTE))
TRIGGER_METRICS = Setting("customerProfilesTriggerMetrics", [], _field_names(url.EVENT_METRIC))
SEARCH_ATTRIBUTES = Setting("customerProfilesSearchAttributes", [], _search_attributes)
TRIGGERS = Setting("customerProfilesTriggers", [], list_of(event_trigger, "VALUE"))


def _object_type(values: Values, stack: Stack) -> str:
    """The configured name, or the stack's. Object types outlive a stack: the next one needs a new name."""
    return values[OBJECT_TYPE] or stack.name


def _trigger_name(values: Values, stack: Stack, trigger: EventTriggerArgs) -> str:
    """The name in the domain, with the object type: a domain may briefly have triggers of two types."""
    return f"{_object_type(values, stack)}-{trigger.name}"


def _template(values: Values, stack: Stack) -> ProfileTemplateArgs:
    return ProfileTemplateArgs(
        domain_name=values[DOMAIN],
        new_domain=values[NEW_DOMAIN],
        object_type_name=_object_type(values, stack),
        expiration_days=values[EXPIRATION],
        max_events_per_profile=values[MAX_EVENTS_PER_PROFILE],
        create_profiles=values[CREATE],
        profile_attributes=values[events.PROFILE_ATTRIBUTES],
        trigger_attributes=values[TRIGGER_ATTRIBUTES],
        trigger_metrics=values[TRIGGER_METRICS],
        search_attributes=values[SEARCH_ATTRIBUTES],
        event_triggers=tuple(
            replace(trigger, name=_trigger_name(values, stack, trigger)) for trigger in values[TRIGGERS]
        ),
    )


def _make(values: Values, stack: Stack) -> CustomerProfilesArgs:
    return CustomerProfilesArgs(
        template=_template(values, stack),
        requests_per_second=values[REQUESTS_PER_SECOND] // values[function.MAXIMUM_CONCURRENCY],
        domain_dead_letter_queue=values[DEAD_LETTER_QUEUE],
        safeguards=protection.safeguards(values),
    )


# ---- Rules ---------------------------------------------------------------------------------------------


def _the_stack_names_its_object_types(values: Values, stack: Stack) -> Iterable[Problem]:
    if values[OBJECT_TYPE] is None and not _OBJECT_TYPE_NAME.fullmatch(stack.name):
        yield Problem(
            OBJECT_TYPE.key,
            f"it is not set, and the stack's name {stack.name!r} is not {_OBJECT_TYPE_RULE}.",
            "Set it, or rename the stack.",
        )


def _the_object_type_is_no_other_stacks(values: Values, stack: Stack) -> Iterable[Problem]:
    name = _object_type(values, stack)
    if name.endswith(ENDPOINTS_TYPE_SUFFIX):
        owner = name.removesuffix(ENDPOINTS_TYPE_SUFFIX)
        yield Problem(
            OBJECT_TYPE.key,
            f"{name!r} ends with {ENDPOINTS_TYPE_SUFFIX}: in the same domain, the stack whose object type is "
            f"{owner!r} keeps its imported endpoints under that name.",
            "Set a name with another ending.",
        )


def _the_domains_queue_is_watched(values: Values, _: Stack) -> Iterable[Problem]:
    queue = values[DEAD_LETTER_QUEUE]
    if queue is not None and values[NEW_DOMAIN]:
        yield Problem(
            DEAD_LETTER_QUEUE.key,
            f"{queue!r} does not go with customerProfilesNewDomain: the stack makes that domain's queue.",
            "Run: pulumi config rm customerProfilesDeadLetterQueue",
        )
    elif queue is not None and not values[monitoring.ALARMS] and not values[monitoring.DASHBOARD]:
        yield Problem(
            DEAD_LETTER_QUEUE.key,
            f"{queue!r} has no effect while alarms and dashboard are false.",
            "Set one of them to true, or run: pulumi config rm customerProfilesDeadLetterQueue",
        )


def _each_copy_of_the_function_has_a_request(values: Values, _: Stack) -> Iterable[Problem]:
    quota, copies = values[REQUESTS_PER_SECOND], values[function.MAXIMUM_CONCURRENCY]
    if quota < copies:
        yield Problem(
            REQUESTS_PER_SECOND.key,
            f"{quota} is less than one request for each copy of the function (maximumConcurrency {copies}).",
            f"Set {copies} or more, or lower maximumConcurrency.",
        )


def _a_batch_is_sent_in_time(values: Values, _: Stack) -> Iterable[Problem]:
    quota, copies = values[REQUESTS_PER_SECOND], values[function.MAXIMUM_CONCURRENCY]
    batch_size, timeout = values[function.BATCH_SIZE], values[function.TIMEOUT]
    share = quota // copies
    requests = math.ceil(batch_size / OBJECTS_IN_REQUEST)
    closing = CLOSING_SECONDS + batch_size // MESSAGES_HANDED_OVER_IN_A_SECOND
    seconds = timeout - closing - CUSTOMER_PROFILES_REQUEST_SECONDS
    if share and requests > share * seconds:
        yield Problem(
            function.BATCH_SIZE.key,
            f"{batch_size} messages are {requests} requests to Customer Profiles, which at {share} a second "
            f"(customerProfilesRequestsPerSecond {quota}, maximumConcurrency {copies}) take longer than the "
            f"{seconds} s that functionTimeoutSeconds {timeout} leaves for them.",
            f"Set {share * seconds * OBJECTS_IN_REQUEST} or less, lower maximumConcurrency, or raise "
            "functionTimeoutSeconds.",
        )


def _profile_attributes_are_fields(values: Values, _: Stack) -> Iterable[Problem]:
    by_key: dict[str, str] = {}
    for position, name in enumerate(values[events.PROFILE_ATTRIBUTES]):
        path, key = f"{events.PROFILE_ATTRIBUTES.key}[{position}]", attribute_key(name)
        if not _PROFILE_ATTRIBUTE.fullmatch(name):
            yield Problem(
                path,
                f"{name!r} is not a field name of Customer Profiles: 1 to 59 letters, digits, _, - and dots.",
                "Set the name as it follows usat_ in the URL, or leave it out.",
            )
        elif key in _OWN_ATTRIBUTES:
            what = f"{name!r} is the attribute that says {_OWN_ATTRIBUTES[key]}."
            yield Problem(path, what, "Leave it out.")
        elif key in by_key:
            what = f"{by_key[key]!r} and {name!r} are one attribute of a profile, which has _ for a dot."
            yield Problem(path, what, "Leave one of them out.")
        else:
            by_key[key] = name


def _profile_attributes_identify_nobody(values: Values, _: Stack) -> Iterable[Problem]:
    """Refuse attributes that identify a customer, by which Customer Profiles can find and merge profiles.

    A visitor who can set such an attribute could have their profile merged with another customer's.
    """
    if events.profile_updates(values) is ProfileUpdates.NONE or values[ALLOW_IDENTITY_ATTRIBUTES]:
        return
    for position, name in enumerate(values[events.PROFILE_ATTRIBUTES]):
        if _IDENTITY_ATTRIBUTE.fullmatch(re.sub(r"[^a-z]", "", name.lower())):
            yield Problem(
                f"{events.PROFILE_ATTRIBUTES.key}[{position}]",
                f"{name!r} identifies a customer: anyone who can write it could have their profile merged "
                "with another customer's.",
                f"Leave it out, or set {ALLOW_IDENTITY_ATTRIBUTES.key} to true if you want that "
                "(docs/security.md, Merged profiles).",
            )


def _profile_updates_have_attributes(values: Values, _: Stack) -> Iterable[Problem]:
    updates = events.profile_updates(values)
    if updates is not ProfileUpdates.NONE and not values[events.PROFILE_ATTRIBUTES]:
        yield Problem(
            events.PROFILE_ATTRIBUTES.key,
            f"the list is empty, so profileUpdates {updates} would update nothing: Customer Profiles has "
            "only declared attributes.",
            "List the attributes, or set profileUpdates to none.",
        )


def _triggers_see_their_fields(values: Values, _: Stack) -> Iterable[Problem]:
    declared = {"attribute": TRIGGER_ATTRIBUTES, "metric": TRIGGER_METRICS}
    for position, trigger in enumerate(values[TRIGGERS]):
        for place, condition in enumerate(trigger.conditions):
            (kind,) = (kind for kind in FIELD_KINDS if condition.field.startswith(kind.prefix))
            name, setting = condition.field.removeprefix(kind.prefix), declared[kind.key]
            if name not in values[setting]:
                yield Problem(
                    f"{TRIGGERS.key}[{position}].conditions[{place}].{kind.key}",
                    f"{name!r} is not in {setting.key}, so event triggers cannot see it.",
                    f"Add it to {setting.key}.",
                )


def _triggers_have_short_names(values: Values, stack: Stack) -> Iterable[Problem]:
    for position, trigger in enumerate(values[TRIGGERS]):
        name = _trigger_name(values, stack, trigger)
        if len(name) > TRIGGER_NAME_CHARACTERS:
            yield Problem(
                f"{TRIGGERS.key}[{position}].name",
                f"{name!r}, which begins with the name of the object type, has {len(name)} characters; an "
                f"event trigger's name has at most {TRIGGER_NAME_CHARACTERS}.",
                "Set a shorter one.",
            )


def _triggers_differ(values: Values, _: Stack) -> Iterable[Problem]:
    """Refuse duplicate names and campaigns. A domain has one integration for each campaign."""
    triggers = values[TRIGGERS]
    for key, held in (
        ("name", [trigger.name for trigger in triggers]),
        ("campaignArn", [trigger.campaign_arn for trigger in triggers]),
    ):
        for position, value in enumerate(held):
            if value is not None and value in held[:position]:
                yield Problem(
                    f"{TRIGGERS.key}[{position}].{key}", f"{value!r} is used twice.", "Use it once."
                )


def _object_type_fits(values: Values, stack: Stack) -> Iterable[Problem]:
    """Refuse lists that are too long together. The problem names the longest."""
    template = _template(values, stack)
    lists: Mapping[str, Sequence[object]] = {
        events.PROFILE_ATTRIBUTES.key: template.profile_attributes,
        TRIGGER_ATTRIBUTES.key: template.trigger_attributes,
        TRIGGER_METRICS.key: template.trigger_metrics,
        SEARCH_ATTRIBUTES.key: template.search_attributes,
        TRIGGERS.key: template.event_triggers,
    }
    longest = max(lists, key=lambda key: len(lists[key]))
    count = f"{len(lists[longest])} entries and those of the other lists make"
    if (fields := field_count(template)) > FIELDS:
        yield Problem(
            longest, f"{count} {fields} fields of an object type, which has at most {FIELDS}.", "List fewer."
        )
    elif (size := template_bytes(template)) > MAXIMUM_TEMPLATE_BYTES:
        yield Problem(
            longest,
            f"{count} a CloudFormation template of {size} bytes, which has at most {MAXIMUM_TEMPLATE_BYTES}.",
            "List fewer, or with shorter names.",
        )


def function_names(values: Values) -> Sequence[Sequence[str]]:
    """The lists of names in the function's environment."""
    return [list(dict.fromkeys([*values[TRIGGER_ATTRIBUTES], *values[SEARCH_ATTRIBUTES]]))]


GROUP = DestinationGroup(
    name=CustomerProfilesArgs.name,
    description="Amazon Connect Customer Profiles, for profiles, segments and campaigns",
    settings=(
        *(DOMAIN, NEW_DOMAIN, REQUESTS_PER_SECOND, OBJECT_TYPE, MAX_EVENTS_PER_PROFILE, EXPIRATION, CREATE),
        DEAD_LETTER_QUEUE,
        *(ALLOW_IDENTITY_ATTRIBUTES, TRIGGER_ATTRIBUTES, TRIGGER_METRICS, SEARCH_ATTRIBUTES, TRIGGERS),
    ),
    rules=(
        _the_stack_names_its_object_types,
        _the_object_type_is_no_other_stacks,
        _the_domains_queue_is_watched,
        _each_copy_of_the_function_has_a_request,
        _a_batch_is_sent_in_time,
        _profile_attributes_are_fields,
        _profile_attributes_identify_nobody,
        _profile_updates_have_attributes,
        _triggers_see_their_fields,
        _triggers_have_short_names,
        _triggers_differ,
        _object_type_fits,
    ),
    make=_make,
)
