"""What becomes of one endpoint of an export."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.endpoints import (
    EXPLANATIONS,
    MAX_OBJECT_BYTES,
    LeftOutReason,
    ProfileObject,
    SkipReason,
    csv_header,
    read_endpoint,
)
from tests.hostile import HOSTILE_VALUES
from tests.migrate.exports import an_endpoint, as_line, with_attributes

DECLARED = ("plan", "city")
PUSH_TOKEN = "d41d8cd98f00b204"


def made(endpoint: Any) -> ProfileObject:
    """The object of an endpoint that is not skipped."""
    result = read_endpoint(as_line(endpoint), DECLARED)
    assert isinstance(result, ProfileObject)
    return result


def skipped(endpoint: Any) -> SkipReason:
    """Why an endpoint is skipped."""
    result = read_endpoint(as_line(endpoint), DECLARED)
    assert isinstance(result, SkipReason)
    return result


def test_an_endpoint_becomes_an_object_with_its_key_address_user_and_declared_attributes() -> None:
    assert json.loads(made(an_endpoint("e1")).json_text()) == {
        "endpoint_id": "e1",
        "user_id": "user-of-e1",
        "email": "e1@example.com",
        "user_attributes": {"plan": "gold"},
    }


def test_what_an_endpoint_lacks_is_absent() -> None:
    assert json.loads(made({"Id": "e1"}).json_text()) == {"endpoint_id": "e1"}


def test_parts_that_are_null_are_as_if_absent() -> None:
    endpoint = dict.fromkeys(an_endpoint(), None)

    assert json.loads(made({**endpoint, "Id": "e1"}).json_text()) == {"endpoint_id": "e1"}


def test_nothing_of_a_whole_endpoint_is_left_out() -> None:
    assert made(an_endpoint()).left_out == {}


@pytest.mark.parametrize("channel", ["SMS", "VOICE"])
def test_a_number_is_the_phone(channel: str) -> None:
    endpoint = made(an_endpoint(ChannelType=channel, Address="+491711234567"))

    assert (endpoint.phone, endpoint.email) == ("+491711234567", None)


@pytest.mark.parametrize("address", ["+1 (206) 555-0100", "+1-206-555.0100", " +12065550100 "])
def test_separators_of_a_number_are_left_out(address: str) -> None:
    assert made(an_endpoint(ChannelType="SMS", Address=address)).phone == "+12065550100"


@pytest.mark.parametrize(
    "address", ["2065550100", "0171 1234567", "+0491711234567", "+1234567890123456", "+12", "+٤٩١٧١١٢٣٤٥٦٧"]
)
def test_a_number_that_is_not_e164_is_left_out(address: str) -> None:
    endpoint = made(an_endpoint(ChannelType="SMS", Address=address))

    assert (endpoint.phone, endpoint.left_out) == (None, {LeftOutReason.ADDRESS_NOT_E164: 1})


@pytest.mark.parametrize("address", ["+49 (0) 30 123456", "+44 (0)20 7946 0958", "+49( 0 )30123456"])
def test_a_number_with_a_zero_in_brackets_is_left_out(address: str) -> None:
    endpoint = made(an_endpoint(ChannelType="SMS", Address=address))

    assert (endpoint.phone, endpoint.left_out) == (None, {LeftOutReason.ADDRESS_NOT_E164: 1})


@pytest.mark.parametrize("address", ["+1 (200) 555-0100", "+1 (2)005550100"])
def test_other_digits_in_brackets_are_part_of_the_number(address: str) -> None:
    assert made(an_endpoint(ChannelType="SMS", Address=address)).phone == "+12005550100"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "nobody",
            "a@b",
            "@example.com",
            "a@@example.com",
            "a b@example.com",
            "a@example.com,b@example.com",
        ),
        *("<a@example.com>", "a@example..com", f"{'a' * 250}@example.com"),
        "a@example.com\nBcc: b@example.com",
    ],
)
def test_what_is_no_email_address_is_left_out(address: str) -> None:
    endpoint = made(an_endpoint(Address=address))

    assert (endpoint.email, endpoint.left_out) == (None, {LeftOutReason.ADDRESS_NOT_EMAIL: 1})


@pytest.mark.parametrize("address", ["a.b+c@mail.example.co.uk", "jürgen@exämple.de", "o'hara@example.com"])
def test_an_email_address_is_kept_as_it_is(address: str) -> None:
    assert made(an_endpoint(Address=address)).email == address


@pytest.mark.parametrize("channel", ["GCM", "APNS", "ADM", "BAIDU", "CUSTOM", "IN_APP", "PUSH", "", "NEW"])
def test_the_address_of_another_channel_is_left_out(channel: str) -> None:
    endpoint = made(an_endpoint(ChannelType=channel, Address=PUSH_TOKEN))

    assert endpoint.left_out == {LeftOutReason.ADDRESS_OF_OTHER_CHANNEL: 1}
    assert PUSH_TOKEN not in endpoint.json_text()


@pytest.mark.parametrize("opt_out", ["ALL", "all", "MARKETING", 1, ["ALL"], True])
def test_an_opted_out_customer_has_a_profile_without_an_address(opt_out: Any) -> None:
    endpoint = made(an_endpoint(OptOut=opt_out))

    assert (endpoint.email, endpoint.user_attributes) == (None, {"plan": "gold"})
    assert endpoint.left_out == {LeftOutReason.ADDRESS_OPTED_OUT: 1}


@pytest.mark.parametrize("opt_out", ["NONE", "none", "", None])
def test_a_customer_who_did_not_opt_out_has_an_address(opt_out: str | None) -> None:
    assert made(an_endpoint("e1", OptOut=opt_out)).email == "e1@example.com"


@pytest.mark.parametrize("status", ["INACTIVE", "inactive"])
def test_an_inactive_endpoint_is_skipped(status: str) -> None:
    assert skipped(an_endpoint(EndpointStatus=status)) is SkipReason.INACTIVE


@pytest.mark.parametrize("endpoint_id", ["", "  ", None, 5, ["e1"]])
def test_an_endpoint_without_an_id_is_skipped(endpoint_id: Any) -> None:
    assert skipped(an_endpoint(Id=endpoint_id)) is SkipReason.ID_MISSING


@pytest.mark.parametrize("longest", ["i" * 255, "é" * 255, "🎉" * 127])
def test_an_id_may_be_as_long_as_a_key(longest: str) -> None:
    assert made(an_endpoint(longest, Address="a@example.com")).endpoint_id == longest
    assert skipped(an_endpoint(longest + "🎉")) is SkipReason.ID_TOO_LONG


@pytest.mark.parametrize(
    "line",
    [
        *(b"e1,e1@example.com", b"[]", b'"text"', b"null", b'{"Id": "e1"', b'{"Id": "\xff"}', b"\x00"),
        *(b'{"Id": "\\ud83c"}', b'{"Id": "e1", "User": {"UserId": "\\ud83c"}}', b"1" * 5_000, b"[" * 100_000),
    ],
)
def test_a_line_that_is_no_json_object_in_unicode_is_skipped(line: bytes) -> None:
    assert read_endpoint(line, DECLARED) is SkipReason.UNREADABLE


def test_a_line_that_was_too_long_to_read_is_skipped() -> None:
    assert read_endpoint(None, DECLARED) is SkipReason.LINE_TOO_LONG


def test_an_undeclared_attribute_is_left_out() -> None:
    endpoint = made(with_attributes({"plan": ["gold"], "secret": ["x"], "other": ["y"]}))

    assert endpoint.user_attributes == {"plan": "gold"}
    assert endpoint.left_out == {LeftOutReason.ATTRIBUTE_UNDECLARED: 2}


def test_of_several_values_the_first_is_taken() -> None:
    endpoint = made(with_attributes({"plan": ["gold", "silver", "tin"]}))

    assert endpoint.user_attributes == {"plan": "gold"}
    assert endpoint.left_out == {LeftOutReason.ATTRIBUTE_FURTHER_VALUES: 1}


def test_a_value_outside_of_a_list_is_taken() -> None:
    assert made(with_attributes({"plan": "gold"})).user_attributes == {"plan": "gold"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], LeftOutReason.ATTRIBUTE_EMPTY),
        ([""], LeftOutReason.ATTRIBUTE_EMPTY),
        ([1], LeftOutReason.ATTRIBUTE_NOT_TEXT),
        ([None], LeftOutReason.ATTRIBUTE_NOT_TEXT),
        ([{"a": "b"}], LeftOutReason.ATTRIBUTE_NOT_TEXT),
        (["v" * 256], LeftOutReason.ATTRIBUTE_TOO_LONG),
        (["🎉" * 128], LeftOutReason.ATTRIBUTE_TOO_LONG),
    ],
)
def test_an_attribute_that_a_profile_cannot_have_is_left_out(value: Any, reason: LeftOutReason) -> None:
    endpoint = made(with_attributes({"plan": value, "city": ["Berlin"]}))

    assert (endpoint.user_attributes, endpoint.left_out) == ({"city": "Berlin"}, {reason: 1})


def test_the_longest_value_is_kept_whole() -> None:
    assert made(with_attributes({"plan": ["é" * 255]})).user_attributes == {"plan": "é" * 255}


def test_a_user_id_that_is_too_long_is_left_out() -> None:
    endpoint = made(an_endpoint(User={"UserId": "u" * 256}))

    assert (endpoint.user_id, endpoint.left_out) == (None, {LeftOutReason.USER_ID_TOO_LONG: 1})


def test_attributes_of_the_endpoint_are_counted_and_not_taken() -> None:
    endpoint = made(an_endpoint(Attributes={"plan": ["other"], "city": ["Rome"]}))

    assert endpoint.user_attributes == {"plan": "gold"}
    assert endpoint.left_out == {LeftOutReason.ENDPOINT_ATTRIBUTE: 2}


def test_an_object_beyond_what_the_service_takes_is_skipped() -> None:
    names = [f"n{number}" for number in range(1_500)]
    endpoint = with_attributes({name: ["v" * 200] for name in names})

    assert read_endpoint(as_line(endpoint), names) is SkipReason.OBJECT_TOO_LARGE


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_a_value_arrives_as_it_was(value: str) -> None:
    sent = json.loads(made(with_attributes({"plan": [value]})).json_text())

    assert sent["user_attributes"] == {"plan": value}


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_a_value_comes_back_out_of_the_csv_as_it_was(value: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(csv_header(DECLARED))
    writer.writerow(made(with_attributes({"plan": [value]}, Id="e1")).csv_row(DECLARED))
    file.seek(0)

    assert list(csv.DictReader(file)) == [
        {
            "endpoint_id": "e1",
            "user_id": "u1",
            "email": "e1@example.com",
            "phone": "",
            "usat_plan": value,
            "usat_city": "",
        }
    ]


def test_every_reason_is_explained() -> None:
    assert set(EXPLANATIONS) == {*SkipReason, *LeftOutReason}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=8), parts, max_size=3),
    max_leaves=8,
)
ANY_ENDPOINT = st.fixed_dictionaries(
    {"Id": st.text(min_size=1, max_size=300) | JSON},
    optional={
        "ChannelType": st.sampled_from(["EMAIL", "SMS", "GCM"]) | JSON,
        "Address": st.emails() | st.from_regex(r"\+[0-9]{5,17}", fullmatch=True) | JSON,
        "EndpointStatus": st.sampled_from(["ACTIVE", "INACTIVE"]) | JSON,
        "OptOut": st.sampled_from(["ALL", "NONE"]) | JSON,
        "Attributes": JSON,
        "User": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "UserId": JSON,
                "UserAttributes": st.dictionaries(st.sampled_from(["plan", "x"]), JSON),
            },
        ),
    },
)


@settings(deadline=None)
@given(ANY_ENDPOINT)
def test_whatever_a_line_holds_the_object_is_within_the_services_limits(endpoint: dict[str, Any]) -> None:
    result = read_endpoint(json.dumps(endpoint).encode(), DECLARED)

    if isinstance(result, ProfileObject):
        text = result.json_text()
        sent = json.loads(text)
        attributes = sent.pop("user_attributes", {})
        assert len(text.encode()) <= MAX_OBJECT_BYTES
        assert attributes.keys() <= set(DECLARED)
        assert sent.keys() <= {"endpoint_id", "user_id", "email", "phone"}
        assert all(0 < len(value) <= 255 for value in (*sent.values(), *attributes.values()))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_whatever_bytes_a_line_has_it_is_read_or_skipped(line: bytes) -> None:
    assert isinstance(read_endpoint(line, DECLARED), ProfileObject | SkipReason)
