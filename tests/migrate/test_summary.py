"""The summary of an import, as a person reads it."""

from collections import Counter

import pytest

from migrate.account import Summary
from migrate.summary import LookUp, summary_text


def text(summary: Summary, *, by_user: bool = False, look_up: LookUp | None = None) -> str:
    return summary_text(summary, verb="were imported", attributes=["plan"], by_user=by_user, look_up=look_up)


def test_a_plain_import_is_two_lines() -> None:
    summary = Summary(
        endpoints=1_300,
        profiles=1_234,
        of_endpoints=1_234,
        with_email=1_000,
        with_phone=200,
        without_address=34,
        opted_out=30,
        seconds=7.4,
    )

    assert text(summary).splitlines() == [
        "1,234 profiles of 1,234 endpoints were imported in 7 s, 167 a second; the export has 1,300 "
        "endpoints.",
        "Of these profiles 1,000 have an email address, 200 a phone number, 34 neither; 30 have the mark of "
        "an opt-out.",
    ]


def test_every_reason_has_its_count_and_explanation_the_most_frequent_first() -> None:
    summary = Summary(endpoints=1_001, skipped=Counter(id_no_value=1, unreadable=1_000))

    assert text(summary).splitlines()[1:] == [
        "Endpoints skipped:",
        "      1,000  unreadable   the line is not a JSON object, or not a row under the CSV header",
        "          1  id_no_value  the Id is what JavaScript writes for no value: it would be everybody's "
        "profile",
    ]


def test_what_is_refused_and_what_stays_against_consent_is_told_by_status() -> None:
    lines = text(Summary(refused=Counter({"400": 2}), addresses_kept=Counter({"503": 1}))).splitlines()

    assert "STILL IN THEIR PROFILES" in lines[1]
    assert [lines[2].split(), lines[4].split()] == [["1", "503"], ["2", "400"]]


def test_addresses_that_were_taken_away_are_told() -> None:
    assert "2 addresses that the target had" in text(Summary(addresses_removed=2))
    assert "1 address that the target had" in text(Summary(addresses_removed=1))


@pytest.mark.parametrize(
    ("look_up", "expected"),
    [
        (
            LookUp(count=100, missing=0, different=0, against_consent=0),
            "100 of them were looked up: all are as",
        ),
        (
            LookUp(count=100, missing=3, different=1, against_consent=0),
            "3 not found yet, 1 with another address.",
        ),
        (
            LookUp(count=5, missing=0, different=0, against_consent=0, unanswered=True),
            "What the target holds is not known: the service did not answer a search for 5 of them.",
        ),
        (LookUp(count=5, missing=0, different=0, against_consent=2), "2 WITH AN ADDRESS OR WITHOUT THE MARK"),
    ],
)
def test_what_was_looked_up_is_told(look_up: LookUp, expected: str) -> None:
    assert expected in text(Summary(profiles=100), look_up=look_up)


def test_nothing_is_said_of_a_look_up_that_was_none() -> None:
    assert "looked up" not in text(
        Summary(profiles=1), look_up=LookUp(count=0, missing=0, different=0, against_consent=0)
    )
    assert "looked up" not in text(Summary(profiles=1))


def test_names_that_are_not_declared_are_told_with_those_that_differ_in_case_only() -> None:
    lines = text(Summary(undeclared=Counter({"Plan": 7, "secret\n": 2}))).splitlines()

    assert lines[-3:] == [
        "User attributes of the export that are not declared:",
        "          7  Plan  differs from plan in the case of letters only",
        "          2  'secret\\n'",
    ]


def test_of_many_names_the_first_are_told() -> None:
    undeclared = Counter({f"n{number}": 100 - number for number in range(12)})

    assert text(Summary(undeclared=undeclared)).splitlines()[-1].strip() == "and 2 more"


def test_that_endpoints_of_a_user_are_one_profile_is_mentioned() -> None:
    assert "Endpoints of one user" in text(Summary(profiles=1, of_endpoints=2), by_user=True)
    assert "Endpoints of one user" not in text(Summary(profiles=2, of_endpoints=2), by_user=True)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(59.4, "59 s"), (59.6, "1 min 0 s"), (3_599, "59 min 59 s"), (7_260, "2 h 1 min")]
)
def test_a_duration_is_short(seconds: float, shown: str) -> None:
    assert f" in {shown}, 0 a second;" in text(Summary(seconds=seconds))
