"""Reads the files of an Amazon Pinpoint endpoint export: JSON lines or CSV, as they are or gzipped.

Reads in pieces, so that memory does not grow with the export, with a line, or with what a file unpacks to.
"""

import gzip
import io
import os
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Far more than an endpoint can be: Amazon Pinpoint's limit is 15 KB.
MAX_LINE_BYTES = 1_000_000

# Endpoints shrink to a tenth or so; gzip reaches 1:1,000 with what repeats itself. Below so many bytes a
# file may be as repetitive as it likes.
MAX_RATIO = 200
_RATIO_COUNTS_FROM = 64 << 20

SUFFIXES = (".gz", ".json", ".jsonl", ".csv")
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CHUNK_BYTES = 1 << 20
_BUFFER_BYTES = 1 << 16


class ExportError(Exception):
    """A file or directory of the export cannot be read; in one line."""


def export_files(paths: Sequence[Path], *, no_parts: Collection[Path] = ()) -> tuple[list[Path], list[Path]]:
    """The files that the given files and directories stand for, in a stable order, each once; and the others.

    Of a directory (and those below) the files that end in SUFFIXES, are not hidden and are none of
    `no_parts`, which are resolved paths. The others are what is left of its files. Raises ExportError where
    there is none, and for a link in a directory: what it leads to may be anywhere.
    """
    found: dict[Path, None] = {}
    others: list[Path] = []
    for path in paths:
        if path.is_dir():
            candidates = [file for file in _walk(path) if file.resolve() not in no_parts]
            files = [file for file in candidates if file.suffix in SUFFIXES]
            others += [file for file in candidates if file.suffix not in SUFFIXES]
            if not files:
                raise ExportError(
                    f"{path} holds no .gz, .json, .jsonl or .csv file: give the directory of an export"
                )
        elif path.is_file():
            files = [path]
        elif path.exists():
            raise ExportError(f"{path} is neither a file nor a directory: give a file of an export")
        else:
            raise ExportError(f"{path} does not exist: give a file or directory of an export")
        found.update(dict.fromkeys(file.resolve() for file in files))
    return list(found), others


def read_lines(file: Path, size: int | None = None) -> Iterator[bytes | None]:
    """The lines of a file without their ends; None for one longer than MAX_LINE_BYTES.

    Reads the first `size` bytes of the stored file, by default as many as it has when it is opened: a file
    that grows meanwhile has an end. Raises ExportError where the file cannot be read, is not complete, is
    damaged, unpacks to more than an export can, or is in another encoding than UTF-8.
    """
    with _readable(file, size) as stream:
        _refuse_other_content(file, stream.peek(4)[:4])
        while line := stream.readline(MAX_LINE_BYTES + 2):
            content = line.rstrip(b"\r\n")
            if len(content) > MAX_LINE_BYTES:
                if not line.endswith(b"\n"):
                    _finish_line(stream)
                yield None
            else:
                # Also where a part begins that was appended to another.
                yield content.removeprefix(_BYTE_ORDER_MARK)


def _walk(directory: Path) -> Iterator[Path]:
    """The files of a directory and those below, hidden ones left out. Raises ExportError, also for a link."""
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise ExportError(f"{directory} cannot be read ({error.strerror})") from None
    for path in paths:
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            raise ExportError(
                f"{path} is a link, and links in a directory are not followed: replace it by what it leads "
                "to, or take it out"
            )
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path


def _refuse_other_content(file: Path, beginning: bytes) -> None:
    if beginning.startswith(_ZIP_MAGIC):
        raise ExportError(f"{_shown(file)} is a ZIP archive: unpack it")
    # JSON and CSV begin with ASCII, of which UTF-16 and UTF-32 make zero bytes.
    if beginning.startswith(_WIDE_MARKS) or (len(beginning) > 1 and 0 in beginning[:2]):
        raise ExportError(
            f"{_shown(file)} is not in UTF-8 but in UTF-16 or UTF-32: convert it (iconv -f UTF-16 -t UTF-8)"
        )


def _finish_line(stream: BinaryIO) -> None:
    while (piece := stream.readline(_CHUNK_BYTES)) and not piece.endswith(b"\n"):
        pass


class _FirstBytes(io.RawIOBase):
    """The first bytes of a file, as many as `size`."""

    def __init__(self, stored: io.FileIO, size: int) -> None:
        super().__init__()
        self._stored = stored
        self._left = size
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        count = self._stored.readinto(memoryview(buffer)[: self._left]) or 0
        self._left -= count
        self.count += count
        return count


class _Unpacked(io.RawIOBase):
    """What a gzipped file unpacks to, up to MAX_RATIO times its size."""

    def __init__(self, file: Path, unpacked: gzip.GzipFile, packed: _FirstBytes) -> None:
        super().__init__()
        self._file = file
        self._unpacked = unpacked
        self._packed = packed
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        count = self._unpacked.readinto(buffer)
        self._count += count
        if self._count > max(_RATIO_COUNTS_FROM, MAX_RATIO * self._packed.count):
            raise ExportError(
                f"{_shown(self._file)} unpacks to more than {MAX_RATIO} times its size, which no export of "
                "endpoints does: leave it out"
            )
        return count


@contextmanager
def _readable(file: Path, size: int | None) -> Iterator["io.BufferedReader[Any]"]:
    try:
        with file.open("rb", buffering=0) as raw:
            first = _FirstBytes(raw, os.fstat(raw.fileno()).st_size if size is None else size)
            stored = io.BufferedReader(first, _BUFFER_BYTES)
            if stored.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] != _GZIP_MAGIC:
                yield stored
                return
            with (
                gzip.open(stored) as unpacked,
                io.BufferedReader(_Unpacked(file, unpacked, first), _BUFFER_BYTES) as stream,
            ):
                yield stream
    except EOFError:
        raise ExportError(f"{_shown(file)} is not complete: download it again") from None
    except (zlib.error, gzip.BadGzipFile):
        raise ExportError(f"{_shown(file)} is damaged: download it again") from None
    except OSError as error:
        raise ExportError(f"{_shown(file)} cannot be read ({error.strerror})") from None


def _shown(file: Path) -> Path:
    """A path that no other file has: from the current directory where the file is below it."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file
