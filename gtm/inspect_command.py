"""`python -m gtm inspect`: reads the export of somebody's own container and writes a gtm.yaml to edit."""

import argparse
import sys
from pathlib import Path
from typing import Any

from gtm.own_container import export_file
from gtm.own_container.plan_text import plan_text
from gtm.own_container.reading import read
from gtm.own_container.report import report
from gtm.plan_error import PlanError
from gtm.plan_sources import UsageError

_NEXT_STEPS = """\
wrote {file}
Next: edit it, then make gtm GTM_CONFIG={file}"""


def add_to(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    command: argparse.ArgumentParser = commands.add_parser(
        "inspect", help="your own container's events, as a gtm.yaml to edit"
    )
    command.set_defaults(write=_inspect)
    command.add_argument(
        "export", metavar="EXPORT.json", help="from GTM: Admin → Export Container; - reads standard input"
    )
    command.add_argument(
        "-o", "--output", metavar="FILE", help="gtm.yaml to write (default: standard output)"
    )
    command.add_argument("--force", action="store_true", help="overwrite the file")


def _inspect(options: argparse.Namespace) -> None:
    shown = "standard input" if options.export == "-" else options.export
    try:
        reading = read(export_file.read(_content(options.export)))
    except (export_file.ExportError, PlanError) as error:
        raise UsageError(f"{shown} {error}") from None
    for line in report(reading):
        print(line, file=sys.stderr)
    print(file=sys.stderr)
    _write(plan_text(reading), options.output, force=options.force)
    if options.output:
        print(_NEXT_STEPS.format(file=options.output), file=sys.stderr)


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); give the path of a file") from None


def _write(text: str, file: str | None, *, force: bool) -> None:
    if file is None:
        sys.stdout.write(text)
        return
    try:
        with Path(file).open("w" if force else "x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise UsageError(f"{file} exists; give another -o, or --force to overwrite it") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}); give another -o") from None
