"""A plan: the events that a Google Tag Manager container sends, with their parameters and required consent.

Pure. Every class validates itself and raises PlanError with the value, the rule and the fix. The reader of a
plan adds where the value came from.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit

from contract import url
from contract.local_run import LOOPBACK_HOSTS
from contract.missing_values import is_without_identity
from contract.string_length import utf16_length
from gtm.plan_error import PlanError, shown
from gtm.variables import DataLayerVariable, PlainVariable, Variable

UNKNOWN_CONTAINER: Final = "GTM-XXXXXXX"
"""Public id of an export for any container. GTM ignores it on import."""

DEFAULT_ENDPOINT_ID: Final = DataLayerVariable(url.ENDPOINT_ID)
DEFAULT_TOKEN: Final = DataLayerVariable("id_token")

_CONSENT_TYPE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTAINER = re.compile(r"GTM-[A-Z0-9]{4,12}")


class ParameterKind(StrEnum):
    """The kind of a URL parameter, by its prefix."""

    EVENT_ATTRIBUTE = url.EVENT_ATTRIBUTE
    METRIC = url.EVENT_METRIC
    USER_ATTRIBUTE = url.USER_ATTRIBUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of the URL, and the variable that supplies its value."""

    kind: ParameterKind
    name: str
    value: Variable

    def __post_init__(self) -> None:
        if not _is_plain(self.name):
            raise PlanError(
                f"the name {shown(self.name)} must have visible characters only and no space at either end; "
                "choose another"
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
    # Consent that this tag needs. None: as the plan says for all tags.
    consent: tuple[str, ...] | None = None

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables of its parameters, in the order of the URL."""
        own = [variable for variable in (self.event_id, self.timestamp) if variable is not None]
        return (*own, *(parameter.value for parameter in self.parameters))

    def __post_init__(self) -> None:
        if self.event is not None:
            _check_event(self.event)
        twice = _repeated(parameter.url_name for parameter in self.parameters)
        if twice is not None:
            raise PlanError(
                f"{shown(twice)} appears twice, but a parameter has one value; remove or rename one"
            )
        _check_consent(self.consent or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a container sends."""

    events_url: str
    tags: tuple[TagPlan, ...]
    endpoint_id: PlainVariable = DEFAULT_ENDPOINT_ID
    token: PlainVariable | None = None
    # Consent that every tag needs which has no list of its own.
    consent: tuple[str, ...] = ()
    container: str = UNKNOWN_CONTAINER
    # Where GTM's Preview sends events. None: to `events_url`, as every visitor does.
    preview_events_url: str | None = None

    def __post_init__(self) -> None:
        check_events_url(self.events_url)
        if self.preview_events_url is not None:
            check_preview_events_url(self.preview_events_url, self.events_url)
        check_container(self.container)
        _check_consent(self.consent)
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

    def consent_of(self, tag: TagPlan) -> tuple[str, ...]:
        """The consent types without which a tag sends nothing."""
        return self.consent if tag.consent is None else tag.consent


def check_events_url(events_url: str, *, what: str = "events URL") -> None:
    """Raises PlanError."""
    try:
        parts = urlsplit(events_url)
        host, port_fits = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        parts, host, port_fits = urlsplit(""), None, False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)
    whole = secure and host and port_fits and parts.path.strip("/") and not parts.path.endswith("/")
    if not whole or parts.query or parts.fragment or re.search(r"[\s{}?#\"'<>\\@&]", events_url):
        raise PlanError(
            f"the {what} {shown(events_url)} must be https://HOST/…/events with nothing after it; "
            "use the stack's output events_url"
        )


def check_preview_events_url(preview_events_url: str, events_url: str) -> None:
    """Raises PlanError."""
    check_events_url(preview_events_url, what="preview URL")
    if _place(preview_events_url) == _place(events_url):
        raise PlanError(
            f"the preview URL {shown(preview_events_url)} is the events URL, so Preview would write real "
            "profiles; use the events_url of another stack, or none"
        )


def _place(events_url: str) -> tuple[str, str | None, int | None, str]:
    """Where a URL leads, however it is written."""
    parts = urlsplit(events_url)
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    return parts.scheme, parts.hostname, port, parts.path


def _check_consent(consent: tuple[str, ...]) -> None:
    for consent_type in consent:
        check_consent_type(consent_type)
    twice = _repeated(consent)
    if twice is not None:
        raise PlanError(f"the consent type {shown(twice)} appears twice; remove one")


def check_consent_type(consent_type: str) -> None:
    if _CONSENT_TYPE.fullmatch(consent_type) is None:
        raise PlanError(
            f"the consent type {shown(consent_type)} must be 1 to 64 letters, digits, hyphens and "
            "underscores; use one of Google's, such as analytics_storage"
        )


def is_of_this_machine(events_url: str) -> bool:
    """Whether only browsers on this machine can call the URL, as with a local run's."""
    return urlsplit(events_url).hostname in LOOPBACK_HOSTS


def check_container(container: str) -> None:
    if _CONTAINER.fullmatch(container) is None:
        raise PlanError(
            f"the container {shown(container)} must be an id such as GTM-ABC1234; copy it from the top of "
            "the workspace in GTM"
        )


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
