"""Reads files, and standard input as one."""

import io
import os
import select
import sys
from pathlib import Path
from typing import BinaryIO, Final, cast

from cli.errors import UsageError

STREAM: Final = "-"
"""The name that stands for standard input, or standard output."""

_PIECE_BYTES: Final = 1 << 16
# Python handles a signal that arrives just before a wait only after it.
_LONGEST_WAIT_SECONDS: Final = 0.5


def read_bytes(file: str, *, option: str | None = None) -> bytes:
    """The content of a file. `option` is the one that named it. Raises UsageError."""
    try:
        return standard_input() if file == STREAM else Path(file).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: the name holds a zero byte
        reason = error.strerror if isinstance(error, OSError) else str(error)
        named = shown_file(file) if option is None else f"{option}: {shown_file(file)}"
        raise UsageError(f"{named} cannot be read ({reason}); give the path of a file") from None


def shown_file(file: str) -> str:
    """A file name for a message."""
    return "standard input" if file == STREAM else file


def standard_input() -> bytes:
    """All of standard input. Raises UsageError.

    Unlike Python's own `read`, it misses no Ctrl-C that comes between two reads.
    """
    stream = cast("BinaryIO | None", getattr(sys.stdin, "buffer", None))
    if stream is None:
        raise UsageError("standard input is closed; give the path of a file")
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:  # not a stream of the system
        return stream.read()
    content = bytearray()
    while True:
        if select.select([descriptor], [], [], _LONGEST_WAIT_SECONDS)[0]:
            piece = os.read(descriptor, _PIECE_BYTES)
            if not piece:
                return bytes(content)
            content += piece
