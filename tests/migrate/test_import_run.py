"""A whole import: sends everything once, continues where it stopped, in constant memory."""

import io
import json
import random
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.customer_profiles import SetupError
from migrate.delivery import OK, Delivery, Outcome
from migrate.endpoints import KeyBy
from migrate.import_log import Counts, ImportLog
from migrate.import_run import SAMPLE_SIZE, ImportRun, names, read_all, stage
from migrate.import_state import ImportState, StateError
from migrate.pinpoint_export import ExportError, export_files
from migrate.profiles import ProfileObject
from migrate.staging import Staging
from tests.migrate.exports import an_endpoint, as_line, numbered, write_export, write_lines
from tests.patience import PATIENCE_SECONDS

WORKERS = 16

Deliver = Callable[[Sequence[ProfileObject]], Outcome]


class Taker:
    """Accepts and remembers everything. Stops the run after `stop_after` requests."""

    def __init__(self, *, stop: threading.Event | None = None, stop_after: int | None = None) -> None:
        self.taken: list[str] = []
        self.requests = 0
        self._stop = stop
        self._stop_after = stop_after
        self._lock = threading.Lock()

    def __call__(self, made: Sequence[ProfileObject]) -> Outcome:
        with self._lock:
            self.requests += 1
            self.taken.extend(one.key for one in made)
            if self._stop is not None and self.requests == self._stop_after:
                self._stop.set()
        return taken_all(made)


def taken_all(made: Sequence[ProfileObject]) -> Outcome:
    return outcome(dict.fromkeys(range(len(made)), OK))


def outcome(statuses: dict[int, int], reason: str | None = None, **more: Any) -> Outcome:
    return Outcome(delivery=Delivery(statuses=statuses, abort_reason=reason), **more)


def run(
    export: Path,
    deliver: Deliver,
    *,
    stop: threading.Event | None = None,
    skipped: io.StringIO | None = None,
    advance: Callable[[int], None] = lambda _: None,
    clock: Callable[[], float] = lambda: 0.0,
    key_by: KeyBy = KeyBy.ENDPOINT_ID,
    sample: list[ProfileObject] | None = None,
) -> tuple[Counts, str | None]:
    """Import with the state beside the export. Returns the counts, and why it ended early."""
    directory = export.parent
    files, _ = export_files([export])
    state = ImportState.load(directory / "state.json", {"domain": "d"})
    sizes = [file.stat().st_size for file in files]
    state.check_files(dict(zip(names(files, directory), sizes, strict=True)))
    if skipped is not None:  # every run overwrites the file
        skipped.seek(0)
        skipped.truncate()
    log = ImportLog(skipped=skipped)
    with closing(Staging(directory, key_by)) as staging:
        stage(
            files,
            ["plan"],
            state_directory=directory,
            key_by=key_by,
            staging=staging,
            log=log,
            advance=lambda _: None,
            stop=lambda: False,
        )
        made = ImportRun(
            staging,
            state=state,
            log=log,
            deliver=deliver,
            workers=WORKERS,
            stop=stop or threading.Event(),
            clock=clock,
            advance=advance,
            chance=random.Random(1),  # noqa: S311 - which profiles are looked up is no secret
        )
        reason = made.run()
    if sample is not None:
        sample.extend(made.sample)
    return log.counts, reason


def ids(count: int) -> list[str]:
    return [f"endpoint-{number}" for number in range(count)]


def test_every_profile_is_delivered_once(export: Path) -> None:
    taker = Taker()
    counts, reason = run(export, taker)

    assert (sorted(taker.taken), reason) == (sorted(ids(25)), None)
    assert (counts.profiles, counts.of_endpoints, counts.endpoints, counts.with_email) == (25, 25, 25, 25)


def test_profiles_go_out_ten_at_a_time(export: Path) -> None:
    taker = Taker()
    run(export, taker)

    assert taker.requests == 3  # wherever the endpoints are


