"""docs/reasons.md has every reason in one table: its outcome, and the words of the local run's page."""

from typing import Final

import pytest

from contract import reasons
from handler.delivery.failures import failure
from handler.destinations import DeadLetter
from tests.documents import anchors, links, read, rows

PAGE: Final = read("docs/reasons.md")
INDEX: Final = [row for row in rows(PAGE) if len(row) == 3]
# Of every row: the outcome and the reason, as the key; then what it means, whose fault it is, what to do.
TABLE: Final = {(row[1], row[0].split("</a>")[-1].strip("`")): row[2:] for row in rows(PAGE) if len(row) == 5}
# Each stands for others that the handler treats in the same way: the page says which.
STATUSES: Final = (400, 401, 403, 404, 429, 503)


def test_the_table_has_every_reason_of_the_code_and_no_other() -> None:
    by_outcome = {
        "queued": {"200": reasons.GATEWAY_STATUSES[200]},
        "refused": {str(code): words for code, words in reasons.GATEWAY_STATUSES.items() if code != 200},
        "rejected": reasons.REJECTED,
        "dropped": reasons.DROPPED,
        "denied": reasons.DENIED,
        "invalid": reasons.INVALID_TOKENS,
        "ignored": reasons.IGNORED_COOKIES,
        "retried": {
            **reasons.RETRIED,
            **{f"DESTINATION_{end}": words for end, words in reasons.RETRIED_BY_ANY_DESTINATION.items()},
        },
        "dead-lettered": {
            **reasons.DEAD_LETTERED,
            **{
                f"DESTINATION_{end}": words for end, words in reasons.DEAD_LETTERED_BY_ANY_DESTINATION.items()
            },
        },
    }
    for status in STATUSES:
        words = reasons.undelivered(f"pinpoint_{status}")
        by_outcome[outcome_of(status)] |= {f"DESTINATION_{status}": words}
    expected = {
        (outcome, reason): words for outcome, of_it in by_outcome.items() for reason, words in of_it.items()
    }

    assert {key: cells[0] for key, cells in TABLE.items()} == expected


def outcome_of(status: int) -> str:
    return "dead-lettered" if isinstance(failure("pinpoint", status), DeadLetter) else "retried"


@pytest.mark.parametrize(("status", "like"), [(408, 429), (402, 400), (413, 400), (500, 503), (302, 503)])
def test_a_status_without_a_row_is_like_the_one_that_the_page_names(status: int, like: int) -> None:
    assert outcome_of(status) == outcome_of(like)
    assert (
        reasons.undelivered(f"pinpoint_{status}").split(" (")[0]
        == (reasons.undelivered(f"pinpoint_{like}").split(" (")[0])
    )


def test_every_reason_has_somebody_at_fault_and_something_to_do() -> None:
    at_fault = {"tag", "site", "operator", "sender", "AWS", "nobody"}

    assert {key: cells for key, cells in TABLE.items() if cells[1] not in at_fault or not cells[2]} == {}


def test_a_reader_finds_a_reason_by_its_outcome_and_then_by_its_name() -> None:
    indexed = [target.removeprefix("#") for target in links("".join(row[0] for row in INDEX))]
    keys = list(TABLE)

    assert indexed == list(dict.fromkeys(outcome for outcome, _ in keys))
    assert keys == sorted(keys, key=lambda key: (indexed.index(key[0]), key[1].casefold()))


def test_the_first_row_of_an_outcome_has_its_anchor() -> None:
    firsts = dict(reversed(TABLE))

    assert [f'<a id="{outcome}"></a>`{reason}`' for outcome, reason in firsts.items()] == [
        row[0] for row in reversed(rows(PAGE)) if row[0].startswith("<a")
    ]
    assert firsts.keys() <= anchors(PAGE)
