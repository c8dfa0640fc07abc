"""The files of the command line: reads and writes them, and says in one line what is wrong with one."""

import json
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, cast

STREAM: Final = "-"
"""The name that stands for standard input, or standard output."""

_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class UsageError(Exception):
    """The command cannot be done. The message says in one line what the caller must change."""


def read_text(file: str) -> str:
    """The text of a file. Raises UsageError."""
    try:
        text = sys.stdin.read() if file == STREAM else _decoded(Path(file).read_bytes())
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{shown_file(file)} cannot be read ({reason}); give the path of a file") from None
    return text.removeprefix("\ufeff")


def read_bytes(file: str) -> bytes:
    """The content of a file. Raises UsageError."""
    try:
        return sys.stdin.buffer.read() if file == STREAM else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); give the path of a file") from None


def read_json(file: str) -> Any:
    """The document in a file of JSON. Raises UsageError."""
    return json_of(file, read_text(file))


def json_of(file: str, text: str) -> Any:
    """The document in the text of a file. Raises UsageError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{shown_file(file)} is not JSON; give another file") from None


def write_text(
    text: str, file: str | None, *, inputs: Sequence[str | None] = (), overwrite: bool = True
) -> None:
    """Write a file, or without one standard output. The files in `inputs` are never overwritten.

    Raises UsageError.
    """
    if file is None or file == STREAM:
        # What GTM reads is UTF-8, whatever the terminal's own encoding is.
        stream = cast(Any, sys.stdout)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
        stream.write(text)
        return
    path = Path(file)
    try:
        if any(given not in (None, STREAM) and _is_same(path, Path(given)) for given in inputs):
            raise UsageError(f"{file} is what this command reads, and would be overwritten; give another -o")
        with path.open("w" if overwrite else "x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise UsageError(f"{file} exists; give another -o, or --force to overwrite it") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}); give another -o") from None


def shown_file(file: str) -> str:
    """A file name for a message."""
    return "standard input" if file == STREAM else file


def _decoded(content: bytes) -> str:
    # Windows PowerShell's `>` writes UTF-16.
    return content.decode("utf-16" if content.startswith(_UTF_16_MARKS) else "utf-8")


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)
