"""A response with one result per entry counts only if it adds up."""

from dataclasses import dataclass
from typing import Any

import pytest

from handler.delivery.entry_results import EntryResults
from handler.destinations import Recorded, Retry

NO_RESPONSE = Retry("bus_no_response")
RESULTS = EntryResults(
    results="Entries",
    failed_count="FailedEntryCount",
    accepted_id="EventId",
    no_response=NO_RESPONSE,
    outcome_of_code=lambda code: Retry(f"bus_{code}"),
)


@dataclass(frozen=True)
class Letter:
    message_id: str


ITEMS = [Letter("a"), Letter("b")]


def test_each_item_has_the_outcome_at_its_place() -> None:
    response = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "busy", "EventId": "1"}, {"EventId": "2"}]}

    assert RESULTS.read(ITEMS, response) == {"a": Retry("bus_busy"), "b": Recorded()}


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
