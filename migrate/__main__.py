"""`python -m migrate`: bring what Amazon Pinpoint knew to where it lives on.

    python -m migrate endpoints EXPORT --outputs outputs.json
    python -m migrate endpoints EXPORT --attributes plan,loyalty_tier --dry-run
    python -m migrate endpoints EXPORT --attributes plan,loyalty_tier --csv profiles.csv

The result goes to standard output, all else to standard error. Neither has an address, an id or a value of
an endpoint. Exit status: 0 done, 1 endpoints were refused or the import stopped, 2 wrong usage, 130
interrupted.
"""

import python_version  # noqa: F401 - first: refuses a Python in which the rest may not even parse

# isort: split
import argparse
import csv
import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, NoReturn, TextIO

from tqdm import tqdm

from migrate.customer_profiles import CallError, CustomerProfiles, SetupError
from migrate.delivery import Deliverer, RateLimit
from migrate.endpoints import ProfileObject, csv_header
from migrate.import_run import WORKERS, Account, ImportRun, read_all
from migrate.import_state import NEW_SUFFIX, ImportState, StateError, Summary
from migrate.pinpoint_export import DamagedError, ExportError, count_lines, export_files
from migrate.summary import summary_text

STOPPED = 1
USAGE_ERROR = 2
INTERRUPTED = 130

STATE_NAME = ".gtm-pixel-import.json"
SKIPPED_SUFFIX = ".skipped.jsonl"
PART_SUFFIX = ".part"

DEFAULT_RATE = 50
# The quota of an account and Region that nobody has raised, for each API (Amazon Connect service quotas).
MAX_RATE = 100

# As the service's model has them.
_DOMAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OBJECT_TYPE = re.compile(r"[a-zA-Z_][a-zA-Z_0-9-]{0,254}")
_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")


class _UsageError(Exception):
    """What the caller has to change, in one line."""


