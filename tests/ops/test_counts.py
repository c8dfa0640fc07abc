"""Counts in a sentence."""

import pytest

from ops.counts import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 profiles"), (1, "1 profile"), (1.0, "1 profile"), (2_000, "2,000 profiles")]
)
def test_one_is_not_several(number: float, said: str) -> None:
    assert counted(number, "profile") == said


def test_the_verb_goes_with_the_number() -> None:
    assert [counted(n, "address is", "addresses are") for n in (1, 2)] == ["1 address is", "2 addresses are"]
