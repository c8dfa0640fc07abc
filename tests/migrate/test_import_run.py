"""A whole import: everything once, going on where it stopped, in constant memory."""

import io
import json
import random
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.customer_profiles import SetupError
from migrate.delivery import OK, Delivery
from migrate.endpoints import ProfileObject
from migrate.import_run import WORKERS, Account, ImportRun, read_all
from migrate.import_state import ImportState, StateError, Summary
from migrate.pinpoint_export import CutOffError, ExportError, export_files, read_lines
from tests.migrate.exports import an_endpoint, as_line, numbered, write_export, write_lines
from tests.patience import PATIENCE_SECONDS

Deliver = Callable[[Sequence[str]], Delivery]


class Taker:
    """Takes everything and remembers it; ends the run after some requests where `stop_after` says so."""

    def __init__(self, *, stop: threading.Event | None = None, stop_after: int | None = None) -> None:
        self.taken: list[str] = []
        self.requests = 0
        self._stop = stop
        self._stop_after = stop_after
        self._lock = threading.Lock()

    def __call__(self, objects: Sequence[str]) -> Delivery:
        with self._lock:
            self.requests += 1
            self.taken.extend(json.loads(text)["endpoint_id"] for text in objects)
            if self._stop is not None and self.requests == self._stop_after:
                self._stop.set()
        return Delivery(statuses=dict.fromkeys(range(len(objects)), OK))


def run(
    export: Path,
    deliver: Deliver,
    *,
    stop: threading.Event | None = None,
    skipped: io.StringIO | None = None,
    advance: Callable[[int], None] = lambda _: None,
    clock: Callable[[], float] = lambda: 0.0,
) -> tuple[Summary, str | None]:
    """Import with the state beside the export; the summary, and why it ended early."""
    state = ImportState.load(export.parent / "state.json", {"domain": "d"})
    made = ImportRun(
        export_files([export]),
        attributes=["plan"],
        state=state,
        state_directory=export.parent,
        account=Account(state.summary, skipped=skipped),
        deliver=deliver,
        stop=stop or threading.Event(),
        clock=clock,
        advance=advance,
    )
    return state.summary, made.run()


def ids(count: int) -> list[str]:
    return [f"endpoint-{number}" for number in range(count)]


def test_every_endpoint_is_delivered_once(export: Path) -> None:
    taker = Taker()
    summary, obstacle = run(export, taker)

    assert (sorted(taker.taken), obstacle) == (sorted(ids(25)), None)
    assert summary == Summary(imported=25, with_user_id=25)


def test_endpoints_go_out_ten_at_a_time(export: Path) -> None:
    taker = Taker()
    run(export, taker)

    assert taker.requests == 3  # 10 and 5 of the first part, 10 of the second


def test_a_finished_import_delivers_nothing_again(export: Path) -> None:
    run(export, Taker())
    again = Taker()
    summary, obstacle = run(export, again)

    assert (again.requests, summary.imported, obstacle) == (0, 25, None)


@pytest.mark.parametrize("name", ["part-0.json", "part-1.json"])
def test_what_is_added_to_a_file_during_the_import_is_not_read(tmp_path: Path, name: str) -> None:
    # More than is under way at a time: the second file is opened when it has grown.
    endpoints = numbered(2 * WORKERS * 10 + 5)
    write_export(tmp_path / "export" / "part-0.json", endpoints[:-5])
    write_export(tmp_path / "export" / "part-1.json", endpoints[-5:])
    taker = Taker()

    def growing(objects: Sequence[str]) -> Delivery:
        with (tmp_path / "export" / name).open("ab") as file:
            file.write(as_line(an_endpoint("added")))
        return taker(objects)

    summary, obstacle = run(tmp_path / "export", growing)

    assert (sorted(taker.taken), obstacle) == (sorted(ids(len(endpoints))), None)
    assert summary.imported == len(endpoints)


@pytest.mark.parametrize("name", ["part-0.json", "part-1.json"])
def test_what_is_added_to_a_file_while_all_is_read_is_not_read(tmp_path: Path, name: str) -> None:
    files = [write_export(tmp_path / f"part-{number}.json", numbered(3)) for number in range(2)]
    summary = Summary()

    def add(_made: ProfileObject) -> None:
        with (tmp_path / name).open("ab") as file:
            file.write(as_line(an_endpoint("added")))

    account = Account(summary, skipped=None)
    read_all(files, ["plan"], state_directory=tmp_path, account=account, use=add, advance=lambda _: None)

    assert summary.endpoints == 6


