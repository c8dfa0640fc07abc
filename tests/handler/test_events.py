"""What parse_event reads from a message's body, and what it drops."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.missing_values import IgnoredIds, is_without_value
from contract.scenario import TimestampSource
from handler.events import DropReason, Event, Message, Rejection, RejectionReason, parse_event
from handler.timestamps import iso_8601
from tests.handler.conftest import RECEIVED_MS
from tests.hostile import HOSTILE_VALUES, LONGEST_ATTRIBUTE
from tests.missing_values import WITHOUT_IDENTITY, WITHOUT_VALUE

REQUIRED = {"event": "purchase", "endpoint_id": "e1"}
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS

strings = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
values = strings.filter(lambda text: not is_without_value(text))
names = strings.filter(bool)


@pytest.fixture
def parse(make_message: Callable[..., Message]) -> Callable[..., Any]:
    """The event of a message with the required and the given parameters."""

    def parse(
        parameters: dict[str, str], source: TimestampSource = TimestampSource.GATEWAY, **fields: Any
    ) -> Event | Rejection:
        return parse_event(make_message({**REQUIRED, **parameters}, **fields), timestamp_source=source)

    return parse


@pytest.mark.parametrize("value", [*HOSTILE_VALUES, LONGEST_ATTRIBUTE, ""])
@pytest.mark.parametrize("prefix", ["evat", "usat"])
def test_a_hostile_value_comes_back_exactly_and_adds_no_parameter(
    parse: Callable[..., Event], prefix: str, value: str
) -> None:
    event = parse({f"{prefix}_note": value})
    found = {"evat": event.attributes, "usat": event.user_attributes}
    assert found.pop(prefix) == {"note": value}
    assert list(found.values()) == [{}]


@given(
    attributes=st.dictionaries(names, values, max_size=5),
    metrics=st.dictionaries(names, st.floats(allow_nan=False, allow_infinity=False), max_size=5),
    user_attributes=st.dictionaries(names, values, max_size=5),
)
def test_any_string_survives_a_query_string(
    attributes: dict[str, str], metrics: dict[str, float], user_attributes: dict[str, str]
) -> None:
    parameters = {
        **REQUIRED,
        **{f"evat_{name}": value for name, value in attributes.items()},
        **{f"evmt_{name}": str(value) for name, value in metrics.items()},
        **{f"usat_{name}": value for name, value in user_attributes.items()},
    }
    message = Message(message_id="m", body=urlencode(parameters), sent_at_ms=RECEIVED_MS)
    event = parse_event(message, timestamp_source=TimestampSource.GATEWAY)
    assert isinstance(event, Event)
    assert (event.attributes, event.metrics) == (attributes, metrics)
    assert (event.user_attributes, event.dropped) == (user_attributes, {})


@given(body=st.text())
def test_no_body_makes_parsing_raise(body: str) -> None:
    message = Message(message_id="m", body=body, sent_at_ms=RECEIVED_MS)
    assert parse_event(message, timestamp_source=TimestampSource.URL).message_id == "m"


@given(timestamp=st.text(st.sampled_from("0123456789-:.TZ+W "), max_size=30) | st.datetimes().map(str))
def test_no_timestamp_makes_parsing_raise(timestamp: str) -> None:
    body = urlencode({**REQUIRED, "timestamp": timestamp})
    message = Message(message_id="m", body=body, sent_at_ms=RECEIVED_MS)
    assert isinstance(parse_event(message, timestamp_source=TimestampSource.URL), Event)


@pytest.mark.parametrize("missing", WITHOUT_IDENTITY)
@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        ("event", RejectionReason.EVENT_MISSING),
        ("endpoint_id", RejectionReason.ENDPOINT_ID_MISSING),
    ],
)
def test_a_required_parameter_without_a_value_rejects_the_message(
    parse: Callable[..., Any], parameter: str, reason: RejectionReason, missing: str
) -> None:
    assert parse({parameter: missing}, message_id="m") == Rejection(message_id="m", reason=reason)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", RejectionReason.EVENT_MISSING),
        ("endpoint_id=e1", RejectionReason.EVENT_MISSING),
        ("event=x", RejectionReason.ENDPOINT_ID_MISSING),
        ("event=x&endpoint_id=%FF", RejectionReason.BODY_UNREADABLE),
        ("event=x&endpoint_id=%ED%A0%80", RejectionReason.BODY_UNREADABLE),
    ],
)
def test_a_body_without_an_event_is_rejected(
    make_message: Callable[..., Message], body: str, reason: RejectionReason
) -> None:
    rejection = parse_event(make_message({}, body=body), timestamp_source=TimestampSource.GATEWAY)
    assert isinstance(rejection, Rejection)
    assert rejection.reason is reason


def test_names_begin_at_the_sixth_character(parse: Callable[..., Event]) -> None:
    event = parse({"evat_value": "a", "evat_evat_b": "b", "usat__c": "c", "evmt_d": "1"})
    assert event.attributes == {"value": "a", "evat_b": "b"}
    assert event.user_attributes == {"_c": "c"}
    assert event.metrics == {"d": 1.0}


@pytest.mark.parametrize("prefix", ["evat_", "evmt_", "usat_"])
def test_a_parameter_without_a_name_is_dropped_and_counted(parse: Callable[..., Event], prefix: str) -> None:
    event = parse({prefix: "1"})
    assert (event.attributes, event.metrics, event.user_attributes) == ({}, {}, {})
    assert event.dropped == {DropReason.NAME_MISSING: 1}


@pytest.mark.parametrize("text", WITHOUT_VALUE)
@pytest.mark.parametrize("prefix", ["evat_", "evmt_", "usat_"])
def test_a_variable_that_gtm_could_not_read_is_left_out_and_counted(
    parse: Callable[..., Event], prefix: str, text: str
) -> None:
    event = parse({f"{prefix}x": text})
    assert (event.attributes, event.metrics, event.user_attributes) == ({}, {}, {})
    assert event.dropped == {DropReason.VALUE_UNDEFINED: 1}


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12.0), ("-1.5", -1.5), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("0", 0.0), (" 7", 7.0)],
)
def test_a_metric_is_read_as_a_number(parse: Callable[..., Event], text: str, number: float) -> None:
    assert parse({"evmt_x": text}).metrics == {"x": number}


@pytest.mark.parametrize(
    "text", ["", "abc", "12,5", "nan", "inf", "-Infinity", "1e999", "1_000", "\uff11", "0x1"]
)
def test_a_metric_that_is_no_finite_number_is_dropped_and_counted(
    parse: Callable[..., Event], text: str
) -> None:
    event = parse({"evmt_x": text, "evmt_y": "2"})
    assert event.metrics == {"y": 2.0}
    assert event.dropped == {DropReason.METRIC_NOT_A_NUMBER: 1}


def test_other_parameters_are_ignored(parse: Callable[..., Event]) -> None:
    event = parse({"gtmcb": "1", "token": "secret", "evat": "x", "evatx": "y", "EVAT_z": "z"}, message_id="m")
    assert event == parse({}, message_id="m")


def test_the_last_of_a_repeated_parameter_counts(make_message: Callable[..., Message]) -> None:
    message = make_message({}, body="event=a&endpoint_id=e1&event=b&evat_x=1&evat_x=2")
    event = parse_event(message, timestamp_source=TimestampSource.GATEWAY)
    assert isinstance(event, Event)
    assert (event.event_type, event.attributes) == ("b", {"x": "2"})


@pytest.mark.parametrize("event_id", ["T-1001", "#4711/2 & more", " a ", "é 🎉", "x" * 255, "00", "None-1"])
def test_the_event_id_is_any_string_of_the_sender(parse: Callable[..., Event], event_id: str) -> None:
    assert parse({"event_id": event_id}).event_id == event_id


@pytest.mark.parametrize("missing", WITHOUT_IDENTITY)
def test_without_an_event_id_the_message_id_is_taken(parse: Callable[..., Event], missing: str) -> None:
    event = parse({"event_id": missing}, message_id="m")
    assert (event.event_id, event.dropped) == ("m", {})


@pytest.mark.parametrize("too_long", ["x" * 256, "🎉" * 128])
@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        ("event", RejectionReason.EVENT_TOO_LONG),
        ("endpoint_id", RejectionReason.ENDPOINT_ID_TOO_LONG),
        ("event_id", RejectionReason.EVENT_ID_TOO_LONG),
    ],
)
def test_a_string_that_no_destination_could_keep_rejects_the_message(
    parse: Callable[..., Any], parameter: str, reason: RejectionReason, too_long: str
) -> None:
    assert parse({parameter: too_long}, message_id="m") == Rejection(message_id="m", reason=reason)


@pytest.mark.parametrize("longest", ["x" * 255, "🎉" * 127 + "x"])
def test_the_longest_strings_are_an_event(parse: Callable[..., Any], longest: str) -> None:
    event = parse({"event": longest, "endpoint_id": longest, "event_id": longest})
    assert (event.event_type, event.endpoint_id, event.event_id) == (longest, longest, longest)


@pytest.mark.parametrize("endpoint_id", ["anonymous", "ANONYMOUS", " Anonymous\u00a0", "STRASSE", "straße"])
def test_an_endpoint_id_for_unknown_visitors_rejects_the_message(
    parse_ignoring: Callable[..., Any], endpoint_id: str
) -> None:
    rejection = parse_ignoring(["Anonymous ", "Straße"], endpoint_id)
    assert rejection.reason is RejectionReason.ENDPOINT_ID_IGNORED


@pytest.mark.parametrize("endpoint_id", ["anonymous-1", "guest", "an onymous"])
def test_other_endpoint_ids_are_not_ignored(parse_ignoring: Callable[..., Any], endpoint_id: str) -> None:
    assert parse_ignoring(["anonymous"], endpoint_id).endpoint_id == endpoint_id


@pytest.fixture
def parse_ignoring(make_message: Callable[..., Message]) -> Callable[[list[str], str], Event | Rejection]:
    def parse(ignored: list[str], endpoint_id: str) -> Event | Rejection:
        return parse_event(
            make_message({**REQUIRED, "endpoint_id": endpoint_id}),
            timestamp_source=TimestampSource.GATEWAY,
            ignored_endpoint_ids=IgnoredIds.of(ignored),
        )

    return parse


def test_a_name_that_was_escaped_as_html_is_read_and_counted(parse: Callable[..., Event]) -> None:
    event = parse({"amp;evat_a": "1", "AMP;evmt_b": "2", "amp;amp;usat_c": "3", "amp;event_id": "T-1"})
    assert (event.attributes, event.metrics) == ({"a": "1"}, {"b": 2.0})
    assert (event.user_attributes, event.event_id) == ({"c": "3"}, "T-1")
    assert (event.escaped_names, event.dropped) == (4, {})


def test_escaped_event_and_endpoint_id_are_read_too(
    make_message: Callable[..., Message],
) -> None:
    message = make_message({"amp;event": "purchase", "amp;endpoint_id": "e1"})
    event = parse_event(message, timestamp_source=TimestampSource.GATEWAY)
    assert isinstance(event, Event)
    assert (event.event_type, event.endpoint_id, event.escaped_names) == ("purchase", "e1", 2)


@pytest.mark.parametrize("names", [["evat_a", "amp;evat_a"], ["amp;evat_a", "evat_a"]])
def test_an_unescaped_name_counts_before_an_escaped_one(
    parse: Callable[..., Event], names: list[str]
) -> None:
    event = parse({name: "itself" if name == "evat_a" else "escaped" for name in names})
    assert (event.attributes, event.escaped_names) == ({"a": "itself"}, 0)
    assert event.dropped == {DropReason.ESCAPED_NAME_REPEATED: 1}


def test_of_one_name_that_was_escaped_twice_over_the_first_counts(parse: Callable[..., Event]) -> None:
    event = parse({"amp;evat_a": "1", "amp;amp;evat_a": "2"})
    assert (event.attributes, event.escaped_names) == ({"a": "1"}, 1)
    assert event.dropped == {DropReason.ESCAPED_NAME_REPEATED: 1}


def test_a_query_that_was_divided_at_the_semicolon_of_an_escape_is_counted(
    parse: Callable[..., Event],
) -> None:
    event = parse({"amp": "", "evat_a": "1"})
    assert (event.attributes, event.escaped_names, event.dropped) == ({"a": "1"}, 1, {})


def test_a_parameter_named_amp_with_a_value_is_no_escape(parse: Callable[..., Event]) -> None:
    assert parse({"amp": "40"}).escaped_names == 0


def test_escaped_names_that_say_nothing_of_an_event_are_not_counted(parse: Callable[..., Event]) -> None:
    event = parse({"amp;gtmcb": "1", "amp;token": "t", "amp;": "x", "amp;proven_endpoint": "e1"})
    assert (event.escaped_names, event.dropped, event.proven) == (0, {}, False)


def test_an_ampersand_inside_a_name_stays(parse: Callable[..., Event]) -> None:
    event = parse({"evat_amp;x": "1", "amp;evat_amp;y": "2", "evat_r&amp;d": "3"})
    assert event.attributes == {"amp;x": "1", "amp;y": "2", "r&amp;d": "3"}


def test_an_event_that_was_redriven_keeps_its_first_id(parse: Callable[..., Event]) -> None:
    assert parse({}, message_id="second", original_message_id="first").event_id == "first"


def test_the_proven_endpoint_comes_from_the_message_and_never_from_its_body(
    parse: Callable[..., Event],
) -> None:
    assert parse({}, proven_endpoint="e1").proven_endpoint == "e1"
    assert parse({"proven_endpoint": "e1", "evat_proven_endpoint": "e1"}).proven_endpoint is None


def test_the_gateways_request_time_is_when_the_event_was_received(parse: Callable[..., Event]) -> None:
    event = parse({}, request_time_ms=RECEIVED_MS)
    assert (event.received_ms, event.timestamp_ms) == (RECEIVED_MS, RECEIVED_MS)


def test_without_a_request_time_the_queues_time_is_taken(parse: Callable[..., Event]) -> None:
    assert parse({}, sent_at_ms=RECEIVED_MS + 7).received_ms == RECEIVED_MS + 7


@pytest.mark.parametrize("request_time_ms", [0, 253_402_214_400_000])
@pytest.mark.parametrize("offset_ms", [-14 * DAY_MS, 0, 5 * MINUTE_MS])
def test_every_time_that_is_read_is_a_date_for_every_destination(
    parse: Callable[..., Event], request_time_ms: int, offset_ms: int
) -> None:
    sent = {"timestamp": str(max(0, request_time_ms + offset_ms))}
    event = parse(sent, TimestampSource.URL, request_time_ms=request_time_ms)
    assert iso_8601(event.received_ms)
    assert iso_8601(event.timestamp_ms)


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


@pytest.mark.parametrize("offset_ms", [0, -MINUTE_MS, 5 * MINUTE_MS, -14 * DAY_MS])
@pytest.mark.parametrize(
    "write",
    [
        str,
        iso,
        lambda ms: iso(ms).replace("+00:00", "Z"),
        lambda ms: iso(ms).replace("+00:00", ""),  # no offset: UTC
    ],
)
def test_a_plausible_timestamp_of_the_url_is_taken(
    parse: Callable[..., Event], write: Callable[[int], str], offset_ms: int
) -> None:
    timestamp_ms = RECEIVED_MS + offset_ms
    event = parse({"timestamp": write(timestamp_ms)}, TimestampSource.URL, request_time_ms=RECEIVED_MS)
    assert (event.timestamp_ms, event.received_ms) == (timestamp_ms, RECEIVED_MS)
    assert event.dropped == {}


def test_an_offset_in_a_timestamp_is_respected(parse: Callable[..., Event]) -> None:
    gateway_ms = 1_790_000_000_000  # 2026-09-21T14:13:20Z
    sent = {"timestamp": "2026-09-21T23:13:19+09:00"}
    assert parse(sent, TimestampSource.URL, request_time_ms=gateway_ms).timestamp_ms == gateway_ms - 1000


@pytest.mark.parametrize("offset_ms", [5 * MINUTE_MS + 1, -14 * DAY_MS - 1])
def test_an_implausible_timestamp_gives_way_to_the_gateways_and_is_counted(
    parse: Callable[..., Event], offset_ms: int
) -> None:
    sent = {"timestamp": str(RECEIVED_MS + offset_ms)}
    event = parse(sent, TimestampSource.URL, request_time_ms=RECEIVED_MS)
    assert event.timestamp_ms == RECEIVED_MS
    assert event.dropped == {DropReason.TIMESTAMP_IMPLAUSIBLE: 1}


@pytest.mark.parametrize("text", ["yesterday", "-1", "12.5", "2026-13-01T00:00:00Z"])
def test_an_unreadable_timestamp_gives_way_to_the_gateways_and_is_counted(
    parse: Callable[..., Event], text: str
) -> None:
    event = parse({"timestamp": text}, TimestampSource.URL, request_time_ms=RECEIVED_MS)
    assert event.timestamp_ms == RECEIVED_MS
    assert event.dropped == {DropReason.TIMESTAMP_UNREADABLE: 1}


def test_the_urls_timestamp_is_not_read_if_the_gateways_is_configured(
    parse: Callable[..., Event],
) -> None:
    event = parse({"timestamp": str(RECEIVED_MS - 1)}, request_time_ms=RECEIVED_MS)
    assert (event.timestamp_ms, event.dropped) == (RECEIVED_MS, {})
