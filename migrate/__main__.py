"""`python -m migrate`: bring what Amazon Pinpoint knew to where it lives on.

    python -m migrate check-domain --outputs outputs.json
    python -m migrate endpoints EXPORT --key endpoint-id --outputs outputs.json
    python -m migrate endpoints EXPORT --key user-id --attributes plan,loyalty_tier --dry-run
    python -m migrate endpoints EXPORT --key user-id --attributes plan,loyalty_tier --csv profiles.csv

The result goes to standard output, all else to standard error. Neither has an address, an id or a value of
an endpoint. Exit status: 0 done, 1 something was refused, is missing or was warned of, nothing was imported,
or the import stopped, 2 wrong usage, 130 interrupted.
"""

from bootstrap import python_version  # first: refuses a Python in which the rest may not even parse

if __name__ == "__main__":
    python_version.refuse_without("tqdm")

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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, NoReturn, TextIO

from tqdm import tqdm

from migrate.account import Account, Summary
from migrate.customer_profiles import CallError, CustomerProfiles, SetupError, declared_attributes
from migrate.delivery import Calls, Deliverer, ObstacleError, ProfileDeliverer, RateLimit
from migrate.domain_check import DomainFacts, warnings_of
from migrate.endpoints import KeyBy
from migrate.import_run import ImportRun, names, read_all, stage
from migrate.import_state import NEW_SUFFIX, ImportState, StateError
from migrate.look_up import look_up
from migrate.pinpoint_export import ExportError, export_files
from migrate.profiles import ProfileObject, csv_header
from migrate.staging import Staging, StagingError
from migrate.summary import LookUp, summary_text

STOPPED = 1
USAGE_ERROR = 2
INTERRUPTED = 130

STATE_NAME = ".gtm-pixel-import.json"
SKIPPED_SUFFIX = ".skipped.jsonl"
PART_SUFFIX = ".part"
ENDPOINTS_SUFFIX = "-endpoints"

DEFAULT_RATE = 50
# The quota of an account and Region that nobody has raised, for each API (Amazon Connect service quotas).
MAX_RATE = 100

# Each waits for its request's answer: at any rate there are enough for answers that take half a second.
_FEWEST_WORKERS = 8

# Without a terminal, a line says so often how far the import is.
_SECONDS_BETWEEN_LINES = 30.0

# No endpoint has this key: what is asked is whether the question may be put.
_NOBODY = "gtm-pixel-import-check"

# As the service's model has them: a field is named usat_NAME, in at most 64 characters.
_DOMAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OBJECT_TYPE = re.compile(r"[a-zA-Z_][a-zA-Z_0-9-]{0,254}")
_ATTRIBUTE = re.compile(r"[A-Za-z0-9_.-]{1,59}")

# What the import writes, beside the user attributes.
_NEEDED_FIELDS = frozenset({"endpoint_id", "user_id", "email", "phone", "opt_out"})

_KEY_MISSING = """\
--key is missing: what do your tags send as endpoint_id?
  --key endpoint-id: the endpoint id of Amazon Pinpoint. Each endpoint becomes a profile of its own.
  --key user-id: the id of the signed-in user. All endpoints of a user become one profile."""


class _UsageError(Exception):
    """What the caller has to change, in one line but for --key."""


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
    except (_StoppedError, ExportError, SetupError, StagingError) as error:
        _say(f"error: {error}")
        return STOPPED
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m migrate", description="Leave Amazon Pinpoint (docs/leaving-pinpoint.md)."
    )
    commands = parser.add_subparsers(required=True, metavar="endpoints|check-domain")
    endpoints = commands.add_parser(
        "endpoints", help="an endpoint export of Amazon Pinpoint into Customer Profiles"
    )
    endpoints.set_defaults(act=_endpoints)
    endpoints.add_argument(
        "export", nargs="+", type=Path, metavar="EXPORT", help="files or directories of a CreateExportJob"
    )
    endpoints.add_argument(
        "--key",
        choices=[one.value for one in KeyBy],
        help="what the tags send as endpoint_id, and so what is a profile: required",
    )
    _add_target(endpoints)
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
        help=f"requests a second, each of up to 10 profiles, 1 to {MAX_RATE} (default {DEFAULT_RATE})",
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
    endpoints.add_argument("--quiet", action="store_true", help="no progress")
    check = commands.add_parser("check-domain", help="what in the domain would go wrong; changes nothing")
    check.set_defaults(act=_check_domain)
    _add_target(check)
    return parser


def _add_target(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--outputs", metavar="FILE", help="what `pulumi stack output --json` says; - is standard input"
    )
    command.add_argument("--domain", metavar="NAME", help="in place of --outputs, with --object-type")
    command.add_argument("--object-type", metavar="NAME", help="the stack's object type for endpoints")
    command.add_argument(
        "--region", metavar="REGION", help="default: that of --outputs, or of the AWS configuration"
    )


