r"""Strings that strangers can write, made safe for a terminal.

A terminal obeys some characters: `\x1b[2J` clears it, and U+202E turns the rest of a line around. So whatever
Python does not call printable is written as an escape. Pure.
"""

import json


def printable(text: str) -> str:
    r"""One line with nothing for a terminal to obey: `\x1b`, `\n`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def json_text(value: object, *, indent: int | None = None) -> str:
    """A value as JSON, with such characters as JSON's own escapes."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    # Line breaks are JSON's own: those of values are escaped already.
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)
