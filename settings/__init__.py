"""The settings of a stack: the only reader of pulumi.Config, with config_values and event_trigger_settings.

Pulumi.yaml declares every setting with its type and default; here is what a type cannot say. Each error
is one line that names the key, the value, the rule and the fix.
"""

import json
import math
import os
import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, assert_never, cast

import pulumi
import yaml
from pulumi.runtime.config import CONFIG, get_config_env

from components.destinations import DestinationArgs
from components.destinations.customer_profiles import CustomerProfilesArgs
from components.destinations.firehose import FirehoseArgs, FirehoseStreamArgs
from components.destinations.pinpoint import PinpointArgs
from components.event_pixel import EventPixelArgs
from components.profile_template import (
    ENDPOINT_ATTRIBUTE,
    MAXIMUM_FIELDS,
    MAXIMUM_KEYS,
    MAXIMUM_TEMPLATE_BYTES,
    OPT_OUT_ATTRIBUTE,
    ProfileTemplateArgs,
    attribute_key,
    field_count,
    template_bytes,
)
from components.token_authorizer import OidcArgs
from contract.scenario import AuthMode, ProfileUpdates, TimestampSource
from settings.triggers import event_triggers
from settings.values import (
    SettingsError,
    boolean,
    choice,
    integer,
    member,
    optional,
    refuse_unknown_key,
    text,
    text_list,
    unique,
)


class DestinationName(StrEnum):
    """Where events can be recorded."""

    PINPOINT = "pinpoint"
    CUSTOMER_PROFILES = "customer-profiles"
    FIREHOSE = "firehose"


# Values that CloudWatch Logs accepts (PutRetentionPolicy, retentionInDays).
LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

# The longest call to a destination, with its retry (16 s; destinations are called at the same time), and what
# the handler keeps back after it (CLOSING_SECONDS) take 31 s. No call starts that could outlive the function.
SHORTEST_FUNCTION_TIMEOUT_SECONDS: Final = 40

# The end of the function's time, in which no request to Customer Profiles starts: what the handler keeps for
# handing messages over to both queues and for its answer (a second more for each 500 messages), and the last
# request itself.
CLOSING_SECONDS: Final = 15
MESSAGES_IN_A_SECOND: Final = 500
LAST_REQUEST_SECONDS: Final = 5

OBJECTS_IN_REQUEST: Final = 10  # Amazon Connect Customer Profiles: Items of BatchPutProfileObject

RETRY_HOURS: Final = 14 * 24  # As long as Amazon SQS keeps a message.

BATCH_SIZE_WITHOUT_WINDOW: Final = 10  # AWS Lambda: an SQS batch above 10 needs a window of at least 1 s

# AWS Lambda: 4 KB for the whole environment, measured as JSON. All but the names of attributes and the
# ignored endpoint ids takes less than 1,496 bytes.
NAMES_BYTES: Final = 2_600

# The same of the token authorizer, whose other variables take less than 2,296 bytes.
AUDIENCES_BYTES: Final = 1_800

ALLOW_IDENTITY_ATTRIBUTES: Final = "customerProfilesAllowIdentityAttributes"

LONGEST_ENDPOINT_ID: Final = 255  # Amazon Connect Customer Profiles: the longest value of a key

EXPIRATION_DAYS: Final = 1_098  # Amazon Connect Customer Profiles: the longest that a domain keeps objects
OBJECTS_OF_PROFILE: Final = 1_000  # Amazon Connect Customer Profiles quotas: objects of a profile
BUFFER_SECONDS: Final = 900  # Amazon Data Firehose: the longest that records wait

_OTHER_NAMESPACES: Final = ("aws", "pulumi")

OIDC_PREFIX: Final = "oidc"

_PROJECT_FILE = Path(__file__).parents[1] / "Pulumi.yaml"

