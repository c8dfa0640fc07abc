"""What a command prints: lines for people, and content for files.

Results go to standard output, everything else to standard error. Python's stream of a descriptor that was
closed, as in `>&-`, is None.
"""

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TextIO, cast

from cli.errors import FailedError
from cli.printable import printable


def say(line: str = "") -> None:
    """A line of the result. Raises FailedError, and BrokenPipeError where its reader has gone."""
    stream = cast("TextIO | None", sys.stdout)
    if stream is not None:
        with _failures(stream):
            stream.write(f"{printable(line)}\n")
            stream.flush()


def note(line: str = "") -> None:
    """A line about the work, on standard error. That it cannot be written is no reason to end."""
    stream = cast("TextIO | None", sys.stderr)
    if stream is None:
        return
    try:
        stream.write(f"{printable(line)}\n")
        stream.flush()
    except OSError:
        drop(stream)


def write(content: str) -> None:
    """Content for a file or another program, as it is: in UTF-8, whatever the terminal's own encoding is.

    Raises FailedError, and BrokenPipeError where its reader has gone.
    """
    stream = cast("TextIO | None", sys.stdout)
    if stream is None:
        raise FailedError("standard output is closed; give a file to write")
    with _failures(stream):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
        stream.write(content)
        stream.flush()


def flush() -> None:
    """Write what is in the buffer of standard output. Raises as `say` does."""
    stream = cast("TextIO | None", sys.stdout)
    if stream is not None:
        with _failures(stream):
            stream.flush()


def escape_unknown_letters() -> None:
    """Let no letter that the terminal's encoding lacks, such as an arrow, end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop(stream: TextIO | None) -> None:
    """Forget what is in a stream's buffer. Python would write it once more at its end, and complain."""
    with suppress(AttributeError, OSError):
        descriptor = cast(TextIO, stream).fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


@contextmanager
def _failures(stream: TextIO) -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        drop(stream)
        raise FailedError(
            f"standard output cannot be written ({error.strerror}); free space there, or write elsewhere"
        ) from None
