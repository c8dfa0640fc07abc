"""Reading one endpoint of an export."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.string_length import utf16_length
from migrate.endpoints import (
    CHANNELS,
    EXPLANATIONS,
    Consent,
    DropReason,
    Endpoint,
    KeyBy,
    SkipReason,
    read_endpoint,
)
from tests.hostile import HOSTILE_VALUES
from tests.migrate.exports import an_endpoint, with_attributes
from tests.missing_values import IDENTITIES, WITHOUT_IDENTITY, WITHOUT_VALUE

DECLARED = ("plan", "city")
PUSH_TOKEN = "d41d8cd98f00b204"


def made(endpoint: Any, key_by: KeyBy = KeyBy.ENDPOINT_ID) -> Endpoint:
    """An endpoint that is not skipped."""
    result = read_endpoint(endpoint, DECLARED, key_by)
    assert isinstance(result, Endpoint)
    return result


def skipped(endpoint: Any, key_by: KeyBy = KeyBy.ENDPOINT_ID) -> SkipReason:
    """Why an endpoint is skipped."""
    result = read_endpoint(endpoint, DECLARED, key_by)
    assert isinstance(result, SkipReason)
    return result


def test_an_endpoint_has_its_address_user_and_declared_attributes() -> None:
    endpoint = made(an_endpoint("e1"))

    assert (endpoint.key, endpoint.user_id, endpoint.email) == ("e1", "user-of-e1", "e1@example.com")
    assert (endpoint.user_attributes, endpoint.channel, endpoint.consent) == (
        {"plan": "gold"},
        "EMAIL",
        Consent.OPEN,
    )


def test_parts_that_are_absent_or_null_say_nothing() -> None:
    nulls: dict[str, Any] = {**dict.fromkeys(an_endpoint(), None), "Id": "e1"}

    assert made({"Id": "e1"}) == made(nulls)


def test_nothing_of_a_whole_endpoint_is_dropped() -> None:
    assert made(an_endpoint()).dropped == {}


def test_the_key_is_the_user_on_request() -> None:
    assert made(an_endpoint("e1"), KeyBy.USER_ID).key == "user-of-e1"


def test_an_endpoint_without_a_user_is_its_own_customer() -> None:
    assert made(an_endpoint("e1", User={}), KeyBy.USER_ID).key == "e1"


def test_a_user_needs_no_endpoint_id() -> None:
    endpoint = made(an_endpoint(Id=None), KeyBy.USER_ID)

    assert endpoint.key == endpoint.user_id
    assert made(an_endpoint(Id=None, Address="b@example.com"), KeyBy.USER_ID).identity != endpoint.identity


@pytest.mark.parametrize("value", WITHOUT_IDENTITY)
def test_an_id_without_identity_is_skipped(value: str) -> None:
    """The event processor rejects events with such an endpoint id."""
    assert skipped(an_endpoint(value)) in (SkipReason.ID_NO_VALUE, SkipReason.ID_MISSING)
    endpoint = made(an_endpoint("e1", User={"UserId": value}), KeyBy.USER_ID)
    assert (endpoint.key, endpoint.user_id) == ("e1", None)


@pytest.mark.parametrize("value", IDENTITIES)
def test_an_id_that_resembles_one_is_a_customers(value: str) -> None:
    assert made(an_endpoint(value)).key == value
    assert made(an_endpoint("e1", User={"UserId": value}), KeyBy.USER_ID).key == value


@pytest.mark.parametrize("value", WITHOUT_VALUE)
def test_an_attribute_without_a_value_is_dropped(value: str) -> None:
    endpoint = made(with_attributes({"plan": [value]}))

    assert (endpoint.user_attributes, endpoint.dropped) == ({}, {DropReason.ATTRIBUTE_NO_VALUE: 1})


@pytest.mark.parametrize(
    ("date", "milliseconds"),
    [
        ("1970-01-01T00:00:01.5Z", 1_500),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01", 1_000),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
        ("yesterday", None),
        (None, None),
        (5, None),
    ],
)
def test_the_effective_date_is_an_instant(date: Any, milliseconds: int | None) -> None:
    assert made(an_endpoint(EffectiveDate=date)).effective_ms == milliseconds


@pytest.mark.parametrize("channel", ["SMS", "VOICE"])
def test_a_number_is_the_phone(channel: str) -> None:
    endpoint = made(an_endpoint(ChannelType=channel, Address="+491711234567"))

    assert (endpoint.phone, endpoint.email) == ("+491711234567", None)


@pytest.mark.parametrize("address", ["+1 (206) 555-0100", "+1-206-555.0100", " +12065550100 "])
def test_separators_of_a_number_are_dropped(address: str) -> None:
    assert made(an_endpoint(ChannelType="SMS", Address=address)).phone == "+12065550100"


@pytest.mark.parametrize(
    "address", ["2065550100", "0171 1234567", "+0491711234567", "+1234567890123456", "+12", "+٤٩١٧١١٢٣٤٥٦٧"]
)
def test_a_number_that_is_not_e164_is_dropped(address: str) -> None:
    endpoint = made(an_endpoint(ChannelType="SMS", Address=address))

    assert (endpoint.phone, endpoint.dropped) == (None, {DropReason.ADDRESS_NOT_E164: 1})


@pytest.mark.parametrize("address", ["+49 (0) 30 123456", "+44 (0)20 7946 0958", "+49( 0 )30123456"])
def test_a_number_with_a_zero_in_brackets_is_dropped(address: str) -> None:
    endpoint = made(an_endpoint(ChannelType="SMS", Address=address))

    assert (endpoint.phone, endpoint.dropped) == (None, {DropReason.ADDRESS_NOT_E164: 1})


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
def test_an_invalid_email_address_is_dropped(address: str) -> None:
    endpoint = made(an_endpoint(Address=address))

    assert (endpoint.email, endpoint.dropped) == (None, {DropReason.ADDRESS_NOT_EMAIL: 1})


@pytest.mark.parametrize("address", ["a.b+c@mail.example.co.uk", "jürgen@exämple.de", "o'hara@example.com"])
def test_an_email_address_is_kept_as_it_is(address: str) -> None:
    assert made(an_endpoint(Address=address)).email == address


@pytest.mark.parametrize("channel", [*sorted(CHANNELS - {"EMAIL", "SMS", "VOICE"}), "", "NEW"])
def test_the_address_of_another_channel_is_dropped(channel: str) -> None:
    endpoint = made(an_endpoint(ChannelType=channel, Address=PUSH_TOKEN))

    assert endpoint.dropped == {DropReason.ADDRESS_OF_OTHER_CHANNEL: 1}
    assert (endpoint.email, endpoint.phone) == (None, None)


@pytest.mark.parametrize("opt_out", ["ALL", "all", "MARKETING", 1, ["ALL"], True])
def test_a_value_of_opt_out_that_is_not_none_is_an_opt_out(opt_out: Any) -> None:
    assert made(an_endpoint(OptOut=opt_out)).consent is Consent.OPTED_OUT


@pytest.mark.parametrize("opt_out", ["NONE", "none", "", None])
def test_a_customer_who_did_not_opt_out_gets_messages(opt_out: str | None) -> None:
    assert made(an_endpoint("e1", OptOut=opt_out)).consent is Consent.OPEN


@pytest.mark.parametrize("status", ["INACTIVE", "inactive", "DISABLED", False, ["ACTIVE"]])
def test_an_inactive_endpoint_gets_none(status: str) -> None:
    assert made(an_endpoint(EndpointStatus=status)).consent is Consent.INACTIVE
    assert made(an_endpoint(EndpointStatus=status, OptOut="ALL")).consent is Consent.OPTED_OUT


@pytest.mark.parametrize("status", ["ACTIVE", " active", "", None])
def test_an_endpoint_is_active_by_default(status: str | None) -> None:
    assert made(an_endpoint("e1", EndpointStatus=status)).consent is Consent.OPEN


@pytest.mark.parametrize("user", [None, {}, {"UserId": " "}, {"UserId": 42}])
def test_an_endpoint_without_a_user_is_counted_if_users_are_the_key(user: Any) -> None:
    by_user = read_endpoint(an_endpoint("e1", User=user), [], KeyBy.USER_ID)

    assert isinstance(by_user, Endpoint)
    assert by_user.dropped == {DropReason.USER_ID_MISSING: 1}
    assert made(an_endpoint("e1", User=user)).dropped == {}


@pytest.mark.parametrize("endpoint_id", ["", "  ", None, 5, ["e1"]])
def test_an_endpoint_without_an_id_is_skipped(endpoint_id: Any) -> None:
    assert skipped(an_endpoint(Id=endpoint_id)) is SkipReason.ID_MISSING


@pytest.mark.parametrize("longest", ["i" * 255, "é" * 255, "🎉" * 127])
def test_an_id_may_be_as_long_as_a_key(longest: str) -> None:
    assert made(an_endpoint(longest, Address="a@example.com")).key == longest
    assert skipped(an_endpoint(longest + "🎉")) is SkipReason.ID_TOO_LONG


@pytest.mark.parametrize("fields", [{"Id": "\ud83c"}, {"User": {"UserId": "\ud83c"}}])
def test_half_of_a_surrogate_pair_is_unreadable(fields: dict[str, Any]) -> None:
    assert skipped(an_endpoint(**fields)) is SkipReason.UNREADABLE


def test_an_undeclared_attribute_is_dropped() -> None:
    endpoint = made(with_attributes({"plan": ["gold"], "secret": ["x"], "other": ["y"]}))

    assert endpoint.user_attributes == {"plan": "gold"}
    assert endpoint.dropped == {DropReason.ATTRIBUTE_UNDECLARED: 2}
    assert endpoint.undeclared == ("secret", "other")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["gold", "silver", "tin"], "gold,silver,tin"),
        (["", "silver"], "silver"),
        ([None, "silver", ""], "silver"),
        ([7, 1.5, 2.0, True], "7,1.5,2,true"),
        (["a,b", "c"], "a,b,c"),
        (["0"], "0"),
    ],
)
def test_values_are_joined_as_gtm_joins_a_list_and_empty_ones_are_skipped(values: Any, text: str) -> None:
    endpoint = made(with_attributes({"plan": values}))

    assert (endpoint.user_attributes, endpoint.dropped) == ({"plan": text}, {})


def test_a_value_may_be_without_a_list() -> None:
    assert made(with_attributes({"plan": "gold"})).user_attributes == {"plan": "gold"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], DropReason.ATTRIBUTE_EMPTY),
        ([""], DropReason.ATTRIBUTE_EMPTY),
        (["", None], DropReason.ATTRIBUTE_EMPTY),
        (["undefined"], DropReason.ATTRIBUTE_NO_VALUE),
        ("NaN", DropReason.ATTRIBUTE_NO_VALUE),
        (["[object Object]", "[object Object]"], DropReason.ATTRIBUTE_NO_VALUE),
        ([10**15], DropReason.ATTRIBUTE_NOT_TEXT),
        (["a", ["b"]], DropReason.ATTRIBUTE_NOT_TEXT),
        (["v" * 128] * 2, DropReason.ATTRIBUTE_TOO_LONG),
        ([{"a": "b"}], DropReason.ATTRIBUTE_NOT_TEXT),
        (["v" * 256], DropReason.ATTRIBUTE_TOO_LONG),
        (["🎉" * 128], DropReason.ATTRIBUTE_TOO_LONG),
    ],
)
def test_an_attribute_that_a_profile_cannot_have_is_dropped(value: Any, reason: DropReason) -> None:
    endpoint = made(with_attributes({"plan": value, "city": ["Berlin"]}))

    assert (endpoint.user_attributes, endpoint.dropped) == ({"city": "Berlin"}, {reason: 1})


def test_the_longest_value_is_kept_whole() -> None:
    assert made(with_attributes({"plan": ["é" * 255]})).user_attributes == {"plan": "é" * 255}


def test_a_user_id_that_is_too_long_is_dropped() -> None:
    endpoint = made(an_endpoint(User={"UserId": "u" * 256}))

    assert (endpoint.user_id, endpoint.dropped) == (None, {DropReason.USER_ID_TOO_LONG: 1})


def test_attributes_of_the_endpoint_are_counted_and_not_taken() -> None:
    endpoint = made(an_endpoint(Attributes={"plan": ["other"], "city": ["Rome"]}))

    assert endpoint.user_attributes == {"plan": "gold"}
    assert endpoint.dropped == {DropReason.ENDPOINT_ATTRIBUTE: 2}


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_a_value_arrives_as_it_was(value: str) -> None:
    assert made(with_attributes({"plan": [value]})).user_attributes == {"plan": value}


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01T00:00:00Z", 1_758_000_000, ["2026-01-01"]])
def test_an_unreadable_date_is_counted(date: Any) -> None:
    endpoint = made(an_endpoint(EffectiveDate=date))

    assert (endpoint.effective_ms, endpoint.dropped) == (None, {DropReason.DATE_UNREADABLE: 1})


@pytest.mark.parametrize("date", [None, ""])
def test_a_missing_date_is_not_counted(date: str | None) -> None:
    endpoint = made(an_endpoint(EffectiveDate=date))

    assert (endpoint.effective_ms, endpoint.dropped) == (None, {})


def test_every_reason_is_explained() -> None:
    assert set(EXPLANATIONS) == {*SkipReason, *DropReason}


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


@given(ANY_ENDPOINT, st.sampled_from(KeyBy))
def test_imported_values_are_always_within_the_services_limits(
    endpoint: dict[str, Any], key_by: KeyBy
) -> None:
    result = read_endpoint(endpoint, DECLARED, key_by)

    if isinstance(result, Endpoint):
        strings = [result.key, *result.user_attributes.values()]
        strings += [text for text in (result.user_id, result.email, result.phone) if text is not None]
        assert result.user_attributes.keys() <= set(DECLARED)
        assert result.email is None or result.phone is None
        assert all(0 < utf16_length(text) <= 255 for text in strings)
