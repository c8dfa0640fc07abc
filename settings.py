"""The settings of a stack: the only reader of pulumi.Config.

Pulumi.yaml declares every setting with its type and default; here is what a type cannot say. Each error
is one line that names the key, the value, the rule and the fix. Imports only argument classes of
components.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar, assert_never, cast

import pulumi
import yaml
from pulumi.runtime.config import CONFIG, get_config_env

from components.destinations import DestinationArgs, PinpointArgs
from components.token_authorizer import TokenIssuerArgs


class AuthMode(StrEnum):
    """The scenario: who may send what."""

    OPEN = "open"
    AUTHENTICATED = "authenticated"


class DestinationName(StrEnum):
    """Where events can be recorded."""

    PINPOINT = "pinpoint"


class ProfileUpdates(StrEnum):
    """Which user attributes may update a profile."""

    NONE = "none"
    ALLOWLIST = "allowlist"
    ALL = "all"


class TimestampSource(StrEnum):
    """What dates an event."""

    GATEWAY = "gateway"
    URL = "url"


# Values that CloudWatch Logs accepts (PutRetentionPolicy, retentionInDays).
LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

# One call to a destination and one to the dead-letter queue, each with its retry, may take 31 s together;
# the handler starts no call that could outlive the function.
SHORTEST_FUNCTION_TIMEOUT_SECONDS: Final = 40

BATCH_SIZE_WITHOUT_WINDOW: Final = 10  # AWS Lambda: an SQS batch above 10 needs a window of at least 1 s

DEFAULT_ENDPOINT_CLAIM: Final = "sub"

_PROJECT_FILE = Path(__file__).with_name("Pulumi.yaml")

_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PINPOINT_APPLICATION_ID = re.compile(r"[0-9a-f]{32}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
# Plain http is for an issuer on the same machine, as in the embedded run.
_HTTPS_URL = re.compile(r"https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?[^\s?#]*")
_PRINTABLE = re.compile(r"[!-~]{1,256}")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # a token of RFC 9110
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
# Amazon Pinpoint endpoint quotas: at most 50 characters, and these break segments and templates.
_USER_ATTRIBUTE_NAME = re.compile(r"[^#:?\\/]{1,50}")


class SettingsError(pulumi.RunError):
    """A setting is wrong; `pulumi up` shows the message and creates nothing."""

    def __init__(self, key: str, problem: str, fix: str) -> None:
        super().__init__(f"gtm-pixel:{key}: {problem} {fix}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a stack is to be. Units are in the names; Pulumi.yaml describes each setting."""

    auth_mode: AuthMode
    # Whose tokens are believed: in the authenticated scenario only.
    token_issuer: TokenIssuerArgs | None

    # What GTM calls.
    stage_name: str
    allowed_origins: tuple[str, ...]
    throttling_rate_limit: int
    throttling_burst_limit: int

    # What becomes of a request.
    destinations: tuple[DestinationArgs, ...]
    profile_updates: ProfileUpdates
    profile_attributes: tuple[str, ...]
    timestamp_source: TimestampSource

    # How events are taken off the queue.
    max_receive_count: int
    batch_size: int
    batch_window_seconds: int
    maximum_concurrency: int
    function_timeout_seconds: int
    function_memory_mb: int

    # What can be seen of it.
    access_logs: bool
    log_retention_days: int
    tracing: bool


