"""`endpoints` without `--dry-run` or `--csv`: imports the export into Customer Profiles."""

import argparse
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from cli.errors import FAILED, INTERRUPTED, FailedError, UsageError
from cli.output import note, say
from migrate.commands.files import skipped_path, state_path, written
from migrate.commands.interrupts import Stop, stop_on_signal
from migrate.commands.progress import progress
from migrate.commands.reading import print_summary, staged
from migrate.commands.target import Target, read_target
from migrate.customer_profiles import CallError, CustomerProfiles, declared_attributes
from migrate.delivery import AbortError, Calls, Deliverer, ProfileDeliverer, RateLimiter
from migrate.import_log import ImportLog
from migrate.import_run import ImportRun, names
from migrate.import_state import ImportState, locked
from migrate.spot_check import spot_check

# Each worker waits for its response. This many keep up with any rate if responses take half a second.
_FEWEST_WORKERS = 8

# No endpoint has this key. Searching for it shows whether searching is allowed.
_NOBODY = "gtm-pixel-import-check"

# The fields that the import writes, besides user attributes.
_NEEDED_FIELDS = frozenset({"endpoint_id", "user_id", "email", "phone", "opt_out"})


def run(options: argparse.Namespace, files: Sequence[Path], wanted: Sequence[str] | None) -> int:
    """`wanted` are the user attributes to import; None imports all that the object type declares."""
    target, state_file, skipped_file = read_target(options), state_path(options), skipped_path(options)
    workers = max(_FEWEST_WORKERS, options.rate)
    service = CustomerProfiles(
        domain=target.domain, object_type=target.object_type, region=target.region, connections=workers
    )
    with ExitStack() as resources:
        resources.callback(service.close)
        attributes = _declared(service, wanted)
        resources.enter_context(locked(state_file))
        state = _state(options, files, target, service.region, attributes)
        stop = resources.enter_context(stop_on_signal())
        searches, deliverer = _deliverer(options.rate, service, stop)
        _check_search(service, searches)
        log = ImportLog(skipped=resources.enter_context(written(skipped_file)))
        if state.resumed:
            note(f"continuing where an earlier run stopped ({state_file})")
        staging = resources.enter_context(staged(options, files, attributes, log, stop=stop.event.is_set))
        if stop.interrupted:
            note("interrupted while reading the export; nothing was sent; run the same command again")
            return INTERRUPTED
        state.check_content(staging.fingerprint)
        advance = resources.enter_context(progress("profiles", staging.count, quiet=options.quiet))
        importing = ImportRun(
            staging,
            state=state,
            log=log,
            deliver=deliverer.deliver,
            workers=workers,
            stop=stop.event,
            clock=time.monotonic,
            advance=advance,
            chance=random.SystemRandom(),
        )
        abort_reason = importing.run()
        check = None
        if not stop.event.is_set():
            check = spot_check(importing.sample, service, searches=searches, wait=stop.event.wait)
    print_summary(options, log, attributes, f"were imported into {target.domain}", check)
    say(f"Skipped lines: {skipped_file}")
    if stop.interrupted:
        note(f"interrupted; run the same command again to continue ({state_file})")
        return INTERRUPTED
    if abort_reason is not None:
        raise FailedError(f"{abort_reason} (run the same command again to continue)")
    if log.counts.profiles == 0:
        raise FailedError("nothing was imported; check that this is an endpoint export")
    wrong = check is not None and (check.missing or check.against_consent or check.failed)
    return FAILED if log.counts.refused or log.counts.addresses_kept or wrong else 0


def _state(
    options: argparse.Namespace,
    files: Sequence[Path],
    target: Target,
    region: str,
    attributes: Sequence[str],
) -> ImportState:
    path = state_path(options)
    state = ImportState.load(
        path,
        {
            "domain": target.domain,
            "object type": target.object_type,
            "Region": region,
            "set of attributes": sorted(attributes),
            "key": options.key,
        },
    )
    sizes = [file.stat().st_size for file in files]
    state.check_files(dict(zip(names(files, path.parent), sizes, strict=True)))
    return state


def _declared(service: CustomerProfiles, wanted: Sequence[str] | None) -> list[str]:
    """The user attributes to import. The object type must declare all that are wanted."""
    try:
        object_type = service.object_type()
    except CallError as error:
        raise FailedError(
            f"cannot read the object type ({error}); check --domain, --object-type, "
            "--region and the permission profile:GetProfileObjectType"
        ) from None
    missing = sorted(_NEEDED_FIELDS - object_type.get("Fields", {}).keys())
    if missing:
        raise FailedError(
            f"the object type has no field {', '.join(missing)}: it is not the stack's type for endpoints, "
            "or is from an older version; check --object-type, and run pulumi up"
        )
    declared = declared_attributes(object_type)
    if wanted is None:
        return sorted(declared)
    undeclared = [name for name in wanted if name not in declared]
    if undeclared:
        raise UsageError(
            f"--attributes {','.join(undeclared)}: the object type does not declare it; add it to "
            "profileAttributes and run pulumi up, or remove it here"
        )
    return list(wanted)


def _deliverer(rate: int, service: CustomerProfiles, stop: Stop) -> tuple[Calls, ProfileDeliverer]:
    """Searches, and the delivery of profiles. Every operation has its own quota."""
    wait, jitter = stop.event.wait, random.SystemRandom().random

    def limiter() -> RateLimiter:
        return RateLimiter(rate, clock=time.monotonic, wait=wait)

    def calls(permission: str) -> Calls:
        return Calls(rate=limiter(), wait=wait, jitter=jitter, permission=permission)

    searches = calls("profile:SearchProfiles")
    deliverer = Deliverer(service, rate=limiter(), wait=wait, jitter=jitter)
    updates = calls("profile:UpdateProfile")
    return searches, ProfileDeliverer(deliverer, service, searches=searches, updates=updates)


def _check_search(service: CustomerProfiles, searches: Calls) -> None:
    """Search once before the first object is sent: without searches no address could be removed."""
    try:
        searches.try_call(lambda: service.search([_NOBODY]))
    except CallError as error:
        raise FailedError(
            f"cannot search the domain by the stack's key ({error}); check that the "
            "object type is the stack's type for endpoints"
        ) from None
    except AbortError as error:
        raise FailedError(str(error)) from None
