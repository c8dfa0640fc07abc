"""The files of an import: those of the export, the import's own, and how these are written."""

import argparse
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from cli.errors import UsageError
from cli.files import STREAM
from cli.output import note
from migrate.import_state import LOCK_SUFFIX, NEW_SUFFIX
from migrate.pinpoint_export import ExportError, export_files

STATE_NAME = ".gtm-pixel-import.json"
SKIPPED_SUFFIX = ".skipped.jsonl"
_PART_SUFFIX = ".part"


def state_path(options: argparse.Namespace) -> Path:
    export: Path = options.export[0]
    return options.state or (export if export.is_dir() else export.parent) / STATE_NAME


def skipped_path(options: argparse.Namespace) -> Path:
    """Where an import lists the lines that it skips."""
    return options.skipped or _beside(state_path(options), SKIPPED_SUFFIX)


def find_export_files(options: argparse.Namespace) -> list[Path]:
    """The files of the export, without those of the command itself. Raises UsageError."""
    own = _own_files(options)
    for path in options.export:
        option = own.get(_real(path))
        if option is not None:
            raise UsageError(f"{path} is the file of {option}, not part of the export; give another {option}")
        if path.name.startswith(STATE_NAME):
            raise UsageError(
                f"{path} was written by an earlier import and is not part of the export; omit it"
            )
    try:
        files, others = export_files(options.export, no_parts=own)
    except ExportError as error:
        raise UsageError(str(error)) from None
    if others:
        note(
            f"ignored {len(others)} file(s) of the export's directory, such as {others[0]}: only .gz, .json, "
            ".jsonl and .csv are read; name a file to read it anyway"
        )
    return files


def _own_files(options: argparse.Namespace) -> Mapping[Path, str]:
    """The resolved paths that this command itself reads or writes, each with the option that names it."""
    outputs = None if options.outputs in (None, STREAM) else Path(options.outputs)
    named: list[tuple[str, Path | None, tuple[str, ...]]] = [
        ("--skipped", options.skipped, ("",)),
        ("--state", options.state, ("", NEW_SUFFIX, LOCK_SUFFIX, SKIPPED_SUFFIX)),
        ("--csv", options.csv, ("", _PART_SUFFIX)),
        ("--outputs", outputs, ("",)),
    ]
    return {
        _real(_beside(path, suffix)): option
        for option, path, suffixes in named
        if path is not None
        for suffix in suffixes
    }


@contextmanager
def written(path: Path) -> Generator[TextIO]:
    """A file to write to. Raises UsageError."""
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); give another file") from None
    with file:
        yield file


@contextmanager
def replaced(path: Path) -> Generator[TextIO]:
    """A file that appears when complete, readable only by its owner. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"{path} is a directory; give a file as --csv")
    part = _beside(path, _PART_SUFFIX)
    try:
        part.unlink(missing_ok=True)
        file = os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        )
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); give another --csv") from None
    try:
        with file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.parent / f"{path.name}{suffix}"


def _real(path: Path) -> Path:
    """Where a path leads. Unlike Path.resolve, of links in a circle, too."""
    return Path(os.path.realpath(path))
