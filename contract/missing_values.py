"""Strings that mean "no value", as JavaScript, Google Tag Manager and Google Analytics write them.

Ids are checked more strictly than attributes: an attribute may be `0` or `false`, but all visitors with the
id `0` would share one profile. The GTM kit has the same lists; a test compares them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

STRINGS_WITHOUT_VALUE: Final = frozenset({"undefined", "null", "NaN", "Invalid Date"})
"""A variable without a value, as JavaScript converts it to a string. Case matters."""

STRINGS_WITHOUT_IDENTITY: Final = frozenset(
    {
        *(string.lower() for string in STRINGS_WITHOUT_VALUE),
        *("false", "true", "0", "infinity", "-infinity"),
        "none",  # from pages that Python renders
        *("(not set)", "(none)"),  # from Google Analytics
    }
)
"""Never an id or an event type. In lower case."""

BLANKS: Final = "".join(
    chr(character)
    for first, last in (
        *((0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x61C, 0x61C), (0x1680, 0x1680), (0x180E, 0x180E)),
        *((0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
    )
    for character in range(first, last + 1)
)
"""Characters that are invisible at the ends of a string: spaces, control characters, directional marks."""

# An object as a string: [object Object], [object HTMLInputElement]. An array of them is joined with commas.
_OBJECT: Final = re.compile(r"\[object [^\]]*\]", re.IGNORECASE)
_OBJECTS_ONLY: Final = re.compile(r"[\s,]*(?:\[object [^\]]*\][\s,]*)+")
# A template variable that was never filled in.
_PLACEHOLDER: Final = re.compile(r"\{\{.*\}\}", re.DOTALL)
_QUOTES: Final = "\"'`"
# A string that was encoded twice arrives still encoded.
_MOST_DECODINGS: Final = 3


def is_without_value(string: str) -> bool:
    """Whether an attribute's string means no value. An empty string is a value."""
    return string in STRINGS_WITHOUT_VALUE or _OBJECTS_ONLY.fullmatch(string) is not None


def is_without_identity(string: str) -> bool:
    """Whether a string cannot be an endpoint id, event type or event id: it is blank or means no value.

    The same goes for a list of such strings (`undefined,undefined`), and for a string that contains an object
    or a placeholder.
    """
    return any(_names_nothing(decoded) for decoded in _decodings(string))


@dataclass(frozen=True, slots=True)
class IgnoredIds:
    """Ids that a site sends for unknown visitors. Case and surrounding spaces do not count."""

    folded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ids: Iterable[str]) -> "IgnoredIds":
        return cls(frozenset(map(_folded, ids)))

    def __contains__(self, string: str) -> bool:
        return _folded(string) in self.folded


def _decodings(string: str) -> Iterable[str]:
    yield string
    for _ in range(_MOST_DECODINGS):
        decoded = unquote(string.replace("+", " "))
        if decoded == string:
            return
        string = decoded
        yield string


def _names_nothing(string: str) -> bool:
    if _OBJECT.search(string) or _PLACEHOLDER.search(string):
        return True
    parts = (part.strip(BLANKS + _QUOTES).lower() for part in string.split(","))
    return all(not part or part in STRINGS_WITHOUT_IDENTITY for part in parts)


def _folded(string: str) -> str:
    return string.strip(BLANKS).casefold()
