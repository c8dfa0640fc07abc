"""Reads the body of a queue message: an event, or the reason why it holds none. Pure."""

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl

from contract.missing_values import is_without_identity, is_without_value
from contract.scenario import TimestampSource
from contract.string_length import utf16_length
from contract.url import (
    ENDPOINT_ID,
    EVENT,
    EVENT_ATTRIBUTE,
    EVENT_ID,
    EVENT_METRIC,
    LONGEST_ID,
    TIMESTAMP,
    USER_ATTRIBUTE,
)

_PREFIXES = (EVENT_ATTRIBUTE, EVENT_METRIC, USER_ATTRIBUTE)
_NAMES = frozenset({EVENT, ENDPOINT_ID, EVENT_ID, TIMESTAMP})

# The prefix of a name if the URL was escaped as HTML and never unescaped.
_ESCAPED_AMPERSANDS = re.compile(r"(?:amp;)+", re.IGNORECASE)
# As JavaScript writes numbers. float() also reads "1_000", "nan" and the digits of any script.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_EPOCH_MILLISECONDS = re.compile(r"[0-9]{1,16}")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FUTURE_TOLERANCE_MS = 5 * 60 * 1000  # clocks of browsers may run ahead
_OLDEST_MS = 14 * 24 * 60 * 60 * 1000  # as long as the queue may keep a message


class RejectionReason(StrEnum):
    """Why a message holds no event and is rejected."""

    EVENT_MISSING = "event_missing"
    EVENT_TOO_LONG = "event_too_long"
    ENDPOINT_ID_MISSING = "endpoint_id_missing"
    ENDPOINT_ID_TOO_LONG = "endpoint_id_too_long"
    ENDPOINT_ID_IGNORED = "endpoint_id_ignored"  # by the setting ignoredEndpointIds
    EVENT_ID_TOO_LONG = "event_id_too_long"
    BODY_UNREADABLE = "body_unreadable"


