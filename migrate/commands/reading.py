"""Reads and sorts the whole export, and prints the summary. Previews and imports share this."""

import argparse
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.output import say
from migrate.commands.files import state_path
from migrate.commands.progress import progress
from migrate.endpoints import KeyBy
from migrate.import_log import ImportLog
from migrate.import_run import stage
from migrate.staging import Staging
from migrate.summary import SpotCheck, summary_lines


@contextmanager
def staged(
    options: argparse.Namespace,
    files: Sequence[Path],
    attributes: Collection[str],
    log: ImportLog,
    *,
    stop: Callable[[], bool],
) -> Generator[Staging]:
    """The export, read and sorted."""
    key_by = KeyBy(options.key)
    directory = state_path(options).parent
    staging = Staging(directory, key_by)
    try:
        with progress("endpoints read", None, quiet=options.quiet) as advance:
            stage(
                files,
                attributes,
                state_directory=directory,
                key_by=key_by,
                staging=staging,
                log=log,
                advance=advance,
                stop=stop,
            )
        yield staging
    finally:
        staging.close()


def print_summary(
    options: argparse.Namespace,
    log: ImportLog,
    attributes: Collection[str],
    verb: str,
    check: SpotCheck | None = None,
) -> None:
    by_user = options.key == KeyBy.USER_ID
    for line in summary_lines(log.counts, verb=verb, attributes=attributes, by_user=by_user, check=check):
        say(line)
