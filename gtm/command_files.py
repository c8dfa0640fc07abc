"""The files of the command line: reads and writes them, and says in one line what is wrong with one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from cli import output
from cli.errors import UsageError
from cli.files import STREAM, read_bytes, shown_file

_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def read_text(file: str) -> str:
    """The text of a file. Raises UsageError."""
    content = read_bytes(file)
    try:
        # Windows PowerShell's `>` writes UTF-16.
        text = content.decode("utf-16" if content.startswith(_UTF_16_MARKS) else "utf-8")
    except UnicodeError:
        raise UsageError(f"{shown_file(file)} is not UTF-8; save it in UTF-8") from None
    return text.removeprefix("\ufeff")


def read_json(file: str) -> Any:
    """The document in a file of JSON. Raises UsageError."""
    try:
        return json.loads(read_text(file))
    except (ValueError, RecursionError):
        raise UsageError(f"{shown_file(file)} is not JSON; give another file") from None


def write_text(
    text: str, file: str | None, *, inputs: Sequence[str | None] = (), overwrite: bool = True
) -> None:
    """Write a file, or without one standard output. The files in `inputs` are never overwritten.

    Raises UsageError.
    """
    if file is None or file == STREAM:
        output.write(text)
        return
    path = Path(file)
    try:
        if any(given not in (None, STREAM) and _is_same(path, Path(given)) for given in inputs):
            raise UsageError(f"{file} is what this command reads, and would be overwritten; give another -o")
        is_new = not path.exists()
        with path.open("w" if overwrite else "x", encoding="utf-8") as written:
            _write_all(text, written, path if is_new else None)
    except FileExistsError:
        raise UsageError(f"{file} exists; give another -o, or --force to overwrite it") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}); give another -o") from None


def _write_all(text: str, file: TextIO, unfinished: Path | None) -> None:
    """Write a text. If the disk is full, remove the file that has only a part of it. Raises OSError."""
    try:
        file.write(text)
        file.flush()
    except OSError:
        if unfinished is not None:
            unfinished.unlink()
        raise


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)
