"""The summary of an import, as a person reads it."""

from collections import Counter

import pytest

from migrate.import_state import Summary
from migrate.summary import summary_text


def test_a_plain_import_is_one_line() -> None:
    assert summary_text(Summary(imported=1_234, seconds=7.4), verb="were imported") == (
        "1,234 of 1,234 endpoints were imported in 7 s."
    )


def test_every_reason_has_its_count_and_explanation_the_most_frequent_first() -> None:
    summary = Summary(imported=1, skipped=Counter(id_missing=1, inactive=1_000))

    assert summary_text(summary, verb="were imported").splitlines() == [
        "1 of 1,002 endpoints were imported in 0 s.",
        "Skipped:",
        "      1,000  inactive    EndpointStatus is INACTIVE: Amazon Pinpoint sent nothing to it",
        "          1  id_missing  the endpoint has no Id",
    ]


def test_what_is_refused_is_part_of_the_whole() -> None:
    lines = summary_text(Summary(imported=1, refused=Counter({"400": 2})), verb="were imported").splitlines()

    assert lines[0].startswith("1 of 3 endpoints")
    assert lines[2].split() == ["2", "400"]


def test_what_is_left_out_is_no_endpoint() -> None:
    lines = summary_text(Summary(imported=1, left_out=Counter(attribute_empty=5)), verb="x").splitlines()

    assert lines[0].startswith("1 of 1 endpoint ")
    assert "attribute_empty" in lines[2]


def test_endpoints_with_a_user_id_are_mentioned() -> None:
    assert "2 endpoints with a user id" in summary_text(Summary(imported=2, with_user_id=2), verb="x")


@pytest.mark.parametrize(
    ("seconds", "text"), [(59.4, "59 s"), (59.6, "1 min 0 s"), (3_599, "59 min 59 s"), (7_260, "2 h 1 min")]
)
def test_a_duration_is_short(seconds: float, text: str) -> None:
    assert summary_text(Summary(seconds=seconds), verb="x").endswith(f"in {text}.")
