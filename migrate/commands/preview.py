"""`endpoints --dry-run` and `--csv`: shows what would be imported, without calling AWS."""

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from cli.errors import FailedError
from cli.output import say
from migrate.commands.files import replaced, written
from migrate.commands.reading import print_summary, staged
from migrate.import_log import ImportLog
from migrate.import_run import read_all
from migrate.profiles import ProfileObject, csv_header


def run(options: argparse.Namespace, files: Sequence[Path], attributes: Sequence[str]) -> int:
    began = time.monotonic()
    with ExitStack() as resources:
        skipped = None
        if options.skipped is not None:
            skipped = resources.enter_context(written(options.skipped))
        log = ImportLog(skipped=skipped)
        staging = resources.enter_context(staged(options, files, attributes, log, stop=lambda: False))
        use = _count_only
        if options.csv is not None:
            use = _csv_writer(resources.enter_context(replaced(options.csv)), attributes)
        read_all(staging, log=log, use=use)
    log.counts.seconds = time.monotonic() - began
    verb = f"were written to {options.csv}" if options.csv else "would be imported"
    print_summary(options, log, attributes, verb)
    if options.skipped is not None:
        say(f"Skipped lines: {options.skipped}")
    if log.counts.profiles == 0:
        raise FailedError("nothing to import; check that this is an endpoint export")
    return 0


def _csv_writer(file: TextIO, attributes: Sequence[str]) -> Callable[[ProfileObject], None]:
    writer = csv.writer(file)
    writer.writerow(csv_header(attributes))

    def write(profile: ProfileObject) -> None:
        writer.writerow(profile.csv_row(attributes))

    return write


def _count_only(_profile: ProfileObject) -> None:
    """A dry run counts profiles and does nothing else with them."""
