"""Durations as people write and read them."""

import argparse

import pytest

from ops import durations


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("15m", 900), ("2h", 7200), ("14d", 1_209_600)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "1w", "-1s", "1.5h", "1 h", "1000000000d"])
def test_another_text_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write 90s, 15m, 2h or 14d"):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (1_123_200, "13 d")],
)
def test_people_read_the_two_largest_units(seconds: float, words: str) -> None:
    assert durations.words(seconds) == words
