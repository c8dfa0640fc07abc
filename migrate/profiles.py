"""Combines the endpoints of one customer into a profile object for Customer Profiles.

Pure. The object's key is the endpoint id or the user id, so importing it again replaces it.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from contract.customer_profiles import OBJECT_CHARACTERS
from contract.url import USER_ATTRIBUTE
from migrate.endpoints import WORTH_LISTING, Consent, DropReason, Endpoint, SkipReason

NOT_OPTED_OUT = "NONE"
"""`opt_out` of a customer who has not opted out on any channel."""

CSV_COLUMNS = ("endpoint_id", "user_id", "email", "phone", "opt_out")


class Kind(StrEnum):
    """A kind of address, by its name in an object."""

    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where an endpoint is in the export."""

    file: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileObject:
    """One customer, as sent to Customer Profiles."""

    key: str
    user_id: str | None
    email: str | None
    phone: str | None
    # NONE, or the channels on which the customer opted out, joined with commas.
    opt_out: str
    # The profile must not have an address of these kinds, not even one from an earlier import.
    withdrawn: frozenset[Kind]
    user_attributes: Mapping[str, str]
    # Number of endpoints it is made of.
    endpoints: int
    # Number of parts dropped, by reason.
    dropped: Mapping[DropReason, int]
    # Drops that are worth a line of their own.
    listed: Sequence[tuple[Line, DropReason]] = field(default=())

    def json_text(self) -> str:
        """The Object of PutProfileObject. Missing values are left out."""
        # A dot would start another level in the object type.
        user_attributes = {name.replace(".", "_"): value for name, value in self.user_attributes.items()}
        parts: dict[str, object] = {
            "endpoint_id": self.key,
            "user_id": self.user_id,
            "email": self.email,
            "phone": self.phone,
            "opt_out": self.opt_out,
            "user_attributes": user_attributes,
        }
        present = {name: part for name, part in parts.items() if part}
        return json.dumps(present, ensure_ascii=False, separators=(",", ":"))

    def csv_row(self, attributes: Sequence[str]) -> list[str]:
        """The cells for `csv_header(attributes)`; an empty cell means no value."""
        fixed = [self.key, self.user_id or "", self.email or "", self.phone or "", self.opt_out]
        return fixed + [self.user_attributes.get(name, "") for name in attributes]


def csv_header(attributes: Sequence[str]) -> list[str]:
    return [*CSV_COLUMNS, *(USER_ATTRIBUTE + name for name in attributes)]


def make_profile(key: str, endpoints: Sequence[tuple[Line, Endpoint]]) -> ProfileObject | SkipReason:
    """The profile object of all endpoints with one key, oldest first.

    It has the newest value of each user attribute, and the newest address of each kind to which Amazon
    Pinpoint would have sent. An address that opted out on any channel is not sent.
    """
    dropped: Counter[DropReason] = Counter()
    listed: list[tuple[Line, DropReason]] = []
    user_attributes: dict[str, str] = {}
    user_id: str | None = None
    for line, endpoint in endpoints:
        user_attributes.update(endpoint.user_attributes)
        user_id = endpoint.user_id or user_id
        for reason, count in endpoint.dropped.items():
            dropped[reason] += count
            if reason in WORTH_LISTING:
                listed.append((line, reason))
    addresses: dict[Kind, str | None] = {}
    withdrawn: set[Kind] = set()
    for kind in Kind:
        addresses[kind], reasons, closed = _choose(kind, endpoints)
        if closed and addresses[kind] is None:
            withdrawn.add(kind)
        for line, reason in reasons:
            dropped[reason] += 1
            listed.append((line, reason))
    made = ProfileObject(
        key=key,
        user_id=user_id,
        email=addresses[Kind.EMAIL],
        phone=addresses[Kind.PHONE],
        opt_out=_opt_out(endpoints),
        withdrawn=frozenset(withdrawn),
        user_attributes=user_attributes,
        endpoints=len(endpoints),
        dropped=dropped,
        listed=listed,
    )
    # Bytes, the larger reading of the service's limit.
    too_large = len(made.json_text().encode()) > OBJECT_CHARACTERS
    return SkipReason.OBJECT_TOO_LARGE if too_large else made


def _choose(
    kind: Kind, endpoints: Sequence[tuple[Line, Endpoint]]
) -> tuple[str | None, list[tuple[Line, DropReason]], bool]:
    """The address of a kind, what was dropped, and whether any endpoint of the kind refuses messages."""
    newest = _newest_by_address(endpoints)
    opted_out = {
        _comparable(_address(endpoint, kind))
        for endpoint in newest.values()
        if endpoint.consent is Consent.OPTED_OUT
    }
    chosen: str | None = None
    reasons: list[tuple[Line, DropReason]] = []
    closed = False
    for line, endpoint in reversed(endpoints):
        address = _address(endpoint, kind)
        if address is None or _is_superseded(endpoint, newest):
            closed = closed or (_is_of(kind, endpoint) and endpoint.consent is not Consent.OPEN)
            continue
        if _comparable(address) in opted_out:
            closed = True
            reasons.append((line, DropReason.ADDRESS_OPTED_OUT))
        elif endpoint.consent is Consent.INACTIVE:
            closed = True
            reasons.append((line, DropReason.ADDRESS_INACTIVE))
        elif chosen is None:
            chosen = address
        elif _comparable(address) != _comparable(chosen):
            reasons.append((line, DropReason.ADDRESS_FURTHER))
    return chosen, reasons, closed


def _opt_out(endpoints: Sequence[tuple[Line, Endpoint]]) -> str:
    newest = _newest_by_address(endpoints)
    channels = {
        endpoint.channel
        for _, endpoint in endpoints
        if endpoint.consent is Consent.OPTED_OUT and not _is_superseded(endpoint, newest)
    }
    return ",".join(sorted(channels)) or NOT_OPTED_OUT


def _newest_by_address(endpoints: Sequence[tuple[Line, Endpoint]]) -> dict[tuple[str, str], Endpoint]:
    """The newest endpoint of each channel and address. Its consent is the one that counts."""
    return {
        (endpoint.channel, _comparable(endpoint.email or endpoint.phone)): endpoint
        for _, endpoint in endpoints
        if endpoint.email or endpoint.phone
    }


def _is_superseded(endpoint: Endpoint, newest: Mapping[tuple[str, str], Endpoint]) -> bool:
    address = endpoint.email or endpoint.phone
    return address is not None and newest[endpoint.channel, _comparable(address)] is not endpoint


def _address(endpoint: Endpoint, kind: Kind) -> str | None:
    return endpoint.email if kind is Kind.EMAIL else endpoint.phone


def _is_of(kind: Kind, endpoint: Endpoint) -> bool:
    return endpoint.channel == "EMAIL" if kind is Kind.EMAIL else endpoint.channel in ("SMS", "VOICE")


def _comparable(address: str | None) -> str:
    return (address or "").casefold()
