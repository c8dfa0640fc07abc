"""What an endpoint of Amazon Pinpoint says, as far as Customer Profiles has room for it, or why nothing.

Pure: knows no clock, environment, logger or AWS client.

An endpoint is read as EndpointResponse in Amazon Pinpoint's API reference. What becomes of the endpoints of
one customer is decided in profiles.py.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from contract.missing_values import is_without_identity, is_without_value

# Customer Profiles: a value of a profile, and of a key, has at most 255 characters.
MAX_VALUE_LENGTH = 255

# What Amazon Pinpoint writes where a customer did not opt out.
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
# How people write numbers; E.164 has none of these.
_PHONE_SEPARATORS = str.maketrans("", "", " -.()/")
# A zero that most countries dial at home only and some from abroad too: which number is meant is uncertain.
_ZERO_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KeyBy(StrEnum):
    """What is the key of a profile: what events have as `endpoint_id`."""

    ENDPOINT_ID = "endpoint-id"
    USER_ID = "user-id"


class SkipReason(StrEnum):
    """Why a line of an export is not imported."""

    UNREADABLE = "unreadable"
    NOT_UTF8 = "not_utf8"
    LINE_TOO_LONG = "line_too_long"
    ID_MISSING = "id_missing"
    ID_NO_VALUE = "id_no_value"
    ID_TOO_LONG = "id_too_long"
    OLDER_VERSION = "older_version"
    USER_SHARED = "user_shared"
    OBJECT_TOO_LARGE = "object_too_large"


class LeftOutReason(StrEnum):
    """Why a part of an endpoint is not imported, while the rest of it is."""

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


# Beside which a person will want to look up the endpoint; the others can concern every line of an export.
WORTH_LISTING = frozenset(
    {
        LeftOutReason.ADDRESS_OPTED_OUT,
        LeftOutReason.ADDRESS_INACTIVE,
        LeftOutReason.ADDRESS_FURTHER,
        LeftOutReason.ADDRESS_NOT_EMAIL,
        LeftOutReason.ADDRESS_NOT_E164,
    }
)

EXPLANATIONS: Mapping[str, str] = {
    SkipReason.UNREADABLE: "the line is not a JSON object, or not a row under the CSV header",
    SkipReason.NOT_UTF8: "the line is not in UTF-8: convert the file (iconv -f LATIN1 -t UTF-8)",
    SkipReason.LINE_TOO_LONG: "the line is longer than an endpoint can be",
    SkipReason.ID_MISSING: "the endpoint has no Id, and no UserId where that is the key",
    SkipReason.ID_NO_VALUE: "the Id is what JavaScript writes for no value: it would be everybody's profile",
    SkipReason.ID_TOO_LONG: "the Id has more than 255 characters, which a key cannot",
    SkipReason.OLDER_VERSION: "the export has the same endpoint with a newer EffectiveDate, or again",
    SkipReason.USER_SHARED: "the UserId has more than 100 endpoints: it is no one customer's",
    SkipReason.OBJECT_TOO_LARGE: "the object would have more than 256,000 bytes",
    LeftOutReason.ADDRESS_OPTED_OUT: "the customer opted out: the address is not sent",
    LeftOutReason.ADDRESS_INACTIVE: "EndpointStatus is not ACTIVE: the address is not sent",
    LeftOutReason.ADDRESS_FURTHER: "the user has a newer endpoint of this channel: a profile has one address",
    LeftOutReason.ADDRESS_NOT_EMAIL: "the Address of channel EMAIL is no email address",
    LeftOutReason.ADDRESS_NOT_E164: (
        "the Address of channel SMS or VOICE is no number with country code, or has a (0)"
    ),
    LeftOutReason.ADDRESS_OF_OTHER_CHANNEL: "a push token or custom address: a profile has no field for it",
    LeftOutReason.USER_ID_MISSING: "without a UserId: a profile under its Id, which no event finds",
    LeftOutReason.USER_ID_NO_VALUE: "the UserId is what JavaScript writes for no value",
    LeftOutReason.USER_ID_TOO_LONG: "the UserId has more than 255 characters",
    LeftOutReason.ATTRIBUTE_UNDECLARED: "the user attribute is not among the declared ones",
    LeftOutReason.ATTRIBUTE_EMPTY: "the user attribute has no value",
    LeftOutReason.ATTRIBUTE_NO_VALUE: "the user attribute is what JavaScript writes for no value",
    LeftOutReason.ATTRIBUTE_NOT_TEXT: "a value of the user attribute is neither text nor number",
    LeftOutReason.ATTRIBUTE_TOO_LONG: "the user attribute's values have more than 255 characters together",
    LeftOutReason.ENDPOINT_ATTRIBUTE: "attributes of the endpoint, not of its user, which events never wrote",
}


class Consent(StrEnum):
    """Whether Amazon Pinpoint would have sent to an endpoint."""

    OPEN = "open"
    OPTED_OUT = "opted_out"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint, and the count of what is left out of it, by reason."""

    # The key of its profile, and what two lines of one endpoint have in common.
    key: str
    identity: str
    # None where it has none, or no usable one.
    user_id: str | None
    # One of CHANNELS, or OTHER_CHANNEL.
    channel: str
    consent: Consent
    # At most one of the two is there.
    email: str | None
    phone: str | None
    user_attributes: Mapping[str, str]
    # EffectiveDate in epoch milliseconds; None where there is none.
    effective_ms: int | None
    left_out: Mapping[LeftOutReason, int]
    # The names of user attributes that are not declared.
    undeclared: Collection[str] = ()