class DropReason(StrEnum):
    """Why a parameter of the URL is dropped."""

    NAME_MISSING = "name_missing"
    VALUE_UNDEFINED = "value_undefined"
    METRIC_NOT_A_NUMBER = "metric_not_a_number"
    ESCAPED_NAME_REPEATED = "escaped_name_repeated"
    TIMESTAMP_UNREADABLE = "timestamp_unreadable"
    TIMESTAMP_IMPLAUSIBLE = "timestamp_implausible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A queue message. All but `body` comes from the gateway, the queue or this program, and is trusted."""

    message_id: str
    # The query string as the sender wrote it, re-encoded by the gateway's mapping template.
    body: str
    sent_at_ms: int
    request_id: str | None = None
    request_time_ms: int | None = None
    # The endpoint that the sender's token proves; None without a valid token and in open mode.
    proven_endpoint: str | None = None
    # The id of the first message, on copies and dead letters, which have ids of their own.
    original_message_id: str | None = None

    @property
    def received_ms(self) -> int:
        """When the gateway received the request or, if unknown, when the queue received the message."""
        return self.sent_at_ms if self.request_time_ms is None else self.request_time_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A customer event. Times are epoch milliseconds."""

    message_id: str
    event_id: str
    event_type: str
    endpoint_id: str
    # When the gateway received the request. Trusted, so it orders events.
    received_ms: int
    # When the event happened, by the configured source if its time is plausible.
    timestamp_ms: int
    attributes: Mapping[str, str]
    metrics: Mapping[str, float]
    user_attributes: Mapping[str, str]
    # From the attributes of the message, never from its body.
    proven_endpoint: str | None
    # How many parameters were dropped, by reason.
    dropped: Mapping[DropReason, int]
    # How many parameters had names that were escaped as HTML, as far as that shows.
    escaped_names: int = 0

    @property
    def proven(self) -> bool:
        """Whether a token proves that the event's own endpoint sent it."""
        return self.proven_endpoint == self.endpoint_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A message that holds no event, and why."""

    message_id: str
    reason: RejectionReason


def parse_event(
    message: Message,
    *,
    timestamp_source: TimestampSource,
    ignored_endpoint_ids: Container[str] = (),
) -> Event | Rejection:
    """Read a message's body by the URL contract. If a parameter is repeated, its last value counts.

    `ignored_endpoint_ids` are those that the site sends for unknown visitors.
    """

    def rejection(reason: RejectionReason) -> Rejection:
        return Rejection(message_id=message.message_id, reason=reason)

    try:
        pairs = parse_qsl(message.body, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        return rejection(RejectionReason.BODY_UNREADABLE)
    dropped: Counter[DropReason] = Counter()
    parameters, escaped_names = _by_name(pairs, dropped)

    event_type = parameters.get(EVENT, "")
    endpoint_id = parameters.get(ENDPOINT_ID, "")
    # The first message id, so that a retried event keeps its id.
    own_id = message.original_message_id or message.message_id
    event_id = parameters.get(EVENT_ID, own_id)
    # Lengths first, so that later steps need not handle long strings.
    for string, reason in (
        (event_type, RejectionReason.EVENT_TOO_LONG),
        (endpoint_id, RejectionReason.ENDPOINT_ID_TOO_LONG),
        (event_id, RejectionReason.EVENT_ID_TOO_LONG),
    ):
        if utf16_length(string) > LONGEST_ID:
            return rejection(reason)
    if is_without_identity(event_type):
        return rejection(RejectionReason.EVENT_MISSING)
    if is_without_identity(endpoint_id):
        return rejection(RejectionReason.ENDPOINT_ID_MISSING)
    if endpoint_id in ignored_endpoint_ids:
        return rejection(RejectionReason.ENDPOINT_ID_IGNORED)

    received_ms = message.received_ms
    timestamp = parameters.get(TIMESTAMP, "") if timestamp_source is TimestampSource.URL else ""
    return Event(
        message_id=message.message_id,
        event_id=own_id if is_without_identity(event_id) else event_id,
        event_type=event_type,
        endpoint_id=endpoint_id,
        received_ms=received_ms,
        timestamp_ms=_timestamp_ms(timestamp, received_ms, dropped),
        attributes=_named(parameters, EVENT_ATTRIBUTE, dropped),
        metrics=_metrics(_named(parameters, EVENT_METRIC, dropped), dropped),
        user_attributes=_named(parameters, USER_ATTRIBUTE, dropped),
        proven_endpoint=message.proven_endpoint,
        dropped=dropped,
        escaped_names=escaped_names,
    )


def _by_name(pairs: Iterable[tuple[str, str]], dropped: Counter[DropReason]) -> tuple[Mapping[str, str], int]:
    """The parameters by name, and how many names were escaped as HTML, as far as that shows.

    API Gateway splits a query at `;` as well as at `&`, so `&amp;evat_x=1` becomes `amp` without a value, and
    `evat_x`. That leaves one trace for any number of parameters. With `%3B`, names begin with `amp;`.
    """
    sent = dict(pairs)
    parameters: dict[str, str] = {}
    escaped_names = int(sent.get("amp") == "")
    for sent_name, value in sent.items():
        name = sent_name.removeprefix(_escaped_ampersands(sent_name))
        if name == sent_name:
            parameters[name] = value
        elif not name.startswith(_PREFIXES) and name not in _NAMES:
            pass  # no parameter of an event
        elif name in sent or name in parameters:
            dropped[DropReason.ESCAPED_NAME_REPEATED] += 1
        else:
            parameters[name] = value
            escaped_names += 1
    return parameters, escaped_names


def _escaped_ampersands(name: str) -> str:
    escaped = _ESCAPED_AMPERSANDS.match(name)
    return escaped[0] if escaped else ""


def _named(parameters: Mapping[str, str], prefix: str, dropped: Counter[DropReason]) -> dict[str, str]:
    """The parameters of one prefix, by name without it. Values are exactly as sent, empty ones included."""
    named: dict[str, str] = {}
    for parameter, value in parameters.items():
        if not parameter.startswith(prefix):
            continue
        name = parameter[len(prefix) :]
        if not name:
            dropped[DropReason.NAME_MISSING] += 1
        elif is_without_value(value):
            dropped[DropReason.VALUE_UNDEFINED] += 1
        else:
            named[name] = value
    return named


def _metrics(named: Mapping[str, str], dropped: Counter[DropReason]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name, text in named.items():
        number = _finite_number(text)
        if number is None:
            dropped[DropReason.METRIC_NOT_A_NUMBER] += 1
        else:
            metrics[name] = number
    return metrics


def _finite_number(text: str) -> float | None:
    # A plus sign that the sender did not encode arrives as a space, so spaces around a number are accepted.
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _timestamp_ms(sent: str, received_ms: int, dropped: Counter[DropReason]) -> int:
    if not sent.strip() or is_without_value(sent):
        return received_ms
    timestamp_ms = _read_timestamp(sent)
    if timestamp_ms is None:
        dropped[DropReason.TIMESTAMP_UNREADABLE] += 1
        return received_ms
    if not received_ms - _OLDEST_MS <= timestamp_ms <= received_ms + _FUTURE_TOLERANCE_MS:
        dropped[DropReason.TIMESTAMP_IMPLAUSIBLE] += 1
        return received_ms
    return timestamp_ms


def _read_timestamp(text: str) -> int | None:
    """Read ISO 8601 (UTC if it has no offset) or epoch milliseconds as epoch milliseconds."""
    if _EPOCH_MILLISECONDS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)
