"""An import that is killed again and again ends with the same profiles as an uninterrupted one.

SIGKILL leaves the process no chance to clean up. `make bench` does the same with a large export.
"""

import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.web.http_server import HttpServer
from migrate.__main__ import main
from migrate.commands.files import STATE_NAME
from tests.migrate.exports import an_endpoint, as_line, write_lines
from tests.migrate.service import DOMAIN, ENDPOINTS_TYPE, Service
from tests.patience import PATIENCE_SECONDS

PROJECT = Path(__file__).parents[2]
KILLS = 5
USERS = 400
SEED = 20_261_030


def endpoints(chance: random.Random) -> list[dict[str, Any]]:
    """Three endpoints a user, in any order: some older, opted out or inactive."""
    found = [
        an_endpoint(
            f"e{number}",
            ChannelType="SMS" if number % 3 == 2 else "EMAIL",
            Address=f"+4917100{number:05}" if number % 3 == 2 else f"e{number}@example.com",
            OptOut=chance.choice(["NONE", "NONE", "ALL"]),
            EndpointStatus=chance.choice(["ACTIVE", "ACTIVE", "INACTIVE"]),
            EffectiveDate=f"2026-{chance.randint(1, 9):02}-01T00:00:00Z",
            User={"UserId": f"u{number // 3}", "UserAttributes": {"plan": [chance.choice(["gold", "tin"])]}},
        )
        for number in range(3 * USERS)
    ]
    chance.shuffle(found)
    return found


def arguments(export: Path) -> list[str]:
    target = ["--domain", DOMAIN, "--object-type", ENDPOINTS_TYPE, "--rate", "100"]
    return ["endpoints", str(export), "--key", "user-id", *target, "--quiet"]


def profiles_of(service: Service) -> list[tuple[Any, ...]]:
    return sorted(
        (sorted(one["Attributes"].items()), one.get("EmailAddress"), one.get("PhoneNumber"))
        for one in service.fake.profiles
    )


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two parts."""
    found = endpoints(random.Random(SEED))  # noqa: S311 - the seed makes a failure repeatable
    write_lines(tmp_path / "export" / "part-0.json.gz", map(as_line, found[: len(found) // 2]))
    write_lines(tmp_path / "export" / "part-1.json.gz", map(as_line, found[len(found) // 2 :]))
    return tmp_path / "export"


def test_an_import_that_is_killed_at_five_points_ends_like_one_that_ran_through(
    service: Service, export: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same points in every run
    # One object for each user, ten in a request.
    points = sorted(chance.sample(range(1, USERS // 10), KILLS))
    for point in points:
        with service.holding(point):
            process = subprocess.Popen(
                [sys.executable, "-m", "migrate", *arguments(export)],
                cwd=PROJECT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            service.wait_for_requests(point)
            process.kill()
            _, said = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == -signal.SIGKILL, said
        # The sorted endpoints on disk are customer data, and must not outlive the process.
        assert {path.name for path in export.iterdir()} <= {
            *("part-0.json.gz", "part-1.json.gz", f"{STATE_NAME}.new", f"{STATE_NAME}.lock"),
            *(STATE_NAME, f"{STATE_NAME}.skipped.jsonl"),
        }
    assert main(arguments(export)) == 0
    killed = profiles_of(service)

    assert capsys.readouterr().out.startswith(
        f"{USERS} profiles from {3 * USERS:,} endpoints were imported into {DOMAIN}"
    )
    assert len(killed) == USERS
    (export / STATE_NAME).unlink()
    assert main(arguments(export)) == 0
    # Importing again from the start changes nothing, and an uninterrupted import gives the same.
    assert profiles_of(service) == killed == profiles_of(run_through(export, monkeypatch))


def run_through(export: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The same export, imported at once into an empty domain."""
    other = Service()
    server = HttpServer(other).start()
    (export / STATE_NAME).unlink()
    try:
        with monkeypatch.context() as environment:
            environment.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", server.url)
            assert main(arguments(export)) == 0
    finally:
        server.stop()
    return other