def _check_domain(options: argparse.Namespace) -> int:
    domain, object_type, region = _target(options)
    service = CustomerProfiles(domain=domain, object_type=object_type, region=region, connections=1)
    try:
        found = _facts(service, domain, object_type)
    finally:
        service.close()
    warned = warnings_of(found)
    for warning in warned:
        print(f"warning: {warning}")
    print(f"{domain}: {len(warned)} warnings" if len(warned) != 1 else f"{domain}: 1 warning")
    return STOPPED if warned else 0


def _facts(service: CustomerProfiles, domain: str, object_type: str) -> DomainFacts:
    what = "GetDomain"
    try:
        said = service.domain()
        what = "ListIntegrations"
        integrations = service.integrations()
        what = "ListProfileObjectTypes"
        type_names = [one["ObjectTypeName"] for one in service.object_types()]
        what = "GetProfileObjectType"
        types = {name: service.object_type(name) for name in type_names}
    except CallError as error:
        raise _StoppedError(
            f"the domain cannot be read (status {error.status or 'none'}): check --domain, --region and the "
            f"permission profile:{what}"
        ) from None
    return DomainFacts(
        name=domain,
        events_type=object_type.removesuffix(ENDPOINTS_SUFFIX),
        endpoints_type=object_type,
        domain=said,
        integrations=integrations,
        object_types=types,
    )


def _endpoints(options: argparse.Namespace) -> int:
    if options.key is None:
        raise _UsageError(_KEY_MISSING)
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
    with ExitStack() as resources:
        skipped = None
        if options.skipped is not None:
            skipped = resources.enter_context(_written(options.skipped))
        account = Account(summary, skipped=skipped)
        staging = _staged(options, files, attributes, account, resources, stop=lambda: False)
        use: Callable[[ProfileObject], None] = _ignore
        if options.csv is not None:
            writer = csv.writer(resources.enter_context(_replaced(options.csv)))
            writer.writerow(csv_header(attributes))
            use = _row_writer(writer, attributes)
        read_all(staging, account=account, use=use)
    summary.seconds = time.monotonic() - began
    verb = f"are in {options.csv}" if options.csv else "would be imported"
    _print_summary(options, summary, attributes, verb)
    if options.skipped is not None:
        print(f"Which lines: {options.skipped}")
    if summary.profiles == 0:
        raise _StoppedError("nothing would be imported: is this an endpoint export?")
    return 0


def _import(options: argparse.Namespace, files: Sequence[Path], attributes: Sequence[str] | None) -> int:
    domain, object_type, region = _target(options)
    state_path = _state_path(options)
    skipped_path: Path = options.skipped or _beside(state_path, SKIPPED_SUFFIX)
    workers = max(_FEWEST_WORKERS, options.rate)
    service = CustomerProfiles(domain=domain, object_type=object_type, region=region, connections=workers)
    with ExitStack() as resources:
        resources.callback(service.close)
        attributes = _declared(service, attributes)
        target = {
            "domain": domain,
            "object type": object_type,
            "Region": service.region,
            "set of attributes": sorted(attributes),
            "key": options.key,
        }
        state = ImportState.load(state_path, target)
        sizes = [file.stat().st_size for file in files]
        state.check_files(dict(zip(names(files, state_path.parent), sizes, strict=True)))
        stop = resources.enter_context(_stop_on_signal())
        searches, deliverer = _deliverer(options, service, stop)
        _ask_whether_it_may_search(service, searches)
        skipped = resources.enter_context(_written(skipped_path))
        account = Account(Summary(), skipped=skipped)
        if state.resumed:
            _say(f"going on where an earlier run stopped ({state_path})")
        staging = _staged(options, files, attributes, account, resources, stop=stop.event.is_set)
        if stop.interrupted:
            _say("interrupted while the export was read: nothing was sent; run the same command again")
            return INTERRUPTED
        state.check_content(staging.fingerprint)
        bar = resources.enter_context(_progress(options, "profiles", lambda: staging.count()))
        run = ImportRun(
            staging,
            state=state,
            account=account,
            deliver=deliverer.deliver,
            workers=workers,
            stop=stop.event,
            clock=time.monotonic,
            advance=bar,
            chance=random.SystemRandom(),
        )
        obstacle = run.run()
        found = None
        if not stop.event.is_set():
            found = look_up(run.sample, service, searches=searches, wait=stop.event.wait)
    summary = account.summary
    _print_summary(options, summary, attributes, f"are taken by {domain}", found)
    print(f"Which lines: {skipped_path}")
    if stop.interrupted:
        _say(f"interrupted: run the same command again to go on ({state_path})")
        return INTERRUPTED
    if obstacle is not None:
        raise _StoppedError(f"{obstacle} (run the same command again to go on)")
    if summary.profiles == 0:
        raise _StoppedError("nothing was imported: is this an endpoint export?")
    wrong = found is not None and (found.missing or found.against_consent or found.unanswered)
    return STOPPED if summary.refused or summary.addresses_kept or wrong else 0