def read_endpoint(
    endpoint: Mapping[str, Any], attributes: Collection[str], key_by: KeyBy
) -> Endpoint | SkipReason:
    """Read an endpoint of an export. `attributes` are the user attributes that the object type declares."""
    left_out: Counter[LeftOutReason] = Counter()
    user = _mapping(endpoint.get("User"))
    user_id = _user_id(user, left_out)
    endpoint_id = _text(endpoint.get("Id"))
    if user_id is None and key_by is KeyBy.USER_ID and not left_out:
        left_out[LeftOutReason.USER_ID_MISSING] += 1
    by_user = key_by is KeyBy.USER_ID and user_id is not None
    if not by_user and (reason := _unfit(endpoint_id)):
        return reason
    channel = _channel(endpoint)
    email, phone = _address(endpoint, channel, left_out)
    if count := len(_mapping(endpoint.get("Attributes"))):
        left_out[LeftOutReason.ENDPOINT_ATTRIBUTE] += count
    undeclared: list[str] = []
    user_attributes = _user_attributes(_mapping(user.get("UserAttributes")), attributes, left_out, undeclared)
    key = user_id if by_user and user_id is not None else endpoint_id
    # Segments that were imported by user have no Id: channel and address tell a user's endpoints apart.
    identity = endpoint_id or "\n".join((key, channel, _text(endpoint.get("Address"))))
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
        effective_ms=_epoch_ms(endpoint.get("EffectiveDate")),
        left_out=left_out,
        undeclared=tuple(undeclared),
    )


def _unfit(endpoint_id: str) -> SkipReason | None:
    """Why an Id is no key."""
    if not endpoint_id.strip():
        return SkipReason.ID_MISSING
    if is_without_identity(endpoint_id):
        return SkipReason.ID_NO_VALUE
    return SkipReason.ID_TOO_LONG if length(endpoint_id) > MAX_VALUE_LENGTH else None


def _channel(endpoint: Mapping[str, Any]) -> str:
    channel = _text(endpoint.get("ChannelType")).strip().upper()
    return channel if channel in CHANNELS else OTHER_CHANNEL


