"""Lists and counts of items, as a browser makes them."""

import json

import pytest
from playwright.sync_api import Page

from gtm.item_functions import LONGEST_LIST, count_function, list_function, read, with_variables_read
from tests.gtm import chromium

pytestmark = chromium.NEEDED

VARIABLE = "gtm-pixel - ecommerce.items"


def called(page: Page, function: str, items: str) -> object:
    """The function's result for a JavaScript expression as the items, `undefined` as a string."""
    outside = with_variables_read(function)
    script = f"() => {{ const read = () => ({items}); const made = ({outside})(); return String(made); }}"
    return page.evaluate(script)


def listed(page: Page, items: str, field: str = "item_id") -> object:
    return called(page, list_function(VARIABLE, field), items)


def many(number: int, text: str = "SKU_") -> str:
    return json.dumps([{"item_id": f"{text}{index:03}"} for index in range(number)])


LISTS = {
    "one item": ("[{item_id: 'A'}]", "A"),
    "two items": ("[{item_id: 'A'}, {item_id: 'B'}]", "A|B"),
    "the same item twice": ("[{item_id: 'A'}, {item_id: 'A'}]", "A|A"),
    "twenty items": (many(20), "|".join(f"SKU_{index:03}" for index in range(20))),
    # 25 ids of 7 characters and their separators are 199 characters.
    "two hundred items": (many(200), "|".join(f"SKU_{index:03}" for index in range(25))),
    "numbers": ("[{item_id: 12}, {item_id: 0}, {item_id: 1.5}]", "12|0|1.5"),
    "an item without the field": ("[{item_id: 'A'}, {}, {item_id: 'C'}]", "A||C"),
    "values that are none": (
        "[{item_id: null}, {item_id: NaN}, {item_id: true}, {item_id: {}}, {item_id: ['x']}, {item_id: 'F'}]",
        "|||||F",
    ),
    "a pipe and spaces in a value": ("[{item_id: ' Tee | blue '}, {item_id: '|'}]", "Tee   blue|"),
    "commas, quotes, ampersands, emoji": ("[{item_id: `Doe, \"J\" & 'K' 🎉`}]", "Doe, \"J\" & 'K' 🎉"),
    "entries that are no items": ("[null, 'text', 7, undefined, {item_id: 'A'}]", "A"),
    "as long as it may be": (f"[{{item_id: 'x'.repeat({LONGEST_LIST})}}]", "x" * LONGEST_LIST),
    "a first value that is too long": (
        f"[{{item_id: 'x'.repeat({LONGEST_LIST + 1})}}, {{item_id: 'B'}}]",
        "undefined",
    ),
    "a later value that is too long": (
        f"[{{item_id: 'A'}}, {{item_id: 'x'.repeat({LONGEST_LIST})}}, {{item_id: 'C'}}]",
        "A",
    ),
    "half a surrogate pair, as substring leaves it": (
        "[{item_id: '🎉'.substring(0, 1)}, {item_id: '🎉'}, {item_id: 'x\\udf89'}, {item_id: 'C'}]",
        "|🎉||C",
    ),
    "no value at all": ("[{}, {}]", "undefined"),
    "no item": ("[]", "undefined"),
    "no list": ("undefined", "undefined"),
    "an object": ("{0: {item_id: 'A'}, length: 1}", "undefined"),
    # What GTM reads below null.
    "false": ("false", "undefined"),
    "a getter that throws": ("[{get item_id() { throw new Error('no'); }}]", "undefined"),
}


@pytest.mark.parametrize(("items", "text"), LISTS.values(), ids=LISTS)
def test_a_list_is_one_string(page: Page, items: str, text: str) -> None:
    assert listed(page, items) == text


COUNTS = {
    "one item": ("[{}]", "1"),
    "two hundred items": (many(200), "200"),
    "no item": ("[]", "0"),
    "entries that are no items": ("[null, 'text', 7, {}]", "1"),
    "no list": ("undefined", "undefined"),
    "false": ("false", "undefined"),
}


@pytest.mark.parametrize(("items", "number"), COUNTS.values(), ids=COUNTS)
def test_a_count_is_that_of_all_items_also_where_a_list_ends_early(
    page: Page, items: str, number: str
) -> None:
    assert called(page, count_function(VARIABLE), items) == number


def test_lists_of_two_fields_have_their_values_at_the_same_places(page: Page) -> None:
    items = "[{item_id: 'A', item_category: 'Shoes'}, {item_id: 'B'}, {item_id: 'C', item_category: 'Hats'}]"

    assert (listed(page, items), listed(page, items, "item_category")) == ("A|B|C", "Shoes||Hats")


@pytest.mark.parametrize("field", ["item_id", "ITEMS", "FIELD", "LONGEST", "SEPARATOR"])
def test_a_function_can_be_read_back(field: str) -> None:
    assert read(list_function(VARIABLE, field)) == (VARIABLE, field)
    assert read(count_function(VARIABLE)) == (VARIABLE, None)