def test_an_interrupted_import_goes_on_where_it_stopped(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(2_000))
    stop = threading.Event()
    first = Taker(stop=stop, stop_after=3)
    before, _ = run(export, first, stop=stop)
    assert 30 <= before.imported < 2_000
    second = Taker()
    after, _ = run(export, second)

    assert Counter(first.taken + second.taken) == Counter(ids(2_000))
    assert after.imported == 2_000


def test_an_import_that_was_killed_leaves_nothing_out(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(500))
    first = Taker()
    ticks = iter(range(1_000_000))
    state = tmp_path / "state.json"
    kept: list[tuple[bytes, int]] = []

    def keep(_lines: int) -> None:
        kept.append((state.read_bytes(), len(first.taken)))

    run(export, first, clock=lambda: float(next(ticks)), advance=keep)
    for state_then, taken_then in (kept[0], kept[len(kept) // 2], kept[-1]):
        state.write_bytes(state_then)
        again = Taker()
        summary, _ = run(export, again)

        assert {*first.taken[:taken_then], *again.taken} == set(ids(500))
        assert summary.imported == 500


def test_a_part_that_comes_later_is_imported_by_the_next_run(export: Path) -> None:
    run(export, Taker())
    write_export(export / "part-2.json", [an_endpoint("late")])
    taker = Taker()
    run(export, taker)

    assert taker.taken == ["late"]


def test_the_state_moves_with_the_export(export: Path) -> None:
    run(export, Taker())
    moved = export.parent / "elsewhere" / "export"
    moved.parent.mkdir()
    export.rename(moved)
    (export.parent / "state.json").rename(moved.parent / "state.json")
    taker = Taker()
    run(moved, taker)

    assert taker.taken == []


def test_a_changed_export_is_noticed_before_anything_is_delivered(export: Path) -> None:
    run(export, Taker())
    write_export(export / "part-0.json.gz", numbered(3))
    taker = Taker()

    with pytest.raises(StateError, match=r"part-0\.json\.gz has changed"):
        run(export, taker)
    assert taker.requests == 0


def test_what_is_skipped_is_counted_and_listed_without_personal_data(tmp_path: Path) -> None:
    lines = [
        b"not json e0@example.com\n",
        as_line(an_endpoint("e1", EndpointStatus="INACTIVE")),
        b"\n",
        as_line(an_endpoint("e2", OptOut="ALL")),
        as_line(an_endpoint("e3", Attributes={"a": ["b"]})),
    ]
    export = write_lines(tmp_path / "part.json", lines)
    skipped = io.StringIO()
    summary, _ = run(export, Taker(), skipped=skipped)

    assert summary.skipped == {"unreadable": 1, "inactive": 1}
    assert summary.left_out == {"address_opted_out": 1, "endpoint_attribute": 1}
    assert [json.loads(line) for line in skipped.getvalue().splitlines()] == [
        {"file": "part.json", "line": 1, "skipped": "unreadable"},
        {"file": "part.json", "line": 2, "skipped": "inactive"},
        {"file": "part.json", "line": 4, "left_out": "address_opted_out"},
    ]


def test_what_the_service_refuses_is_counted_and_listed_and_not_sent_again(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(3))
    skipped = io.StringIO()
    summary, obstacle = run(export, lambda _: Delivery(statuses={0: OK, 1: 400, 2: OK}), skipped=skipped)
    again = Taker()
    run(export, again)

    assert (summary.imported, summary.refused, obstacle) == (2, {"400": 1}, None)
    assert json.loads(skipped.getvalue()) == {"file": "part.json", "line": 2, "refused": 400}
    assert again.taken == []


def test_an_obstacle_ends_the_run_and_what_was_not_settled_comes_next_time(export: Path) -> None:
    summary, obstacle = run(export, lambda _: Delivery(statuses={0: OK}, obstacle="the service is away"))
    taker = Taker()
    run(export, taker)

    assert obstacle == "the service is away"
    assert summary.imported + len(taker.taken) == 25


def refuse(objects: Sequence[str]) -> Delivery:
    return Delivery(statuses=dict.fromkeys(range(len(objects)), 400))


def listed(skipped: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in skipped.getvalue().splitlines()]


def test_a_service_that_refuses_everything_is_not_asked_for_long(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(5_000))
    requests: list[int] = []

    def refuse_and_count(objects: Sequence[str]) -> Delivery:
        requests.append(len(objects))
        return refuse(objects)

    _, obstacle = run(export, refuse_and_count)

    assert obstacle is not None
    assert obstacle.startswith(
        "the service refused each of the first 50 endpoints (status 400): is the object"
    )
    assert sum(requests) < 500


def test_endpoints_that_a_service_refuses_which_takes_nothing_are_not_accounted_for(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(5_000))
    skipped, advanced = io.StringIO(), list[int]()
    summary, _ = run(export, refuse, skipped=skipped, advance=advanced.append)

    assert (summary, skipped.getvalue(), sum(advanced)) == (Summary(), "", 0)


def test_a_service_that_took_nothing_gets_everything_when_it_takes_it(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(60))
    obstacles = [run(export, refuse)[1] for _ in range(2)]
    taker = Taker()
    summary, _ = run(export, taker)

    assert all(obstacles)
    assert sorted(taker.taken) == sorted(ids(60))
    assert summary == Summary(imported=60, with_user_id=60)


def test_lines_that_are_skipped_count_also_where_the_service_takes_nothing(tmp_path: Path) -> None:
    export = write_lines(tmp_path / "part.json", [b"no json\n", *map(as_line, numbered(60))])
    run(export, refuse)
    skipped = io.StringIO()
    summary, _ = run(export, Taker(), skipped=skipped)

    assert (summary.imported, summary.skipped, listed(skipped)) == (60, {"unreadable": 1}, [])


def test_the_first_endpoint_that_is_taken_says_that_those_before_it_were_refused(export: Path) -> None:
    def take_one(objects: Sequence[str]) -> Delivery:
        found = [json.loads(text)["endpoint_id"] for text in objects]
        return Delivery(
            statuses={place: OK if one == "endpoint-17" else 400 for place, one in enumerate(found)}
        )

    skipped, advanced = io.StringIO(), list[int]()
    summary, obstacle = run(export, take_one, skipped=skipped, advance=advanced.append)
    again = Taker()
    run(export, again)

    assert (summary.imported, summary.refused, obstacle, sum(advanced)) == (1, {"400": 24}, None, 25)
    assert [(line["file"], line["line"]) for line in listed(skipped)] == [
        *(("export/part-0.json.gz", number) for number in range(1, 16)),
        *(("export/part-1.json.gz", number) for number in (1, 2, *range(4, 11))),
    ]
    assert again.taken == []


def test_a_short_export_that_is_refused_whole_is_accounted_for_at_its_end(export: Path) -> None:
    skipped, advanced = io.StringIO(), list[int]()
    summary, obstacle = run(export, refuse, skipped=skipped, advance=advanced.append)
    again = Taker()
    run(export, again)

    assert (summary.refused, obstacle, sum(advanced)) == ({"400": 25}, None, 25)
    assert [line["line"] for line in listed(skipped)] == [*range(1, 16), *range(1, 11)]
    assert again.taken == []


def test_a_run_that_is_stopped_leaves_what_was_refused_at_first_to_the_next_one(export: Path) -> None:
    stop = threading.Event()

    def refuse_and_stop(objects: Sequence[str]) -> Delivery:
        stop.set()
        return refuse(objects)

    skipped = io.StringIO()
    summary, _ = run(export, refuse_and_stop, stop=stop, skipped=skipped)
    taker = Taker()
    run(export, taker)

    assert (summary, skipped.getvalue()) == (Summary(), "")
    assert sorted(taker.taken) == sorted(ids(25))


def test_an_obstacle_leaves_what_was_refused_at_first_to_the_next_run(export: Path) -> None:
    summary, obstacle = run(export, lambda _: Delivery(statuses={0: 400}, obstacle="the service is away"))
    taker = Taker()
    run(export, taker)

    assert (summary, obstacle) == (Summary(), "the service is away")
    assert sorted(taker.taken) == sorted(ids(25))


def test_a_damaged_part_leaves_what_was_refused_at_first_to_the_next_run(export: Path) -> None:
    (export / "part-2.json.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(ExportError):
        run(export, refuse)
    (export / "part-2.json.gz").unlink()
    taker = Taker()
    run(export, taker)

    assert sorted(taker.taken) == sorted(ids(25))


def test_what_is_taken_after_the_first_were_all_refused_counts_and_the_first_come_next_time(
    tmp_path: Path,
) -> None:
    export = write_export(tmp_path / "part.json", numbered(70))
    late = threading.Event()
    taken: list[str] = []

    def deliver(objects: Sequence[str]) -> Delivery:
        found = [json.loads(text)["endpoint_id"] for text in objects]
        if "endpoint-0" in found:
            # So that the sixth request is under way before the answer to the first one is known.
            assert late.wait(PATIENCE_SECONDS)
        if "endpoint-50" not in found:
            return refuse(objects)
        taken.extend(found)
        late.set()
        return Delivery(statuses=dict.fromkeys(range(len(objects)), OK))

    summary, obstacle = run(export, deliver)
    taker = Taker()
    run(export, taker)

    assert obstacle is not None
    assert summary == Summary(imported=10, with_user_id=10)
    assert Counter(taken + taker.taken) == Counter(ids(70))


def test_missing_credentials_end_the_run(export: Path) -> None:
    def unable(_objects: Sequence[str]) -> Delivery:
        raise SetupError("no credentials")

    assert run(export, unable) == (Summary(), "no credentials")


def test_a_damaged_part_ends_the_run_with_the_state_saved(tmp_path: Path) -> None:
    export = tmp_path / "export"
    write_export(export / "part-0.json.gz", numbered(20))
    (export / "part-1.json.gz").write_bytes(b"\x1f\x8b\x08")
    taker = Taker()

    with pytest.raises(ExportError, match=r"part-1\.json\.gz"):
        run(export, taker)

    assert sorted(taker.taken) == sorted(ids(20))
    assert ImportState.load(tmp_path / "state.json", {"domain": "d"}).summary.imported == 20


def test_a_part_that_was_cut_off_goes_on_when_it_is_whole(tmp_path: Path) -> None:
    part = write_export(tmp_path / "part.json.gz", numbered(500))
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    first = Taker()
    with pytest.raises(CutOffError):
        run(part, first)
    part.write_bytes(whole)
    second = Taker()
    summary, _ = run(part, second)

    assert 0 < len(first.taken) < 500
    assert Counter(first.taken + second.taken) == Counter(ids(500))
    assert summary.imported == 500


def test_a_part_that_was_damaged_and_is_another_now_is_noticed(tmp_path: Path) -> None:
    part = write_export(tmp_path / "part.json.gz", numbered(20))
    whole = part.read_bytes()
    part.write_bytes(whole + b"no gzip")
    with pytest.raises(ExportError, match="damaged"):
        run(part, Taker())
    part.write_bytes(whole)

    with pytest.raises(StateError, match=r"part\.json\.gz has changed"):
        run(part, Taker())


def test_the_bar_advances_by_every_line_of_the_export_also_when_going_on(tmp_path: Path) -> None:
    lines = [*map(as_line, numbered(30)), b"\n", b"not json\n"]
    export = write_lines(tmp_path / "part.json", lines)
    advanced: list[int] = []
    run(export, Taker(), advance=advanced.append)
    going_on: list[int] = []
    run(export, Taker(), advance=going_on.append)

    assert (sum(advanced), sum(going_on)) == (32, 32)


def test_seconds_add_up_over_runs(export: Path) -> None:
    ticks = iter([0.0, *[5.0] * 1_000])
    summary, _ = run(export, Taker(), clock=lambda: next(ticks))
    ticks = iter([0.0, *[7.0] * 1_000])
    summary, _ = run(export, Taker(), clock=lambda: next(ticks))

    assert summary.seconds == 12.0


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    filler = {"plan": ["v" * 200], "other": ["o" * 800]}
    endpoints = (an_endpoint(f"e{n}", User={"UserAttributes": filler}) for n in range(4_000))
    export = write_export(tmp_path / "part.json", endpoints)
    tracemalloc.start()
    run(export, lambda objects: Delivery(statuses=dict.fromkeys(range(len(objects)), OK)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2_000_000  # of some 6 MB


def test_a_slow_service_is_not_read_ahead_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = write_export(tmp_path / "part.json", numbered(2_000))
    read, all_read = 0, threading.Event()
    delivered: list[int] = []
    ahead: list[int] = []

    def counted(file: Path, size: int) -> Iterator[bytes | None]:
        nonlocal read
        for line in read_lines(file, size):
            read += 1
            yield line
        all_read.set()

    def slowly(objects: Sequence[str]) -> Delivery:
        all_read.wait(0.01)
        ahead.append(read - sum(delivered))
        delivered.append(len(objects))
        return Delivery(statuses=dict.fromkeys(range(len(objects)), OK))

    monkeypatch.setattr("migrate.import_run.read_lines", counted)
    run(export, slowly)

    # The requests under way, those that are answered while an earlier one is not, and the next one.
    assert max(ahead) <= (2 * WORKERS + 1) * 10


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 120), junk=st.integers(0, 30))
def test_whatever_stops_runs_in_the_end_every_endpoint_was_taken_once(
    seed: int, count: int, junk: int
) -> None:
    """Each run meets stops, obstacles and halfway deliveries at random; the last one meets none."""
    chance = random.Random(seed)  # noqa: S311 - the seed makes a failure repeatable
    lines = [*map(as_line, numbered(count)), *[b"not json\n"] * junk]
    chance.shuffle(lines)
    lock = threading.Lock()
    taken: list[str] = []
    with TemporaryDirectory() as directory:
        half = len(lines) // 2
        write_lines(Path(directory) / "export" / "a.json", lines[:half])
        export = write_lines(Path(directory) / "export" / "b.json.gz", lines[half:]).parent
        for hindered in (True, True, False):
            stop = threading.Event()

            def deliver(objects: Sequence[str], *, hindered: bool = hindered, stop: Any = stop) -> Delivery:
                with lock:
                    settled = [p for p in range(len(objects)) if not hindered or chance.random() < 0.8]
                    taken.extend(json.loads(objects[place])["endpoint_id"] for place in settled)
                    if hindered and chance.random() < 0.1:
                        stop.set()
                missing = len(settled) < len(objects)
                return Delivery(statuses=dict.fromkeys(settled, OK), obstacle="away" if missing else None)

            summary, _ = run(export, deliver, stop=stop)

    assert Counter(taken) == Counter(ids(count))
    assert (summary.imported, summary.skipped.total()) == (count, junk)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 120), refused=st.integers(0, 49))
def test_whatever_stops_runs_in_the_end_every_endpoint_was_taken_or_refused_once(
    seed: int, count: int, refused: int
) -> None:
    """So few are refused that no run ends because of them. The last run meets no stop and no obstacle."""
    chance = random.Random(seed)  # noqa: S311 - the seed makes a failure repeatable
    unwelcome = set(chance.sample(ids(count), min(refused, count)))
    lock = threading.Lock()
    taken: list[str] = []
    with TemporaryDirectory() as directory:
        export = write_export(Path(directory) / "part.json", numbered(count))
        skipped = io.StringIO()
        advanced: list[int] = []
        for hindered in (True, True, False):
            stop = threading.Event()

            def deliver(objects: Sequence[str], *, hindered: bool = hindered, stop: Any = stop) -> Delivery:
                statuses: dict[int, int] = {}
                with lock:
                    for place, text in enumerate(objects):
                        endpoint_id = json.loads(text)["endpoint_id"]
                        if hindered and chance.random() < 0.2:
                            continue
                        statuses[place] = 400 if endpoint_id in unwelcome else OK
                        if statuses[place] == OK:
                            taken.append(endpoint_id)
                    if hindered and chance.random() < 0.1:
                        stop.set()
                missing = len(statuses) < len(objects)
                return Delivery(statuses=statuses, obstacle="away" if missing else None)

            advanced.clear()
            summary, _ = run(export, deliver, stop=stop, skipped=skipped, advance=advanced.append)

    assert Counter(taken) == Counter(set(ids(count)) - unwelcome)
    assert (summary.imported, summary.refused.total()) == (len(taken), len(unwelcome))
    assert Counter(f"endpoint-{line['line'] - 1}" for line in listed(skipped)) == Counter(unwelcome)
    assert sum(advanced) == count
