"""Sorting an export by customer: newest line of each endpoint, in flat memory, without a visible file."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from migrate.endpoints import Endpoint, KeyBy, read_endpoint
from migrate.profiles import Line
from migrate.staging import MAX_ENDPOINTS_OF_USER, Staging
from tests.migrate.exports import an_endpoint

PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closes what a test leaves open."""
    monkeypatch.setenv("SQLITE_TMPDIR", os.environ.get("SQLITE_TMPDIR", "/tmp"))  # noqa: S108 - as it is by default


def staged(directory: Path, *endpoints: dict[str, Any], key_by: KeyBy = KeyBy.ENDPOINT_ID) -> Staging:
    staging = Staging(directory, key_by)
    for number, endpoint in enumerate(endpoints, 1):
        one = read_endpoint(endpoint, ["plan"], key_by)
        assert isinstance(one, Endpoint)
        staging.add(Line(file=f"part-{number}.json", number=number), one)
    return staging


def keys(staging: Staging) -> list[tuple[str, list[str | None]]]:
    """The customers, with the addresses of their endpoints."""
    return [(key, [one.email for _, one in endpoints]) for key, endpoints in staging.customers()]


NEW, OLD = "2026-02-01T00:00:00Z", "2026-01-31T23:59:59Z"


@pytest.mark.parametrize(
    "dates", [(OLD, NEW), (NEW, OLD), (None, OLD), (OLD, None), (OLD, OLD), (None, None)]
)
def test_the_newest_line_of_an_endpoint_counts_and_of_two_alike_the_later_one(
    tmp_path: Path, dates: tuple[str | None, str | None]
) -> None:
    first, second = (
        an_endpoint("e1", Address=f"{place}@example.com", EffectiveDate=date)
        for place, date in zip(("first", "second"), dates, strict=True)
    )
    newer = "first" if (dates[0] or "") > (dates[1] or "") else "second"

    assert keys(staged(tmp_path, first, second)) == [("e1", [f"{newer}@example.com"])]


OPT_OUT, INACTIVE, OPEN = {"OptOut": "ALL"}, {"EndpointStatus": "INACTIVE"}, {}


