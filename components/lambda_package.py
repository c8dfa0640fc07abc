"""The code archive of a Lambda function: reproducible, cached, built by `pulumi up` itself.

It holds the handler's sources and the pinned wheels for Lambda's platform, and is the same to the byte on
every machine: wheel entries stay compressed as they are (zlib's output varies), sources are stored
uncompressed with LF line ends, times and permissions are fixed, names are sorted.
"""

import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A Lambda runtime and architecture, and the wheels that fit them."""

    runtime: str
    architecture: str
    python_version: str
    platforms: tuple[str, ...]


TARGET: Final = Target(
    runtime="python3.13",
    architecture="arm64",
    python_version="3.13",
    # Amazon Linux 2023 has glibc 2.34. pip matches each tag exactly, and tries no older one.
    platforms=("manylinux_2_34_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64"),
)
"""The newest runtime that AWS (until 2029-06) and the dependencies support."""

MAX_UNZIPPED_BYTES: Final = 250 * 1024 * 1024
"""The largest deployment package that AWS Lambda accepts (Lambda quotas)."""

_LAYOUT = b"1"  # part of the cache key: increase it when the same inputs give another archive


class PackagingError(pulumi.RunError):
    """The archive cannot be built. The message is one line with the reason and the fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageArgs:
    # Directories of the Python packages to archive under their own names, such as handler/ and contract/. The
    # first one names the archive.
    sources: Sequence[Path]

    # A compiled requirements file with hashes.
    requirements: Path

    # The AWS services whose botocore models to keep, such as sqs. All others (25 MB) are left out.
    services: Collection[str]

    # Directory for downloaded wheels and finished archives.
    cache: Path

    target: Target = TARGET


def build(args: PackageArgs) -> Path:
    """The path of the archive, which is built unless the cache has it.

    Needs a package index only if the cache lacks the wheels. Raises PackagingError.
    """
    wheels_key = _digest(_text(args.requirements), repr(args.target).encode())
    sources = [source for package in args.sources for source in _sources(package)]
    key = _digest(
        _LAYOUT,
        wheels_key.encode(),
        repr(sorted(args.services)).encode(),
        *(part for name, content in sources for part in (name.encode(), content)),
    )
    archive = args.cache / "archives" / f"{args.sources[0].name}-{key[:16]}.zip"
    if not archive.exists():
        wheels = args.cache / "wheels" / wheels_key[:16]
        if not wheels.exists():
            _download(args.requirements, args.target, wheels)
        entries = [_stored(name, content) for name, content in sources]
        for wheel in sorted(wheels.glob("*.whl")):
            entries.extend(_wheel_entries(wheel, args.services))
        _write(entries, archive)
    return archive


def _digest(*parts: bytes) -> str:
    """SHA-256 of the parts, each with its length, so that different lists never have the same input."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(struct.pack("<Q", len(part)))
        digest.update(part)
    return digest.hexdigest()


def _sources(package: Path) -> list[tuple[str, bytes]]:
    """The name in the archive and the content of every module of the package, sorted by name."""
    files = {file.relative_to(package.parent).as_posix(): file for file in package.rglob("*.py")}
    if not files:
        raise PackagingError(
            f"{package} has no Python modules, so the function would have no code. Restore the directory."
        )
    return [(name, _text(files[name])) for name in sorted(files)]


def _text(file: Path) -> bytes:
    """The content of a text file with LF line ends, whatever this checkout has."""
    return file.read_bytes().replace(b"\r\n", b"\n")


def _download(requirements: Path, target: Target, wheels: Path) -> None:
    """Download the wheels for the target into `wheels`, all or none."""
    file = f"{requirements.parent.name}/{requirements.name}"
    pulumi.log.info(f"Downloading the packages of {file} for {target.architecture} (once) …")
    wheels.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=wheels.parent))
    platforms = [word for platform in target.platforms for word in ("--platform", platform)]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input"),
        *("--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary=:all:"),
        *("--implementation", "cp", "--python-version", target.python_version, *platforms),
        *("--dest", str(unfinished), "--requirement", str(requirements)),
    ]
    try:
        pip = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no outside input
        if pip.returncode != 0:
            reason = (pip.stderr.strip().splitlines() or ["pip printed no error"])[-1]
            raise PackagingError(
                f"Cannot download the packages of {requirements} for {target.architecture}: {reason}. "
                "Check the connection to the package index; later builds work offline."
            )
        if not wheels.exists():  # a concurrent build may have finished first
            unfinished.rename(wheels)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file as the archive holds it."""

    name: str
    method: int
    crc: int
    size: int
    data: bytes