_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PINPOINT_APPLICATION_ID = re.compile(r"[0-9a-f]{32}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
# A path is printable ASCII without ? and #, and short (see AUDIENCES_BYTES). The authorizer refuses what is
# not a plain host before it, so that no token would ever be verified.
_AFTER_HOST = r"(:[0-9]{1,5})?(/[!-\"$->@-~]{0,400})?"
_HTTPS_URL = re.compile(rf"https://[A-Za-z0-9.-]{{1,253}}{_AFTER_HOST}")
# In the local run the issuer may be on the same machine. On Lambda there is none, and plain http is refused.
_LOCAL_URL = re.compile(rf"{_HTTPS_URL.pattern}|http://(127\.0\.0\.1|localhost){_AFTER_HOST}")
_LOCAL_RUN = "GTM_PIXEL_LOCAL_RUN"  # an environment variable that the local run sets, and nothing else does
_PRINTABLE = re.compile(r"[!-~]{1,256}")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # a token of RFC 9110
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
# Amazon Pinpoint endpoint quotas: at most 50 characters, and these break segments and templates.
_USER_ATTRIBUTE_NAME = re.compile(r"[^#:?\\/]{1,50}")
# Amazon Connect Customer Profiles: names of fields and keys, with room for usat_ and gtm_pixel_ before them.
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")
# A field is named usat_NAME, of at most 64 characters (PutProfileObjectType in the service's model).
_PROFILE_ATTRIBUTE = re.compile(r"[A-Za-z0-9_.-]{1,59}")
_OWN_ATTRIBUTES: Mapping[str, str] = {
    ENDPOINT_ATTRIBUTE: "which endpoint a profile is",
    OPT_OUT_ATTRIBUTE: "where a customer has opted out",
}
# What profiles are found or merged by, however it is written: names of standard fields and of keys, and what
# sites call the same things. Letters only.
_IDENTITY_ATTRIBUTE = re.compile(
    r"gtmpixel[a-z]+|profileid|(user|customer|client|member|account|party|person|contact|endpoint|visitor|crm)?id"
    r"|username|(user|customer|client|member|account|loyalty)(number|key)"
    r"|(user|customer|contact|personal|private|business|work|company|home|primary|secondary)?"
    r"(e?mail|e?mailaddress|(mobile|cell)?(tele)?phone(number)?|mobile(number)?|cell(number)?|tel|msisdn)"
)
_DOMAIN_NAME = re.compile(r"amazon-connect-[a-zA-Z0-9_-]{1,49}")
_OBJECT_TYPE_NAME = re.compile(r"[a-zA-Z_][a-zA-Z_0-9-]{0,244}")
_STREAM_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
# Short, and of one byte a character in JSON: it is in the function's environment (see NAMES_BYTES).
_APP_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def load(config: pulumi.Config) -> EventPixelArgs:
    """Read and check every setting. Raises SettingsError for the first that is wrong."""
    _refuse_unknown(config)
    auth_mode = choice(config, "authMode", AuthMode)
    destinations = _destination_names(config)
    _refuse_without_effect(config, auth_mode, destinations)
    profile_updates = _profile_updates(config, auth_mode)
    profile_attributes = _profile_attributes(config, profile_updates, destinations)
    return EventPixelArgs(
        oidc=_oidc(config, auth_mode),
        stage_name=text(
            config, "stageName", _STAGE_NAME, "letters, digits, - and _, at most 128 of them", "v1"
        ),
        allowed_origins=_allowed_origins(config),
        throttling_rate_limit=integer(config, "throttlingRateLimit", 1, 100_000),
        throttling_burst_limit=integer(config, "throttlingBurstLimit", 1, 100_000),
        protect=boolean(config, "protect"),
        destinations=tuple(_destination(config, name, profile_attributes) for name in destinations),
        profile_updates=profile_updates,
        profile_attributes=profile_attributes,
        timestamp_source=choice(config, "timestampSource", TimestampSource),
        ignored_endpoint_ids=_ignored_endpoint_ids(config),
        retry_hours=integer(config, "retryHours", 1, RETRY_HOURS),
        max_receive_count=integer(config, "maxReceiveCount", 1, 1_000),
        batch_size=_batch_size(config),
        batch_window_seconds=_batch_window(config),
        maximum_concurrency=_maximum_concurrency(config),
        function_timeout_seconds=_function_timeout(config),
        function_memory_mb=integer(config, "functionMemoryMb", 128, 10_240),
        access_logs=boolean(config, "accessLogs"),
        log_retention_days=_log_retention(config),
        tracing=boolean(config, "tracing"),
    )


Declarations = Mapping[str, Mapping[str, object]]
"""The settings that Pulumi.yaml declares, with type, default and description."""


@cache
def _declarations() -> Declarations:
    project = cast("dict[str, Declarations]", yaml.safe_load(_PROJECT_FILE.read_text("utf-8")))
    return project["config"]


def _refuse_unknown(config: pulumi.Config) -> None:
    """Refuse keys that Pulumi.yaml does not declare.

    The engine ignores them, so a slip of the pen in a key would leave a setting at its default unnoticed. So
    would all of them, if the project has another name than the keys of the stack's file begin with.
    """
    for full_key in {**get_config_env(), **CONFIG.get()}:
        namespace, _, key = full_key.partition(":")
        if namespace == config.name:
            refuse_unknown_key(key, key, _declarations())
        elif namespace not in _OTHER_NAMESPACES and key in _declarations():
            raise SettingsError(
                key,
                f"{full_key} is a setting of another project, and this one is {config.name}.",
                f"Begin the keys in Pulumi.{pulumi.get_stack()}.yaml with {config.name}: instead.",
            )


def setting_prefix(destination: DestinationName) -> str:
    """What the settings of a destination begin with: customerProfiles of customer-profiles."""
    first, *others = destination.split("-")
    return first + "".join(word.capitalize() for word in others)


def settings_of(prefix: str) -> Sequence[str]:
    """The settings of a destination, or of OpenID Connect: their names begin with its prefix."""
    return [key for key in _declarations() if re.match(f"{prefix}[A-Z]", key)]


def _refuse_without_effect(
    config: pulumi.Config, auth_mode: AuthMode, destinations: Collection[DestinationName]
) -> None:
    """Refuse settings of the other scenario and of destinations that are not listed.

    Nobody should believe in a protection that is not there.
    """
    if auth_mode is AuthMode.OPEN:
        _refuse_given(
            config, settings_of(OIDC_PREFIX), "while authMode is open", "Set authMode to authenticated"
        )
    for name in DestinationName:
        if name not in destinations:
            keys = settings_of(setting_prefix(name))
            _refuse_given(config, keys, f"without destination {name}", f"Add {name} to destinations")


def _refuse_given(config: pulumi.Config, keys: Sequence[str], condition: str, remedy: str) -> None:
    """Refuse any of these settings that differs from its default.

    The program receives defaults as if they were set, so a setting at its default counts as not given.
    """
    given = [key for key in keys if not _is_default(config.get(key), _declarations()[key]["default"])]
    if given:
        key, value = given[0], config.get(given[0])
        shown = repr(value) if _declarations()[key]["type"] == "string" else value
        raise SettingsError(
            key,
            f"{shown} has no effect {condition}.",
            f"{remedy}, or run: pulumi config rm-all {' '.join(given)}",
        )


def _is_default(value: str | None, default: object) -> bool:
    """Whether a value is its setting's default, however its text is written. An empty text sets nothing."""
    if not value or value == default:
        return True
    if isinstance(default, str):
        return False
    try:
        return cast("object", json.loads(value)) == default
    except ValueError:
        return False


def _destination_names(config: pulumi.Config) -> Sequence[DestinationName]:
    names = [
        member("destinations", value, DestinationName)
        for value in unique("destinations", text_list(config, "destinations"))
    ]
    if not names:
        raise SettingsError(
            "destinations",
            "the list is empty; events need at least one destination.",
            "Set --path 'destinations[0]' to customer-profiles.",
        )
    return names


def _destination(
    config: pulumi.Config, name: DestinationName, profile_attributes: Sequence[str]
) -> DestinationArgs:
    match name:
        case DestinationName.PINPOINT:
            return _pinpoint(config)
        case DestinationName.CUSTOMER_PROFILES:
            return _customer_profiles(config, profile_attributes)
        case DestinationName.FIREHOSE:
            return _firehose(config)
        case _:
            assert_never(name)


def _pinpoint(config: pulumi.Config) -> PinpointArgs:
    region = optional(
        config,
        "pinpointRegion",
        _REGION,
        "an AWS Region",
        "one such as us-east-1, or leave it empty for the stack's own",
    )
    application_id = text(
        config,
        "pinpointApplicationId",
        _PINPOINT_APPLICATION_ID,
        "the application's 32 hexadecimal characters",
        "the project id that the Amazon Pinpoint console shows",
    )
    return PinpointArgs(application_id=application_id, region=region)


def _customer_profiles(config: pulumi.Config, profile_attributes: Sequence[str]) -> CustomerProfilesArgs:
    object_type_name = _object_type_name(config)
    trigger_attributes = _field_names(config, "customerProfilesTriggerAttributes", "evat_")
    trigger_metrics = _field_names(config, "customerProfilesTriggerMetrics", "evmt_")
    template = ProfileTemplateArgs(
        domain_name=text(
            config,
            "customerProfilesDomain",
            _DOMAIN_NAME,
            "a name that Amazon Connect can use: amazon-connect- and then letters, digits, - and _, at most "
            "64 characters in all",
            "the domain's name, such as amazon-connect-example",
        ),
        new_domain=boolean(config, "customerProfilesNewDomain"),
        object_type_name=object_type_name,
        expiration_days=integer(config, "customerProfilesExpirationDays", 1, EXPIRATION_DAYS),
        max_events_per_profile=integer(config, "customerProfilesMaxEventsPerProfile", 1, OBJECTS_OF_PROFILE),
        create_profiles=boolean(config, "customerProfilesCreate"),
        profile_attributes=profile_attributes,
        trigger_attributes=trigger_attributes,
        trigger_metrics=trigger_metrics,
        search_attributes=_search_attributes(config),
        event_triggers=event_triggers(
            config, object_type_name, {"attribute": trigger_attributes, "metric": trigger_metrics}
        ),
    )
    _refuse_oversize(config, template)
    return CustomerProfilesArgs(template=template, requests_per_second=_requests_per_second(config))


def _object_type_name(config: pulumi.Config) -> str:
    """The name that is set, or the stack's. Object types outlive the stack, and then need another one."""
    rule = "letters, digits, - and _, no digit or - first, at most 245 of them"
    name = optional(
        config,
        "customerProfilesObjectType",
        _OBJECT_TYPE_NAME,
        f"the name of an object type: {rule}",
        "such a name, or nothing for the stack's own",
    )
    if name is not None:
        return name
    name = _stack_name(config)
    if not _OBJECT_TYPE_NAME.fullmatch(name):
        raise SettingsError(
            "destinations",
            f"customer-profiles names its object types after the stack, and {name!r} is not {rule}.",
            "Set customerProfilesObjectType, or rename the stack.",
        )
    return name


def _firehose(config: pulumi.Config) -> FirehoseArgs:
    name = optional(
        config,
        "firehoseStream",
        _STREAM_NAME,
        "the name of a stream: letters, digits, _ . and -, at most 64 of them",
        "the name that Amazon Data Firehose shows, or nothing for a new stream",
    )
    of_new_stream = FirehoseStreamArgs(
        buffer_seconds=integer(config, "firehoseBufferSeconds", 0, BUFFER_SECONDS),
        retention_days=integer(config, "firehoseRetentionDays", 1, 3_650),
        log_retention_days=_log_retention(config),
    )
    if name is not None:
        keys = ("firehoseBufferSeconds", "firehoseRetentionDays")
        _refuse_given(config, keys, f"on the existing stream {name!r}", "Set it where that stream is managed")
    app_id = optional(
        config,
        "firehoseAppId",
        _APP_ID,
        "letters, digits, . _ and -, at most 128 of them",
        "what your queries filter application.app_id by, or nothing for the stack's name",
    )
    return FirehoseArgs(stream=name or of_new_stream, app_id=app_id or _default_app_id(config))


def _default_app_id(config: pulumi.Config) -> str:
    name = _stack_name(config)
    if not _APP_ID.fullmatch(name):
        raise SettingsError(
            "destinations",
            f"firehose calls its application after the stack, and {name!r} has more than 128 characters.",
            "Set firehoseAppId, or rename the stack.",
        )
    return name


def _stack_name(config: pulumi.Config) -> str:
    """What tells this stack from others of the project where the account is shared."""
    return f"{config.name}-{pulumi.get_stack()}"


def _requests_per_second(config: pulumi.Config) -> int:
    """The share of one copy of the function, at which it has to be able to send a whole batch in time."""
    maximum_concurrency = _maximum_concurrency(config)
    quota = integer(config, "customerProfilesRequestsPerSecond", 1, 100_000)
    if quota < maximum_concurrency:
        raise SettingsError(
            "customerProfilesRequestsPerSecond",
            f"{quota} is less than one request for each copy of the function (maximumConcurrency "
            f"{maximum_concurrency}).",
            f"Set {maximum_concurrency} or more, or lower maximumConcurrency.",
        )
    share = quota // maximum_concurrency
    batch_size, timeout = _batch_size(config), _function_timeout(config)
    requests = math.ceil(batch_size / OBJECTS_IN_REQUEST)
    seconds = timeout - CLOSING_SECONDS - batch_size // MESSAGES_IN_A_SECOND - LAST_REQUEST_SECONDS
    if requests > share * seconds:
        raise SettingsError(
            "batchSize",
            f"{batch_size} messages are {requests} requests to Customer Profiles, which at {share} a second "
            f"(customerProfilesRequestsPerSecond {quota}, maximumConcurrency {maximum_concurrency}) take "
            f"longer than the {seconds} s that functionTimeoutSeconds {timeout} leaves for them.",
            f"Set {share * seconds * OBJECTS_IN_REQUEST} or less, or lower maximumConcurrency, or raise "
            "functionTimeoutSeconds.",
        )
    return share


def _field_names(config: pulumi.Config, key: str, prefix: str) -> tuple[str, ...]:
    """Names that become fields of an object type."""
    names = unique(key, text_list(config, key))
    for name in names:
        if not _FIELD_NAME.fullmatch(name):
            raise SettingsError(
                key,
                f"{name!r} is not a name that Customer Profiles has: 1 to 50 letters, digits and _, and no "
                "digit first.",
                f"Set the name as it follows {prefix} in the URL, or leave it out.",
            )
    return tuple(names)


def _search_attributes(config: pulumi.Config) -> tuple[str, ...]:
    names = _field_names(config, "customerProfilesSearchAttributes", "evat_")
    most = MAXIMUM_KEYS - 2
    if len(names) > most:
        raise SettingsError(
            "customerProfilesSearchAttributes",
            f"{len(names)} names are too many: an object type has {MAXIMUM_KEYS} keys, and the event and the "
            "endpoint id take two.",
            f"Set {most} or fewer.",
        )
    for name in names:
        if name in ("event_key", "endpoint_id"):
            raise SettingsError(
                "customerProfilesSearchAttributes",
                f"{name!r} would take the name of a key that is there already.",
                "Leave it out.",
            )
    return names


def _refuse_oversize(config: pulumi.Config, template: ProfileTemplateArgs) -> None:
    """Refuse lists that are too long together; the error names the longest."""
    lists: Mapping[str, Sequence[str]] = {
        "profileAttributes": template.profile_attributes,
        "customerProfilesTriggerAttributes": template.trigger_attributes,
        "customerProfilesTriggerMetrics": template.trigger_metrics,
        "customerProfilesSearchAttributes": template.search_attributes,
        "customerProfilesTriggers": [trigger.name for trigger in template.event_triggers],
    }
    longest = max(lists, key=lambda key: len(lists[key]))
    fields = field_count(template)
    if fields > MAXIMUM_FIELDS:
        raise SettingsError(
            longest,
            f"{len(lists[longest])} names and those of the other lists make {fields} fields of an object "
            f"type, which has at most {MAXIMUM_FIELDS}.",
            "List fewer.",
        )
    _refuse_long_names(config, longest, template.profile_attributes, template.event_attributes)
    size = template_bytes(template)
    if size > MAXIMUM_TEMPLATE_BYTES:
        raise SettingsError(
            longest,
            f"{len(lists[longest])} entries and those of the other lists make a CloudFormation template of "
            f"{size} bytes, which has at most {MAXIMUM_TEMPLATE_BYTES}.",
            "List fewer, or with shorter names.",
        )


def _refuse_long_names(config: pulumi.Config, key: str, *lists: Sequence[str]) -> None:
    """Refuse names that leave no room in the environment of the function, beside the ignored endpoint ids."""
    # A variable is a text of JSON, whose quotes are escaped where variables are measured as JSON.
    ignored, *others = (
        len(json.dumps(json.dumps(list(names)))) for names in (_ignored_endpoint_ids(config), *lists)
    )
    size = ignored + sum(others)
    if size > NAMES_BYTES:
        key = "ignoredEndpointIds" if ignored > sum(others) else key
        raise SettingsError(
            key,
            f"the names of attributes and ignoredEndpointIds take {size} bytes; a Lambda function has room "
            f"for {NAMES_BYTES} in its environment.",
            "List fewer, or with shorter names.",
        )


def _oidc(config: pulumi.Config, auth_mode: AuthMode) -> OidcArgs | None:
    match auth_mode:
        case AuthMode.OPEN:
            return None
        case AuthMode.AUTHENTICATED:
            url = _LOCAL_URL if os.environ.get(_LOCAL_RUN) else _HTTPS_URL
            return OidcArgs(
                issuer=text(
                    config,
                    "oidcIssuer",
                    url,
                    "an https URL",
                    "the issuer as in the iss claim, for example "
                    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1Cd2Ef3",
                ),
                audiences=_audiences(config),
                jwks_uri=optional(
                    config, "oidcJwksUri", url, "an https URL", "the issuer's JWKS address, or nothing"
                ),
                endpoint_claim=text(config, "oidcEndpointClaim", _PRINTABLE, "text without spaces", "sub"),
                cookie=optional(
                    config, "oidcCookie", _COOKIE_NAME, "a cookie name", "the cookie's name, or nothing"
                ),
            )
        case _:
            assert_never(auth_mode)


def _audiences(config: pulumi.Config) -> tuple[str, ...]:
    audiences = unique("oidcAudiences", text_list(config, "oidcAudiences"))
    if not audiences:
        raise SettingsError(
            "oidcAudiences",
            "the list is empty, so no token would count.",
            "Set --path 'oidcAudiences[0]' to the client id that your tokens are issued for.",
        )
    for audience in audiences:
        if not _PRINTABLE.fullmatch(audience):
            raise SettingsError(
                "oidcAudiences",
                f"{audience!r} is not text of 1 to 256 characters without spaces.",
                "Set the client id as it is in aud (or client_id) of your tokens.",
            )
    size = len(json.dumps(json.dumps(audiences)))
    if size > AUDIENCES_BYTES:
        raise SettingsError(
            "oidcAudiences",
            f"the list takes {size} bytes; the token authorizer has room for {AUDIENCES_BYTES} in its "
            "environment.",
            "List fewer.",
        )
    return tuple(audiences)


def _profile_updates(config: pulumi.Config, auth_mode: AuthMode) -> ProfileUpdates:
    if config.get("profileUpdates"):
        return choice(config, "profileUpdates", ProfileUpdates)
    match auth_mode:
        case AuthMode.OPEN:
            return ProfileUpdates.NONE
        case AuthMode.AUTHENTICATED:
            return ProfileUpdates.ALL
        case _:
            assert_never(auth_mode)


def _allowed_origins(config: pulumi.Config) -> tuple[str, ...]:
    origins = unique("allowedOrigins", text_list(config, "allowedOrigins"))
    if "*" in origins and len(origins) > 1:
        raise SettingsError(
            "allowedOrigins",
            "'*' already allows every origin, so the other origins have no effect.",
            "Keep either '*' or the list.",
        )
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                "allowedOrigins",
                f"{origin!r} is not an origin: scheme, host and optional port, lower case, no path.",
                "Set one such as https://www.example.com.",
            )
    return tuple(origins)


