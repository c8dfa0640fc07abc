"""A plan: the events that a Google Tag Manager container sends, with their parameters and required consent.

Pure. Every class validates itself and raises PlanError with the value, the rule and the fix. The reader of a
plan adds where the value came from.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit

from contract import pinpoint, url
from contract.filter_lists import SOURCE, SOURCE_DATE, blocking_rule
from contract.local_run import LOOPBACK_HOSTS
from contract.missing_values import is_without_identity
from contract.string_length import utf16_length
from gtm.plan_error import PlanError, shown
from gtm.variables import DataLayerVariable, PlainVariable, Variable

UNKNOWN_CONTAINER: Final = "GTM-XXXXXXX"
"""Public id of an export for any container. GTM ignores it on import."""

DEFAULT_ENDPOINT_ID: Final = DataLayerVariable(url.ENDPOINT_ID)
DEFAULT_TOKEN: Final = DataLayerVariable("id_token")

BROWSER_HEADER_BYTES: Final = 2_000
"""A generous estimate of a browser's own headers, without cookies of the API's domain."""

# Estimates, in characters.
_LONG_TOKEN = 2_000
_LONG_EVENT_OR_ENDPOINT = 100
_LONG_NUMBER = 25
_LONG_TIMESTAMP = 29  # 2026-11-22T12:00:00.000+01:00
_CACHE_BUSTER_BYTES = len("&gtmcb=2147483647")

GOOGLE_CONSENT_TYPES: Final = (
    "ad_personalization",
    "ad_storage",
    "ad_user_data",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)

_CONSENT_TYPE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTAINER = re.compile(r"GTM-[A-Z0-9]{4,12}")


class ParameterKind(StrEnum):
    """The kind of a URL parameter, by its prefix."""

    EVENT_ATTRIBUTE = url.EVENT_ATTRIBUTE
    METRIC = url.EVENT_METRIC
    USER_ATTRIBUTE = url.USER_ATTRIBUTE

    @property
    def longest_value(self) -> int:
        """Characters that Amazon Pinpoint accepts. For a metric, the digits that a number can have."""
        match self:
            case ParameterKind.EVENT_ATTRIBUTE:
                return pinpoint.VALUE_CHARACTERS
            case ParameterKind.METRIC:
                return _LONG_NUMBER
            case ParameterKind.USER_ATTRIBUTE:
                return pinpoint.USER_ATTRIBUTE_VALUE_CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of the URL, and the variable that supplies its value."""

    kind: ParameterKind
    name: str
    value: Variable

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= pinpoint.KEY_CHARACTERS:
            raise PlanError(
                f"the name {shown(self.name)} has {len(self.name)} characters, and Amazon Pinpoint accepts "
                f"1 to {pinpoint.KEY_CHARACTERS}; choose another"
            )
        if not _is_plain(self.name):
            raise PlanError(
                f"the name {shown(self.name)} must have visible characters only and no space at either end; "
                "choose another"
            )
        unusable = sorted(set(self.name) & set(pinpoint.AVOIDED_IN_USER_ATTRIBUTE_NAME))
        if self.kind is ParameterKind.USER_ATTRIBUTE and unusable:
            raise PlanError(
                f"the name {shown(self.name)} contains {' '.join(unusable)}, and user attributes of Amazon "
                "Pinpoint must not contain # : ? \\ /; use an underscore"
            )

    @property
    def url_name(self) -> str:
        return self.kind + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPlan:
    """One Custom Image tag: its event and its parameters. Event None means every custom event."""

    event: str | None
    parameters: tuple[Parameter, ...] = ()
    # The sender's own id of the event, such as an order number. None: every request is an event of its own.
    event_id: PlainVariable | None = None
    # When it happened; read only where the setting timestampSource is `url`.
    timestamp: PlainVariable | None = None

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables of its parameters, in the order of the URL."""
        own = [variable for variable in (self.event_id, self.timestamp) if variable is not None]
        return (*own, *(parameter.value for parameter in self.parameters))

    def __post_init__(self) -> None:
        if self.event is not None:
            _check_event(self.event)
        kinds = [parameter.kind for parameter in self.parameters]
        keys = len(kinds) - kinds.count(ParameterKind.USER_ATTRIBUTE)
        if keys > pinpoint.KEYS_OF_EVENT:
            raise PlanError(
                f"there are {keys} event attributes and metrics, and Amazon Pinpoint accepts "
                f"{pinpoint.KEYS_OF_EVENT} in all; remove some"
            )
        if len(kinds) - keys > pinpoint.USER_ATTRIBUTES:
            raise PlanError(
                f"there are {len(kinds) - keys} user attributes, and Amazon Pinpoint accepts "
                f"{pinpoint.USER_ATTRIBUTES}; remove some"
            )
        twice = _repeated(parameter.url_name for parameter in self.parameters)
        if twice is not None:
            raise PlanError(
                f"{shown(twice)} appears twice, but a parameter has one value; remove or rename one"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a container sends."""

    events_url: str
    tags: tuple[TagPlan, ...]
    endpoint_id: PlainVariable = DEFAULT_ENDPOINT_ID
    token: PlainVariable | None = None
    consent: tuple[str, ...] = ()
    container: str = UNKNOWN_CONTAINER
    # Where GTM's Preview sends events. None: to `events_url`, as every visitor does.
    preview_events_url: str | None = None

    def __post_init__(self) -> None:
        check_events_url(self.events_url)
        if self.preview_events_url is not None:
            check_preview_events_url(self.preview_events_url, self.events_url)
        check_container(self.container)
        for consent_type in self.consent:
            check_consent_type(consent_type)
        twice = _repeated(self.consent)
        if twice is not None:
            raise PlanError(f"the consent type {shown(twice)} appears twice; remove one")
        if not self.tags:
            raise PlanError("there is no event; name at least one, or send all custom events")
        events = [tag.event for tag in self.tags]
        if None in events and len(events) > 1:
            raise PlanError(
                "all custom events include the events named here, which would be sent twice; remove either"
            )
        twice = _repeated(event for event in events if event is not None)
        if twice is not None:
            raise PlanError(f"the event {shown(twice)} appears twice and would be sent twice; remove one")


