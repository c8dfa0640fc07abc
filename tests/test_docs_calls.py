"""The calls at night of docs/operations.md are short paths, and every alarm belongs to one."""

import re

import pytest

from tests.documents import headings, read, rows, section

PAGE = read("docs/operations.md")

CALLS = ("Nothing arrives", "Dead letters grow", "Latency is high", "The bill is high", "Tokens fail")


def test_the_page_begins_with_them() -> None:
    assert headings(PAGE)[:7] == ["Operations", "First of all", *CALLS]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_a_path_of_at_most_five_steps_that_begins_with_a_command(call: str) -> None:
    steps = re.findall(r"^(\d)\. (.*)", section(PAGE, call), re.MULTILINE)

    assert 1 <= len(steps) <= 5
    assert steps[0][1].startswith("`python -m ops ")


@pytest.mark.parametrize("call", CALLS)
def test_a_step_that_is_gone_to_is_there(call: str) -> None:
    text = section(PAGE, call)
    there = set(re.findall(r"^(\d)\. ", text, re.MULTILINE))

    assert set(re.findall(r"\bstep (\d)", text)) <= there


def test_each_call_was_tried_with_a_fault_in_steps_that_it_has() -> None:
    tried: dict[str, list[str]] = {}
    call = ""
    for linked, fault, steps, seconds in rows(section(read("docs/fidelity.md"), "The calls at night")):
        call = linked[1 : linked.index("]")] if linked else call
        assert fault
        assert int(seconds) > 0
        tried.setdefault(call, []).extend(steps.split(", "))

    assert tuple(tried) == CALLS
    for call, steps in tried.items():
        assert set(steps) <= set(re.findall(r"^(\d)\. ", section(PAGE, call), re.MULTILINE))
        assert steps[0] == "1"


def test_the_page_is_short_enough_to_read_at_night() -> None:
    assert len(PAGE.splitlines()) <= 300