def _deliverer(
    options: argparse.Namespace, service: CustomerProfiles, stop: "_Stop"
) -> tuple[Calls, ProfileDeliverer]:
    """Searches, and what delivers profiles. The quota is each operation's own."""
    wait, jitter = stop.event.wait, random.SystemRandom().random

    def rate() -> RateLimit:
        return RateLimit(options.rate, clock=time.monotonic, wait=wait)

    def calls(permission: str) -> Calls:
        return Calls(rate=rate(), wait=wait, jitter=jitter, permission=permission)

    searches = calls("profile:SearchProfiles")
    deliverer = Deliverer(service, rate=rate(), wait=wait, jitter=jitter)
    updates = calls("profile:UpdateProfile")
    return searches, ProfileDeliverer(deliverer, service, searches=searches, updates=updates)


def _ask_whether_it_may_search(service: CustomerProfiles, searches: Calls) -> None:
    """Before the first object is sent: without a search no address can be taken away."""
    try:
        searches.try_call(lambda: service.search([_NOBODY]))
    except CallError as error:
        raise _StoppedError(
            f"the domain cannot be searched by the stack's key (status {error.status or 'none'}): is the "
            "object type the stack's one for endpoints?"
        ) from None
    except ObstacleError as error:
        raise _StoppedError(str(error)) from None


def _staged(
    options: argparse.Namespace,
    files: Sequence[Path],
    attributes: Collection[str],
    account: Account,
    resources: ExitStack,
    *,
    stop: Callable[[], bool],
) -> Staging:
    """The whole export, read and sorted."""
    key_by = KeyBy(options.key)
    directory = _state_path(options).parent
    staging = Staging(directory, key_by)
    resources.callback(staging.close)
    with _progress(options, "endpoints read", None) as advance:
        stage(
            files,
            attributes,
            state_directory=directory,
            key_by=key_by,
            staging=staging,
            account=account,
            advance=advance,
            stop=stop,
        )
    return staging


def _print_summary(
    options: argparse.Namespace,
    summary: Summary,
    attributes: Collection[str],
    verb: str,
    found: LookUp | None = None,
) -> None:
    by_user = options.key == KeyBy.USER_ID
    print(summary_text(summary, verb=verb, attributes=attributes, by_user=by_user, look_up=found))


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
        files, others = export_files(options.export, no_parts=own)
    except ExportError as error:
        raise _UsageError(str(error)) from None
    if others:
        _say(
            f"{len(others)} files of the export's directory are not read, {others[0]} for one: only .gz, "
            ".json, .jsonl and .csv are; name a file to have it read"
        )
    return files


def _attributes(text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if not _ATTRIBUTE.fullmatch(name):
            raise _UsageError(
                f"--attributes {name}: a name has 1 to 59 letters, digits, underscores, hyphens and dots; "
                "separate names by commas"
            )
    return names


def _declared(service: CustomerProfiles, wanted: Sequence[str] | None) -> list[str]:
    """The user attributes to take: those that are wanted, all of which the object type has to declare."""
    try:
        object_type = service.object_type()
    except CallError as error:
        raise _StoppedError(
            f"the object type cannot be read (status {error.status or 'none'}): check --domain, "
            "--object-type, --region and the permission profile:GetProfileObjectType"
        ) from None
    missing = sorted(_NEEDED_FIELDS - object_type.get("Fields", {}).keys())
    if missing:
        raise _StoppedError(
            f"the object type has no field {', '.join(missing)}: it is not the stack's one for endpoints, or "
            "of an older version; check --object-type, and run pulumi up"
        )
    declared = declared_attributes(object_type)
    if wanted is None:
        return sorted(declared)
    undeclared = [name for name in wanted if name not in declared]
    if undeclared:
        raise _UsageError(
            f"--attributes {','.join(undeclared)}: the object type does not declare it; add it to "
            "profileAttributes and run pulumi up, or leave it out"
        )
    return list(wanted)


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


@contextmanager
def _progress(
    options: argparse.Namespace, what: str, total: Callable[[], int] | None
) -> Iterator[Callable[[int], None]]:
    """How far it is, with the rate: a bar on a terminal, else a line twice a minute."""
    if options.quiet:
        yield _ignore
    elif sys.stderr.isatty():
        with tqdm(
            total=None if total is None else total(), unit=f" {what}", mininterval=0.5, file=sys.stderr
        ) as bar:

            def advance(count: int) -> None:
                bar.update(count)

            yield advance
    else:
        yield _Lines(what, total, clock=time.monotonic)


class _Lines:
    """Says how far it is in lines, where nobody sees a bar."""

    def __init__(self, what: str, total: Callable[[], int] | None, *, clock: Callable[[], float]) -> None:
        self._what = what
        self._total = total
        self._clock = clock
        self._began = self._said = clock()
        self._count = 0
        self._of: str | None = None

    def __call__(self, count: int) -> None:
        self._count += count
        now = self._clock()
        if now - self._said < _SECONDS_BETWEEN_LINES:
            return
        self._said = now
        if self._of is None:
            self._of = "" if self._total is None else f" of {self._total():,}"
        rate = self._count / (now - self._began)
        _say(f"{self._count:,}{self._of} {self._what}, {rate:,.0f} a second")


@contextmanager
def _written(path: Path, *, mode: Literal["a", "w"] = "w") -> Iterator[TextIO]:
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


def _ignore(_what: object) -> None:
    """Nothing to do with it: it is counted."""


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