def check_events_url(events_url: str) -> None:
    """Raises PlanError."""
    try:
        parts = urlsplit(events_url)
        host, port_fits = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        parts, host, port_fits = urlsplit(""), None, False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)
    whole = secure and host and port_fits and parts.path.strip("/")
    if not whole or parts.query or parts.fragment or re.search(r"[\s{}?#\"'<>\\@&]", events_url):
        raise PlanError(
            f"the events URL {shown(events_url)} must be https://HOST/…/events with nothing after it; "
            "use the stack's output events_url"
        )


def check_preview_events_url(preview_events_url: str, events_url: str) -> None:
    """Raises PlanError."""
    check_events_url(preview_events_url)
    if preview_events_url == events_url:
        raise PlanError(
            f"the preview URL {shown(preview_events_url)} is the events URL, so Preview would write real "
            "profiles; use the events_url of another stack, or none"
        )


def check_consent_type(consent_type: str) -> None:
    if _CONSENT_TYPE.fullmatch(consent_type) is None:
        raise PlanError(
            f"the consent type {shown(consent_type)} must be 1 to 64 letters, digits, hyphens and "
            "underscores; use one of Google's, such as analytics_storage"
        )


def check_container(container: str) -> None:
    if _CONTAINER.fullmatch(container) is None:
        raise PlanError(
            f"the container {shown(container)} must be an id such as GTM-ABC1234; copy it from the top of "
            "the workspace in GTM"
        )


def url_warnings(events_url: str) -> Iterator[str]:
    """Why a browser may not call this URL."""
    rule = blocking_rule(f"{events_url}?endpoint_id=e1&event=e")
    if rule is not None:
        yield (
            f"ad blockers block the events URL {shown(events_url)} ({SOURCE} of {SOURCE_DATE}: {rule}); use "
            "another host or stage"
        )


def warnings(plan: Plan) -> Iterator[str]:
    """Warnings about a plan that is allowed but probably not intended, one line each."""
    yield from url_warnings(plan.events_url)
    if plan.preview_events_url is not None:
        yield from url_warnings(plan.preview_events_url)
    for consent_type in plan.consent:
        if consent_type not in GOOGLE_CONSENT_TYPES:
            yield (
                f"the consent type {consent_type} is not one of Google's: unless your page sets it, GTM "
                "treats it as granted and the tags fire"
            )
    for tag in plan.tags:
        longest = longest_request_bytes(plan, tag)
        if longest > url.LONGEST_REQUEST_BYTES:
            yield (
                f"{tag.event or 'all custom events'}: if every value has its maximum length, a request has "
                f"about {longest:,} bytes, and API Gateway refuses more than {url.LONGEST_REQUEST_BYTES:,}; "
                "send fewer attributes, or shorter values"
            )


def longest_request_bytes(plan: Plan, tag: TagPlan) -> int:
    """Bytes of a tag's request if all values are ASCII letters and have their maximum length.

    A character outside ASCII takes 6 to 12 bytes in a URL.
    """
    names = [url.EVENT, url.ENDPOINT_ID, *(encoded(parameter.url_name) for parameter in tag.parameters)]
    values = [
        len(encoded(tag.event)) if tag.event is not None else _LONG_EVENT_OR_ENDPOINT,
        _LONG_EVENT_OR_ENDPOINT,
        *(parameter.kind.longest_value for parameter in tag.parameters),
    ]
    if plan.token is not None:
        names.append(url.TOKEN)
        values.append(_LONG_TOKEN)
    for name, variable, longest in (
        (url.EVENT_ID, tag.event_id, _LONG_EVENT_OR_ENDPOINT),
        (url.TIMESTAMP, tag.timestamp, _LONG_TIMESTAMP),
    ):
        if variable is not None:
            names.append(name)
            values.append(longest)
    pairs = sum(len("&=") + len(name) for name in names) + sum(values)
    return len(plan.events_url) + pairs + _CACHE_BUSTER_BYTES + BROWSER_HEADER_BYTES


def encoded(text: str) -> str:
    """A name or value, percent-encoded for a query."""
    return quote(text, safe="")


def _check_event(event: str) -> None:
    if (length := utf16_length(event)) > url.LONGEST_ID:
        raise PlanError(
            f"the event {shown(event)} has {length} characters, and the maximum is {url.LONGEST_ID}; push "
            "an event with a shorter name"
        )
    if not _is_plain(event):
        raise PlanError(
            f"the event {shown(event)} must have visible characters only and no space at either end; write "
            "it as your site pushes it"
        )
    if "{{" in event or "}}" in event:
        raise PlanError(
            f"the event {shown(event)} contains braces, which GTM reads as a variable; push an event "
            "without them"
        )
    if is_without_identity(event):
        raise PlanError(
            f"the event {shown(event)} stands for a variable without a value; push an event with a real name"
        )
    if event.startswith("gtm."):
        raise PlanError(
            f"the event {shown(event)} belongs to GTM: names that begin with gtm. are not custom events; "
            "push an event with another name"
        )


def _is_plain(text: str) -> bool:
    return bool(text) and text.isprintable() and text == text.strip()


def _repeated(texts: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            return text
        seen.add(text)
    return None
