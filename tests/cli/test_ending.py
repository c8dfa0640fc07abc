"""How a command ends: its exit status, and one line where it did not end well."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.ending import run
from cli.errors import FailedError, UsageError
from cli.output import note, say, write
from tests.hostile import FOR_TERMINALS

Capture = pytest.CaptureFixture[str]

FULL = Path("/dev/full")


def raising(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UsageError("give a file"), 2, ["error: give a file"]),
        (UsageError("which?", "  this", "  that"), 2, ["error: which?", "  this", "  that"]),
        (FailedError("the service refuses"), 1, ["error: the service refuses"]),
        (KeyboardInterrupt(), 130, ["interrupted"]),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, []),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            ["error: the output cannot be written (No space left on device); free space"],
        ),
    ],
)
def test_each_end_has_its_exit_status_and_at_most_one_error(
    error: BaseException, status: int, said: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open("w") as nowhere:
        monkeypatch.setattr(sys, "stdout", nowhere)

        assert run(raising(error)) == status
    assert capsys.readouterr().err.splitlines() == said


def test_an_error_that_nobody_foresaw_keeps_its_traceback() -> None:
    with pytest.raises(OSError, match="Input/output"):
        run(raising(OSError(errno.EIO, "Input/output error")))


def test_an_error_is_one_line_that_leaves_nothing_to_obey(capsys: Capture) -> None:
    run(raising(UsageError(f"{FOR_TERMINALS} is no file")))

    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.removesuffix("\n").isprintable()


@pytest.mark.parametrize("line", [say, note])
def test_a_line_leaves_nothing_to_obey(line: Callable[[str], None], capsys: Capture) -> None:
    line(FOR_TERMINALS)

    streams = capsys.readouterr()
    assert (streams.out + streams.err).removesuffix("\n").isprintable()


@pytest.mark.parametrize("out", [say, write])
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has it")
def test_a_full_disk_is_an_error_of_one_line(
    out: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)

        assert run(lambda: out("x") or 0) == 1
    assert capsys.readouterr().err == (
        "error: standard output cannot be written (No space left on device); free space there, or write "
        "elsewhere\n"
    )


@pytest.mark.parametrize("out", [say, write])
def test_a_reader_who_goes_away_is_nothing_to_talk_about(
    out: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)

        assert run(lambda: out("x") or 0) == 1
    assert capsys.readouterr().err == ""


def test_a_line_goes_nowhere_else_where_its_stream_is_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Python's own print would write to standard output what is meant for a closed standard error."""
    monkeypatch.setattr(sys, "stderr", None)

    note("about the work")

    assert capsys.readouterr().out == ""


def test_content_is_not_lost_in_silence_where_standard_output_is_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    assert run(lambda: write("x") or 0) == 1
    assert capsys.readouterr().err == "error: standard output is closed; give a file to write\n"