def load(config: pulumi.Config) -> Settings:
    """Read and check every setting. Raises SettingsError for the first that is wrong."""
    _refuse_unknown(config)
    auth_mode = _choice(config, "authMode", AuthMode)
    profile_updates = _profile_updates(config, auth_mode)
    batch_size = _integer(config, "batchSize", 1, 10_000)
    return Settings(
        auth_mode=auth_mode,
        token_issuer=_token_issuer(config, auth_mode),
        stage_name=_text(
            config, "stageName", _STAGE_NAME, "letters, digits, - and _, at most 128 of them", "v1"
        ),
        allowed_origins=_allowed_origins(config),
        throttling_rate_limit=_integer(config, "throttlingRateLimit", 1, 100_000),
        throttling_burst_limit=_integer(config, "throttlingBurstLimit", 1, 100_000),
        destinations=_destinations(config),
        profile_updates=profile_updates,
        profile_attributes=_profile_attributes(config, profile_updates),
        timestamp_source=_choice(config, "timestampSource", TimestampSource),
        max_receive_count=_integer(config, "maxReceiveCount", 1, 1_000),
        batch_size=batch_size,
        batch_window_seconds=_batch_window(config, batch_size),
        maximum_concurrency=_integer(config, "maximumConcurrency", 2, 1_000),
        function_timeout_seconds=_integer(
            config, "functionTimeoutSeconds", SHORTEST_FUNCTION_TIMEOUT_SECONDS, 900
        ),
        function_memory_mb=_integer(config, "functionMemoryMb", 128, 10_240),
        access_logs=_boolean(config, "accessLogs"),
        log_retention_days=_log_retention(config),
        tracing=_boolean(config, "tracing"),
    )


def _refuse_unknown(config: pulumi.Config) -> None:
    """Refuse keys that Pulumi.yaml does not declare.

    The engine ignores them, so a slip of the pen in a key would leave a setting at its default unnoticed.
    """
    project = cast("dict[str, dict[str, object]]", yaml.safe_load(_PROJECT_FILE.read_text("utf-8")))
    declared = list(project["config"])
    for full_key in {**get_config_env(), **CONFIG.get()}:
        namespace, _, key = full_key.partition(":")
        if namespace == config.name and key not in declared:
            close = difflib.get_close_matches(key, declared, n=1)
            fix = f"Did you mean {close[0]}?" if close else "Pulumi.yaml lists the settings there are."
            raise SettingsError(key, "there is no such setting.", fix)


def _destinations(config: pulumi.Config) -> tuple[DestinationArgs, ...]:
    names = [
        _member("destinations", value, DestinationName)
        for value in _unique("destinations", _list(config, "destinations"))
    ]
    if not names:
        raise SettingsError(
            "destinations",
            "the list is empty; events need at least one destination.",
            "Set --path 'destinations[0]' to pinpoint.",
        )
    return tuple(_destination(config, name) for name in names)


def _destination(config: pulumi.Config, name: DestinationName) -> DestinationArgs:
    match name:
        case DestinationName.PINPOINT:
            region = _optional(
                config,
                "pinpointRegion",
                _REGION,
                "an AWS Region",
                "one such as us-east-1, or leave it empty for the stack's own",
            )
            application_id = _text(
                config,
                "pinpointApplicationId",
                _PINPOINT_APPLICATION_ID,
                "the application's 32 hexadecimal characters",
                "the project id that the Amazon Pinpoint console shows",
            )
            return PinpointArgs(application_id=application_id, region=region)
        case _:
            assert_never(name)


def _token_issuer(config: pulumi.Config, auth_mode: AuthMode) -> TokenIssuerArgs | None:
    match auth_mode:
        case AuthMode.OPEN:
            for key in ("tokenIssuer", "tokenAudience", "jwksUri", "tokenCookie"):
                _refuse_without_effect(config, key, unset="")
            _refuse_without_effect(config, "endpointClaim", unset=DEFAULT_ENDPOINT_CLAIM)
            return None
        case AuthMode.AUTHENTICATED:
            return TokenIssuerArgs(
                issuer=_text(
                    config,
                    "tokenIssuer",
                    _HTTPS_URL,
                    "an https URL",
                    "the issuer as in the iss claim, for example "
                    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE",
                ),
                audience=_text(
                    config,
                    "tokenAudience",
                    _PRINTABLE,
                    "text without spaces",
                    "the client id that your tokens are issued for",
                ),
                jwks_uri=_optional(
                    config, "jwksUri", _HTTPS_URL, "an https URL", "the issuer's JWKS address, or nothing"
                ),
                endpoint_claim=_text(
                    config, "endpointClaim", _PRINTABLE, "text without spaces", DEFAULT_ENDPOINT_CLAIM
                ),
                cookie=_optional(
                    config, "tokenCookie", _COOKIE_NAME, "a cookie name", "the cookie's name, or nothing"
                ),
            )
        case _:
            assert_never(auth_mode)