def test_the_endpoints_of_a_user_go_out_as_one(tmp_path: Path) -> None:
    endpoints = [an_endpoint(f"e{number}", User={"UserId": f"u{number % 3}"}) for number in range(30)]
    export = write_export(tmp_path / "part.json", endpoints)
    taker = Taker()
    counts, _ = run(export, taker, key_by=KeyBy.USER_ID)

    assert taker.taken == ["u0", "u1", "u2"]
    assert (counts.profiles, counts.of_endpoints) == (3, 30)


def test_a_finished_import_delivers_nothing_again_and_prints_the_same_summary(export: Path) -> None:
    first, _ = run(export, Taker())
    again = Taker()
    counts, reason = run(export, again)

    assert (again.requests, counts, reason) == (0, first, None)


def test_lines_added_to_a_file_during_reading_are_not_read(tmp_path: Path) -> None:
    files = [write_export(tmp_path / f"part-{number}.json", numbered(3)) for number in range(2)]
    log = ImportLog(skipped=None)

    def add(_lines: int) -> None:
        with files[1].open("ab") as file:
            file.write(as_line(an_endpoint("added")))

    with closing(Staging(tmp_path, KeyBy.ENDPOINT_ID)) as staging:
        stage(
            files,
            ["plan"],
            state_directory=tmp_path,
            key_by=KeyBy.ENDPOINT_ID,
            staging=staging,
            log=log,
            advance=add,
            stop=lambda: False,
        )

    assert log.counts.endpoints == 6


def test_a_run_that_is_stopped_while_the_export_is_read_sends_nothing(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(100))
    log = ImportLog(skipped=None)
    with closing(Staging(tmp_path, KeyBy.ENDPOINT_ID)) as staging:
        stage(
            [export],
            ["plan"],
            state_directory=tmp_path,
            key_by=KeyBy.ENDPOINT_ID,
            staging=staging,
            log=log,
            advance=lambda _: None,
            stop=lambda: log.counts.endpoints == 10,
        )
        assert staging.count() == 10


def test_a_preview_makes_the_same_profiles(export: Path) -> None:
    log = ImportLog(skipped=None)
    used: list[str] = []
    with closing(Staging(export, KeyBy.ENDPOINT_ID)) as staging:
        stage(
            export_files([export])[0],
            ["plan"],
            state_directory=export,
            key_by=KeyBy.ENDPOINT_ID,
            staging=staging,
            log=log,
            advance=lambda _: None,
            stop=lambda: False,
        )
        read_all(staging, log=log, use=lambda made: used.append(made.key))

    assert (used, log.counts.profiles) == (ids(25), 25)


def test_an_interrupted_import_continues_where_it_stopped(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(2_000))
    stop = threading.Event()
    first = Taker(stop=stop, stop_after=3)
    before, _ = run(export, first, stop=stop)
    assert 30 <= before.profiles < 2_000
    second = Taker()
    after, _ = run(export, second)

    assert Counter(first.taken + second.taken) == Counter(ids(2_000))
    assert after.profiles == 2_000


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
        counts, _ = run(export, again)

        assert {*first.taken[:taken_then], *again.taken} == set(ids(500))
        assert counts.profiles == 500


def test_the_state_moves_with_the_export(export: Path) -> None:
    run(export, Taker())
    moved = export.parent / "elsewhere" / "export"
    moved.parent.mkdir()
    export.rename(moved)
    (export.parent / "state.json").rename(moved.parent / "state.json")
    taker = Taker()
    run(moved, taker)

    assert taker.taken == []


@pytest.mark.parametrize("name", ["part-0.json.gz", "part-2.json.gz"])
def test_a_changed_export_is_noticed_before_anything_is_delivered(export: Path, name: str) -> None:
    run(export, Taker())
    write_export(export / name, numbered(3))
    taker = Taker()

    with pytest.raises(StateError, match=f"{name} has changed"):
        run(export, taker)
    assert taker.requests == 0


