"""Unpacks the archives of functions, and keeps them for later runs.

A directory is named after the archive's content and this Python, whose compiled packages it holds. Python
writes its bytecode there too, so the next run compiles nothing.
"""

import hashlib
import io
import os
import shutil
import sys
import sysconfig
import tempfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path

from local.functions.native_packages import replace_native_packages

UNUSED_SECONDS = 24 * 60 * 60
"""How long an unused directory is kept: each edit of the handler's code makes a new one."""


def task_root(code: bytes, cache: Path) -> Path:
    """The directory in `cache` with the files of this archive, which is unpacked if it is not there yet.

    Raises NativePackageError if this Python lacks a compiled package of the archive.
    """
    key = hashlib.sha256(code).hexdigest()[:16]
    root = cache / f"{key}-{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    if not root.exists():
        _remove_unused(cache)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".", dir=cache))
        try:
            with zipfile.ZipFile(io.BytesIO(code)) as archive:
                archive.extractall(unfinished)
            replace_native_packages(unfinished)
            with suppress(OSError):  # another process may have been first
                unfinished.rename(root)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    os.utime(root)
    return root


def _remove_unused(cache: Path) -> None:
    for directory in cache.glob("*"):
        with suppress(FileNotFoundError):  # another process may remove it too
            if directory.stat().st_mtime < time.time() - UNUSED_SECONDS:
                shutil.rmtree(directory, ignore_errors=True)
