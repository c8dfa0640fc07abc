"""docs/settings.md is what `python -m settings.docs` writes."""

from settings import docs
from settings.reading import ALL


def test_the_page_is_up_to_date() -> None:
    """Otherwise run: .venv/bin/python -m settings.docs"""
    assert docs.PAGE.read_text() == docs.page()


def test_the_page_has_a_row_for_every_setting() -> None:
    rows = [line.split("`")[1] for line in docs.page().splitlines() if line.startswith("| `")]

    assert sorted(rows) == sorted(ALL)