def test_skipped_lines_are_counted_and_listed_without_personal_data(tmp_path: Path) -> None:
    lines = [
        b"not json e0@example.com\n",
        as_line(an_endpoint("e1", EndpointStatus="INACTIVE")),
        b"\n",
        as_line(an_endpoint("e2", OptOut="ALL")),
        as_line(an_endpoint("e3", Attributes={"a": ["b"]})),
        as_line(an_endpoint("e3", EffectiveDate="2020-01-01T00:00:00Z")),
    ]
    export = write_lines(tmp_path / "part.json", [b"{}\n", *lines])
    skipped = io.StringIO()
    counts, _ = run(export, Taker(), skipped=skipped)

    assert counts.skipped == {"id_missing": 1, "unreadable": 1, "older_version": 1}
    assert counts.dropped == {"address_opted_out": 1, "address_inactive": 1, "endpoint_attribute": 1}
    assert (counts.endpoints, counts.without_address, counts.opted_out) == (6, 2, 1)
    assert listed(skipped) == [
        {"file": "part.json", "line": 1, "skipped": "id_missing"},
        {"file": "part.json", "line": 2, "skipped": "unreadable"},
        {"file": "part.json", "line": 7, "skipped": "older_version"},
        {"file": "part.json", "line": 3, "dropped": "address_inactive"},
        {"file": "part.json", "line": 5, "dropped": "address_opted_out"},
    ]


def test_refused_profiles_are_counted_and_listed_and_not_sent_again(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(3))
    skipped = io.StringIO()
    counts, reason = run(export, lambda _: outcome({0: OK, 1: 400, 2: OK}), skipped=skipped)
    again, skipped_again = Taker(), io.StringIO()
    counts_again, _ = run(export, again, skipped=skipped_again)

    assert (counts.profiles, counts.refused, reason) == (2, {"400": 1}, None)
    assert listed(skipped) == [{"file": "part.json", "line": 2, "refused": 400}]
    assert (again.taken, counts_again, listed(skipped_again)) == ([], counts, listed(skipped))


def test_an_address_that_could_not_be_taken_away_is_counted_and_listed_by_every_run(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(3))
    skipped = io.StringIO()
    taken = {0: OK, 1: OK, 2: 413}
    counts, _ = run(export, lambda _: outcome(taken, removed={0: 2}, kept={1: 400, 2: 400}), skipped=skipped)
    counts_again, _ = run(export, Taker(), skipped=skipped)

    assert counts == counts_again
    assert (counts.profiles, counts.refused) == (2, {"413": 1})
    assert (counts.addresses_removed, counts.addresses_kept) == (2, {"400": 2})
    assert listed(skipped) == [
        {"file": "part.json", "line": 2, "address_kept": 400},
        {"file": "part.json", "line": 3, "refused": 413},
        {"file": "part.json", "line": 3, "address_kept": 400},
    ]


def test_an_abort_ends_the_run_and_the_next_run_sends_the_rest(export: Path) -> None:
    counts, reason = run(export, lambda _: outcome({0: OK}, "the service is away"))
    taker = Taker()
    run(export, taker)

    assert reason == "the service is away"
    assert counts.profiles + len(taker.taken) == 25


def test_a_sample_of_the_sent_profiles_is_kept(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(500))
    sample: list[ProfileObject] = []
    run(export, Taker(), sample=sample)

    keys = {made.key for made in sample}
    assert len(keys) == SAMPLE_SIZE
    assert keys != set(ids(SAMPLE_SIZE))


def refuse(made: Sequence[ProfileObject]) -> Outcome:
    return outcome(dict.fromkeys(range(len(made)), 400))


def listed(skipped: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in skipped.getvalue().splitlines()]


def test_a_service_that_refuses_everything_is_not_asked_for_long(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(5_000))
    requests: list[int] = []
    skipped, advanced = io.StringIO(), list[int]()

    def refuse_and_count(made: Sequence[ProfileObject]) -> Outcome:
        requests.append(len(made))
        return refuse(made)

    counts, reason = run(export, refuse_and_count, skipped=skipped, advance=advanced.append)

    assert reason is not None
    assert reason.startswith(
        "the service refused all of the first 50 profiles (status 400); check that the object"
    )
    assert sum(requests) < 1_000
    assert (counts.profiles, counts.refused, skipped.getvalue(), advanced) == (0, {}, "", [])


