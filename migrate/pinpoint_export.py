"""Reads the files of an Amazon Pinpoint endpoint export (CreateExportJob): JSON lines, usually gzipped parts.

Reads in pieces, so that memory does not grow with the export or with a line. Imports nothing of the project.
"""

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# Far more than an endpoint can be: Amazon Pinpoint's limit is 15 KB.
MAX_LINE_BYTES = 1_000_000

_SUFFIXES = frozenset({".gz", ".json", ".jsonl"})
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK_BYTES = 1 << 20


class ExportError(Exception):
    """A file or directory of the export cannot be read; in one line."""


def export_files(paths: Sequence[Path]) -> list[Path]:
    """The files that the given files and directories stand for, in a stable order, each once.

    Of a directory (and those below) the files that end in .gz, .json or .jsonl and are not hidden. Raises
    ExportError where there is none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if _is_part(file, path)]
            if not files:
                raise ExportError(
                    f"{path} holds no .gz, .json or .jsonl file: give the directory of an export"
                )
        elif path.is_file():
            files = [path]
        else:
            raise ExportError(f"{path} does not exist: give a file or directory of an export")
        found.update(dict.fromkeys(file.resolve() for file in files))
    return list(found)


def read_lines(file: Path) -> Iterator[bytes | None]:
    """The lines of a file without their ends; None for one longer than MAX_LINE_BYTES.

    Raises ExportError where the file cannot be read or is damaged, at that place or a little before.
    """
    with _readable(file) as stream:
        first = True
        while line := stream.readline(MAX_LINE_BYTES + 2):
            content = line.rstrip(b"\r\n")
            if len(content) > MAX_LINE_BYTES:
                if not line.endswith(b"\n"):
                    _finish_line(stream)
                yield None
            else:
                yield content.removeprefix(_BYTE_ORDER_MARK) if first else content
            first = False


def count_lines(file: Path) -> int:
    """How many lines `read_lines` gives; raises ExportError as it does."""
    count, last = 0, b"\n"
    with _readable(file) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def _is_part(file: Path, directory: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(directory).parts)
    return file.suffix in _SUFFIXES and not hidden and file.is_file()


def _finish_line(stream: BinaryIO) -> None:
    while (piece := stream.readline(_CHUNK_BYTES)) and not piece.endswith(b"\n"):
        pass


@contextmanager
def _readable(file: Path) -> Iterator[BinaryIO]:
    try:
        with file.open("rb") as stored:
            if stored.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] != _GZIP_MAGIC:
                yield stored
                return
            with gzip.open(stored) as unpacked, io.BufferedReader(unpacked) as stream:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ExportError(f"{file.name} is damaged or not complete: download it again") from None
    except OSError as error:
        raise ExportError(f"{file.name} cannot be read ({error.strerror})") from None
