"""`python -m gtm inspect`: reads the export of somebody's own container and writes a gtm.yaml to edit."""

import argparse
from typing import Any

from cli.arguments import file_name
from cli.errors import UsageError
from cli.files import STREAM, read_bytes, shown_file
from cli.output import note
from gtm.command_files import write_text
from gtm.own_container import export_file
from gtm.own_container.plan_text import plan_text
from gtm.own_container.reading import read
from gtm.own_container.report import report
from gtm.plan_error import PlanError


def add_to(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    command: argparse.ArgumentParser = commands.add_parser(
        "inspect", help="your own container's events, as a gtm.yaml to edit"
    )
    command.set_defaults(write=_inspect)
    command.add_argument(
        "export",
        type=file_name,
        metavar="EXPORT.json",
        help="from GTM: Admin → Export Container; - reads standard input",
    )
    command.add_argument(
        "-o", "--output", type=file_name, metavar="FILE", help="gtm.yaml to write (default: standard output)"
    )
    command.add_argument("--force", action="store_true", help="overwrite the file")


def _inspect(options: argparse.Namespace) -> None:
    try:
        reading = read(export_file.read(read_bytes(options.export)))
    except (export_file.ExportError, PlanError) as error:
        raise UsageError(f"{shown_file(options.export)} {error}") from None
    for line in report(reading):
        note(line)
    note()
    write_text(plan_text(reading), options.output, inputs=(options.export,), overwrite=options.force)
    if options.output not in (None, STREAM):
        note(f"wrote {options.output}")
        note(f"Next: edit it, then make gtm GTM_CONFIG={options.output}")