def _consent(endpoint: Mapping[str, Any]) -> Consent:
    """An OptOut or EndpointStatus that is not known counts against messages: one too few is mended."""
    opt_out = endpoint.get("OptOut")
    if opt_out is not None and (
        not isinstance(opt_out, str) or opt_out.strip().upper() not in _NOT_OPTED_OUT
    ):
        return Consent.OPTED_OUT
    # Amazon Pinpoint deactivates an endpoint when another one gets its address, among other reasons.
    status = endpoint.get("EndpointStatus")
    if status is not None and (not isinstance(status, str) or status.strip().upper() not in _ACTIVE):
        return Consent.INACTIVE
    return Consent.OPEN


def _address(
    endpoint: Mapping[str, Any], channel: str, left_out: Counter[LeftOutReason]
) -> tuple[str | None, str | None]:
    """The email address and the phone number; at most one of them is there."""
    address = _text(endpoint.get("Address")).strip()
    if not address:
        return None, None
    match channel:
        case "EMAIL":
            if _EMAIL.fullmatch(address) and length(address) <= MAX_VALUE_LENGTH:
                return address, None
            left_out[LeftOutReason.ADDRESS_NOT_EMAIL] += 1
        case "SMS" | "VOICE":
            number = address.translate(_PHONE_SEPARATORS)
            if _E164.fullmatch(number) and not _ZERO_IN_BRACKETS.search(address):
                return None, number
            left_out[LeftOutReason.ADDRESS_NOT_E164] += 1
        case _:
            left_out[LeftOutReason.ADDRESS_OF_OTHER_CHANNEL] += 1
    return None, None


def _user_id(user: Mapping[str, Any], left_out: Counter[LeftOutReason]) -> str | None:
    user_id = _text(user.get("UserId"))
    if not user_id.strip():
        return None
    if is_without_identity(user_id):
        left_out[LeftOutReason.USER_ID_NO_VALUE] += 1
        return None
    if length(user_id) > MAX_VALUE_LENGTH:
        left_out[LeftOutReason.USER_ID_TOO_LONG] += 1
        return None
    return user_id


def _user_attributes(
    exported: Mapping[str, Any],
    declared: Collection[str],
    left_out: Counter[LeftOutReason],
    undeclared: list[str],
) -> dict[str, str]:
    """One text for each declared name, in which several values are joined as GTM joins a list."""
    taken: dict[str, str] = {}
    for name, exported_values in exported.items():
        if name not in declared:
            left_out[LeftOutReason.ATTRIBUTE_UNDECLARED] += 1
            undeclared.append(name)
            continue
        values = exported_values if isinstance(exported_values, list) else [exported_values]
        texts = [_as_text(value) for value in values]
        present = [text for text in texts if text]
        value = ",".join(present)
        if None in texts:
            left_out[LeftOutReason.ATTRIBUTE_NOT_TEXT] += 1
        elif not present:
            left_out[LeftOutReason.ATTRIBUTE_EMPTY] += 1
        elif is_without_value(value):
            left_out[LeftOutReason.ATTRIBUTE_NO_VALUE] += 1
        elif length(value) > MAX_VALUE_LENGTH:
            left_out[LeftOutReason.ATTRIBUTE_TOO_LONG] += 1
        else:
            taken[name] = value
    return taken


def _as_text(value: Any) -> str | None:
    """A value as JavaScript writes it in a list; None where it is neither text, number, boolean nor null."""
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


def _epoch_ms(exported: Any) -> int | None:
    """An ISO 8601 date and time; without an offset it is UTC."""
    try:
        date = datetime.fromisoformat(_text(exported).strip())
    except ValueError:
        return None
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)


def _is_unicode(*texts: str) -> bool:
    """Whether no text has half of a surrogate pair, which JSON can escape and UTF-8 cannot hold."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def length(text: str) -> int:
    """Characters as UTF-16 code units, the larger reading, because AWS does not say what it counts."""
    return len(text) + sum(character > "\uffff" for character in text)
