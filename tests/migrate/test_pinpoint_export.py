"""Finding and reading the files of an export, and refusing damaged ones."""

import gzip
import os
import tracemalloc
import zlib
from pathlib import Path

import pytest

from migrate.pinpoint_export import (
    MAX_LINE_BYTES,
    ExportError,
    export_files,
    read_lines,
)
from tests.migrate.exports import as_line, numbered, write_lines


def names(found: tuple[list[Path], list[Path]]) -> list[str]:
    return [file.name for file in found[0]]


def test_a_directory_stands_for_its_parts_in_order(tmp_path: Path) -> None:
    for name in ("b.json.gz", "a/c.json", "a.jsonl", "d.csv"):
        write_lines(tmp_path / name, [b"{}\n"])

    assert names(export_files([tmp_path])) == ["c.json", "a.jsonl", "b.json.gz", "d.csv"]


def test_hidden_and_other_files_of_a_directory_are_not_parts(tmp_path: Path) -> None:
    for name in ("part.gz", ".gtm-pixel-import.json", ".cache/part.gz", "readme.txt"):
        write_lines(tmp_path / name, [b"{}\n"])

    assert names(export_files([tmp_path])) == ["part.gz"]
    assert export_files([tmp_path])[1] == [tmp_path / "readme.txt"]


@pytest.mark.parametrize("target", ["part.json", ".", "..", "nowhere"])
def test_a_link_in_a_directory_is_an_error_that_names_it(tmp_path: Path, target: str) -> None:
    """A link may lead to the same file again, to a loop, outside, or nowhere."""
    export = tmp_path / "export"
    write_lines(export / "part.json", [b"{}\n"])
    (export / "link.json").symlink_to(target)

    with pytest.raises(ExportError, match=r"link\.json is a link"):
        export_files([export])


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    write_lines(tmp_path / "export" / "part.json", [b"{}\n"])
    (tmp_path / "link").symlink_to(tmp_path / "export")
    (tmp_path / "part").symlink_to(tmp_path / "export" / "part.json")

    assert names(export_files([tmp_path / "link", tmp_path / "part"])) == ["part.json"]


