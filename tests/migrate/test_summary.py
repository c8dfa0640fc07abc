"""The summary of an import."""

from collections import Counter

import pytest

from migrate.import_log import Counts
from migrate.summary import SpotCheck, summary_lines


def text(counts: Counts, *, by_user: bool = False, check: SpotCheck | None = None) -> str:
    return "\n".join(
        summary_lines(counts, verb="were imported", attributes=["plan"], by_user=by_user, check=check)
    )


def test_a_plain_import_is_two_lines() -> None:
    counts = Counts(
        endpoints=1_300,
        profiles=1_234,
        of_endpoints=1_234,
        with_email=1_000,
        with_phone=200,
        without_address=34,
        opted_out=30,
        seconds=7.4,
    )

    assert text(counts).splitlines() == [
        "1,234 profiles from 1,234 endpoints were imported in 7 s, 167 a second. The export has 1,300 "
        "endpoints.",
        "Of these profiles, 1,000 have an email address, 200 a phone number, 34 neither; 30 are marked as "
        "opted out.",
    ]


def test_every_reason_has_its_count_and_explanation_the_most_frequent_first() -> None:
    counts = Counts(endpoints=1_001, skipped=Counter(id_no_value=1, unreadable=1_000))

    assert text(counts).splitlines()[1:] == [
        "Endpoints skipped:",
        "      1,000  unreadable   not a JSON object, or not a row that fits the CSV header",
        "          1  id_no_value  the Id is a string for a missing value; everyone would share this profile",
    ]


def test_refusals_and_kept_addresses_are_counted_by_status() -> None:
    lines = text(Counts(refused=Counter({"400": 2}), addresses_kept=Counter({"503": 1}))).splitlines()

    assert "STILL IN THEIR PROFILES" in lines[1]
    assert [lines[2].split(), lines[4].split()] == [["1", "503"], ["2", "400"]]


def test_removed_addresses_are_counted() -> None:
    assert "Removed 2 addresses from" in text(Counts(addresses_removed=2))
    assert "Removed 1 address from" in text(Counts(addresses_removed=1))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (
            SpotCheck(count=100, missing=0, different=0, against_consent=0),
            "Spot check of 100 profiles: all are as",
        ),
        (
            SpotCheck(count=100, missing=3, different=1, against_consent=0),
            "3 not found yet, 1 with another address.",
        ),
        (
            SpotCheck(count=5, missing=0, different=0, against_consent=0, failed=True),
            "Spot check failed: the service did not respond to a search for 5 profiles.",
        ),
        (
            SpotCheck(count=5, missing=0, different=0, against_consent=2),
            "2 OPTED OUT BUT WITH AN ADDRESS OR WITHOUT THE MARK",
        ),
    ],
)
def test_the_result_of_the_spot_check_is_reported(check: SpotCheck, expected: str) -> None:
    assert expected in text(Counts(profiles=100), check=check)


def test_without_a_sample_the_spot_check_is_not_mentioned() -> None:
    assert "Spot check" not in text(
        Counts(profiles=1), check=SpotCheck(count=0, missing=0, different=0, against_consent=0)
    )
    assert "Spot check" not in text(Counts(profiles=1))


def test_undeclared_attributes_are_listed_with_those_that_differ_only_in_case() -> None:
    lines = text(Counts(undeclared=Counter({"Plan": 7, "secret\n": 2}))).splitlines()

    assert lines[-3:] == [
        "User attributes of the export that the object type does not declare:",
        "          7  Plan  differs from plan only in case",
        "          2  secret\\n",
    ]


def test_of_many_names_the_most_frequent_are_listed() -> None:
    undeclared = Counter({f"n{number}": 100 - number for number in range(12)})

    assert text(Counts(undeclared=undeclared)).splitlines()[-1].strip() == "and 2 more"


def test_that_endpoints_of_a_user_are_one_profile_is_mentioned() -> None:
    assert "All endpoints of a user" in text(Counts(profiles=1, of_endpoints=2), by_user=True)
    assert "All endpoints of a user" not in text(Counts(profiles=2, of_endpoints=2), by_user=True)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(59.4, "59 s"), (59.6, "1 min 0 s"), (3_599, "59 min 59 s"), (7_260, "2 h 1 min")]
)
def test_a_duration_is_short(seconds: float, shown: str) -> None:
    assert f" in {shown}, 0 a second." in text(Counts(seconds=seconds))
