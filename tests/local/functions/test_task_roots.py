"""Unpacked archives: one directory for the same archive, kept while it is in use."""

import io
import os
import time
import zipfile
from pathlib import Path

from local.functions.task_roots import UNUSED_SECONDS, task_root


def archive(source: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zip_file:
        zip_file.writestr("package/index.py", source)
    return file.getvalue()


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    first = task_root(archive("a"), tmp_path)
    (first / "bytecode").touch()

    assert task_root(archive("a"), tmp_path) == first
    assert (first / "package" / "index.py").read_text() == "a"
    assert (first / "bytecode").exists()


def test_another_archive_has_another_directory(tmp_path: Path) -> None:
    roots = {task_root(archive(source), tmp_path) for source in ("a", "b")}

    assert len(roots) == 2
    assert sorted(tmp_path.iterdir()) == sorted(roots)


def test_long_unused_archives_are_removed_when_another_is_unpacked(tmp_path: Path) -> None:
    unused, used = task_root(archive("a"), tmp_path), task_root(archive("b"), tmp_path)
    long_ago = time.time() - UNUSED_SECONDS - 1
    for root in (unused, used):
        os.utime(root, (long_ago, long_ago))
    task_root(archive("b"), tmp_path)

    new = task_root(archive("c"), tmp_path)

    assert set(tmp_path.iterdir()) == {used, new}
