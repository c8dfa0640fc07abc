"""The Custom JavaScript with which GTM turns a list of items into one string, or counts it.

Pure. The functions are ES5, never throw, and return undefined where there is nothing to send: the event
processor then leaves the attribute out (contract/missing_values.py). docs/ga4.md says what they return.
"""

import json
import re
from typing import Final

from contract import pinpoint

SEPARATOR: Final = "|"
"""Between the values of a list. Product names often contain commas, rarely a pipe."""

LONGEST_LIST: Final = pinpoint.VALUE_CHARACTERS
"""The most UTF-16 units of a list, in every destination: Amazon Pinpoint drops what is longer."""

_FIELD = re.compile(r'\bitem\["(\w+)"\]')
_VARIABLE = re.compile(r"\{\{(.+?)\}\}")

# A pipe within a value becomes a space. A value that is no string and no number leaves its place empty, so
# that the lists of several fields agree. So does half a surrogate pair, which no URL can hold: GTM would not
# send the event at all. Where the next value no longer fits, the list ends.
_LIST = """\
function() {
  try {
    var items = ITEMS, list = "", filled = false, first = true;
    if (Object.prototype.toString.call(items) !== "[object Array]") return undefined;
    for (var i = 0; i < items.length; i++) {
      var item = items[i];
      if (!item || typeof item !== "object") continue;
      var value = item[FIELD], text = "";
      if (typeof value === "string" || (typeof value === "number" && isFinite(value))) text = String(value);
      text = text.split("SEPARATOR").join(" ").replace(/^\\s+|\\s+$/g, "");
      try { encodeURIComponent(text); } catch (half) { text = ""; }
      var longer = first ? text : list + "SEPARATOR" + text;
      if (longer.length > LONGEST) break;
      list = longer;
      first = false;
      if (text) filled = true;
    }
    return filled ? list : undefined;
  } catch (error) {
    return undefined;
  }
}"""

_COUNT = """\
function() {
  try {
    var items = ITEMS, count = 0;
    if (Object.prototype.toString.call(items) !== "[object Array]") return undefined;
    for (var i = 0; i < items.length; i++) {
      if (items[i] && typeof items[i] === "object") count++;
    }
    return count;
  } catch (error) {
    return undefined;
  }
}"""


def list_function(items: str, field: str) -> str:
    """The values of one field of every item. `items` is the name of the GTM variable with the items."""
    return _filled(_LIST, ITEMS=f"{{{{{items}}}}}", FIELD=json.dumps(field))


def count_function(items: str) -> str:
    """The number of items. `items` is the name of the GTM variable with the items."""
    return _filled(_COUNT, ITEMS=f"{{{{{items}}}}}")


def _filled(text: str, **parts: str) -> str:
    parts |= {"SEPARATOR": SEPARATOR, "LONGEST": str(LONGEST_LIST)}
    return re.sub(r"\b(?:ITEMS|FIELD|SEPARATOR|LONGEST)\b", lambda found: parts[found[0]], text)


def read(function: str) -> tuple[str, str | None]:
    """The items variable of a function written here, and its field; None for a count. Raises ValueError."""
    variable, field = _VARIABLE.search(function), _FIELD.search(function)
    if variable is None:
        raise ValueError("no variable")
    return variable[1], field[1] if field else None


def with_variables_read(function: str) -> str:
    """A function as JavaScript outside GTM: `read(NAME)` returns the value of the GTM variable NAME."""
    return _VARIABLE.sub(lambda found: f"read({json.dumps(found[1])})", function)