class _StoppedError(Exception):
    """Why the import ended before its time, in one line."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(f"{message} (python -m migrate --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = _parser().parse_args(arguments)
        return options.act(options)
    except (_UsageError, StateError) as error:
        _say(f"error: {error}")
        return USAGE_ERROR
    except (_StoppedError, ExportError, SetupError) as error:
        _say(f"error: {error}")
        return STOPPED
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m migrate", description="Leave Amazon Pinpoint (docs/leaving-pinpoint.md)."
    )
    commands = parser.add_subparsers(required=True, metavar="endpoints")
    endpoints = commands.add_parser(
        "endpoints", help="an endpoint export of Amazon Pinpoint into Customer Profiles"
    )
    endpoints.set_defaults(act=_endpoints)
    endpoints.add_argument(
        "export", nargs="+", type=Path, metavar="EXPORT", help="files or directories of a CreateExportJob"
    )
    endpoints.add_argument(
        "--outputs", metavar="FILE", help="what `pulumi stack output --json` says; - is standard input"
    )
    endpoints.add_argument("--domain", metavar="NAME", help="in place of --outputs, with --object-type")
    endpoints.add_argument("--object-type", metavar="NAME", help="the stack's object type for endpoints")
    endpoints.add_argument(
        "--region", metavar="REGION", help="default: that of --outputs, or of the AWS configuration"
    )
    endpoints.add_argument(
        "--attributes",
        metavar="A,B",
        help="the declared user attributes (profileAttributes); default: what the object type says",
    )
    endpoints.add_argument(
        "--rate",
        type=int,
        default=DEFAULT_RATE,
        metavar="N",
        help=f"requests a second, each of up to 10 endpoints, 1 to {MAX_RATE} (default {DEFAULT_RATE})",
    )
    way = endpoints.add_mutually_exclusive_group()
    way.add_argument("--dry-run", action="store_true", help="read and count everything, call nothing")
    way.add_argument("--csv", type=Path, metavar="FILE", help="write a CSV instead, call nothing")
    endpoints.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help=f"how far the import is (default: {STATE_NAME} in the export's directory)",
    )
    endpoints.add_argument(
        "--skipped",
        type=Path,
        metavar="FILE",
        help=f"which lines were skipped and why (default: beside the state, with {SKIPPED_SUFFIX})",
    )
    endpoints.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _endpoints(options: argparse.Namespace) -> int:
    if not 1 <= options.rate <= MAX_RATE:
        raise _UsageError(f"--rate {options.rate}: it must be from 1 to {MAX_RATE} requests a second")
    files = _export_files(options, _own_files(options))
    attributes = None if options.attributes is None else _attributes(options.attributes)
    if options.dry_run or options.csv is not None:
        if attributes is None:
            raise _UsageError(
                f"{'--dry-run' if options.dry_run else '--csv'} calls nothing, so it cannot ask the object "
                "type which user attributes are declared: give --attributes (the stack's profileAttributes)"
            )
        return _read_only(options, files, attributes)
    return _import(options, files, attributes)


def _read_only(options: argparse.Namespace, files: Sequence[Path], attributes: Sequence[str]) -> int:
    """Count what would be imported, and write it to a CSV where one is asked for."""
    summary = Summary()
    began = time.monotonic()
    with ExitStack() as open_files:
        skipped = None
        if options.skipped is not None:
            skipped = open_files.enter_context(_written(options.skipped, mode="w"))
        use: Callable[[ProfileObject], None] = _ignore
        if options.csv is not None:
            writer = csv.writer(open_files.enter_context(_replaced(options.csv)))
            writer.writerow(csv_header(attributes))
            use = _row_writer(writer, attributes)
        bar = open_files.enter_context(_bar(options, files))
        account = Account(summary, skipped=skipped)
        read_all(
            files,
            attributes,
            state_directory=_state_path(options).parent,
            account=account,
            use=use,
            advance=_advancing(bar),
        )
    summary.seconds = time.monotonic() - began
    print(summary_text(summary, verb=f"are in {options.csv}" if options.csv else "would be imported"))
    if options.skipped is not None:
        print(f"Which lines: {options.skipped}")
    return 0


def _import(options: argparse.Namespace, files: Sequence[Path], attributes: Sequence[str] | None) -> int:
    domain, object_type, region = _target(options)
    state_path = _state_path(options)
    skipped_path: Path = options.skipped or _beside(state_path, SKIPPED_SUFFIX)
    service = CustomerProfiles(domain=domain, object_type=object_type, region=region, connections=WORKERS)
    with ExitStack() as resources:
        resources.callback(service.close)
        if attributes is None:
            attributes = _declared(service)
        target = {
            "domain": domain,
            "object type": object_type,
            "Region": service.region,
            "set of attributes": sorted(attributes),
        }
        state = ImportState.load(state_path, target)
        skipped = resources.enter_context(_written(skipped_path, mode="a" if state.resumed else "w"))
        bar = resources.enter_context(_bar(options, files))
        stop = resources.enter_context(_stop_on_signal())
        deliverer = Deliverer(
            service,
            rate=RateLimit(options.rate, clock=time.monotonic, wait=stop.event.wait),
            wait=stop.event.wait,
            jitter=random.SystemRandom().random,
        )
        run = ImportRun(
            files,
            attributes=attributes,
            state=state,
            state_directory=state_path.parent,
            account=Account(state.summary, skipped=skipped),
            deliver=deliverer.deliver,
            stop=stop.event,
            clock=time.monotonic,
            advance=_advancing(bar),
        )
        if state.resumed:
            _say(f"going on where an earlier run stopped ({state_path})")
        obstacle = damage = None
        try:
            obstacle = run.run()
        except DamagedError as error:
            damage = str(error)
        except ExportError as error:
            obstacle = str(error)
    print(summary_text(state.summary, verb=f"are imported into {domain},"))
    print(f"Which lines: {skipped_path}")
    if damage is not None:
        # What was read of the part is settled and may be wrong: going on would leave it so.
        raise _StoppedError(f"{damage}, delete {state_path} and start over")
    if stop.interrupted:
        _say(f"interrupted: run the same command again to go on ({state_path})")
        return INTERRUPTED
    if obstacle is not None:
        raise _StoppedError(f"{obstacle} (run the same command again to go on)")
    return STOPPED if state.summary.refused else 0


def _own_files(options: argparse.Namespace) -> dict[Path, str]:
    """The resolved paths of what this command reads and writes beside the export, and what names each."""
    outputs = None if options.outputs in (None, "-") else Path(options.outputs)
    named: list[tuple[str, Path | None, tuple[str, ...]]] = [
        ("--skipped", options.skipped, ("",)),
        ("--state", options.state, ("", NEW_SUFFIX, SKIPPED_SUFFIX)),
        ("--csv", options.csv, ("", PART_SUFFIX)),
        ("--outputs", outputs, ("",)),
    ]
    return {
        _beside(path, suffix).resolve(): option
        for option, path, suffixes in named
        if path is not None
        for suffix in suffixes
    }


def _export_files(options: argparse.Namespace, own: Mapping[Path, str]) -> list[Path]:
    for path in options.export:
        named = own.get(path.resolve())
        if named is not None:
            raise _UsageError(f"{path} is a file of {named}, no part of the export: give another {named}")
        if path.name.startswith(STATE_NAME):
            raise _UsageError(f"{path} is what an earlier import wrote, no part of the export: leave it out")
    try:
        return export_files(options.export, no_parts=own)
    except ExportError as error:
        raise _UsageError(str(error)) from None


def _attributes(text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if not _ATTRIBUTE.fullmatch(name):
            raise _UsageError(
                f"--attributes {name}: a name has up to 50 letters, digits and underscores, and "
                "begins with no digit; separate names by commas"
            )
    return names


def _declared(service: CustomerProfiles) -> list[str]:
    try:
        return sorted(service.declared_attributes())
    except CallError as error:
        raise _StoppedError(
            f"the object type cannot be read (status {error.status or 'none'}): check --domain, "
            "--object-type, --region and the permission profile:GetProfileObjectType, or give --attributes"
        ) from None


def _target(options: argparse.Namespace) -> tuple[str, str, str | None]:
    """Domain, object type and Region; None leaves the Region to the AWS configuration."""
    domain, object_type, region = options.domain, options.object_type, options.region
    if options.outputs is not None:
        if domain is not None or object_type is not None:
            raise _UsageError("--outputs says domain and object type: leave --domain and --object-type out")
        outputs = _outputs(options.outputs)
        domain = _output(outputs, "customer_profiles_domain", options.outputs)
        object_type = _output(outputs, "customer_profiles_endpoints_type", options.outputs)
        # A stack that was deployed before this output existed lacks it.
        if region is None and "region" in outputs:
            region = _output(outputs, "region", options.outputs)
    if domain is None or object_type is None:
        raise _UsageError("where to? give --outputs, or both --domain and --object-type")
    if not _DOMAIN.fullmatch(domain):
        raise _UsageError(f"domain {domain!r}: a name has 1 to 64 letters, digits, underscores and hyphens")
    if not _OBJECT_TYPE.fullmatch(object_type):
        raise _UsageError(
            f"object type {object_type!r}: a name has 1 to 255 letters, digits, underscores and hyphens, and "
            "begins with a letter or underscore"
        )
    return domain, object_type, region


def _outputs(file: str) -> Any:
    name = "standard input" if file == "-" else file
    try:
        return json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise _UsageError(f"{name} cannot be read ({error.strerror}): give the path of a file") from None
    except ValueError:
        raise _UsageError(f"{name} holds no JSON: give what `pulumi stack output --json` says") from None


def _output(outputs: Any, name: str, file: str) -> str:
    value = outputs.get(name) if isinstance(outputs, dict) else None
    if not isinstance(value, str):
        raise _UsageError(
            f"{file}: there is no output {name}; add customer-profiles to destinations and run pulumi up"
        )
    return value


def _state_path(options: argparse.Namespace) -> Path:
    export: Path = options.export[0]
    return options.state or (export if export.is_dir() else export.parent) / STATE_NAME


def _beside(path: Path, suffix: str) -> Path:
    return path.parent / f"{path.name}{suffix}"


class _Stop:
    """Whether the run is to end, and whether a person or the system asked for it."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.interrupted = False


