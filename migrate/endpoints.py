"""Reads one endpoint of Amazon Pinpoint and keeps what Customer Profiles can hold.

Pure. The fields are those of EndpointResponse in the Amazon Pinpoint API reference. profiles.py combines the
endpoints of one customer.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from contract.customer_profiles import OBJECT_CHARACTERS, VALUE_CHARACTERS
from contract.missing_values import is_without_identity, is_without_value
from contract.string_length import utf16_length

# Amazon Pinpoint's values for a customer who did not opt out.
_NOT_OPTED_OUT = frozenset({"", "NONE"})
_ACTIVE = frozenset({"", "ACTIVE"})

# ChannelType of EndpointResponse in the service's model.
CHANNELS = frozenset(
    {
        *("PUSH", "GCM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "ADM", "BAIDU"),
        *("SMS", "VOICE", "EMAIL", "CUSTOM", "IN_APP"),
    }
)
OTHER_CHANNEL = "OTHER"

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# People write phone numbers with these; E.164 has none.
_PHONE_SEPARATORS = str.maketrans("", "", " -.()/")
# Most countries drop this zero when dialed from abroad, some keep it: the number is ambiguous.
_ZERO_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KeyBy(StrEnum):
    """The field that identifies a profile: the one that events send as `endpoint_id`."""

    ENDPOINT_ID = "endpoint-id"
    USER_ID = "user-id"


class SkipReason(StrEnum):
    """Why a line of the export is not imported."""

    UNREADABLE = "unreadable"
    NOT_UTF8 = "not_utf8"
    LINE_TOO_LONG = "line_too_long"
    ID_MISSING = "id_missing"
    ID_NO_VALUE = "id_no_value"
    ID_TOO_LONG = "id_too_long"
    OLDER_VERSION = "older_version"
    USER_SHARED = "user_shared"
    OBJECT_TOO_LARGE = "object_too_large"


class DropReason(StrEnum):
    """Why part of an endpoint is not imported, although the endpoint is."""

    ADDRESS_OPTED_OUT = "address_opted_out"
    ADDRESS_INACTIVE = "address_inactive"
    ADDRESS_FURTHER = "address_further"
    ADDRESS_NOT_EMAIL = "address_not_email"
    ADDRESS_NOT_E164 = "address_not_e164"
    ADDRESS_OF_OTHER_CHANNEL = "address_of_other_channel"
    USER_ID_MISSING = "user_id_missing"
    USER_ID_NO_VALUE = "user_id_no_value"
    USER_ID_TOO_LONG = "user_id_too_long"
    ATTRIBUTE_UNDECLARED = "attribute_undeclared"
    ATTRIBUTE_EMPTY = "attribute_empty"
    ATTRIBUTE_NO_VALUE = "attribute_no_value"
    ATTRIBUTE_NOT_TEXT = "attribute_not_text"
    ATTRIBUTE_TOO_LONG = "attribute_too_long"
    ENDPOINT_ATTRIBUTE = "endpoint_attribute"
    DATE_UNREADABLE = "date_unreadable"


# Reasons for which someone will want to look up the endpoint. The others can apply to every line of an
# export.
WORTH_LISTING = frozenset(
    {
        DropReason.ADDRESS_OPTED_OUT,
        DropReason.ADDRESS_INACTIVE,
        DropReason.ADDRESS_FURTHER,
        DropReason.ADDRESS_NOT_EMAIL,
        DropReason.ADDRESS_NOT_E164,
    }
)

EXPLANATIONS: Mapping[str, str] = {
    SkipReason.UNREADABLE: "not a JSON object, or not a row that fits the CSV header",
    SkipReason.NOT_UTF8: "not UTF-8: convert the file (iconv -f LATIN1 -t UTF-8)",
    SkipReason.LINE_TOO_LONG: "longer than any endpoint can be",
    SkipReason.ID_MISSING: "no Id, and no UserId that could be the key",
    SkipReason.ID_NO_VALUE: "the Id is a string for a missing value; everyone would share this profile",
    SkipReason.ID_TOO_LONG: f"the Id has more than {VALUE_CHARACTERS} characters",
    SkipReason.OLDER_VERSION: "another line has the same endpoint with the same or a newer EffectiveDate",
    SkipReason.USER_SHARED: "the UserId has more than 100 endpoints, so it is not one customer",
    SkipReason.OBJECT_TOO_LARGE: f"the profile object would be larger than {OBJECT_CHARACTERS:,} bytes",
    DropReason.ADDRESS_OPTED_OUT: "the customer opted out, so the address is not sent",
    DropReason.ADDRESS_INACTIVE: "EndpointStatus is not ACTIVE, so the address is not sent",
    DropReason.ADDRESS_FURTHER: "the user has a newer address of this kind; a profile holds one",
    DropReason.ADDRESS_NOT_EMAIL: "the Address of an EMAIL endpoint is not an email address",
    DropReason.ADDRESS_NOT_E164: "the Address of an SMS or VOICE endpoint has no country code, or has a (0)",
    DropReason.ADDRESS_OF_OTHER_CHANNEL: "a push token or custom address; profiles have no field for it",
    DropReason.USER_ID_MISSING: "no UserId: the profile is stored under the Id, where no event finds it",
    DropReason.USER_ID_NO_VALUE: "the UserId is a string for a missing value",
    DropReason.USER_ID_TOO_LONG: f"the UserId has more than {VALUE_CHARACTERS} characters",
    DropReason.ATTRIBUTE_UNDECLARED: "the object type does not declare this user attribute",
    DropReason.ATTRIBUTE_EMPTY: "the user attribute has no value",
    DropReason.ATTRIBUTE_NO_VALUE: "the user attribute is a string for a missing value",
    DropReason.ATTRIBUTE_NOT_TEXT: "a value of the user attribute is neither a string nor a number",
    DropReason.ATTRIBUTE_TOO_LONG: (
        f"the values of the user attribute have more than {VALUE_CHARACTERS} characters in all"
    ),
    DropReason.ENDPOINT_ATTRIBUTE: "an attribute of the endpoint, not of its user; events never write these",
    DropReason.DATE_UNREADABLE: "EffectiveDate is not ISO 8601, so the endpoint counts as having no date",
}


class Consent(StrEnum):
    """Whether Amazon Pinpoint would have sent messages to an endpoint."""

    OPEN = "open"
    OPTED_OUT = "opted_out"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint, with the number of parts dropped from it, by reason."""

    # Key of its profile.
    key: str
    # Two lines with the same identity are versions of the same endpoint.
    identity: str
    # None if missing or unusable.
    user_id: str | None
    # One of CHANNELS, or OTHER_CHANNEL.
    channel: str
    consent: Consent
    # At most one of the two is set.
    email: str | None
    phone: str | None
    user_attributes: Mapping[str, str]
    # EffectiveDate in epoch milliseconds.
    effective_ms: int | None
    dropped: Mapping[DropReason, int]
    # Names of user attributes that the object type does not declare.
    undeclared: Collection[str] = ()


