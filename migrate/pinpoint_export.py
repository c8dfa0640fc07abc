"""Reads the files of an Amazon Pinpoint endpoint export (CreateExportJob): JSON lines, usually gzipped parts.

Reads in pieces, so that memory does not grow with the export or with a line. Imports nothing of the project.
"""

import gzip
import io
import os
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Far more than an endpoint can be: Amazon Pinpoint's limit is 15 KB.
MAX_LINE_BYTES = 1_000_000

_SUFFIXES = frozenset({".gz", ".json", ".jsonl"})
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK_BYTES = 1 << 20
_BUFFER_BYTES = 1 << 16


class ExportError(Exception):
    """A file or directory of the export cannot be read; in one line."""


class CutOffError(ExportError):
    """A file ends before its time. What was read of it is the beginning of the whole file."""


class DamagedError(ExportError):
    """The content of a file has been altered. What was read of it before that showed may be wrong, too."""


def export_files(paths: Sequence[Path], *, no_parts: Collection[Path] = ()) -> list[Path]:
    """The files that the given files and directories stand for, in a stable order, each once.

    Of a directory (and those below) the files that end in .gz, .json or .jsonl, are not hidden and are none
    of `no_parts`, which are resolved paths. Raises ExportError where there is none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            candidates = [file for file in sorted(path.rglob("*")) if _is_part(file, path)]
            files = [file for file in candidates if file.resolve() not in no_parts]
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


def read_lines(file: Path, size: int | None = None) -> Iterator[bytes | None]:
    """The lines of a file without their ends; None for one longer than MAX_LINE_BYTES.

    Reads the first `size` bytes of the stored file, by default as many as it has when it is opened: a file
    that grows meanwhile has an end. Raises ExportError where the file cannot be read, CutOffError where it is
    cut off and DamagedError where it is damaged, at that place or a little before.
    """
    with _readable(file, size) as stream:
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
    """How many lines `read_lines` gives; about as many where it raises before the end."""
    count, last = 0, b"\n"
    with suppress(ExportError), _readable(file, None) as stream:
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


class _FirstBytes(io.RawIOBase):
    """The first bytes of a file, as many as `size`."""

    def __init__(self, stored: io.FileIO, size: int) -> None:
        super().__init__()
        self._stored = stored
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        count = self._stored.readinto(memoryview(buffer)[: self._left]) or 0
        self._left -= count
        return count


@contextmanager
def _readable(file: Path, size: int | None) -> Iterator[BinaryIO]:
    try:
        with file.open("rb", buffering=0) as raw:
            first = _FirstBytes(raw, os.fstat(raw.fileno()).st_size if size is None else size)
            stored = io.BufferedReader(first, _BUFFER_BYTES)
            if stored.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] != _GZIP_MAGIC:
                yield stored
                return
            with gzip.open(stored) as unpacked, io.BufferedReader(unpacked) as stream:
                yield stream
    except EOFError:
        raise CutOffError(f"{_shown(file)} is not complete: download it again") from None
    except (zlib.error, gzip.BadGzipFile):
        raise DamagedError(f"{_shown(file)} is damaged: download it again") from None
    except OSError as error:
        raise ExportError(f"{_shown(file)} cannot be read ({error.strerror})") from None


def _shown(file: Path) -> Path:
    """A path that no other file has: from the current directory where the file is below it."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file
