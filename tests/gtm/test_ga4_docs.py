"""docs/ga4.md says what the presets and the functions do."""

from gtm.ga4 import ITEM_COUNT, ITEM_LISTS
from gtm.ga4_docs import PAGE, table, with_table
from gtm.item_functions import LONGEST_LIST, SEPARATOR

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_table_is_that_of_the_presets() -> None:
    """Otherwise run: .venv/bin/python -m gtm.ga4_docs"""
    assert with_table(TEXT) == TEXT
    assert table() in TEXT


def test_the_names_and_limits_of_lists_are_those_of_the_code() -> None:
    assert [name for name in (*ITEM_LISTS, ITEM_COUNT) if f"`{name}`" not in TEXT] == []
    assert f"at most {LONGEST_LIST} characters" in TEXT
    assert f"with `{SEPARATOR}` between the values" in TEXT