def _stored(name: str, content: bytes) -> _Entry:
    return _Entry(name, zipfile.ZIP_STORED, zlib.crc32(content), len(content), content)


def _wheel_entries(wheel: Path, services: Collection[str]) -> Iterator[_Entry]:
    """The files that installing the wheel would put on the import path, compressed as they are."""
    with zipfile.ZipFile(wheel) as archive, wheel.open("rb") as raw:
        for info in archive.infolist():
            if info.is_dir() or not _belongs(PurePosixPath(info.filename), services):
                continue
            raw.seek(info.header_offset)
            header = raw.read(_LOCAL_HEADER.size)
            # The lengths in the local header, because its extra field may differ from the directory's.
            name_length, extra_length = _LOCAL_HEADER.unpack(header)[-2:]
            raw.seek(name_length + extra_length, os.SEEK_CUR)
            data = raw.read(info.compress_size)
            yield _Entry(info.filename, info.compress_type, info.CRC, info.file_size, data)


def _belongs(path: PurePosixPath, services: Collection[str]) -> bool:
    """Whether a file of a wheel goes into the archive."""
    top = path.parts[0]
    if top.endswith(".data"):
        if path.parts[1] in {"purelib", "platlib"}:
            raise PackagingError(
                f"{top} has modules in {path.parts[1]}, which the archive does not unpack. "
                "Choose another version of that dependency in handler/requirements.in."
            )
        return False  # scripts, headers and manuals
    if path.parts[:2] == ("botocore", "data") and len(path.parts) > 3:
        return path.parts[2] in services and not path.name.startswith("examples-")
    return True


# ZIP records, from APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16 (PKWARE's format specification).
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
_DIRECTORY_HEADER = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END_OF_DIRECTORY = struct.Struct("<4sHHHHIIH")

_VERSION_NEEDED = 20
_MADE_ON_UNIX = 3 << 8 | _VERSION_NEEDED
_UTF8_NAMES = 0x800
_TIME, _DATE = 0, 0x21  # 1980-01-01 00:00, the earliest time in a ZIP file
_READABLE_FILE = 0o100644 << 16  # Lambda's user must be able to read it


def _write(entries: Sequence[_Entry], archive: Path) -> None:
    """Write the archive atomically. Refuses an archive that AWS Lambda would refuse."""
    entries = sorted(entries, key=lambda entry: entry.name)
    unzipped = sum(entry.size for entry in entries)
    if unzipped > MAX_UNZIPPED_BYTES:
        raise PackagingError(
            f"The function's code has {unzipped} bytes unzipped; AWS Lambda accepts at most "
            f"{MAX_UNZIPPED_BYTES}. Remove a dependency from handler/requirements.in."
        )
    body, directory = bytearray(), bytearray()
    for entry in entries:
        name = entry.name.encode()
        common = (
            *(_VERSION_NEEDED, _UTF8_NAMES, entry.method, _TIME, _DATE),
            *(entry.crc, len(entry.data), entry.size, len(name), 0),
        )
        directory += _DIRECTORY_HEADER.pack(
            b"PK\x01\x02", _MADE_ON_UNIX, *common, 0, 0, 0, _READABLE_FILE, len(body)
        )
        directory += name
        body += _LOCAL_HEADER.pack(b"PK\x03\x04", *common) + name + entry.data
    count = len(entries)
    end = _END_OF_DIRECTORY.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)

    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(bytes(body + directory) + end)
    unfinished.replace(archive)
