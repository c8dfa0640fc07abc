"""Finds the files of an Amazon Pinpoint endpoint export and reads their lines, gzipped or not.

Reads in chunks, so memory use does not grow with the export, with a line, or with the unpacked size of a
file.
"""

import gzip
import io
import os
import zlib
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Far more than an endpoint can be: Amazon Pinpoint's limit is 15 KB.
MAX_LINE_BYTES = 1_000_000

# gzip packs endpoints about 10:1, and repetitive content up to 1,000:1: a file beyond MAX_RATIO is a zip
# bomb. Files that unpack to less than 64 MiB are not checked.
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
    """A file or directory of the export cannot be read, and why, in one line."""


def export_files(paths: Sequence[Path], *, no_parts: Collection[Path] = ()) -> tuple[list[Path], list[Path]]:
    """The export's files in a stable order, each once, and the files that are not read.

    A directory stands for its files and those below: without hidden ones, those in `no_parts` (resolved
    paths), and those that do not end in SUFFIXES. The latter are the files not read. Raises ExportError if
    nothing is left, and for a link in a directory, which may lead anywhere.
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
                    f"{path} has no .gz, .json, .jsonl or .csv file; give the directory of an export"
                )
        elif path.is_file():
            files = [path]
        elif path.exists():
            raise ExportError(f"{path} is neither a file nor a directory; give a file of an export")
        else:
            raise ExportError(f"{path} does not exist; give a file or directory of an export")
        found.update(dict.fromkeys(file.resolve() for file in files))
    return list(found), others


def read_lines(file: Path, size: int | None = None) -> Iterator[bytes | None]:
    """The lines of a file without line ends; None for a line longer than MAX_LINE_BYTES.

    Reads the first `size` bytes of the stored file, by default its size when opened, so that reading a
    growing file ends. Raises ExportError if the file cannot be read, is incomplete, damaged or a zip bomb, or
    is not in UTF-8.
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
                # Concatenated parts may each begin with a mark.
                yield content.removeprefix(_BYTE_ORDER_MARK)


def _walk(directory: Path) -> Iterator[Path]:
    """The files of a directory and below, without hidden ones. Raises ExportError, also for a link."""
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise ExportError(f"{directory} cannot be read ({error.strerror})") from None
    for path in paths:
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            raise ExportError(
                f"{path} is a link, and links in a directory are not followed; replace it with its target, "
                "or remove it"
            )
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path


def _refuse_other_content(file: Path, beginning: bytes) -> None:
    if beginning.startswith(_ZIP_MAGIC):
        raise ExportError(f"{_shown(file)} is a ZIP archive; unpack it")
    # JSON and CSV begin with ASCII, which has zero bytes in UTF-16 and UTF-32.
    if beginning.startswith(_WIDE_MARKS) or (len(beginning) > 1 and 0 in beginning[:2]):
        raise ExportError(
            f"{_shown(file)} is in UTF-16 or UTF-32; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"
        )


def _finish_line(stream: BinaryIO) -> None:
    while (piece := stream.readline(_CHUNK_BYTES)) and not piece.endswith(b"\n"):
        pass


class _FirstBytes(io.RawIOBase):
    """The first `size` bytes of a file."""

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
    """The unpacked content of a gzipped file, up to MAX_RATIO times its size."""

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
                f"{_shown(self._file)} unpacks to more than {MAX_RATIO} times its size, which no endpoint "
                "export does; remove it"
            )
        return count


@contextmanager
def _readable(file: Path, size: int | None) -> Generator["io.BufferedReader[Any]"]:
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
        raise ExportError(f"{_shown(file)} is incomplete; download it again") from None
    except (zlib.error, gzip.BadGzipFile):
        raise ExportError(f"{_shown(file)} is damaged; download it again") from None
    except OSError as error:
        raise ExportError(f"{_shown(file)} cannot be read ({error.strerror})") from None


def _shown(file: Path) -> Path:
    """An unambiguous path: relative if the file is below the current directory, absolute otherwise."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file
