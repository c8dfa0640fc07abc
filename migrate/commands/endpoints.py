"""`endpoints`: imports an endpoint export of Amazon Pinpoint, or shows what an import would do."""

import argparse
import re

from cli.arguments import path
from cli.errors import UsageError
from migrate.commands import preview, send, target
from migrate.commands.files import SKIPPED_SUFFIX, STATE_NAME, find_export_files
from migrate.endpoints import KeyBy

_DEFAULT_RATE = 50
# Default quota of an account and Region, for each operation (Amazon Connect service quotas).
_MAX_RATE = 100

# The field is named usat_NAME, and the service's model allows 64 characters.
_ATTRIBUTE = re.compile(r"[A-Za-z0-9_.-]{1,59}")

_KEY_MISSING = (
    "--key is missing: what do your tags send as endpoint_id?",
    "  --key endpoint-id: the endpoint id of Amazon Pinpoint. Each endpoint becomes a profile of its own.",
    "  --key user-id: the id of the signed-in user. All endpoints of a user become one profile.",
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=run)
    command.add_argument(
        "export", nargs="+", type=path, metavar="EXPORT", help="files or directories of a CreateExportJob"
    )
    command.add_argument(
        "--key",
        choices=[one.value for one in KeyBy],
        help="required: what your tags send as endpoint_id, which becomes the key of a profile",
    )
    target.add_arguments(command)
    command.add_argument(
        "--attributes",
        metavar="A,B",
        help="user attributes to import (default: all that the object type declares)",
    )
    command.add_argument(
        "--rate",
        type=int,
        default=_DEFAULT_RATE,
        metavar="N",
        help=f"requests a second, 1 to {_MAX_RATE}, each of up to 10 profiles (default {_DEFAULT_RATE})",
    )
    mode = command.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="read and count everything, call nothing")
    mode.add_argument("--csv", type=path, metavar="FILE", help="write a CSV file instead, call nothing")
    command.add_argument(
        "--state",
        type=path,
        metavar="FILE",
        help=f"progress of the import (default: {STATE_NAME} in the export's directory)",
    )
    command.add_argument(
        "--skipped",
        type=path,
        metavar="FILE",
        help=f"list of skipped lines, with reasons (default: beside the state, with {SKIPPED_SUFFIX})",
    )
    command.add_argument("--quiet", action="store_true", help="show no progress")


def run(options: argparse.Namespace) -> int:
    if options.key is None:
        raise UsageError(*_KEY_MISSING)
    if not 1 <= options.rate <= _MAX_RATE:
        raise UsageError(f"--rate {options.rate} must be 1 to {_MAX_RATE} requests a second")
    files = find_export_files(options)
    attributes = None if options.attributes is None else _attributes(options.attributes)
    if not options.dry_run and options.csv is None:
        return send.run(options, files, attributes)
    if attributes is None:
        raise UsageError(
            f"{'--dry-run' if options.dry_run else '--csv'} calls nothing, so it cannot ask the object type "
            "which user attributes it declares; give --attributes (the stack's profileAttributes)"
        )
    return preview.run(options, files, attributes)


def _attributes(text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if not _ATTRIBUTE.fullmatch(name):
            raise UsageError(
                f"--attributes {name}: a name must be 1 to 59 letters, digits, underscores, hyphens and "
                "dots; separate names with commas"
            )
    return names
