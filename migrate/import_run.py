"""Runs an import: reads the export, sends the profiles that are not settled yet, and saves the state.

The clock and the AWS client are passed in.
"""

import os
import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from contract.customer_profiles import OBJECTS_IN_REQUEST
from migrate.customer_profiles import SetupError
from migrate.delivery import OK, Delivery, Outcome
from migrate.endpoints import Endpoint, KeyBy, SkipReason, read_endpoint
from migrate.import_log import ImportLog
from migrate.import_state import ImportState
from migrate.pinpoint_export import read_lines
from migrate.profiles import Line, ProfileObject, make_profile
from migrate.records import read_records
from migrate.staging import Staging

# Batches that may wait, for each worker, while an earlier one is being retried.
_BATCHES_A_WORKER = 4
_SECONDS_BETWEEN_SAVES = 1.0
# If the service refuses this many and accepts none, it will refuse the rest too.
_MAX_REFUSED_AT_FIRST = 50

SAMPLE_SIZE = 100
"""Profiles in the spot check."""

Endpoints = Sequence[tuple[Line, Endpoint]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of the export. `number` counts in the order of the import."""

    number: int
    endpoints: Endpoints
    profile: ProfileObject


def stage(
    files: Sequence[Path],
    attributes: Collection[str],
    *,
    state_directory: Path,
    key_by: KeyBy,
    staging: Staging,
    log: ImportLog,
    advance: Callable[[int], None],
    stop: Callable[[], bool],
) -> None:
    """Read the whole export into `staging`, until `stop` returns True. Raises ExportError and StagingError.

    Each file is read up to its current size.
    """
    sizes = [file.stat().st_size for file in files]
    for name, file, size in zip(names(files, state_directory), files, sizes, strict=True):
        for number, record in read_records(read_lines(file, size)):
            if stop():
                return
            log.counts.endpoints += 1
            line = Line(file=name, number=number)
            read = record if isinstance(record, SkipReason) else read_endpoint(record, attributes, key_by)
            if isinstance(read, SkipReason):
                log.skip(line, read)
            elif (older := staging.add(line, read)) is not None:
                log.skip(older, SkipReason.OLDER_VERSION)
            advance(1)
    for line in staging.drop_shared_users():
        log.skip(line, SkipReason.USER_SHARED)
    log.counts.undeclared.update(staging.undeclared)


def read_all(staging: Staging, *, log: ImportLog, use: Callable[[ProfileObject], None]) -> None:
    """Pass every profile that an import would send to `use`, in order. Raises StagingError."""
    for key, endpoints in staging.customers():
        made = make_profile(key, endpoints)
        if isinstance(made, ProfileObject):
            use(made)
            log.accept(made)
        else:
            _skip_all(log, endpoints, made)


class ImportRun:
    """One run of an import, starting where its state says."""

    def __init__(
        self,
        staging: Staging,
        *,
        state: ImportState,
        log: ImportLog,
        deliver: Callable[[Sequence[ProfileObject]], Outcome],
        workers: int,
        stop: threading.Event,
        clock: Callable[[], float],
        advance: Callable[[int], None],
        chance: random.Random,
    ) -> None:
        """`advance` gets the number of customers just settled. `stop` ends the run after the current batches.

        `chance` draws `sample` from the profiles that this run sends.
        """
        self._staging = staging
        self._state = state
        self._log = log
        self._deliver = deliver
        self._workers = workers
        self._stop = stop
        self._clock = clock
        self._advance = advance
        self._chance = chance
        self._abort_reason: str | None = None
        # Refused before the service accepted any profile: customer, status, status of an address kept.
        self._held_back: list[tuple[Customer, int, int | None]] = []
        self.sample: list[ProfileObject] = []
        self._sent = 0

    def run(self) -> str | None:
        """Import the profiles that are not settled yet. Returns why it ended early, in one line, or None.

        As long as the service has accepted nothing, refused profiles are held back: the cause is probably not
        theirs, and once it is fixed they must be sent again. They count as refused once the service accepts a
        profile, or when all were sent and they are few.

        The state is saved whether this returns or raises StagingError or StateError.
        """
        self._state.save()
        began = saved = self._clock()
        before = self._state.seconds
        window: deque[tuple[list[Customer], Future[Outcome]]] = deque()
        try:
            with ThreadPoolExecutor(self._workers) as pool:
                try:
                    for batch in self._batches():
                        window.append((batch, pool.submit(self._deliver_batch, batch)))
                        while window and (
                            len(window) >= self._workers * _BATCHES_A_WORKER or window[0][1].done()
                        ):
                            self._settle(*window.popleft())
                        if self._clock() - saved >= _SECONDS_BETWEEN_SAVES:
                            saved = self._clock()
                            self._save(before + saved - began)
                finally:
                    while window:
                        self._settle(*window.popleft())
            if not self._stop.is_set():
                self._refuse_held_back()
        finally:
            self._save(before + self._clock() - began)
        return self._abort_reason

    def _batches(self) -> Iterator[list[Customer]]:
        """The customers to send. Settled ones are counted, even if the run is stopping."""
        settled, last_settled = self._state.progress, self._state.progress.last
        batch: list[Customer] = []
        for number, (key, endpoints) in enumerate(self._staging.customers(), 1):
            if self._stop.is_set() and number > last_settled:
                return
            profile = make_profile(key, endpoints)
            if isinstance(profile, SkipReason):
                _skip_all(self._log, endpoints, profile)
                if not settled.is_settled(number):
                    settled.settle([number])
                self._advance(1)
                continue
            customer = Customer(number=number, endpoints=endpoints, profile=profile)
            if settled.is_settled(number):
                self._recall(customer)
            elif not self._stop.is_set():
                batch.append(customer)
                if len(batch) == OBJECTS_IN_REQUEST:
                    yield batch
                    batch = []
        if batch and not self._stop.is_set():
            yield batch

    def _recall(self, customer: Customer) -> None:
        """Count a customer that an earlier run settled."""
        state = self._state
        if (status := state.refused.get(customer.number)) is not None:
            self._log.refuse(customer.endpoints, status)
        else:
            self._log.accept(customer.profile)
        if (status := state.address_kept.get(customer.number)) is not None:
            self._log.keep_address(customer.endpoints, status)
        self._advance(1)

    def _deliver_batch(self, batch: Sequence[Customer]) -> Outcome:
        if self._stop.is_set():
            return Outcome(delivery=Delivery())
        try:
            return self._deliver([customer.profile for customer in batch])
        except SetupError as error:
            return Outcome(delivery=Delivery(abort_reason=str(error)))

    def _settle(self, batch: Sequence[Customer], future: "Future[Outcome]") -> None:
        outcome = future.result()
        for position, customer in enumerate(batch):
            status = outcome.delivery.statuses.get(position)
            if status is None:
                continue
            kept = outcome.kept.get(position)
            self._state.removed += outcome.removed.get(position, 0)
            if status == OK:
                self._accept(customer)
            elif self._log.counts.profiles == 0 or self._is_nothing_accepted:
                self._hold_back(customer, status, kept)
                continue
            else:
                self._refuse(customer, status)
            self._keep_address(customer, kept)
        if outcome.delivery.abort_reason is not None and self._abort_reason is None:
            self._abort_reason = outcome.delivery.abort_reason
            self._stop.set()

    def _accept(self, customer: Customer) -> None:
        if not self._is_nothing_accepted:
            self._refuse_held_back()
        self._log.accept(customer.profile)
        self._add_to_sample(customer.profile)
        self._settle_number(customer.number)

    def _refuse(self, customer: Customer, status: int) -> None:
        self._state.refused[customer.number] = status
        self._log.refuse(customer.endpoints, status)
        self._settle_number(customer.number)

    def _keep_address(self, customer: Customer, status: int | None) -> None:
        if status is not None:
            self._state.address_kept[customer.number] = status
            self._log.keep_address(customer.endpoints, status)

    @property
    def _is_nothing_accepted(self) -> bool:
        """Whether the service refused all of the first profiles: the run ends, and none is settled."""
        return len(self._held_back) >= _MAX_REFUSED_AT_FIRST

    def _hold_back(self, customer: Customer, status: int, kept: int | None) -> None:
        self._held_back.append((customer, status, kept))
        if self._is_nothing_accepted and self._abort_reason is None:
            self._abort_reason = (
                f"the service refused all of the first {len(self._held_back)} profiles (status {status}); "
                "check that the object type is the stack's type for endpoints"
            )
            self._stop.set()

    def _refuse_held_back(self) -> None:
        for customer, status, kept in self._held_back:
            self._refuse(customer, status)
            self._keep_address(customer, kept)
        self._held_back.clear()

    def _add_to_sample(self, profile: ProfileObject) -> None:
        """Reservoir sampling: every profile sent is equally likely to be in the sample."""
        self._sent += 1
        if len(self.sample) < SAMPLE_SIZE:
            self.sample.append(profile)
        elif (position := self._chance.randrange(self._sent)) < SAMPLE_SIZE:
            self.sample[position] = profile

    def _settle_number(self, number: int) -> None:
        self._state.progress.settle([number])
        self._advance(1)

    def _save(self, seconds: float) -> None:
        self._log.flush()
        self._log.counts.addresses_removed = self._state.removed
        self._log.counts.seconds = seconds
        self._state.seconds = seconds
        self._state.save()


def names(files: Sequence[Path], state_directory: Path) -> list[str]:
    """File names for the state and the list of skipped lines, relative, so that all can be moved together."""
    return [os.path.relpath(file, os.path.realpath(state_directory)) for file in files]


def _skip_all(log: ImportLog, endpoints: Endpoints, reason: SkipReason) -> None:
    for line, _ in endpoints:
        log.skip(line, reason)