@pytest.mark.parametrize("key_by", KeyBy)
@pytest.mark.parametrize("ids", [("e1", "e1"), ("e1", "e2")])
@pytest.mark.parametrize(
    ("counts", "other"),
    [
        ({"EffectiveDate": OLD, **OPT_OUT}, {"EffectiveDate": OLD, **OPEN}),
        ({"EffectiveDate": OLD, **OPT_OUT}, {"EffectiveDate": OLD, **INACTIVE}),
        ({"EffectiveDate": OLD, **INACTIVE}, {"EffectiveDate": OLD, **OPEN}),
        ({"EffectiveDate": None, **OPT_OUT}, {"EffectiveDate": None, **OPEN}),
        ({"EffectiveDate": "9/21/2026 14:13", **OPT_OUT}, {"EffectiveDate": NEW, **OPEN}),
        ({"EffectiveDate": NEW, **OPEN}, {"EffectiveDate": OLD, **OPT_OUT}),
        ({"EffectiveDate": OLD, **OPEN}, {"EffectiveDate": None, **OPEN}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_an_opt_out_counts_if_dates_do_not_tell_the_newer_line(
    tmp_path: Path,
    key_by: KeyBy,
    ids: tuple[str, str],
    counts: dict[str, Any],
    other: dict[str, Any],
    order: int,
) -> None:
    lines = [
        an_endpoint(one, Address="a@example.com", User={"UserId": "u1"}, **fields)
        for one, fields in zip(ids, (counts, other), strict=True)
    ]
    wanted = read_endpoint(lines[0], ["plan"], key_by)
    assert isinstance(wanted, Endpoint)
    staging = staged(tmp_path, *lines[::order], key_by=key_by)
    *_, (_, endpoints) = [one for one in staging.customers() if one[0] == wanted.key]

    # The last one is the newest when profiles are made.
    assert endpoints[-1][1] == wanted


def test_the_replaced_line_is_returned(tmp_path: Path) -> None:
    staging = staged(tmp_path, an_endpoint("e1", EffectiveDate=OLD))
    newer = read_endpoint(an_endpoint("e1", EffectiveDate=NEW), [], KeyBy.ENDPOINT_ID)
    older = read_endpoint(an_endpoint("e1", EffectiveDate="2020-01-01T00:00:00Z"), [], KeyBy.ENDPOINT_ID)
    assert isinstance(newer, Endpoint)
    assert isinstance(older, Endpoint)

    assert staging.add(Line(file="b", number=7), newer) == Line(file="part-1.json", number=1)
    assert staging.add(Line(file="c", number=8), older) == Line(file="c", number=8)


def test_endpoints_come_in_the_order_of_the_export(tmp_path: Path) -> None:
    staging = staged(tmp_path, *[an_endpoint(one) for one in ("c", "a", "b", "a")])

    assert [key for key, _ in keys(staging)] == ["c", "a", "b"]
    assert staging.count() == 3


def test_the_endpoints_of_a_user_come_together_the_oldest_first(tmp_path: Path) -> None:
    of_user = [
        an_endpoint(f"e{number}", User={"UserId": user}, EffectiveDate=date)
        for number, (user, date) in enumerate([("u2", NEW), ("u1", NEW), ("u2", OLD), ("u1", None)])
    ]
    staging = staged(tmp_path, *of_user, key_by=KeyBy.USER_ID)

    assert keys(staging) == [
        ("u1", ["e3@example.com", "e1@example.com"]),
        ("u2", ["e2@example.com", "e0@example.com"]),
    ]
    assert staging.count() == 2


def test_an_endpoint_that_moved_to_another_user_belongs_only_to_that_user(tmp_path: Path) -> None:
    moved = [
        an_endpoint("e1", User={"UserId": user}, EffectiveDate=date)
        for user, date in (("u1", OLD), ("u2", NEW))
    ]

    assert [key for key, _ in keys(staged(tmp_path, *moved, key_by=KeyBy.USER_ID))] == ["u2"]


def test_an_endpoint_is_read_back_as_it_was(tmp_path: Path) -> None:
    exported = an_endpoint("e1", OptOut="ALL", Attributes={"a": ["b"]}, EffectiveDate=NEW)
    before = read_endpoint(exported, ["plan"], KeyBy.ENDPOINT_ID)
    ((_, ((line, after),)),) = staged(tmp_path, exported).customers()

    assert (after, line) == (before, Line(file="part-1.json", number=1))


UNFIT_SIZE = MAX_ENDPOINTS_OF_USER + 1


def test_a_user_with_too_many_endpoints_is_dropped_with_each_line(tmp_path: Path) -> None:
    guests = [an_endpoint(f"g{number}", User={"UserId": "guest"}) for number in range(UNFIT_SIZE)]
    anna = [an_endpoint(f"a{number}", User={"UserId": "anna"}) for number in range(MAX_ENDPOINTS_OF_USER)]
    staging = staged(tmp_path, *guests, *anna, key_by=KeyBy.USER_ID)

    assert [line.number for line in staging.drop_shared_users()] == [*range(1, UNFIT_SIZE + 1)]
    assert [(key, len(addresses)) for key, addresses in keys(staging)] == [("anna", MAX_ENDPOINTS_OF_USER)]
    assert [*staging.drop_shared_users()] == []


def test_by_endpoint_a_user_may_have_any_number(tmp_path: Path) -> None:
    guests = [an_endpoint(f"g{number}", User={"UserId": "guest"}) for number in range(UNFIT_SIZE)]

    assert [*staged(tmp_path, *guests).drop_shared_users()] == []


@pytest.mark.parametrize(
    "fields", [{"OptOut": "ALL"}, {"Address": "e9@example.com"}, {"User": {"UserId": "u"}}, {"Id": "e9"}]
)
def test_the_fingerprint_depends_on_the_content_of_endpoints(tmp_path: Path, fields: dict[str, Any]) -> None:
    before = staged(tmp_path, an_endpoint("e1"), an_endpoint("e2")).fingerprint

    assert staged(tmp_path, an_endpoint("e1"), an_endpoint("e2")).fingerprint == before
    assert staged(tmp_path, an_endpoint("e1"), an_endpoint("e2", **fields)).fingerprint != before


def test_no_file_is_left_or_even_seen(tmp_path: Path) -> None:
    staging = staged(tmp_path, *[an_endpoint(f"e{number}") for number in range(200)])
    assert len(keys(staging)) == 200

    assert list(tmp_path.iterdir()) == []


def test_the_process_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", "/elsewhere")
    staged(tmp_path).close()

    assert os.environ["SQLITE_TMPDIR"] == "/elsewhere"


def test_a_full_disk_is_an_error_of_one_line(tmp_path: Path) -> None:
    """A file size limit simulates the full disk. SQLite writes a file once its cache is full."""
    program = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        from migrate.endpoints import KeyBy, read_endpoint
        from migrate.profiles import Line
        from migrate.staging import Staging, StagingError
        import migrate.staging

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        migrate.staging._CACHE_KIBIBYTES = 100
        staging = Staging(Path(sys.argv[1]), KeyBy.ENDPOINT_ID)
        try:
            for number in range(100_000):
                endpoint = read_endpoint({"Id": f"e{number}"}, [], KeyBy.ENDPOINT_ID)
                staging.add(Line(file="f", number=number), endpoint)
        except StagingError as error:
            print(error)
        """
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=True,
    )
    (line,) = ran.stdout.splitlines()

    assert "cannot sort the endpoints in" in line
    assert str(tmp_path) in line


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_memory_stays_flat(tmp_path: Path) -> None:
    """6,000 endpoints of 4 KB: 24 MB, of which a smaller cache holds 2."""
    program = textwrap.dedent(
        r"""
        import re, sys
        from pathlib import Path
        from migrate.endpoints import KeyBy, read_endpoint
        from migrate.profiles import Line
        from migrate.staging import Staging
        import migrate.staging

        migrate.staging._CACHE_KIBIBYTES = 2_048

        def peak():
            # Unlike ru_maxrss, this does not include the process that started this one.
            return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])

        before = peak()
        staging = Staging(Path(sys.argv[1]), KeyBy.USER_ID)
        names = [f"n{number}" for number in range(20)]
        for number in range(6_000):
            values = {name: "v" * 200 for name in names}
            user = {"UserId": f"u{number * 7919 % 2_000}", "UserAttributes": values}
            endpoint = read_endpoint({"Id": f"e{number}", "User": user}, names, KeyBy.USER_ID)
            staging.add(Line(file="f", number=number), endpoint)
        assert sum(len(endpoints) for _, endpoints in staging.customers()) == 6_000
        print(peak() - before)
        """
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=True,
    )

    assert int(ran.stdout) < 12_000  # KiB