def _refuse_without_effect(config: pulumi.Config, key: str, *, unset: str) -> None:
    value = config.get(key) or unset
    if value != unset:
        raise SettingsError(
            key,
            f"{value!r} has no effect while authMode is open.",
            "Set authMode to authenticated, or remove the setting.",
        )


def _profile_updates(config: pulumi.Config, auth_mode: AuthMode) -> ProfileUpdates:
    if config.get("profileUpdates"):
        return _choice(config, "profileUpdates", ProfileUpdates)
    match auth_mode:
        case AuthMode.OPEN:
            return ProfileUpdates.NONE
        case AuthMode.AUTHENTICATED:
            return ProfileUpdates.ALL
        case _:
            assert_never(auth_mode)


def _allowed_origins(config: pulumi.Config) -> tuple[str, ...]:
    origins = _unique("allowedOrigins", _list(config, "allowedOrigins"))
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


def _profile_attributes(config: pulumi.Config, profile_updates: ProfileUpdates) -> tuple[str, ...]:
    names = _unique("profileAttributes", _list(config, "profileAttributes"))
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
    return tuple(names)


def _batch_window(config: pulumi.Config, batch_size: int) -> int:
    seconds = _integer(config, "batchWindowSeconds", 0, 300)
    if batch_size > BATCH_SIZE_WITHOUT_WINDOW and seconds == 0:
        raise SettingsError(
            "batchWindowSeconds",
            f"0 does not go with batchSize {batch_size}: AWS Lambda wants a window above 10 messages.",
            "Set batchWindowSeconds to 1 or more, or batchSize to 10 or less.",
        )
    return seconds


def _log_retention(config: pulumi.Config) -> int:
    days = _integer(config, "logRetentionDays", LOG_RETENTION_DAYS[0], LOG_RETENTION_DAYS[-1])
    if days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise SettingsError(
            "logRetentionDays",
            f"{days} is not a retention that CloudWatch Logs has.",
            f"Set {nearest}, the nearest one.",
        )
    return days


# One reader a type.

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")


def _typed(key: str, read: Callable[[str], _T], kind: str) -> _T:
    """The value as `read` gives it, with Pulumi's type error in this house's words."""
    try:
        return read(key)
    except pulumi.ConfigTypeError as error:
        raise SettingsError(key, f"{error.value!r} is not {kind}.", f"Set {kind}.") from None


def _integer(config: pulumi.Config, key: str, least: int, most: int) -> int:
    value = _typed(key, config.require_int, "a whole number")
    if not least <= value <= most:
        raise SettingsError(key, f"{value} is out of range.", f"Set {least} to {most}.")
    return value


def _boolean(config: pulumi.Config, key: str) -> bool:
    return _typed(key, config.require_bool, "true or false")


def _text(config: pulumi.Config, key: str, pattern: re.Pattern[str], rule: str, example: str) -> str:
    value = config.get(key) or ""
    if not value:
        raise SettingsError(key, "it is not set.", f"Set {example}.")
    if not pattern.fullmatch(value):
        raise SettingsError(key, f"{value!r} is not {rule}.", f"Set {example}.")
    return value


def _optional(
    config: pulumi.Config, key: str, pattern: re.Pattern[str], rule: str, example: str
) -> str | None:
    return _text(config, key, pattern, rule, example) if config.get(key) else None


def _choice(config: pulumi.Config, key: str, choices: type[_E]) -> _E:
    return _member(key, config.require(key), choices)


def _member(key: str, value: str, choices: type[_E]) -> _E:
    try:
        return choices(value)
    except ValueError:
        allowed = " or ".join(choices)
        raise SettingsError(key, f"{value!r} is not known.", f"Set {allowed}.") from None


def _list(config: pulumi.Config, key: str) -> list[str]:
    values: object = _typed(key, config.require_object, "a list")
    if isinstance(values, list):
        elements = cast("list[object]", values)
        texts = [element for element in elements if isinstance(element, str)]
        if len(texts) == len(elements):
            return texts
    raise SettingsError(
        key, f"{values!r} is not a list of texts.", f"Set one at a time with --path '{key}[0]'."
    )


def _unique(key: str, values: Sequence[str]) -> list[str]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise SettingsError(key, f"{value!r} is listed twice.", "List it once.")
    return list(values)
