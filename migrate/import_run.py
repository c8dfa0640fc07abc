"""

Knows no clock and no AWS client by itself."""

import os
import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from migrate.account import Account
from migrate.customer_profiles import MAX_ITEMS_IN_REQUEST, SetupError
from migrate.delivery import OK, Delivery, Outcome
from migrate.endpoints import Endpoint, KeyBy, SkipReason, read_endpoint
from migrate.import_state import ImportState
from migrate.pinpoint_export import read_lines
from migrate.profiles import Line, ProfileObject, make_profile
from migrate.records import read_records
from migrate.staging import Staging

# How many batches may wait for one that is sent again, for each worker.
_BATCHES_A_WORKER = 4
_SECONDS_BETWEEN_SAVES = 1.0
# Where none of so many was taken, the next ones will not be either.
_MAX_REFUSED_AT_FIRST = 50

SAMPLE_SIZE = 100
"""How many profiles are looked up in the end."""

Endpoints = Sequence[tuple[Line, Endpoint]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of the export, by its number in the order of the import."""

    number: int
    endpoints: Endpoints
    made: ProfileObject


def stage(
    files: Sequence[Path],
    attributes: Collection[str],
    *,
    state_directory: Path,
    key_by: KeyBy,
    staging: Staging,
    account: Account,
    advance: Callable[[int], None],
    stop: Callable[[], bool],
) -> None:
    """Read the whole export into `staging`. Raises ExportError and StagingError; ends early for `stop`.

    Reads each file up to the size that it has now.
    """
    sizes = [file.stat().st_size for file in files]
    for name, file, size in zip(names(files, state_directory), files, sizes, strict=True):
        for number, record in read_records(read_lines(file, size)):
            if stop():
                return
            account.summary.endpoints += 1
            line = Line(file=name, number=number)
            read = record if isinstance(record, SkipReason) else read_endpoint(record, attributes, key_by)
            if isinstance(read, SkipReason):
                account.skip(line, read)
            elif (older := staging.add(line, read)) is not None:
                account.skip(older, SkipReason.OLDER_VERSION)
            advance(1)
    for line in staging.drop_shared_users():
        account.skip(line, SkipReason.USER_SHARED)
    account.summary.undeclared.update(staging.undeclared)


def read_all(staging: Staging, *, account: Account, use: Callable[[ProfileObject], None]) -> None:
    """Hand every profile that an import would send to `use`, in order. Raises StagingError."""
    for key, endpoints in staging.customers():
        made = make_profile(key, endpoints)
        if isinstance(made, ProfileObject):
            use(made)
            account.take(made)
        else:
            _skip_all(account, endpoints, made)


class ImportRun:
    """One run of an import, from where its state says."""

    def __init__(
        self,
        staging: Staging,
        *,
        state: ImportState,
        account: Account,
        deliver: Callable[[Sequence[ProfileObject]], Outcome],
        workers: int,
        stop: threading.Event,
        clock: Callable[[], float],
        advance: Callable[[int], None],
        chance: random.Random,
    ) -> None:
        """`advance` is told of settled customers; `stop` ends the run when what is under way is settled.

        `chance` chooses `sample`: profiles that this run has sent.
        """
        self._staging = staging
        self._state = state
        self._account = account
        self._deliver = deliver
        self._workers = workers
        self._stop = stop
        self._clock = clock
        self._advance = advance
        self._chance = chance
        self._obstacle: str | None = None
        # What was refused before the service took anything.
        self._held_back: list[tuple[Customer, int, int | None]] = []
        self.sample: list[ProfileObject] = []
        self._sent = 0

    def run(self) -> str | None:
        """Import what is not settled yet; why it ended early, in one line, or None.

        While the service has never taken a profile, the ones that it refuses are held back: where it takes
        none, the cause is hardly theirs, and when it is mended they have to be sent again. They count as
        refused when it takes one, or when all were sent and they are few.

        The state is saved whenever it returns or raises: StagingError, StateError.
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
        return self._obstacle

    def _batches(self) -> Iterator[list[Customer]]:
        """What is to be sent. What is settled is accounted for, also when the run is to stop."""
        settled, last_settled = self._state.progress, self._state.progress.last
        batch: list[Customer] = []
        for number, (key, endpoints) in enumerate(self._staging.customers(), 1):
            if self._stop.is_set() and number > last_settled:
                return
            made = make_profile(key, endpoints)
            if isinstance(made, SkipReason):
                _skip_all(self._account, endpoints, made)
                if not settled.is_settled(number):
                    settled.settle([number])
                self._advance(1)
                continue
            customer = Customer(number=number, endpoints=endpoints, made=made)
            if settled.is_settled(number):
                self._recall(customer)
            elif not self._stop.is_set():
                batch.append(customer)
                if len(batch) == MAX_ITEMS_IN_REQUEST:
                    yield batch
                    batch = []
        if batch and not self._stop.is_set():
            yield batch

    def _recall(self, customer: Customer) -> None:
        """Account for what an earlier run has settled."""
        state = self._state
        if (status := state.refused.get(customer.number)) is not None:
            self._account.refuse(customer.endpoints, status)
        else:
            self._account.take(customer.made)
        if (status := state.address_kept.get(customer.number)) is not None:
            self._account.keep_address(customer.endpoints, status)
        self._advance(1)

    def _deliver_batch(self, batch: Sequence[Customer]) -> Outcome:
        if self._stop.is_set():
            return Outcome(delivery=Delivery())
        try:
            return self._deliver([customer.made for customer in batch])
        except SetupError as error:
            return Outcome(delivery=Delivery(obstacle=str(error)))

    def _settle(self, batch: Sequence[Customer], future: "Future[Outcome]") -> None:
        outcome = future.result()
        for place, customer in enumerate(batch):
            status = outcome.delivery.statuses.get(place)
            if status is None:
                continue
            kept = outcome.kept.get(place)
            self._state.removed += outcome.removed.get(place, 0)
            if status == OK:
                self._take(customer)
            elif self._account.summary.profiles == 0 or self._is_refused_at_first:
                self._hold_back(customer, status, kept)
                continue
            else:
                self._refuse(customer, status)
            self._keep_address(customer, kept)
        if outcome.delivery.obstacle is not None and self._obstacle is None:
            self._obstacle = outcome.delivery.obstacle
            self._stop.set()

    def _take(self, customer: Customer) -> None:
        if not self._is_refused_at_first:
            self._refuse_held_back()
        self._account.take(customer.made)
        self._add_to_sample(customer.made)
        self._settle_number(customer.number)

    def _refuse(self, customer: Customer, status: int) -> None:
        self._state.refused[customer.number] = status
        self._account.refuse(customer.endpoints, status)
        self._settle_number(customer.number)

    def _keep_address(self, customer: Customer, status: int | None) -> None:
        if status is not None:
            self._state.address_kept[customer.number] = status
            self._account.keep_address(customer.endpoints, status)

    @property
    def _is_refused_at_first(self) -> bool:
        """Whether none of the first profiles was taken: the run ends, and none of them is settled."""
        return len(self._held_back) >= _MAX_REFUSED_AT_FIRST

    def _hold_back(self, customer: Customer, status: int, kept: int | None) -> None:
        self._held_back.append((customer, status, kept))
        if self._is_refused_at_first and self._obstacle is None:
            self._obstacle = (
                f"the service refused each of the first {len(self._held_back)} profiles (status {status}): "
                "is the object type the stack's one for endpoints?"
            )
            self._stop.set()

    def _refuse_held_back(self) -> None:
        for customer, status, kept in self._held_back:
            self._refuse(customer, status)
            self._keep_address(customer, kept)
        self._held_back.clear()

    def _add_to_sample(self, made: ProfileObject) -> None:
        """Each profile that is sent has the same chance to be among so many."""
        self._sent += 1
        if len(self.sample) < SAMPLE_SIZE:
            self.sample.append(made)
        elif (place := self._chance.randrange(self._sent)) < SAMPLE_SIZE:
            self.sample[place] = made

    def _settle_number(self, number: int) -> None:
        self._state.progress.settle([number])
        self._advance(1)

    def _save(self, seconds: float) -> None:
        self._account.flush()
        self._account.summary.addresses_removed = self._state.removed
        self._account.summary.seconds = seconds
        self._state.seconds = seconds
        self._state.save()


def names(files: Sequence[Path], state_directory: Path) -> list[str]:
    """What the state and the list of skipped lines call the files, wherever both were moved together."""
    return [os.path.relpath(file, state_directory.resolve()) for file in files]


def _skip_all(account: Account, endpoints: Endpoints, reason: SkipReason) -> None:
    for line, _ in endpoints:
        account.skip(line, reason)