def read_endpoint(
    endpoint: Mapping[str, Any], attributes: Collection[str], key_by: KeyBy
) -> Endpoint | SkipReason:
    """Read an exported endpoint. `attributes` are the user attributes that the object type declares."""
    dropped: Counter[DropReason] = Counter()
    user = _mapping(endpoint.get("User"))
    user_id = _user_id(user, dropped)
    endpoint_id = _string(endpoint.get("Id"))
    if user_id is None and key_by is KeyBy.USER_ID and not dropped:
        dropped[DropReason.USER_ID_MISSING] += 1
    by_user = key_by is KeyBy.USER_ID and user_id is not None
    if not by_user and (reason := _unusable_id(endpoint_id)):
        return reason
    channel = _channel(endpoint)
    email, phone = _address(endpoint, channel, dropped)
    if count := len(_mapping(endpoint.get("Attributes"))):
        dropped[DropReason.ENDPOINT_ATTRIBUTE] += count
    undeclared: list[str] = []
    user_attributes = _user_attributes(_mapping(user.get("UserAttributes")), attributes, dropped, undeclared)
    key = user_id if by_user and user_id is not None else endpoint_id
    # Segments imported by user have no Id, so channel and address tell a user's endpoints apart.
    identity = endpoint_id or "\n".join((key, channel, _string(endpoint.get("Address"))))
    if not _is_unicode(key, identity, user_id or "", email or "", phone or "", *user_attributes.values()):
        return SkipReason.UNREADABLE
    return Endpoint(
        key=key,
        identity=identity,
        user_id=user_id,
        channel=channel,
        consent=_consent(endpoint),
        email=email,
        phone=phone,
        user_attributes=user_attributes,
        effective_ms=_effective_ms(endpoint.get("EffectiveDate"), dropped),
        dropped=dropped,
        undeclared=tuple(undeclared),
    )


def _unusable_id(endpoint_id: str) -> SkipReason | None:
    """Why an Id cannot be a key."""
    if not endpoint_id.strip():
        return SkipReason.ID_MISSING
    if is_without_identity(endpoint_id):
        return SkipReason.ID_NO_VALUE
    return SkipReason.ID_TOO_LONG if utf16_length(endpoint_id) > VALUE_CHARACTERS else None


