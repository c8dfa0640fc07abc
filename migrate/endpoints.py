"""What an endpoint of Amazon Pinpoint becomes in Customer Profiles, and why one does not.

Pure: knows no clock, environment, logger or AWS client. Imports nothing of the project.

An endpoint is read as EndpointResponse in Amazon Pinpoint's API reference. The object is one of the stack's
object type for endpoints: the endpoint id is its key, so that importing again replaces it.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Customer Profiles: a value of a profile, and of a key, has at most 255 characters; an object 256,000.
MAX_VALUE_LENGTH = 255
MAX_OBJECT_BYTES = 256_000

# What Amazon Pinpoint writes where a customer did not opt out.
_NOT_OPTED_OUT = frozenset({"", "NONE"})

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# How people write numbers; E.164 has none of these.
_PHONE_SEPARATORS = str.maketrans("", "", " -.()/")
# A zero that most countries dial at home only and some from abroad too: which number is meant is uncertain.
_ZERO_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")

CSV_COLUMNS = ("endpoint_id", "user_id", "email", "phone")
_USER_ATTRIBUTE = "usat_"


class SkipReason(StrEnum):
    """Why an endpoint is not imported."""

    UNREADABLE = "unreadable"
    LINE_TOO_LONG = "line_too_long"
    ID_MISSING = "id_missing"
    ID_TOO_LONG = "id_too_long"
    INACTIVE = "inactive"
    OBJECT_TOO_LARGE = "object_too_large"


class LeftOutReason(StrEnum):
    """Why a part of an endpoint is not imported, while the rest of it is."""

    ADDRESS_OPTED_OUT = "address_opted_out"
    ADDRESS_NOT_EMAIL = "address_not_email"
    ADDRESS_NOT_E164 = "address_not_e164"
    ADDRESS_OF_OTHER_CHANNEL = "address_of_other_channel"
    USER_ID_TOO_LONG = "user_id_too_long"
    ATTRIBUTE_UNDECLARED = "attribute_undeclared"
    ATTRIBUTE_EMPTY = "attribute_empty"
    ATTRIBUTE_NOT_TEXT = "attribute_not_text"
    ATTRIBUTE_TOO_LONG = "attribute_too_long"
    ATTRIBUTE_FURTHER_VALUES = "attribute_further_values"
    ENDPOINT_ATTRIBUTE = "endpoint_attribute"


# Beside which a person will want to look up the endpoint; the others can concern every line of an export.
WORTH_LISTING = frozenset(
    {LeftOutReason.ADDRESS_OPTED_OUT, LeftOutReason.ADDRESS_NOT_EMAIL, LeftOutReason.ADDRESS_NOT_E164}
)

EXPLANATIONS: Mapping[str, str] = {
    SkipReason.UNREADABLE: "the line is not a JSON object in UTF-8",
    SkipReason.LINE_TOO_LONG: "the line is longer than an endpoint can be",
    SkipReason.ID_MISSING: "the endpoint has no Id",
    SkipReason.ID_TOO_LONG: "the Id has more than 255 characters, which a key cannot",
    SkipReason.INACTIVE: "EndpointStatus is INACTIVE: Amazon Pinpoint sent nothing to it",
    SkipReason.OBJECT_TOO_LARGE: "the object would have more than 256,000 bytes",
    LeftOutReason.ADDRESS_OPTED_OUT: "the customer opted out: the profile has no address to send to",
    LeftOutReason.ADDRESS_NOT_EMAIL: "the Address of channel EMAIL is no email address",
    LeftOutReason.ADDRESS_NOT_E164: (
        "the Address of channel SMS or VOICE is no number with country code, or has a (0)"
    ),
    LeftOutReason.ADDRESS_OF_OTHER_CHANNEL: "a push token or custom address: a profile has no field for it",
    LeftOutReason.USER_ID_TOO_LONG: "the UserId has more than 255 characters",
    LeftOutReason.ATTRIBUTE_UNDECLARED: "the user attribute is not among the declared ones",
    LeftOutReason.ATTRIBUTE_EMPTY: "the user attribute has no value",
    LeftOutReason.ATTRIBUTE_NOT_TEXT: "the user attribute's value is no text",
    LeftOutReason.ATTRIBUTE_TOO_LONG: "the user attribute's value has more than 255 characters",
    LeftOutReason.ATTRIBUTE_FURTHER_VALUES: "of several values of a user attribute the first was taken",
    LeftOutReason.ENDPOINT_ATTRIBUTE: "attributes of the endpoint, not of its user, which events never wrote",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileObject:
    """One endpoint as Customer Profiles gets it, and the count of what is left out, by reason."""

    endpoint_id: str
    user_id: str | None
    email: str | None
    phone: str | None
    user_attributes: Mapping[str, str]
    left_out: Mapping[LeftOutReason, int]

    def json_text(self) -> str:
        """The object of PutProfileObject. What the endpoint does not have is absent."""
        parts: dict[str, object] = {
            "endpoint_id": self.endpoint_id,
            "user_id": self.user_id,
            "email": self.email,
            "phone": self.phone,
            "user_attributes": self.user_attributes,
        }
        present = {name: part for name, part in parts.items() if part}
        return json.dumps(present, ensure_ascii=False, separators=(",", ":"))

    def csv_row(self, attributes: Sequence[str]) -> list[str]:
        """The cells under `csv_header` of the same attributes; an empty one where there is no value."""
        fixed = [self.endpoint_id, self.user_id or "", self.email or "", self.phone or ""]
        return fixed + [self.user_attributes.get(name, "") for name in attributes]


def csv_header(attributes: Sequence[str]) -> list[str]:
    return [*CSV_COLUMNS, *(_USER_ATTRIBUTE + name for name in attributes)]


def read_endpoint(line: bytes | None, attributes: Collection[str]) -> ProfileObject | SkipReason:
    """Read a line of an export; None stands for one that is too long.

    `attributes` are the names of the user attributes that the object type declares.
    """
    if line is None:
        return SkipReason.LINE_TOO_LONG
    try:
        endpoint: Any = json.loads(line)
    except (ValueError, RecursionError):
        return SkipReason.UNREADABLE
    if not isinstance(endpoint, dict):
        return SkipReason.UNREADABLE
    if reason := _skip_reason(endpoint):
        return reason
    left_out: Counter[LeftOutReason] = Counter()
    user = _mapping(endpoint.get("User"))
    email, phone = _address(endpoint, left_out)
    if count := len(_mapping(endpoint.get("Attributes"))):
        left_out[LeftOutReason.ENDPOINT_ATTRIBUTE] += count
    made = ProfileObject(
        endpoint_id=endpoint["Id"],
        user_id=_user_id(user, left_out),
        email=email,
        phone=phone,
        user_attributes=_user_attributes(_mapping(user.get("UserAttributes")), attributes, left_out),
        left_out=left_out,
    )
    return _unfit(made) or made


def _skip_reason(endpoint: Mapping[str, Any]) -> SkipReason | None:
    endpoint_id = endpoint.get("Id")
    if not isinstance(endpoint_id, str) or not endpoint_id.strip():
        return SkipReason.ID_MISSING
    if _length(endpoint_id) > MAX_VALUE_LENGTH:
        return SkipReason.ID_TOO_LONG
    # Amazon Pinpoint deactivates an endpoint when another one gets its address, among other reasons.
    if _text(endpoint.get("EndpointStatus")).upper() == "INACTIVE":
        return SkipReason.INACTIVE
    return None


def _unfit(made: ProfileObject) -> SkipReason | None:
    try:
        size = len(made.json_text().encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can escape and UTF-8 cannot hold
        return SkipReason.UNREADABLE
    return SkipReason.OBJECT_TOO_LARGE if size > MAX_OBJECT_BYTES else None


def _address(endpoint: Mapping[str, Any], left_out: Counter[LeftOutReason]) -> tuple[str | None, str | None]:
    """The email address and the phone number; at most one of them is there."""
    address = _text(endpoint.get("Address")).strip()
    if not address:
        return None, None
    if _opted_out(endpoint.get("OptOut")):
        left_out[LeftOutReason.ADDRESS_OPTED_OUT] += 1
        return None, None
    match _text(endpoint.get("ChannelType")).upper():
        case "EMAIL":
            if _EMAIL.fullmatch(address) and _length(address) <= MAX_VALUE_LENGTH:
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


def _opted_out(exported: Any) -> bool:
    """Whether a customer opted out. A value that is not known counts as yes: a message too few is mended."""
    if exported is None:
        return False
    return not isinstance(exported, str) or exported.strip().upper() not in _NOT_OPTED_OUT


def _user_id(user: Mapping[str, Any], left_out: Counter[LeftOutReason]) -> str | None:
    user_id = _text(user.get("UserId"))
    if not user_id.strip():
        return None
    if _length(user_id) > MAX_VALUE_LENGTH:
        left_out[LeftOutReason.USER_ID_TOO_LONG] += 1
        return None
    return user_id


def _user_attributes(
    exported: Mapping[str, Any], declared: Collection[str], left_out: Counter[LeftOutReason]
) -> dict[str, str]:
    """One value for each declared name: a profile's attribute is one text, as an event's `usat_` is."""
    taken: dict[str, str] = {}
    for name, exported_values in exported.items():
        values = exported_values if isinstance(exported_values, list) else [exported_values]
        value = values[0] if values else ""
        if name not in declared:
            left_out[LeftOutReason.ATTRIBUTE_UNDECLARED] += 1
        elif not isinstance(value, str):
            left_out[LeftOutReason.ATTRIBUTE_NOT_TEXT] += 1
        elif not value:
            left_out[LeftOutReason.ATTRIBUTE_EMPTY] += 1
        elif _length(value) > MAX_VALUE_LENGTH:
            left_out[LeftOutReason.ATTRIBUTE_TOO_LONG] += 1
        else:
            taken[name] = value
            if len(values) > 1:
                left_out[LeftOutReason.ATTRIBUTE_FURTHER_VALUES] += 1
    return taken


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _length(text: str) -> int:
    """Characters as UTF-16 code units, the larger reading, because AWS does not say what it counts."""
    return len(text) + sum(character > "\uffff" for character in text)
