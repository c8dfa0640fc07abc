"""A response with one result per entry counts only if it adds up."""

from dataclasses import dataclass
from typing import Any

import pytest

from handler.delivery.entry_results import EntryResults
from handler.destinations import DeadLetter, Outcome, Recorded, Retry

NO_RESPONSE = Retry("bus_no_response")
RESULTS = EntryResults(
    name="bus",
    results="Entries",
    failed_count="FailedEntryCount",
    accepted_id="EventId",
    by_code={"busy": Retry("bus_busy"), "malformed": DeadLetter("bus_malformed")},
    other_code=Retry("bus_failed"),
)


@dataclass(frozen=True)
class Letter:
    message_id: str


ITEMS = [Letter("a"), Letter("b")]


def test_each_item_has_the_outcome_at_its_place() -> None:
    response = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "busy", "EventId": "1"}, {"EventId": "2"}]}

    assert RESULTS.read(ITEMS, response) == {"a": Retry("bus_busy"), "b": Recorded()}


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("malformed", DeadLetter("bus_malformed")),
        ("made up", Retry("bus_failed")),
        (["busy"], Retry("bus_failed")),
        ("", Retry("bus_failed")),
    ],
)
def test_an_error_code_means_what_the_service_says_and_others_are_retried(
    code: object, outcome: Outcome
) -> None:
    response = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": code}]}

    assert RESULTS.read(ITEMS, response) == {"a": Recorded(), "b": outcome}


def test_the_outcome_of_an_item_has_its_error_code() -> None:
    codes = ("malformed", "made.up", "alice@example.com")
    entries = [{"ErrorCode": code} for code in codes]

    found = RESULTS.read([*map(Letter, codes)], {"FailedEntryCount": 3, "Entries": entries})

    assert [getattr(one, "code", None) for one in found.values()] == ["malformed", "made.up", None]


@pytest.mark.parametrize("blank", [{}, None, 5, {"EventId": None}, {"EventId": ""}])
def test_a_result_that_says_nothing_is_no_response_for_its_item(blank: object) -> None:
    response = {"FailedEntryCount": 0, "Entries": [blank, {"EventId": "2"}]}

    assert RESULTS.read(ITEMS, response) == {"a": NO_RESPONSE, "b": Recorded()}


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"FailedEntryCount": 0, "Entries": None},
        {"FailedEntryCount": 0, "Entries": {"a": 1, "b": 2}},
        {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
        {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}] * 3},
        {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}] * 2},
        {"Entries": [{"EventId": "1"}] * 2},
        {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}, {"ErrorCode": "busy"}]},
    ],
)
def test_a_response_that_does_not_add_up_is_no_response_for_all(response: dict[str, Any]) -> None:
    assert RESULTS.read(ITEMS, response) == {"a": NO_RESPONSE, "b": NO_RESPONSE}
