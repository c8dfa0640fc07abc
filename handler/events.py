"""What a queue message says: an event, or the reason why it holds none.

Pure: knows no clock, environment, logger or AWS client. Imports nothing of the project.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl

# What Google Tag Manager writes into a URL for a variable that holds no text.
_TEXTS_WITHOUT_VALUE = frozenset({"undefined", "null", "[object Object]"})

_EVENT_ATTRIBUTE = "evat_"
_EVENT_METRIC = "evmt_"
_USER_ATTRIBUTE = "usat_"
_PREFIX_LENGTH = len(_EVENT_ATTRIBUTE)

# Letters that any destination takes in an id, and few enough of them for any destination.
_EVENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
# As JavaScript writes numbers. float() alone would also read "1_000", "nan" and the digits of any script.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_EPOCH_MILLISECONDS = re.compile(r"[0-9]{1,16}")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FUTURE_TOLERANCE_MS = 5 * 60 * 1000  # clocks of browsers run ahead
_OLDEST_MS = 14 * 24 * 60 * 60 * 1000  # how long the queue may keep a message


class TimestampSource(StrEnum):
    """Whose clock says when an event happened."""

    GATEWAY = "gateway"
    URL = "url"


class RejectionReason(StrEnum):
    """Why a message holds no event."""

    EVENT_MISSING = "event_missing"
    ENDPOINT_ID_MISSING = "endpoint_id_missing"
    BODY_UNREADABLE = "body_unreadable"


class DropReason(StrEnum):
    """Why a parameter of the URL is left out of its event."""

    NAME_MISSING = "name_missing"
    VALUE_UNDEFINED = "value_undefined"
    METRIC_NOT_A_NUMBER = "metric_not_a_number"
    EVENT_ID_MALFORMED = "event_id_malformed"
    TIMESTAMP_UNREADABLE = "timestamp_unreadable"
    TIMESTAMP_IMPLAUSIBLE = "timestamp_implausible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A queue message. All but `body` is vouched for by the gateway, the queue or this program."""

    message_id: str
    # The query string as the sender wrote it, re-encoded by the gateway's mapping template.
    body: str
    sent_at_ms: int
    request_id: str | None = None
    request_time_ms: int | None = None
    # The endpoint that the sender's token proves; None without a valid token, and in open mode.
    proven_endpoint: str | None = None
    # Set on a message that comes back from the dead-letter queue, where it got a new message id.
    original_message_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A customer event. Times are epoch milliseconds."""

    message_id: str
    event_id: str
    event_type: str
    endpoint_id: str
    # When the gateway took the request: trusted, so this is what orders events.
    received_ms: int
    # When the event happened, as far as the configured source can be believed.
    timestamp_ms: int
    attributes: Mapping[str, str]
    metrics: Mapping[str, float]
    user_attributes: Mapping[str, str]
    # From the message, never from its body: what may be trusted of who sent the event.
    proven_endpoint: str | None
    # How many parameters were left out, by reason.
    dropped: Mapping[DropReason, int]

    @property
    def proven(self) -> bool:
        """Whether a token proves that the customer of this very endpoint sent the event."""
        return self.proven_endpoint == self.endpoint_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A message that holds no event, and why."""

    message_id: str
    reason: RejectionReason


def parse_event(message: Message, *, timestamp_source: TimestampSource) -> Event | Rejection:
    """Read a message's body by the URL contract. Of a repeated parameter the last value counts."""
    try:
        parameters = dict(parse_qsl(message.body, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        return Rejection(message_id=message.message_id, reason=RejectionReason.BODY_UNREADABLE)
    event_type = _value(parameters, "event")
    if event_type is None:
        return Rejection(message_id=message.message_id, reason=RejectionReason.EVENT_MISSING)
    endpoint_id = _value(parameters, "endpoint_id")
    if endpoint_id is None:
        return Rejection(message_id=message.message_id, reason=RejectionReason.ENDPOINT_ID_MISSING)

    dropped: Counter[DropReason] = Counter()
    received_ms = message.sent_at_ms if message.request_time_ms is None else message.request_time_ms
    timestamp = _value(parameters, "timestamp") if timestamp_source is TimestampSource.URL else None
    return Event(
        message_id=message.message_id,
        event_id=_event_id(_value(parameters, "event_id"), message, dropped),
        event_type=event_type,
        endpoint_id=endpoint_id,
        received_ms=received_ms,
        timestamp_ms=_timestamp_ms(timestamp, received_ms, dropped),
        attributes=_named(parameters, _EVENT_ATTRIBUTE, dropped),
        metrics=_metrics(_named(parameters, _EVENT_METRIC, dropped), dropped),
        user_attributes=_named(parameters, _USER_ATTRIBUTE, dropped),
        proven_endpoint=message.proven_endpoint,
        dropped=dropped,
    )


def _value(parameters: Mapping[str, str], name: str) -> str | None:
    """A parameter's value; None where it is absent, blank, or a text GTM writes for no value."""
    value = parameters.get(name, "")
    return None if not value.strip() or value in _TEXTS_WITHOUT_VALUE else value


def _named(parameters: Mapping[str, str], prefix: str, dropped: Counter[DropReason]) -> dict[str, str]:
    """The parameters of one prefix by their own names, values exactly as sent (an empty one too)."""
    named: dict[str, str] = {}
    for parameter, value in parameters.items():
        if not parameter.startswith(prefix):
            continue
        name = parameter[_PREFIX_LENGTH:]
        if not name:
            dropped[DropReason.NAME_MISSING] += 1
        elif value in _TEXTS_WITHOUT_VALUE:
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
    # A plus sign that the sender did not encode arrives as a space, so spaces around a number are let pass.
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _event_id(sent: str | None, message: Message, dropped: Counter[DropReason]) -> str:
    if sent is not None:
        if _EVENT_ID.fullmatch(sent):
            return sent
        dropped[DropReason.EVENT_ID_MALFORMED] += 1
    # The first message id, so that an event keeps its id when it is redriven from the dead-letter queue.
    return message.original_message_id or message.message_id


def _timestamp_ms(sent: str | None, received_ms: int, dropped: Counter[DropReason]) -> int:
    if sent is None:
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
    """Epoch milliseconds of ISO 8601 text (UTC where it names no offset) or of epoch milliseconds."""
    if _EPOCH_MILLISECONDS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)