def test_a_directory_that_may_not_be_read_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user who runs the tests may be able to read every file."""
    closed = tmp_path / "closed"
    closed.mkdir()
    listed = Path.iterdir

    def refuse(path: Path) -> object:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(ExportError, match=r"closed cannot be read \(Permission denied\)"):
        export_files([tmp_path])


def test_the_byte_order_mark_of_an_appended_part_is_removed(tmp_path: Path) -> None:
    part = tmp_path / "part.gz"
    part.write_bytes(gzip.compress(b"\xef\xbb\xbf{}\n") * 2)

    assert list(read_lines(part)) == [b"{}", b"{}"]


def test_a_path_that_is_not_a_file_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ExportError, match="pipe is neither a file nor a directory"):
        export_files([tmp_path / "pipe"])


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "endpoints", [b"{}\n"])

    assert names(export_files([file])) == ["endpoints"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "part.json", [b"{}\n"])

    assert names(export_files([tmp_path, file])) == ["part.json"]


def test_other_files_of_a_directory_are_not_read(tmp_path: Path) -> None:
    for name in ("part.json", "below/skipped.jsonl"):
        write_lines(tmp_path / name, [b"{}\n"])
    no_part = (tmp_path / "below" / "skipped.jsonl").resolve()

    assert names(export_files([tmp_path], no_parts=[no_part])) == ["part.json"]


def test_a_directory_without_any_part_is_an_error(tmp_path: Path) -> None:
    no_part = write_lines(tmp_path / "skipped.jsonl", [b"{}\n"]).resolve()

    with pytest.raises(ExportError, match=r"has no \.gz"):
        export_files([tmp_path], no_parts=[no_part])


@pytest.mark.parametrize("path", ["nothing", "empty"])
def test_a_path_without_parts_is_an_error_that_names_it(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(ExportError, match=path):
        export_files([tmp_path / path])


@pytest.mark.parametrize("name", ["part.json", "part.json.gz"])
def test_lines_come_without_their_ends(tmp_path: Path, name: str) -> None:
    file = write_lines(tmp_path / name, [b"one\n", b"\n", b"two\r\n", b"three"])

    assert list(read_lines(file)) == [b"one", b"", b"two", b"three"]


def test_a_file_that_grows_is_read_up_to_its_size_when_it_was_opened(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "part.json", [b"one\n", b"two\n"])
    found: list[bytes | None] = []
    with file.open("ab", buffering=0) as growing:
        for line in read_lines(file):
            found.append(line)
            growing.write(b"more\n")

    assert found == [b"one", b"two"]


@pytest.mark.parametrize("name", ["part.json", "part.json.gz"])
def test_a_file_is_read_up_to_the_size_that_is_asked_for(tmp_path: Path, name: str) -> None:
    file = write_lines(tmp_path / name, [b"one\n", b"two\n"])
    size = file.stat().st_size
    write_lines(tmp_path / "more", [b"three\n"])
    with file.open("ab") as growing:
        growing.write((tmp_path / "more").read_bytes())

    assert list(read_lines(file, size)) == [b"one", b"two"]


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "part.json"
    file.write_bytes(gzip.compress(b"one\n"))

    assert list(read_lines(file)) == [b"one"]


def test_a_byte_order_mark_is_removed(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "part.json", [b"\xef\xbb\xbfone\n", b"two\n"])

    assert list(read_lines(file)) == [b"one", b"two"]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(write_lines(tmp_path / "part.json", []))) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"Id": "é"}\n'.encode("utf-16"), "is in UTF-16 or UTF-32"),
        ('{"Id": "é"}\n'.encode("utf-16-le"), "is in UTF-16 or UTF-32"),
        ("Id,Address\n".encode("utf-16-be"), "is in UTF-16 or UTF-32"),
        ('{"Id": "é"}\n'.encode("utf-32"), "is in UTF-16 or UTF-32"),
        (b"PK\x03\x04rest", "is a ZIP archive; unpack it"),
    ],
)
@pytest.mark.parametrize("name", ["part.json", "part.gz"])
def test_a_file_of_another_kind_is_an_error_that_says_what_to_do(
    tmp_path: Path, content: bytes, expected: str, name: str
) -> None:
    file = write_lines(tmp_path / name, [content])

    with pytest.raises(ExportError, match=rf"part\.[a-z]+ {expected}"):
        list(read_lines(file))


def test_a_file_that_unpacks_to_far_more_than_an_export_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrate.pinpoint_export._RATIO_COUNTS_FROM", 1_000_000)
    file = write_lines(tmp_path / "part.gz", [b"{}" + b" " * 100 + b"\n"] * 100_000)

    with pytest.raises(ExportError, match=r"part\.gz unpacks to more than 200 times its size"):
        for _ in read_lines(file):
            pass


def test_very_similar_endpoints_are_not_a_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrate.pinpoint_export._RATIO_COUNTS_FROM", 0)
    file = write_lines(tmp_path / "part.gz", map(as_line, numbered(5_000)))

    assert len(list(read_lines(file))) == 5_000


@pytest.mark.parametrize("beyond", [1, 2, 3, 3 * MAX_LINE_BYTES])
def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path, beyond: int) -> None:
    file = write_lines(tmp_path / "part.json", [b"x" * (MAX_LINE_BYTES + beyond) + b"\n", b"next\n"])

    assert list(read_lines(file)) == [None, b"next"]


def test_the_longest_line_is_read(tmp_path: Path) -> None:
    longest = b"x" * MAX_LINE_BYTES

    assert list(read_lines(write_lines(tmp_path / "part.json", [longest + b"\n"]))) == [longest]


def test_memory_does_not_grow_with_a_line(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "part.gz", [b"0" * 10_000_000 for _ in range(4)])
    tracemalloc.start()

    assert list(read_lines(file)) == [None]

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


# The header and the 8 bytes of check value and length at the end are not compressed.
@pytest.mark.parametrize("cut", [5, 20, 60, -1, -8, -9])
def test_a_file_that_is_cut_off_is_an_error_that_names_it(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "part.gz"
    file.write_bytes(gzip.compress(bytes(range(256)) * 4)[:cut])

    with pytest.raises(ExportError, match=r"part\.gz is incomplete; download it again$"):
        list(read_lines(file))


WHOLE = gzip.compress(b"one\n", mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        WHOLE + b"no gzip",
        WHOLE[:-8] + zlib.crc32(b"two\n").to_bytes(4, "little") + WHOLE[-4:],
        WHOLE[:10] + b"\xff" + WHOLE[11:],
    ],
    ids=["other content behind its lines", "another check value", "altered bytes"],
)
def test_a_file_that_was_altered_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "part.gz").write_bytes(content)

    with pytest.raises(ExportError, match=r"part\.gz is damaged; download it again$"):
        list(read_lines(tmp_path / "part.gz"))


@pytest.mark.parametrize(
    "content", [WHOLE[:-1], WHOLE + b"no gzip", None], ids=["cut off", "damaged", "gone"]
)
def test_an_error_tells_files_of_the_same_name_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "2026" / "part.gz"
    file.parent.mkdir()
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ExportError, match=r"^2026/part\.gz "):
        list(read_lines(file))


def test_an_error_names_a_file_elsewhere_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(ExportError) as caught:
        list(read_lines(tmp_path / "part.gz"))

    assert str(caught.value).startswith(f"{tmp_path}/part.gz cannot be read")
