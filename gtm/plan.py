"""What a Google Tag Manager container has to send: events, their parameters, and on whose consent.

Pure: knows no file, clock or environment. Every class checks itself when it is made and raises PlanError,
whose message is the value, the rule and the fix; a reader adds where the value was.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit

from contract.filter_lists import SOURCE, SOURCE_DATE, blocking_rule
from contract.missing_values import is_without_identity

UNKNOWN_CONTAINER: Final = "GTM-XXXXXXX"
"""The public id of an export that is not meant for one container: an import does not look at it."""

DEFAULT_ENDPOINT_KEY: Final = "endpoint_id"
DEFAULT_TOKEN_KEY: Final = "id_token"  # noqa: S105 - the name of a variable, not a token

# Amazon Pinpoint's limits, as handler/destinations/pinpoint_request.py enforces them.
LONGEST_NAME: Final = 50
MOST_EVENT_KEYS: Final = 40  # attributes and metrics together
MOST_USER_ATTRIBUTES: Final = 250
_UNUSABLE_IN_USER_ATTRIBUTE: Final = "#:?\\/"

LONGEST_EVENT: Final = 255
"""UTF-16 units: the event processor rejects longer ones."""

LONGEST_REQUEST_BYTES: Final = 10_240
"""API Gateway: the request line and all headers of a request together."""

BROWSER_HEADER_BYTES: Final = 2_000
"""What a browser adds in headers of its own, generously; cookies of the API's own domain come on top."""

_LONGEST_TOKEN = 2_000
_LONGEST_EVENT_OR_ENDPOINT = 100
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

