"""Files that the commands write."""

from pathlib import Path

import pytest

from cli.errors import FailedError
from ops.new_file import new_file


def test_a_file_is_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new"

    with new_file(file) as opened:
        opened.write("ü")

    assert (file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777) == ("ü", 0o600)


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "new"
    file.write_text("old")

    with pytest.raises(FailedError, match=r"new cannot be written \(File exists\); name a new file"):
        new_file(file).__enter__()

    assert file.read_text() == "old"


def test_half_a_file_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "new"

    with pytest.raises(KeyboardInterrupt), new_file(file):
        raise KeyboardInterrupt

    assert not file.exists()


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "new"

    with (
        pytest.raises(FailedError, match=r"new cannot be written \(No space left on device\)"),
        new_file(file),
    ):
        raise OSError(28, "No space left on device")

    assert not file.exists()