def test_a_service_that_recovers_gets_everything(tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", numbered(60))
    obstacles = [run(export, refuse)[1] for _ in range(2)]
    taker = Taker()
    counts, _ = run(export, taker)

    assert all(obstacles)
    assert sorted(taker.taken) == sorted(ids(60))
    assert (counts.profiles, counts.refused) == (60, {})


def test_the_first_accepted_profile_settles_those_refused_before_it(export: Path) -> None:
    def take_one(made: Sequence[ProfileObject]) -> Outcome:
        return outcome({place: OK if one.key == "endpoint-17" else 400 for place, one in enumerate(made)})

    skipped, advanced = io.StringIO(), list[int]()
    counts, reason = run(export, take_one, skipped=skipped, advance=advanced.append)
    again = Taker()
    run(export, again)

    assert (counts.profiles, counts.refused, reason, sum(advanced)) == (1, {"400": 24}, None, 25)
    assert [(line["file"], line["line"]) for line in listed(skipped)] == [
        *(("export/part-0.json.gz", number) for number in range(1, 16)),
        *(("export/part-1.json.gz", number) for number in (1, 2, *range(4, 11))),
    ]
    assert again.taken == []


def test_an_address_kept_for_a_customer_refused_at_first_is_reported(export: Path) -> None:
    def keep(made: Sequence[ProfileObject]) -> Outcome:
        return outcome(dict.fromkeys(range(len(made)), 400), kept={0: 503})

    counts, _ = run(export, keep)
    again, _ = run(export, keep)

    assert (counts.refused, counts.addresses_kept) == ({"400": 25}, {"503": 3})
    assert (again.refused, again.addresses_kept) == ({"400": 25}, {"503": 3})


def test_a_short_export_that_is_entirely_refused_is_reported_at_its_end(export: Path) -> None:
    skipped, advanced = io.StringIO(), list[int]()
    counts, reason = run(export, refuse, skipped=skipped, advance=advanced.append)
    again = Taker()
    run(export, again)

    assert (counts.refused, reason, sum(advanced)) == ({"400": 25}, None, 25)
    assert [line["line"] for line in listed(skipped)] == [*range(1, 16), *range(1, 11)]
    assert again.taken == []


@pytest.mark.parametrize("reason", [None, "the service is away"])
def test_a_run_that_ends_early_leaves_what_was_refused_at_first_to_the_next_one(
    export: Path, reason: str | None
) -> None:
    stop = threading.Event()

    def refuse_and_stop(made: Sequence[ProfileObject]) -> Outcome:
        stop.set()
        return outcome(dict.fromkeys(range(len(made)), 400), reason)

    skipped = io.StringIO()
    counts, told = run(export, refuse_and_stop, stop=stop, skipped=skipped)
    taker = Taker()
    run(export, taker)

    assert (counts.profiles, counts.refused, skipped.getvalue(), told) == (0, {}, "", reason)
    assert sorted(taker.taken) == sorted(ids(25))


def test_a_profile_accepted_after_refusals_counts_and_the_refused_are_sent_next_time(
    tmp_path: Path,
) -> None:
    export = write_export(tmp_path / "part.json", numbered(70))
    late = threading.Event()
    taken: list[str] = []

    def deliver(made: Sequence[ProfileObject]) -> Outcome:
        found = [one.key for one in made]
        if "endpoint-0" in found:
            # The sixth request must be under way before the response to the first one arrives.
            assert late.wait(PATIENCE_SECONDS)
        if "endpoint-50" not in found:
            return refuse(made)
        taken.extend(found)
        late.set()
        return taken_all(made)

    counts, reason = run(export, deliver)
    taker = Taker()
    run(export, taker)

    assert reason is not None
    assert counts.profiles == 10
    assert Counter(taken + taker.taken) == Counter(ids(70))


def test_missing_credentials_end_the_run(export: Path) -> None:
    def unable(_made: Sequence[ProfileObject]) -> Outcome:
        raise SetupError("no credentials")

    counts, reason = run(export, unable)

    assert (counts.profiles, reason) == (0, "no credentials")


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08", b"\xff\xfe{\x00"])
def test_a_part_that_cannot_be_read_ends_the_run_before_anything_is_sent(
    export: Path, content: bytes
) -> None:
    """Only at the end is it known which line of an endpoint is the newest."""
    (export / "part-2.json.gz").write_bytes(content)
    taker = Taker()

    with pytest.raises(ExportError, match=r"part-2\.json\.gz"):
        run(export, taker)

    assert taker.requests == 0


def test_the_newest_line_of_an_endpoint_is_sent_in_whatever_file_it_lies(tmp_path: Path) -> None:
    for name, date in {"a.json": "2026-01-02T00:00:00Z", "b.json": "2026-01-01T00:00:00Z"}.items():
        write_export(
            tmp_path / "export" / name, [an_endpoint("e1", Address=f"{name}@example.com", EffectiveDate=date)]
        )
    sent: list[ProfileObject] = []

    def deliver(made: Sequence[ProfileObject]) -> Outcome:
        sent.extend(made)
        return taken_all(made)

    run(tmp_path / "export", deliver)

    assert [made.email for made in sent] == ["a.json@example.com"]


def test_the_bar_advances_by_every_profile_of_the_export_also_when_going_on(tmp_path: Path) -> None:
    lines = [*map(as_line, numbered(30)), b"\n", b"not json\n"]
    export = write_lines(tmp_path / "part.json", lines)
    advanced: list[int] = []
    run(export, Taker(), advance=advanced.append)
    going_on: list[int] = []
    run(export, Taker(), advance=going_on.append)

    assert (sum(advanced), sum(going_on)) == (30, 30)


def test_seconds_add_up_over_runs(export: Path) -> None:
    ticks = iter([0.0, *[5.0] * 1_000])
    counts, _ = run(export, Taker(), clock=lambda: next(ticks))
    ticks = iter([0.0, *[7.0] * 1_000])
    counts, _ = run(export, Taker(), clock=lambda: next(ticks))

    assert counts.seconds == 12.0


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    filler = {"plan": ["v" * 200], "other": ["o" * 800]}
    endpoints = (an_endpoint(f"e{n}", User={"UserAttributes": filler}) for n in range(4_000))
    export = write_export(tmp_path / "part.json", endpoints)
    tracemalloc.start()
    run(export, taken_all)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 3_000_000  # of about 6 MB


def test_a_slow_service_is_not_read_ahead_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = write_export(tmp_path / "part.json", numbered(2_000))
    asked, delivered, ahead = [0], [0], list[int]()
    lock = threading.Lock()
    customers = Staging.customers

    def counted(staging: Staging) -> Any:
        for customer in customers(staging):
            asked[0] += 1
            yield customer

    def slowly(made: Sequence[ProfileObject]) -> Outcome:
        with lock:
            ahead.append(asked[0] - delivered[0])
            delivered[0] += len(made)
        return taken_all(made)

    monkeypatch.setattr(Staging, "customers", counted)
    run(export, slowly)

    # Requests waiting or under way, and the next one.
    assert max(ahead) <= (WORKERS * 4 + WORKERS + 1) * 10


@given(seed=st.integers(0, 2**32), count=st.integers(0, 120), refused=st.integers(0, 49))
def test_whatever_stops_runs_in_the_end_every_profile_was_taken_or_refused_once(
    seed: int, count: int, refused: int
) -> None:
    """Each run meets random stops, aborts and partial deliveries. The last one meets none."""
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

            def deliver(
                made: Sequence[ProfileObject], *, hindered: bool = hindered, stop: Any = stop
            ) -> Outcome:
                statuses: dict[int, int] = {}
                with lock:
                    for place, one in enumerate(made):
                        if hindered and chance.random() < 0.2:
                            continue
                        statuses[place] = 400 if one.key in unwelcome else OK
                        if statuses[place] == OK:
                            taken.append(one.key)
                    if hindered and chance.random() < 0.1:
                        stop.set()
                return outcome(statuses, "away" if len(statuses) < len(made) else None)

            advanced.clear()
            counts, _ = run(export, deliver, stop=stop, skipped=skipped, advance=advanced.append)

    assert Counter(taken) == Counter(set(ids(count)) - unwelcome)
    assert (counts.profiles, counts.refused.total()) == (len(taken), len(unwelcome))
    assert Counter(f"endpoint-{line['line'] - 1}" for line in listed(skipped)) == Counter(unwelcome)
    assert sum(advanced) == count