_DATA_LAYER_KEY = re.compile(r"[^\s{}.]+(\.[^\s{}.]+)*")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 6265: a token
_CONSENT_TYPE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTAINER = re.compile(r"GTM-[A-Z0-9]{4,12}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_LONGEST_SHOWN = 60


class PlanError(ValueError):
    """A value that no plan may hold."""


class ParameterKind(StrEnum):
    """What a parameter of the URL becomes, by its prefix."""

    EVENT_ATTRIBUTE = "evat_"
    METRIC = "evmt_"
    USER_ATTRIBUTE = "usat_"

    @property
    def longest_value(self) -> int:
        """Characters that Amazon Pinpoint takes; of a metric, the digits that a number can have."""
        return {"evat_": 200, "evmt_": 25, "usat_": 100}[self.value]


class TokenSource(StrEnum):
    """Where the page keeps the customer's token."""

    DATA_LAYER = "data_layer"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of the URL, and the data layer variable that its value comes from."""

    kind: ParameterKind
    name: str
    data_layer_key: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= LONGEST_NAME:
            raise PlanError(
                f"the name {_shown(self.name)} has {len(self.name)} characters: Amazon Pinpoint takes "
                f"1 to {LONGEST_NAME}; choose another"
            )
        if not _is_plain(self.name):
            raise PlanError(
                f"the name {_shown(self.name)} must be of visible characters and must not begin or end with "
                "a space; choose another"
            )
        unusable = sorted(set(self.name) & set(_UNUSABLE_IN_USER_ATTRIBUTE))
        if self.kind is ParameterKind.USER_ATTRIBUTE and unusable:
            raise PlanError(
                f"the name {_shown(self.name)} holds {' '.join(unusable)}: user attributes of Amazon "
                "Pinpoint "
                "take none of # : ? \\ /; use an underscore"
            )
        check_data_layer_key(self.data_layer_key)

    @property
    def url_name(self) -> str:
        return self.kind + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Where the customer's token comes from; `name` is a data layer variable's or a cookie's."""

    source: TokenSource
    name: str

    def __post_init__(self) -> None:
        if self.source is TokenSource.DATA_LAYER:
            check_data_layer_key(self.name)
        elif _COOKIE_NAME.fullmatch(self.name) is None:
            raise PlanError(
                f"the cookie {_shown(self.name)} must be named with letters, digits and !#$%&'*+.^_`|~- "
                "only; "
                "write the name as the site sets it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPlan:
    """One Custom Image tag: the event it waits for, and what it sends. No event: every custom event."""

    event: str | None
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        if self.event is not None:
            _check_event(self.event)
        kinds = [parameter.kind for parameter in self.parameters]
        keys = len(kinds) - kinds.count(ParameterKind.USER_ATTRIBUTE)
        if keys > MOST_EVENT_KEYS:
            raise PlanError(
                f"there are {keys} event attributes and metrics: Amazon Pinpoint takes {MOST_EVENT_KEYS} "
                "together; leave some out"
            )
        if len(kinds) - keys > MOST_USER_ATTRIBUTES:
            raise PlanError(
                f"there are {len(kinds) - keys} user attributes: Amazon Pinpoint takes "
                f"{MOST_USER_ATTRIBUTES}; leave some out"
            )
        twice = _repeated(parameter.url_name for parameter in self.parameters)
        if twice is not None:
            raise PlanError(
                f"{_shown(twice)} is there twice: a parameter has one value; leave one out or rename it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a container has to send."""

    events_url: str
    tags: tuple[TagPlan, ...]
    endpoint_key: str = DEFAULT_ENDPOINT_KEY
    token: Token | None = None
    consent: tuple[str, ...] = ()
    container: str = UNKNOWN_CONTAINER

    def __post_init__(self) -> None:
        check_events_url(self.events_url)
        check_data_layer_key(self.endpoint_key)
        check_container(self.container)
        for consent_type in self.consent:
            check_consent_type(consent_type)
        twice = _repeated(self.consent)
        if twice is not None:
            raise PlanError(f"the consent type {_shown(twice)} is there twice; leave one out")
        if not self.tags:
            raise PlanError("there is no event: name at least one, or take all custom events")
        events = [tag.event for tag in self.tags]
        if None in events and len(events) > 1:
            raise PlanError(
                "all custom events hold every single one as well, which would be sent twice; leave one out"
            )
        twice = _repeated(event for event in events if event is not None)
        if twice is not None:
            raise PlanError(
                f"the event {_shown(twice)} is there twice and would be sent twice; leave one out"
            )


def check_events_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, port_fits = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        parts, host, port_fits = urlsplit(""), None, False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    whole = secure and host and port_fits and parts.path.strip("/")
    if not whole or parts.query or parts.fragment or re.search(r"[\s{}?#\"'<>\\@]", url):
        raise PlanError(
            f"the events URL is {_shown(url)}: it must be https://HOST/STAGE/events and nothing after it; "
            "take the stack's output events_url"
        )


def check_data_layer_key(key: str) -> None:
    if _DATA_LAYER_KEY.fullmatch(key) is None or not key.isprintable():
        raise PlanError(
            f"the data layer variable {_shown(key)} must be a name such as value or ecommerce.value, without "
            "spaces or braces; write it as the site pushes it"
        )


def check_consent_type(consent_type: str) -> None:
    if _CONSENT_TYPE.fullmatch(consent_type) is None:
        raise PlanError(
            f"the consent type {_shown(consent_type)} must be of 1 to 64 letters, digits, hyphens and "
            "underscores; take one of Google's, such as analytics_storage"
        )


def check_container(container: str) -> None:
    if _CONTAINER.fullmatch(container) is None:
        raise PlanError(
            f"the container {_shown(container)} must be an id such as GTM-ABC1234; copy it from the top of "
            "the workspace in GTM"
        )


def url_warnings(events_url: str) -> Iterator[str]:
    """What may keep a browser from calling this URL."""
    rule = blocking_rule(f"{events_url}?endpoint_id=e1&event=e")
    if rule is not None:
        yield (
            f"the events URL {_shown(events_url)} is one that ad blockers block ({SOURCE} of {SOURCE_DATE}: "
            f"{rule}); take another host or stage"
        )


def warnings(plan: Plan) -> Iterator[str]:
    """What is allowed but may not be meant, one line each."""
    yield from url_warnings(plan.events_url)
    for consent_type in plan.consent:
        if consent_type not in GOOGLE_CONSENT_TYPES:
            yield (
                f"the consent type {consent_type} is not one of Google's: unless your page sets it, GTM "
                "takes it "
                "for granted and the tags fire"
            )
    for tag in plan.tags:
        longest = longest_request_bytes(plan, tag)
        if longest > LONGEST_REQUEST_BYTES:
            yield (
                f"{tag.event or 'all custom events'}: with every value at its longest a request has about "
                f"{longest:,} bytes; above {LONGEST_REQUEST_BYTES:,} API Gateway refuses it: send fewer "
                "attributes, or shorter ones"
            )


def longest_request_bytes(plan: Plan, tag: TagPlan) -> int:
    """Bytes of a request of a tag whose values are plain letters and as long as they may be.

    A letter outside of ASCII takes 6 to 12 bytes of a URL, so such values may be less long.
    """
    names = ["event", "endpoint_id", *(encoded(parameter.url_name) for parameter in tag.parameters)]
    values = [
        len(encoded(tag.event)) if tag.event is not None else _LONGEST_EVENT_OR_ENDPOINT,
        _LONGEST_EVENT_OR_ENDPOINT,
        *(parameter.kind.longest_value for parameter in tag.parameters),
    ]
    if plan.token is not None:
        names.append("token")
        values.append(_LONGEST_TOKEN)
    pairs = sum(len("&=") + len(name) for name in names) + sum(values)
    return len(plan.events_url) + pairs + _CACHE_BUSTER_BYTES + BROWSER_HEADER_BYTES


def encoded(text: str) -> str:
    """A name or a value as a query carries it."""
    return quote(text, safe="")


def _check_event(event: str) -> None:
    if (length := len(event.encode("utf-16-le", "surrogatepass")) // 2) > LONGEST_EVENT:
        raise PlanError(
            f"the event {_shown(event)} has {length} characters, and events have at most {LONGEST_EVENT}; "
            "push an event with a shorter name"
        )
    if not _is_plain(event):
        raise PlanError(
            f"the event {_shown(event)} must be a name of visible characters that does not begin or end with "
            "a space; write it as the site pushes it"
        )
    if "{{" in event or "}}" in event:
        raise PlanError(
            f"the event {_shown(event)} holds braces, which GTM reads as a variable; push an event "
            "without them"
        )
    if is_without_identity(event):
        raise PlanError(
            f"the event {_shown(event)} is what is written for a variable without a value; push an event "
            "with a name of its own"
        )
    if event.startswith("gtm."):
        raise PlanError(
            f"the event {_shown(event)} is GTM's own: names that begin with gtm. are not custom events; push "
            "an event of your own"
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


def _shown(text: str) -> str:
    """A value for a message: in quotes, on one line, not endless."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")
