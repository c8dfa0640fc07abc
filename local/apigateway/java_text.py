"""String functions of mapping templates: methods of java.lang.String, and `$util`.

tests/velocity compares each function with Java. Only regular expressions that mean the same in Java and
Python are supported.
"""

import functools
import re
from typing import Final
from urllib.parse import quote_plus


class UnknownPattern(ValueError):  # noqa: N818 - it is the pattern that is unknown
    """A regular expression or replacement that may mean something else in Java."""


def url_encode(text: str) -> str:
    """`$util.urlEncode`, assumed to be java.net.URLEncoder: space becomes `+`, `~` is encoded, `*` is not."""
    return quote_plus(text, safe="*").replace("~", "%7E")


_JAVASCRIPT_ESCAPES: Final = {
    **{ord(character): "\\" + character for character in "'\"\\/"},
    **{ord(character): "\\" + letter for character, letter in zip("\b\n\t\f\r", "bntfr", strict=True)},
}


def escape_javascript(text: str) -> str:
    """`$util.escapeJavaScript`, assumed to be Apache Commons Lang's: `'` becomes `\\'`, which is not JSON."""
    return "".join(
        _JAVASCRIPT_ESCAPES.get(code) or (chr(code) if 32 <= code <= 0x7F else f"\\u{code:04X}")
        for code in _utf16(text)
    )


def length(text: str) -> int:
    """Java counts UTF-16 code units."""
    return len(_utf16(text))


def trim(text: str) -> str:
    """Java's `trim` removes characters up to U+0020, and no other white space."""
    return text.strip("".join(map(chr, range(0x21))))


def equals_ignore_case(text: str, other: str) -> bool:
    """Java compares UTF-16 unit by unit: the lower case of the upper case."""
    return [*map(_folded, _utf16(text))] == [*map(_folded, _utf16(other))]


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text matches. Raises UnknownPattern."""
    return _compiled(pattern).fullmatch(text) is not None


def replace_all(text: str, pattern: str, replacement: str) -> str:
    """Every match replaced. Raises UnknownPattern."""
    if "$" in replacement or "\\" in replacement:
        raise UnknownPattern("a replacement with $ or \\ is not supported")
    compiled = _compiled(pattern)
    if compiled.fullmatch(""):
        # Java also finds such a match between the two halves of a character outside the first plane.
        raise UnknownPattern("the regular expression matches the empty string")
    return compiled.sub(lambda _: replacement, text)


def _utf16(text: str) -> list[int]:
    units = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2)]


def _folded(unit: int) -> str:
    """The lower case of the upper case, each one character, as java.lang.Character maps it."""
    character = chr(unit)
    for upper in (character.upper(), character.title()):
        if len(upper) == 1:
            character = upper
            break
    return character.lower()[0]


_CHARACTER: Final = r"(?:[A-Za-z0-9_ ;:,@%=/~!<>\"'&-]|\\x[0-7][0-9a-fA-F]|\\[.\[\](){}*+?|^$\\])"
_IN_CLASS: Final = r"(?:[A-Za-z0-9_ ;:,@%=/!<>\"'.*+?(){}$]|\\x[0-7][0-9a-fA-F]|\\[\[\]\\^-])"
_CLASS: Final = rf"\[\^?(?:{_IN_CLASS}(?:-{_IN_CLASS})?)+\]"
_QUANTIFIER: Final = r"(?:[*+?][+?]?)"
# A group may only be repeated possessively: otherwise a long string overflows Java's stack.
_TOKENS: Final = re.compile(rf"\((?:\?:)?|\)(?:[*+?]\+)?|\||(?:{_CLASS}|{_CHARACTER}){_QUANTIFIER}?")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Supports ASCII literals, classes, groups, alternatives, quantifiers, and `^` at the start.

    Error messages do not hold the pattern, which may be a visitor's value.
    """
    at = 1 if pattern.startswith("^") else 0
    while at < len(pattern):
        token = _TOKENS.match(pattern, at)
        if token is None:
            raise UnknownPattern(f"the regular expression is not supported from its character {at + 1} on")
        at = token.end()
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UnknownPattern(f"the regular expression has an error at its character {error.pos}") from None
