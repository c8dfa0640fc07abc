"""The settings of GA4 event tags and Google tags, with those of the settings variables that they refer to."""

import re
from dataclasses import dataclass
from typing import Final

from gtm.ga4 import PRESETS, Source
from gtm.own_container.parts import Part, Row
from gtm.own_container.values import Unread, Variables
from gtm.variables import DataLayerVariable

USER_ID: Final = "user_id"

GA4_EVENT: Final = "GAAWE"
GOOGLE_TAGS: Final = ("GOOGTAG", "GAAWC")

NUMBERS: Final = frozenset(
    {
        *(metric for preset in PRESETS.values() for metric in preset.metrics),
        # Of items, and of what GA4 and GTM measure by themselves.
        *("price", "quantity", "discount", "index", "percent_scrolled", "engagement_time_msec"),
        *("video_current_time", "video_duration", "video_percent"),
    }
)
"""GA4's names of parameters that are numbers. Every other parameter becomes an attribute."""

# Settings of Google's own library, not data of the event; and the customer, who is the endpoint id.
_OWN_SETTINGS: Final = frozenset(
    {
        *(USER_ID, "send_page_view", "send_to", "server_container_url", "transport_url", "debug_mode"),
        *("event_callback", "event_timeout", "groups", "first_party_collection", "cookie_domain"),
        *("cookie_flags", "cookie_prefix", "cookie_expires", "cookie_update", "client_id", "session_id"),
    }
)
_PERSONAL: Final = re.compile(
    r"user_data(\..*)?|(.*[._ -])?(sha256_)?(e_?mail(_address)?|(tele|mobile_)?phone(_number)?|em|ph|fn|ln"
    r"|(first|last|full|sur)_?name|street|address)"
)
_EVENT_BUILT_IN: Final = "{{Event}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ga4EventTag:
    """A GA4 event tag."""

    name: str
    # As GA4 records it. None: under the name that the data layer has; "" if it cannot be told.
    event: str | None
    triggers: tuple[str, ...]
    exceptions: tuple[str, ...]
    # The key under which the page pushes ecommerce data that the tag sends.
    ecommerce: str | None
    parameters: tuple[Row, ...]
    user_properties: tuple[Row, ...]
    consent: tuple[str, ...]


def read_event_tag(tag: Part, variables: Variables) -> Ga4EventTag:
    settings = variables.settings(tag.parameter("eventSettingsVariable"), "GTES")
    # A tag's own rows override those of the settings variable.
    parameters = dict(
        (
            *settings.table("eventSettingsTable"),
            *tag.table("eventParameters"),
            *tag.table("eventSettingsTable"),
        )
    )
    event = tag.parameter("eventName")
    return Ga4EventTag(
        name=tag.name,
        event=None if event.strip() == _EVENT_BUILT_IN else variables.constant(event) or "",
        triggers=tag.texts("firingTriggerId"),
        exceptions=tag.texts("blockingTriggerId"),
        ecommerce=_ecommerce(tag, variables),
        parameters=tuple((name, value) for name, value in parameters.items() if name not in _OWN_SETTINGS),
        user_properties=(*settings.table("userProperties"), *tag.table("userProperties")),
        consent=consent_of(tag),
    )


def user_ids(tag: Part, variables: Variables) -> tuple[str, ...]:
    """The values that a Google tag or GA4 event tag sends as user_id, the one that counts first."""
    settings = variables.settings(tag.parameter("configSettingsVariable"), "GTCS")
    event_settings = variables.settings(tag.parameter("eventSettingsVariable"), "GTES")
    tables = (
        *(tag.table("configSettingsTable"), tag.table("fieldsToSet"), settings.table("configSettingsTable")),
        *(tag.table("eventSettingsTable"), tag.table("eventParameters")),
        event_settings.table("eventSettingsTable"),
    )
    return tuple(value for table in tables for name, value in table if name == USER_ID)


def is_personal(name: str) -> bool:
    """Whether a parameter's name is that of personal data: user_data.email_address, visitorEmail."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return _PERSONAL.fullmatch(words.lower()) is not None


def consent_of(tag: Part) -> tuple[str, ...]:
    """The consent types that a tag needs in addition to its own checks."""
    settings = Part.of(tag.content.get("consentSettings"))
    if settings.text("consentStatus").upper() != "NEEDED":
        return ()
    types = Part.of(settings.content.get("consentType"))
    return tuple(entry.text("value") for entry in types.parts("list"))


def _ecommerce(tag: Part, variables: Variables) -> str | None:
    if not tag.is_set("sendEcommerceData"):
        return None
    macro = tag.parameter("ecommerceMacroData")
    if not macro:
        return Source.ECOMMERCE
    match variables.read(macro):
        case DataLayerVariable(key):
            return key
        case Unread() | _:
            return None
