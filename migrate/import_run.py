"""Imports an export: several requests at a time, what is settled accounted for in the order of the lines.

Knows no clock and no AWS client by itself. Imports the other modules of this package but `__main__`.
"""

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from migrate.customer_profiles import MAX_ITEMS_IN_REQUEST, SetupError
from migrate.delivery import OK, Delivery
from migrate.endpoints import WORTH_LISTING, ProfileObject, SkipReason, read_endpoint
from migrate.import_state import FileProgress, ImportState, Summary
from migrate.pinpoint_export import CutOffError, read_lines

WORKERS = 16

# So that long stretches without an endpoint to import still move the bar and the state.
_MAX_LINES_IN_BATCH = 1_000
_SECONDS_BETWEEN_SAVES = 1.0
# Where none of so many was taken, the next ones will not be either.
_MAX_REFUSED_AT_FIRST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an export and what it means; None where it is blank."""

    number: int
    meaning: ProfileObject | SkipReason | None


@dataclass(slots=True, kw_only=True)
class Batch:
    """Lines of one file, with as many endpoints as one request may hold."""

    file: str
    lines: list[Line] = field(default_factory=list[Line])
    endpoints: list[tuple[int, ProfileObject]] = field(default_factory=list[tuple[int, ProfileObject]])

    def add(self, line: Line) -> None:
        self.lines.append(line)
        if isinstance(line.meaning, ProfileObject):
            self.endpoints.append((line.number, line.meaning))

    @property
    def is_full(self) -> bool:
        return len(self.endpoints) == MAX_ITEMS_IN_REQUEST or len(self.lines) == _MAX_LINES_IN_BATCH


class Account:
    """Writes down what became of lines: counts, and which lines were skipped and why.

    Holds no personal data: of an endpoint only its file and line number are written.
    """

    def __init__(self, summary: Summary, *, skipped: TextIO | None) -> None:
        self._summary = summary
        self._skipped = skipped

    def skip(self, file: str, number: int, reason: SkipReason) -> None:
        self._summary.skipped[reason.value] += 1
        self._list(file, number, skipped=reason.value)

    def take(self, file: str, number: int, made: ProfileObject) -> None:
        self._summary.imported += 1
        self._summary.with_user_id += made.user_id is not None
        for reason, count in made.left_out.items():
            self._summary.left_out[reason.value] += count
            if reason in WORTH_LISTING:
                self._list(file, number, left_out=reason.value)

    def refuse(self, file: str, number: int, status: int) -> None:
        self._summary.refused[str(status)] += 1
        self._list(file, number, refused=status)

    def flush(self) -> None:
        if self._skipped is not None:
            self._skipped.flush()

    def _list(self, file: str, number: int, **why: object) -> None:
        if self._skipped is not None:
            self._skipped.write(json.dumps({"file": file, "line": number, **why}) + "\n")


def read_all(
    files: Sequence[Path],
    attributes: Collection[str],
    *,
    state_directory: Path,
    account: Account,
    use: Callable[[ProfileObject], None],
    advance: Callable[[int], None],
) -> None:
    """Hand every endpoint that an import would send to `use`, in order. Raises ExportError.

    Reads each file up to the size that it has now, and names it, as an ImportRun with the same
    `state_directory` does.
    """
    sizes = [file.stat().st_size for file in files]
    for name, file, size in zip(_names(files, state_directory), files, sizes, strict=True):
        for number, text in enumerate(read_lines(file, size), 1):
            meaning = _read(text, attributes)
            if isinstance(meaning, ProfileObject):
                use(meaning)
                account.take(name, number, meaning)
            elif meaning is not None:
                account.skip(name, number, meaning)
            advance(1)


class ImportRun:
    """One run of an import, from where its state says."""

    def __init__(
        self,
        files: Sequence[Path],
        *,
        attributes: Collection[str],
        state: ImportState,
        state_directory: Path,
        account: Account,
        deliver: Callable[[Sequence[str]], Delivery],
        stop: threading.Event,
        clock: Callable[[], float],
        advance: Callable[[int], None],
    ) -> None:
        """`advance` is told of lines that are settled; `stop` ends the run when what is under way is settled.

        Raises StateError where a file has changed since the import began.
        """
        self._files = [
            (name, file, state.file(name, file.stat().st_size))
            for name, file in zip(_names(files, state_directory), files, strict=True)
        ]
        self._progress = {name: progress for name, _, progress in self._files}
        self._attributes = attributes
        self._state = state
        self._account = account
        self._deliver = deliver
        self._stop = stop
        self._clock = clock
        self._advance = advance
        self._obstacle: str | None = None
        # File, line and status of what was refused before the service took anything.
        self._held_back: list[tuple[str, int, int]] = []

    def run(self) -> str | None:
        """Import what is not settled yet; why it ended early, in one line, or None.

        While the service has never taken an endpoint, the ones that it refuses are held back: where it takes
        none, the cause is hardly theirs, and when it is mended they have to be sent again. They count as
        refused when it takes one, or when all lines were read and they are few.

        The state is saved whenever it returns or raises: ExportError, StateError, SetupError.
        """
        self._state.save()
        began = saved = self._clock()
        before = self._state.summary.seconds
        window: deque[tuple[Batch, Future[Delivery]]] = deque()
        try:
            with ThreadPoolExecutor(WORKERS) as pool:
                try:
                    for batch in self._batches():
                        window.append((batch, pool.submit(self._deliver_batch, batch)))
                        while window and (len(window) == WORKERS or window[0][1].done()):
                            self._settle(*window.popleft())
                        if self._clock() - saved >= _SECONDS_BETWEEN_SAVES:
                            saved = self._clock()
                            self._save(before + saved - began)
                        if self._stop.is_set():
                            break
                finally:
                    while window:
                        self._settle(*window.popleft())
            if not self._stop.is_set():
                self._refuse_held_back()
        finally:
            self._save(before + self._clock() - began)
        return self._obstacle

    def _batches(self) -> Iterator[Batch]:
        for name, file, progress in self._files:
            try:
                yield from self._batches_of(name, file, progress)
            except CutOffError:
                progress.cut_off = True
                raise

    def _batches_of(self, name: str, file: Path, progress: FileProgress) -> Iterator[Batch]:
        batch = Batch(file=name)
        for number, text in enumerate(read_lines(file, progress.size), 1):
            if progress.is_settled(number):
                self._advance(1)
                continue
            batch.add(Line(number=number, meaning=_read(text, self._attributes)))
            if batch.is_full:
                yield batch
                batch = Batch(file=name)
        if batch.lines:
            yield batch

    def _deliver_batch(self, batch: Batch) -> Delivery:
        if not batch.endpoints:
            return Delivery()
        try:
            return self._deliver([made.json_text() for _, made in batch.endpoints])
        except SetupError as error:
            return Delivery(obstacle=str(error))

    def _settle(self, batch: Batch, future: "Future[Delivery]") -> None:
        delivery = future.result()
        settled: list[int] = []
        statuses = {batch.endpoints[place][0]: status for place, status in delivery.statuses.items()}
        for line in batch.lines:
            if isinstance(line.meaning, ProfileObject):
                status = statuses.get(line.number)
                if status is None or not self._answer(batch.file, line.number, line.meaning, status):
                    continue
            elif line.meaning is not None:
                self._account.skip(batch.file, line.number, line.meaning)
            settled.append(line.number)
        self._settle_lines(batch.file, settled)
        if delivery.obstacle is not None and self._obstacle is None:
            self._obstacle = delivery.obstacle
            self._stop.set()

    def _answer(self, file: str, number: int, made: ProfileObject, status: int) -> bool:
        """Account for what the service says of an endpoint; whether that settles its line."""
        if status == OK:
            if not self._is_refused_at_first:
                self._refuse_held_back()
            self._account.take(file, number, made)
            return True
        if self._state.summary.imported == 0 or self._is_refused_at_first:
            self._hold_back(file, number, status)
            return False
        self._account.refuse(file, number, status)
        return True

    @property
    def _is_refused_at_first(self) -> bool:
        """Whether none of the first endpoints was taken: the run ends, and none of them is settled."""
        return len(self._held_back) >= _MAX_REFUSED_AT_FIRST

    def _hold_back(self, file: str, number: int, status: int) -> None:
        self._held_back.append((file, number, status))
        if self._is_refused_at_first and self._obstacle is None:
            self._obstacle = (
                f"the service refused each of the first {len(self._held_back)} endpoints (status {status}): "
                "is the object type the stack's one for endpoints?"
            )
            self._stop.set()

    def _refuse_held_back(self) -> None:
        for file, number, status in self._held_back:
            self._account.refuse(file, number, status)
            self._settle_lines(file, [number])
        self._held_back.clear()

    def _settle_lines(self, file: str, numbers: Collection[int]) -> None:
        self._progress[file].settle(numbers)
        self._advance(len(numbers))

    def _save(self, seconds: float) -> None:
        self._account.flush()
        self._state.summary.seconds = seconds
        self._state.save()


def _read(text: bytes | None, attributes: Collection[str]) -> ProfileObject | SkipReason | None:
    return None if text is not None and not text.strip() else read_endpoint(text, attributes)


def _names(files: Sequence[Path], state_directory: Path) -> list[str]:
    """What the state and the list of skipped lines call the files, wherever both were moved together."""
    return [os.path.relpath(file, state_directory.resolve()) for file in files]