def _channel(endpoint: Mapping[str, Any]) -> str:
    channel = _string(endpoint.get("ChannelType")).strip().upper()
    return channel if channel in CHANNELS else OTHER_CHANNEL


def _consent(endpoint: Mapping[str, Any]) -> Consent:
    """An unknown OptOut or EndpointStatus means no messages: sending none is the safe mistake."""
    opt_out = endpoint.get("OptOut")
    if opt_out is not None and (
        not isinstance(opt_out, str) or opt_out.strip().upper() not in _NOT_OPTED_OUT
    ):
        return Consent.OPTED_OUT
    # Amazon Pinpoint deactivates an endpoint when another endpoint gets its address, among other reasons.
    status = endpoint.get("EndpointStatus")
    if status is not None and (not isinstance(status, str) or status.strip().upper() not in _ACTIVE):
        return Consent.INACTIVE
    return Consent.OPEN


def _address(
    endpoint: Mapping[str, Any], channel: str, dropped: Counter[DropReason]
) -> tuple[str | None, str | None]:
    """The email address and the phone number; at most one of them is set."""
    address = _string(endpoint.get("Address")).strip()
    if not address:
        return None, None
    match channel:
        case "EMAIL":
            if _EMAIL.fullmatch(address) and utf16_length(address) <= VALUE_CHARACTERS:
                return address, None
            dropped[DropReason.ADDRESS_NOT_EMAIL] += 1
        case "SMS" | "VOICE":
            number = address.translate(_PHONE_SEPARATORS)
            if _E164.fullmatch(number) and not _ZERO_IN_BRACKETS.search(address):
                return None, number
            dropped[DropReason.ADDRESS_NOT_E164] += 1
        case _:
            dropped[DropReason.ADDRESS_OF_OTHER_CHANNEL] += 1
    return None, None


def _user_id(user: Mapping[str, Any], dropped: Counter[DropReason]) -> str | None:
    user_id = _string(user.get("UserId"))
    if not user_id.strip():
        return None
    if is_without_identity(user_id):
        dropped[DropReason.USER_ID_NO_VALUE] += 1
        return None
    if utf16_length(user_id) > VALUE_CHARACTERS:
        dropped[DropReason.USER_ID_TOO_LONG] += 1
        return None
    return user_id


def _user_attributes(
    exported: Mapping[str, Any],
    declared: Collection[str],
    dropped: Counter[DropReason],
    undeclared: list[str],
) -> dict[str, str]:
    """One string for each declared attribute. Several values are joined with commas, as GTM joins a list."""
    kept: dict[str, str] = {}
    for name, exported_values in exported.items():
        if name not in declared:
            dropped[DropReason.ATTRIBUTE_UNDECLARED] += 1
            undeclared.append(name)
            continue
        values = (
            cast(list[object], exported_values) if isinstance(exported_values, list) else [exported_values]
        )
        strings = [_as_string(value) for value in values]
        present = [string for string in strings if string]
        value = ",".join(present)
        if None in strings:
            dropped[DropReason.ATTRIBUTE_NOT_TEXT] += 1
        elif not present:
            dropped[DropReason.ATTRIBUTE_EMPTY] += 1
        elif is_without_value(value):
            dropped[DropReason.ATTRIBUTE_NO_VALUE] += 1
        elif utf16_length(value) > VALUE_CHARACTERS:
            dropped[DropReason.ATTRIBUTE_TOO_LONG] += 1
        else:
            kept[name] = value
    return kept


def _as_string(value: object) -> str | None:
    """A value as JavaScript writes it in a list; None unless it is a string, number, boolean or null."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return value
        case int():
            return str(value) if abs(value) < 10**15 else None
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 10**15 else str(value)
        case _:
            return None


def _effective_ms(exported: object, dropped: Counter[DropReason]) -> int | None:
    """An ISO 8601 date and time in epoch milliseconds. Without an offset it is UTC."""
    if exported is None or exported == "":
        return None
    try:
        date = datetime.fromisoformat(_string(exported).strip())
    except ValueError:
        dropped[DropReason.DATE_UNREADABLE] += 1
        return None
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)


def _is_unicode(*strings: str) -> bool:
    """Whether no string holds half a surrogate pair, which JSON can escape but UTF-8 cannot encode."""
    try:
        "".join(strings).encode()
    except UnicodeEncodeError:
        return False
    return True


def _mapping(value: object) -> Mapping[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
