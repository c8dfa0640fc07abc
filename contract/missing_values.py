"""Texts that stand for no value: what JavaScript, Google Tag Manager and Google Analytics write for nothing.

Who an event is about is read more strictly than what it says: an attribute may well be `0` or `false`, but
all visitors whose id is `0` would be one customer. The GTM kit has the same lists; a test compares them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

STRINGS_WITHOUT_VALUE: Final = frozenset({"undefined", "null", "NaN", "Invalid Date"})
"""What a variable without a value becomes as a text, in JavaScript's own letters."""

STRINGS_WITHOUT_IDENTITY: Final = frozenset(
    {
        *(text.lower() for text in STRINGS_WITHOUT_VALUE),
        *("false", "true", "0", "infinity", "-infinity"),
        "none",  # Python's, of a page that a server has written
        *("(not set)", "(none)"),  # Google Analytics'
    }
)
"""Nobody's id and no event's name, in small letters."""

BLANKS: Final = "".join(
    chr(character)
    for first, last in (
        *((0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x61C, 0x61C), (0x1680, 0x1680), (0x180E, 0x180E)),
        *((0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
    )
    for character in range(first, last + 1)
)
"""Characters that nobody sees at the end of a text: spaces, control characters, marks of direction."""

# What an object becomes: [object Object], [object HTMLInputElement]. A list of them is joined with commas.
_OBJECT: Final = re.compile(r"\[object [^\]]*\]", re.IGNORECASE)
_OBJECTS_ONLY: Final = re.compile(r"[\s,]*(?:\[object [^\]]*\][\s,]*)+")
# A variable of a template that nothing has filled in.
_PLACEHOLDER: Final = re.compile(r"\{\{.*\}\}", re.DOTALL)
_QUOTES: Final = "\"'`"
# A text that was encoded twice arrives as one that is still encoded.
_MOST_DECODINGS: Final = 3


def is_without_value(text: str) -> bool:
    """Whether an attribute's text stands for no value. An empty text is a value."""
    return text in STRINGS_WITHOUT_VALUE or _OBJECTS_ONLY.fullmatch(text) is not None


def is_without_identity(text: str) -> bool:
    """Whether a text names no endpoint, event type or event: it is blank or written for nothing.

    A list of such texts (`undefined,undefined`) names none either, nor does a text with an object or with a
    placeholder in it.
    """
    return any(_names_nothing(decoded) for decoded in _decodings(text))


@dataclass(frozen=True, slots=True)
class IgnoredIds:
    """Ids that a site uses for nobody, compared without case and without spaces around them."""

    folded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ids: Iterable[str]) -> "IgnoredIds":
        return cls(frozenset(map(_folded, ids)))

    def __contains__(self, text: str) -> bool:
        return _folded(text) in self.folded


def _decodings(text: str) -> Iterable[str]:
    yield text
    for _ in range(_MOST_DECODINGS):
        decoded = unquote(text.replace("+", " "))
        if decoded == text:
            return
        text = decoded
        yield text


def _names_nothing(text: str) -> bool:
    if _OBJECT.search(text) or _PLACEHOLDER.search(text):
        return True
    parts = (part.strip(BLANKS + _QUOTES).lower() for part in text.split(","))
    return all(not part or part in STRINGS_WITHOUT_IDENTITY for part in parts)


def _folded(text: str) -> str:
    return text.strip(BLANKS).casefold()