def _profile_attributes(
    config: pulumi.Config, profile_updates: ProfileUpdates, destinations: Collection[DestinationName]
) -> tuple[str, ...]:
    if DestinationName.CUSTOMER_PROFILES in destinations:
        return _declared_attributes(config, profile_updates)
    names = unique("profileAttributes", text_list(config, "profileAttributes"))
    for name in names:
        if not _USER_ATTRIBUTE_NAME.fullmatch(name):
            raise SettingsError(
                "profileAttributes",
                rf"{name!r} is not a user attribute name: 1 to 50 characters without # : ? \ /.",
                "Set the name as it follows usat_ in the URL.",
            )
    if profile_updates is ProfileUpdates.ALLOWLIST and not names:
        raise SettingsError(
            "profileAttributes",
            "the list is empty, so profileUpdates allowlist would let nothing through.",
            "List the attributes, or set profileUpdates to none.",
        )
    if profile_updates is not ProfileUpdates.ALLOWLIST and names:
        raise SettingsError(
            "profileAttributes",
            f"the list has no effect while profileUpdates is {profile_updates}.",
            "Set profileUpdates to allowlist, or remove the list.",
        )
    _refuse_long_names(config, "profileAttributes", names)
    return tuple(names)


def _declared_attributes(config: pulumi.Config, profile_updates: ProfileUpdates) -> tuple[str, ...]:
    """The attributes that the object type declares: there are no others, whatever the update policy."""
    names = unique("profileAttributes", text_list(config, "profileAttributes"))
    by_key: dict[str, str] = {}
    for name in names:
        if not _PROFILE_ATTRIBUTE.fullmatch(name):
            raise SettingsError(
                "profileAttributes",
                f"{name!r} is not a name that Customer Profiles has: 1 to 59 letters, digits, _, - and dots.",
                "Set the name as it follows usat_ in the URL, or leave it out.",
            )
        key = attribute_key(name)
        if key in _OWN_ATTRIBUTES:
            raise SettingsError(
                "profileAttributes",
                f"{name!r} is the attribute that says {_OWN_ATTRIBUTES[key]}.",
                "Leave it out.",
            )
        if key in by_key:
            raise SettingsError(
                "profileAttributes",
                f"{by_key[key]!r} and {name!r} are one attribute of a profile, which has _ for a dot.",
                "Leave one of them out.",
            )
        by_key[key] = name
    allowed = boolean(config, ALLOW_IDENTITY_ATTRIBUTES)
    if profile_updates is not ProfileUpdates.NONE and not allowed:
        _refuse_identity_attributes(names)
    if profile_updates is not ProfileUpdates.NONE and not names:
        raise SettingsError(
            "profileAttributes",
            "the list is empty, and Customer Profiles has only attributes that are declared, so "
            f"profileUpdates {profile_updates} would let nothing through.",
            "List the attributes, or set profileUpdates to none.",
        )
    return tuple(names)


