"""The output of `pulumi stack output --json`, from a file or a pipe."""

import io
import json
from pathlib import Path

import pytest

from cli.errors import UsageError
from cli.stack_outputs import read_outputs

OUTPUTS = {"events_url": "https://example.com/v1/events"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_outputs_come_from_a_file_and_may_be_as_windows_writes_them(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS), encoding=encoding)

    assert read_outputs(str(file)) == OUTPUTS


def test_a_hyphen_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(OUTPUTS).encode())))

    assert read_outputs("-") == OUTPUTS


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x00\x01", b"[]", b"[" * 100_000, b"{", b"3"])
def test_what_is_no_json_object_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=r"outputs\.json is no JSON object; give the output of `pulumi"):
        read_outputs(str(file))


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent.json", "No such file"), (".", "Is a directory"), ("a\0b", "embedded null byte")],
)
def test_what_cannot_be_read_is_refused_with_the_option(name: str, reason: str) -> None:
    with pytest.raises(UsageError, match=f"^--outputs: .* cannot be read .*{reason}.*; give the path of a"):
        read_outputs(name)


def test_standard_input_that_is_closed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(UsageError, match="standard input is closed; give the path of a file"):
        read_outputs("-")