@contextmanager
def _stop_on_signal() -> Iterator[_Stop]:
    """Ctrl-C ends the run when what is under way is settled; pressed again, at once."""
    stop = _Stop()
    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: object) -> None:
        signal.signal(number, before[number])
        stop.interrupted = True
        stop.event.set()

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bar(options: argparse.Namespace, files: Sequence[Path]) -> "tqdm[NoReturn]":
    """A progress bar over the lines of the files; none without a terminal, and then nothing is counted."""
    shown = not options.quiet and sys.stderr.isatty()
    total = sum(count_lines(file) for file in files) if shown else None
    return tqdm(total=total, unit=" endpoints", disable=not shown, file=sys.stderr)


@contextmanager
def _written(path: Path, *, mode: Literal["a", "w"]) -> Iterator[TextIO]:
    try:
        file = path.open(mode, encoding="utf-8")
    except OSError as error:
        raise _UsageError(f"{path} cannot be written ({error.strerror}): give another file") from None
    with file:
        yield file


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    """A file that is at its place when it is complete, and readable by its owner only: it has addresses."""
    if path.is_dir():
        raise _UsageError(f"{path} is a directory: give a file as --csv")
    part = _beside(path, PART_SUFFIX)
    try:
        part.unlink(missing_ok=True)
        file = os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        )
    except OSError as error:
        raise _UsageError(f"{path} cannot be written ({error.strerror}): give another --csv") from None
    try:
        with file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _row_writer(writer: Any, attributes: Sequence[str]) -> Callable[[ProfileObject], None]:
    def write(made: ProfileObject) -> None:
        writer.writerow(made.csv_row(attributes))

    return write


def _advancing(bar: "tqdm[NoReturn]") -> Callable[[int], None]:
    def advance(lines: int) -> None:
        bar.update(lines)

    return advance


def _ignore(_made: ProfileObject) -> None:
    """Nothing to do with it: it is counted."""


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