def _refuse_identity_attributes(names: Sequence[str]) -> None:
    """Refuse attributes by which Customer Profiles can find and merge profiles.

    Whoever may write their own would choose whose profile theirs is merged with.
    """
    for name in names:
        bare = re.sub(r"[^a-z]", "", name.lower())
        if _IDENTITY_ATTRIBUTE.fullmatch(bare):
            raise SettingsError(
                "profileAttributes",
                f"{name!r} identifies a customer: whoever may write it could have their profile merged with "
                "another customer's.",
                f"Leave it out, or set {ALLOW_IDENTITY_ATTRIBUTES} to true if that is meant "
                "(docs/security.md, Merged profiles).",
            )


def _ignored_endpoint_ids(config: pulumi.Config) -> tuple[str, ...]:
    key = "ignoredEndpointIds"
    ids = text_list(config, key)
    for position, id_ in enumerate(ids):
        if not id_.strip() or len(id_) > LONGEST_ENDPOINT_ID:
            raise SettingsError(
                key,
                f"{id_!r} is not an endpoint id: 1 to {LONGEST_ENDPOINT_ID} characters, not only spaces.",
                "Set what your site sends for visitors whom it does not know, such as anonymous.",
            )
        if id_.strip().casefold() in (earlier.strip().casefold() for earlier in ids[:position]):
            raise SettingsError(
                key, f"{id_!r} is listed twice; case and spaces around it do not count.", "List it once."
            )
    return tuple(ids)


