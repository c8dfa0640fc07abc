"""Combining the endpoints of one customer into a profile."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.customer_profiles import OBJECT_CHARACTERS
from migrate.endpoints import DropReason, Endpoint, KeyBy, SkipReason, read_endpoint
from migrate.profiles import Kind, Line, ProfileObject, csv_header, make_profile
from tests.hostile import HOSTILE_VALUES
from tests.migrate.exports import an_endpoint, with_attributes

DECLARED = ("plan", "city", "address.zip-code")

INACTIVE = {"EndpointStatus": "INACTIVE"}
OPTED_OUT = {"OptOut": "ALL"}


def of_user(*endpoints: dict[str, Any]) -> ProfileObject:
    """The profile of a user with these endpoints, oldest first."""
    made = make_profile("u1", read(*endpoints))
    assert isinstance(made, ProfileObject)
    return made


def read(*endpoints: dict[str, Any], declared: Any = DECLARED) -> list[tuple[Line, Endpoint]]:
    found: list[tuple[Line, Endpoint]] = []
    for number, endpoint in enumerate(endpoints, 1):
        one = read_endpoint(endpoint, declared, KeyBy.USER_ID)
        assert isinstance(one, Endpoint)
        found.append((Line(file="part.json", number=number), one))
    return found


def email(address: str = "anna@example.com", **fields: Any) -> dict[str, Any]:
    return an_endpoint(f"e-{address}", Address=address, User={"UserId": "u1"}, **fields)


def sms(address: str = "+491711234567", channel: str = "SMS", **fields: Any) -> dict[str, Any]:
    return an_endpoint(
        f"{channel}-{address}", ChannelType=channel, Address=address, User={"UserId": "u1"}, **fields
    )


def test_an_endpoint_becomes_an_object_with_its_key_address_user_consent_and_attributes() -> None:
    (line, endpoint), *_ = read(an_endpoint("e1"))
    made = make_profile("e1", [(line, endpoint)])

    assert isinstance(made, ProfileObject)
    assert json.loads(made.json_text()) == {
        "endpoint_id": "e1",
        "user_id": "user-of-e1",
        "email": "e1@example.com",
        "opt_out": "NONE",
        "user_attributes": {"plan": "gold"},
    }


def test_missing_values_are_absent() -> None:
    made = make_profile("e1", read({"Id": "e1"}))

    assert isinstance(made, ProfileObject)
    assert json.loads(made.json_text()) == {"endpoint_id": "e1", "opt_out": "NONE"}


def test_the_endpoints_of_a_user_are_one_profile_with_an_address_of_each_kind() -> None:
    made = of_user(email(), sms(), an_endpoint("push", ChannelType="GCM", Address="token"))

    assert (made.email, made.phone, made.endpoints) == ("anna@example.com", "+491711234567", 3)
    assert made.dropped == {DropReason.ADDRESS_OF_OTHER_CHANNEL: 1}


def test_the_newest_value_of_a_user_attribute_counts_and_others_stay() -> None:
    made = of_user(
        with_attributes({"plan": ["tin"], "city": ["Rome"]}), with_attributes({"plan": ["gold"]}, Id="e2")
    )

    assert made.user_attributes == {"plan": "gold", "city": "Rome"}


def test_the_newest_address_of_a_kind_counts_and_the_others_are_counted() -> None:
    made = of_user(email("old@example.com"), email("new@example.com"))

    assert (made.email, made.dropped) == ("new@example.com", {DropReason.ADDRESS_FURTHER: 1})
    assert made.listed == [(Line(file="part.json", number=1), DropReason.ADDRESS_FURTHER)]


@pytest.mark.parametrize(
    ("endpoints", "expected", "withdrawn", "mark"),
    [
        ([email(**OPTED_OUT)], None, {Kind.EMAIL}, "EMAIL"),
        ([email(**INACTIVE)], None, {Kind.EMAIL}, "NONE"),
        ([email(**INACTIVE, **OPTED_OUT)], None, {Kind.EMAIL}, "EMAIL"),
        # Amazon Pinpoint would still send to the other address.
        ([email("a@example.com", **OPTED_OUT), email("b@example.com")], "b@example.com", set(), "EMAIL"),
        ([email("b@example.com"), email("a@example.com", **OPTED_OUT)], "b@example.com", set(), "EMAIL"),
        ([email("a@example.com", **INACTIVE), email("b@example.com")], "b@example.com", set(), "NONE"),
        # The newest endpoint of an address counts, regardless of case.
        ([email(Id="e1", **OPTED_OUT), email("Anna@example.com")], "Anna@example.com", set(), "NONE"),
        ([email("Anna@example.com"), email(Id="e2", **OPTED_OUT)], None, {Kind.EMAIL}, "EMAIL"),
        # There is no address to send, but an earlier import may have written one.
        ([email("nobody", **OPTED_OUT)], None, {Kind.EMAIL}, "EMAIL"),
        ([email("", **INACTIVE)], None, {Kind.EMAIL}, "NONE"),
        ([email("nobody")], None, set(), "NONE"),
        ([an_endpoint(ChannelType="GCM", Address="t", **OPTED_OUT)], None, set(), "GCM"),
        ([an_endpoint(ChannelType="X", Address="t", **OPTED_OUT)], None, set(), "OTHER"),
    ],
)
def test_an_address_is_sent_if_amazon_pinpoint_would_have_used_it(
    endpoints: list[dict[str, Any]], expected: str | None, withdrawn: set[Kind], mark: str
) -> None:
    made = of_user(*endpoints)

    assert (made.email, made.withdrawn, made.opt_out) == (expected, withdrawn, mark)


def test_a_number_from_which_the_customer_opted_out_on_one_channel_is_not_sent_for_the_other() -> None:
    made = of_user(sms(**OPTED_OUT), sms(channel="VOICE"))

    assert (made.phone, made.withdrawn, made.opt_out) == (None, {Kind.PHONE}, "SMS")


def test_a_number_that_is_inactive_on_one_channel_only_is_sent() -> None:
    made = of_user(sms(channel="VOICE"), sms(**INACTIVE))

    assert (made.phone, made.withdrawn) == ("+491711234567", set())


def test_an_opt_out_on_one_kind_leaves_the_other() -> None:
    made = of_user(email(**OPTED_OUT), sms())

    assert (made.email, made.phone, made.withdrawn) == (None, "+491711234567", {Kind.EMAIL})


def test_the_mark_names_every_channel() -> None:
    assert of_user(sms(**OPTED_OUT), email(**OPTED_OUT)).opt_out == "EMAIL,SMS"


def test_why_an_address_is_missing_is_listed_with_its_line() -> None:
    made = of_user(email("a@example.com", **OPTED_OUT), email("b@example.com", **INACTIVE), email("nobody"))

    assert sorted((line.number, reason) for line, reason in made.listed) == [
        (1, DropReason.ADDRESS_OPTED_OUT),
        (2, DropReason.ADDRESS_INACTIVE),
        (3, DropReason.ADDRESS_NOT_EMAIL),
    ]


def test_a_dot_in_an_attribute_name_does_not_start_a_level() -> None:
    made = of_user(with_attributes({"address.zip-code": ["10115"]}))

    assert json.loads(made.json_text())["user_attributes"] == {"address_zip-code": "10115"}


def test_an_object_over_the_services_limits_is_skipped() -> None:
    names = [f"n{number}" for number in range(1_500)]
    endpoints = read(with_attributes({name: ["v" * 200] for name in names}), declared=names)

    assert make_profile("u1", endpoints) is SkipReason.OBJECT_TOO_LARGE


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_a_value_comes_back_out_of_the_csv_as_it_was(value: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(csv_header(DECLARED))
    writer.writerow(of_user(with_attributes({"plan": [value]}, Id="e1")).csv_row(DECLARED))
    file.seek(0)

    assert list(csv.DictReader(file)) == [
        {
            "endpoint_id": "u1",
            "user_id": "u1",
            "email": "e1@example.com",
            "phone": "",
            "opt_out": "NONE",
            "usat_plan": value,
            "usat_city": "",
            "usat_address.zip-code": "",
        }
    ]


ENDPOINTS = st.lists(
    st.builds(
        lambda make, address, consent: make(address, **consent),
        st.sampled_from([email, sms, lambda address, **fields: sms(address, "VOICE", **fields)]),
        st.sampled_from(
            ["a@example.com", "A@example.com", "b@example.com", "+491711234567", "+12065550100", ""]
        ),
        st.sampled_from([{}, OPTED_OUT, INACTIVE]),
    ),
    min_size=1,
    max_size=6,
)


@given(ENDPOINTS)
def test_whatever_endpoints_a_user_has_no_address_is_sent_against_consent(
    endpoints: list[dict[str, Any]],
) -> None:
    """For each channel and address, the newest endpoint decides whether Amazon Pinpoint would send."""
    made = of_user(*endpoints)
    newest = {
        (one["ChannelType"], one["Address"].lower()): one
        for one in endpoints
        if ("@" in one["Address"]) == (one["ChannelType"] == "EMAIL")
    }
    for address in (made.email, made.phone):
        if address is not None:
            of_address = [one for (_, other), one in newest.items() if other == address.lower()]
            assert all(one["OptOut"] == "NONE" for one in of_address)
            assert any(one["EndpointStatus"] == "ACTIVE" for one in of_address)
    assert len(made.json_text().encode()) <= OBJECT_CHARACTERS
    assert not made.withdrawn or made.dropped or not all(one["Address"] for one in endpoints)
