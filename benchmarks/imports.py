"""Measures memory and rate of a large import, and checks that killing it does not change its result.

The fake of Customer Profiles runs in its own process and enforces the service's quota for each operation.
"""

import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.profiles_service import DOMAIN, ENDPOINTS_TYPE, QUOTA
from contract.customer_profiles import OBJECTS_IN_REQUEST

PROJECT = Path(__file__).parents[1]
PARTS = 8
SEED = 20_261_030
KILLS = 10

_TARGET = ("--domain", DOMAIN, "--object-type", ENDPOINTS_TYPE, "--rate", str(QUOTA), "--quiet")


def measure(endpoints: int) -> None:
    """Import this many endpoints by endpoint id; then by user id, five endpoints each, with kills."""
    with tempfile.TemporaryDirectory() as directory:
        export = Path(directory) / "export"
        unpacked = _write_export(export, endpoints)
        print(f"export: {endpoints:,} endpoints, {unpacked / 1e6:,.0f} MB unpacked", flush=True)
        _one_run(export, "endpoint-id", unpacked)
        _killed(export)


def _one_run(export: Path, key: str, unpacked: int) -> None:
    with _service() as (url, profiles_of):
        state = export.parent / f"{key}.json"
        began = time.monotonic()
        peak = _run(export, key, url, state)
        total = time.monotonic() - began
        sending = json.loads(state.read_text())["seconds"]
        profiles = len(profiles_of())
    allowed = QUOTA * OBJECTS_IN_REQUEST
    print(
        f"import --key {key}: {profiles:,} profiles, peak memory {peak / 1e6:,.0f} MB "
        f"({peak / unpacked:.2f} of the export), {profiles / sending:,.0f} profiles a second, "
        f"{profiles / sending / allowed:.0%} of what --rate {QUOTA} allows ({sending:,.0f} s, and "
        f"{total - sending:,.0f} s to read and look up)",
        flush=True,
    )


def _killed(export: Path) -> None:
    """Kill an import at KILLS random points; it must end with the same profiles as an uninterrupted one."""
    key = "user-id"
    with _service() as (url, profiles_of):
        peak = _run(export, key, url, export.parent / "through.json")
        through = profiles_of()
    chance = random.Random(SEED)  # noqa: S311 - the same points in every run
    with _service() as (url, profiles_of):
        state = export.parent / "killed.json"
        for point in sorted(chance.sample(range(len(through)), KILLS)):
            process = _start(export, key, url, state)
            while process.poll() is None and _settled(state) < point:
                time.sleep(chance.random())
            process.kill()
            process.wait()
        _run(export, key, url, state)
        killed = profiles_of()
    same = "the same" if killed == through else "OTHER"
    print(
        f"import --key {key}: {len(through):,} profiles, peak memory {peak / 1e6:,.0f} MB; killed at {KILLS} "
        f"random points it ends with {same} profiles"
    )
    if killed != through:
        raise SystemExit("the killed import ended with other profiles than the uninterrupted one")


def _settled(state: Path) -> int:
    return json.loads(state.read_text())["position"] if state.exists() else -1


def _write_export(directory: Path, count: int) -> int:
    """Write gzipped parts, five endpoints a user, some opted out or inactive. Returns the unpacked bytes."""
    chance = random.Random(SEED)  # noqa: S311 - the same export in every run
    directory.mkdir()
    unpacked = 0
    for part in range(PARTS):
        with gzip.open(directory / f"part-{part}.json.gz", "wb", compresslevel=1) as file:
            for number in range(part, count, PARTS):
                line = json.dumps(_endpoint(number, count, chance)).encode() + b"\n"
                unpacked += len(line)
                file.write(line)
    return unpacked


def _endpoint(number: int, count: int, chance: random.Random) -> dict[str, Any]:
    is_phone = number % 5 == 4
    return {
        "Id": f"endpoint-{number:08}",
        "ApplicationId": "0123456789abcdef0123456789abcdef",
        "ChannelType": "SMS" if is_phone else "EMAIL",
        "Address": f"+4917{number:09}" if is_phone else f"customer-{number}@example.com",
        "EndpointStatus": "INACTIVE" if chance.random() < 0.03 else "ACTIVE",
        "OptOut": "ALL" if chance.random() < 0.07 else "NONE",
        "Attributes": {},
        "Metrics": {},
        "Demographic": {"Platform": "ios", "Locale": "de_DE", "Timezone": "Europe/Berlin"},
        "Location": {"City": "Berlin", "Country": "DE"},
        "User": {
            # Endpoints of one user are far apart.
            "UserId": f"user-{number % max(1, count // 5):08}",
            "UserAttributes": {"plan": [chance.choice(["gold", "tin"])], "loyalty_tier": [str(number % 7)]},
        },
        "EffectiveDate": f"2026-{chance.randint(1, 9):02}-{chance.randint(1, 28):02}T12:00:00.000Z",
        "CreationDate": "2025-01-01T00:00:00.000Z",
        "CohortId": str(number % 100),
        "RequestId": f"{chance.getrandbits(128):032x}",
    }


def _start(export: Path, key: str, url: str, state: Path) -> "subprocess.Popen[bytes]":
    command = ["endpoints", str(export), "--key", key, *_TARGET, "--state", str(state)]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL_CUSTOMER_PROFILES": url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    return subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "migrate", *command],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _run(export: Path, key: str, url: str, state: Path) -> int:
    """Import to the end. Returns the peak memory in bytes."""
    process = _start(export, key, url, state)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the import exited with status {process.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextmanager
def _service() -> Generator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Yields the fake's URL, and a function that returns its profiles."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.profiles_service"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    source, asked = process.stdout, process.stdin
    if source is None or asked is None:
        raise SystemExit("the fake has no pipes")

    def profiles_of() -> dict[str, Any]:
        asked.write("\n")
        asked.flush()
        return json.loads(source.readline())

    try:
        yield source.readline().strip(), profiles_of
    finally:
        asked.close()
        process.wait()
