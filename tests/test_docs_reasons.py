"""docs/reasons.md has every reason, in the words that the page of the local run shows."""

from collections.abc import Mapping
from typing import Final

import pytest

from contract import reasons
from tests.documents import read, rows, section

PAGE: Final = read("docs/reasons.md")


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Status of the request", {str(code): text for code, text in reasons.GATEWAY_STATUSES.items()}),
        ("Rejected", reasons.REJECTED),
        ("Dropped", reasons.DROPPED),
        ("Denied", reasons.DENIED),
        ("Tokens", reasons.INVALID_TOKENS),
        ("Cookies", reasons.IGNORED_COOKIES),
    ],
)
def test_a_table_has_every_reason_in_the_words_of_the_page(heading: str, words: Mapping[str, str]) -> None:
    assert {reason: text for reason, text, *_ in table(heading)} == words


def test_the_table_of_destinations_has_every_reason_in_the_words_of_the_page() -> None:
    described = {reason: text for reason, text, *_ in table("Retried or dead-lettered")}

    # A reason of any destination stands there once, with DESTINATION for its name.
    wrong = {
        reason: text
        for reason, text in described.items()
        if reasons.undelivered(reason.replace("DESTINATION", "pinpoint")) != text
    }
    assert wrong == {}
    assert reasons.UNDELIVERED.keys() <= described.keys()
    assert {f"DESTINATION_{suffix}" for suffix in reasons.OF_ANY_DESTINATION} <= described.keys()


@pytest.mark.parametrize(
    "heading",
    [
        "Status of the request",
        "Rejected",
        "Dropped",
        "Denied",
        "Tokens",
        "Cookies",
        "Retried or dead-lettered",
    ],
)
def test_every_reason_has_somebody_at_fault_and_something_to_do(heading: str) -> None:
    at_fault = {"your tag", "your site", "the operator", "the sender", "AWS", "nobody"}

    assert [row for row in table(heading) if row[2] not in at_fault or not row[3]] == []


def table(heading: str) -> list[list[str]]:
    """The rows under a heading, with the reason bare."""
    return [[row[0].strip("`"), *row[1:]] for row in rows(section(PAGE, heading))]