def _batch_size(config: pulumi.Config) -> int:
    return integer(config, "batchSize", 1, 10_000)


def _maximum_concurrency(config: pulumi.Config) -> int:
    return integer(config, "maximumConcurrency", 2, 1_000)


def _function_timeout(config: pulumi.Config) -> int:
    return integer(config, "functionTimeoutSeconds", SHORTEST_FUNCTION_TIMEOUT_SECONDS, 900)


def _batch_window(config: pulumi.Config) -> int:
    batch_size, seconds = _batch_size(config), integer(config, "batchWindowSeconds", 0, 300)
    if batch_size > BATCH_SIZE_WITHOUT_WINDOW and seconds == 0:
        raise SettingsError(
            "batchWindowSeconds",
            f"0 does not go with batchSize {batch_size}: AWS Lambda wants a window above 10 messages.",
            "Set batchWindowSeconds to 1 or more, or batchSize to 10 or less.",
        )
    return seconds


def _log_retention(config: pulumi.Config) -> int:
    days = integer(config, "logRetentionDays", LOG_RETENTION_DAYS[0], LOG_RETENTION_DAYS[-1])
    if days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise SettingsError(
            "logRetentionDays",
            f"{days} is not a retention that CloudWatch Logs has.",
            f"Set {nearest}, the nearest one.",
        )
    return days
