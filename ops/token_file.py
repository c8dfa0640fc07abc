"""A token in a file or on standard input: never an argument, which would stay in shell histories."""

import codecs
from pathlib import Path
from typing import Final

from cli.errors import UsageError
from cli.files import STREAM, standard_input

_UTF_16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(file: str, *, option: str, outputs: str | None) -> str:
    """The text of a file that holds one token. `outputs` is the file of --outputs.

    Raises UsageError, which does not repeat the file's name: it may be a token that was given as an argument.
    """
    if file == outputs == STREAM:
        raise UsageError(f"standard input holds the outputs: give the token in a file, as {option}")
    try:
        content = standard_input() if file == STREAM else Path(file).read_bytes()
        # PowerShell's `>` writes UTF-16, and other tools of Windows a mark before UTF-8.
        return content.decode("utf-16" if content.startswith(_UTF_16_MARKS) else "utf-8-sig").strip()
    except (OSError, ValueError):
        raise UsageError(f"{option} cannot be read: name a text file that holds one token") from None
