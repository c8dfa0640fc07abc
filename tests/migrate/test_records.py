"""Parsing the lines of an export: JSON, CSV, and lines that are neither."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.endpoints import SkipReason
from migrate.records import Record, read_records


def records(*lines: bytes | None) -> list[tuple[int, Record]]:
    return list(read_records(lines))


def test_json_lines_are_endpoints() -> None:
    assert records(b'{"Id": "e1"}', b"", b' {"Id": "e2"} ') == [(1, {"Id": "e1"}), (3, {"Id": "e2"})]


@pytest.mark.parametrize(
    "line",
    [b"e1,e1@example.com", b"[]", b'"text"', b"null", b'{"Id": "e1"', b"\x00", b"1" * 5_000, b"[" * 100_000],
)
def test_a_line_that_is_not_a_json_object_is_unreadable(line: bytes) -> None:
    assert records(b'{"Id": "e0"}', line)[1] == (2, SkipReason.UNREADABLE)


@pytest.mark.parametrize("line", [b'{"Id": "\xff"}', "é".encode("latin-1"), '{"Id": "é"}'.encode("utf-16")])
def test_a_line_that_is_not_utf8_has_its_own_reason(line: bytes) -> None:
    assert records(b'{"Id": "e0"}', line)[1] == (2, SkipReason.NOT_UTF8)


def test_a_line_that_was_too_long_to_read_is_skipped() -> None:
    assert records(None, b'{"Id": "e1"}') == [(1, SkipReason.LINE_TOO_LONG), (2, {"Id": "e1"})]


# The two examples are those of "Importing segments" in the Amazon Pinpoint user guide.
@pytest.mark.parametrize(
    ("header", "row", "endpoint"),
    [
        (
            b"ChannelType,Address,Location.Country,Demographic.Platform,Demographic.Make,User.UserId",
            b"SMS,+16045550182,CA,Android,LG,example-user-id-1",
            {"ChannelType": "SMS", "Address": "+16045550182", "User": {"UserId": "example-user-id-1"}},
        ),
        (
            b"Id,User.UserId, User.UserAttributes.new_multi_field,User.UserAttributes.new_multi_field",
            b"e1,example-user-id-2,test10,test20",
            {
                "Id": "e1",
                "User": {
                    "UserId": "example-user-id-2",
                    "UserAttributes": {"new_multi_field": ["test10", "test20"]},
                },
            },
        ),
        (
            b"ChannelType,Address,EndpointStatus,OptOut,Id,Attributes.Email,User.UserAttributes.FirstName",
            b"EMAIL,recipient@example.com,ACTIVE,NONE,12345,recipient%40example.com,Carlos",
            {
                "ChannelType": "EMAIL",
                "Address": "recipient@example.com",
                "EndpointStatus": "ACTIVE",
                "OptOut": "NONE",
                "Id": "12345",
                "Attributes": {"Email": ["recipient%40example.com"]},
                "User": {"UserAttributes": {"FirstName": ["Carlos"]}},
            },
        ),
        (b"id;EFFECTIVEDATE", b"e1;2026-01-01", {"Id": "e1", "EffectiveDate": "2026-01-01"}),
        (b"Id\tAddress\tOptOut", b"e1\t\t", {"Id": "e1"}),
        (b'"Id","User.UserAttributes.a.b"', b'"e,1","say ""hi"", \xf0\x9f\x8e\x89"', None),
    ],
    ids=["endpoints", "multi-value", "preferences", "semicolons", "tabs", "quotes"],
)
def test_a_csv_has_the_columns_of_an_imported_segment(
    header: bytes, row: bytes, endpoint: Mapping[str, Any] | None
) -> None:
    quoted = {"Id": "e,1", "User": {"UserAttributes": {"a.b": ['say "hi", 🎉']}}}

    assert records(header, row) == [(2, endpoint or quoted)]


def test_names_are_read_in_any_letters_in_json_as_in_a_csv_and_those_of_attributes_as_they_are() -> None:
    line = b'{"id": "e1", "optOut": "ALL", "user": {"userId": "u", "userAttributes": {"Plan": ["a"]}}}'

    assert records(line) == [
        (1, {"Id": "e1", "OptOut": "ALL", "User": {"UserId": "u", "UserAttributes": {"Plan": ["a"]}}})
    ]


@pytest.mark.parametrize("name", ["Opt Out", "opt_out", "OPT-OUT", " OptOut"])
def test_an_opt_out_counts_however_its_name_is_written(name: str) -> None:
    in_csv = records(f"Id,{name}".encode(), b"e1,ALL")
    in_json = records(f'{{"Id": "e1", "{name}": "ALL"}}'.encode())

    assert [in_csv[0][1], in_json[0][1]] == [{"Id": "e1", "OptOut": "ALL"}] * 2


def test_of_two_names_that_differ_in_case_the_one_in_the_letters_of_the_service_counts() -> None:
    for line in (b'{"optout": "ALL", "OptOut": "NONE"}', b'{"OptOut": "NONE", "optout": "ALL"}'):
        assert records(line)[0][1] == {"OptOut": "NONE", "optout": "ALL"}


def test_the_header_of_an_appended_part_is_not_an_endpoint() -> None:
    assert records(b"Id,Address", b"e1,a", b'"Id",Address', b"e2,b") == [
        (2, {"Id": "e1", "Address": "a"}),
        (4, {"Id": "e2", "Address": "b"}),
    ]


@pytest.mark.parametrize("row", [b"e1", b"e1,a,b", b'"e1,a', b'e1,a"b"c"'])
def test_a_row_that_does_not_fit_its_header_is_unreadable(row: bytes) -> None:
    found = records(b"Id,Address", row, b"e2,a@example.com")

    assert found[1:] == [(3, {"Id": "e2", "Address": "a@example.com"})]
    assert found[0] == (2, SkipReason.UNREADABLE) or row == b'e1,a"b"c"'


def test_a_header_without_any_endpoint_column_is_not_csv() -> None:
    assert records(b"name,age", b"Anna,30") == [(1, SkipReason.UNREADABLE), (2, SkipReason.UNREADABLE)]


@given(st.lists(st.none() | st.binary(max_size=40), max_size=6))
def test_whatever_bytes_a_file_has_its_lines_are_read_or_skipped(lines: list[bytes | None]) -> None:
    for with_header in ([], [b"Id,Address"]):
        for number, record in read_records([*with_header, *lines]):
            assert 1 <= number <= len(lines) + 1
            assert isinstance(record, dict | SkipReason)
