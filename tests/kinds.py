"""The kind of each test, from its fixtures and its file, and the order in which tests run.

`unit` needs no cloud, browser or network; `local` starts clouds, servers or other programs on this machine;
`browser` needs a Chromium. tests/conftest.py marks each test with one of them.
"""

import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

KINDS = ("browser", "local", "unit")

_FIXTURES = {
    "browser": {"browser"},
    "local": {
        *("cloud", "runs", "local_run"),  # moto, or the whole program in it
        *("aws_environment", "service", "services"),  # clients of AWS in front of servers on loopback
        "sandbox",  # Node.js
        "velocity",  # Java
        "cache",  # the package index, once
        "make",
    },
}

_NAMES = {"Cloud", "LocalRun"}
"""A file that imports one of these starts a cloud."""

LOCAL_FILES = {
    "tests/cli/test_command_lines.py",
    "tests/local/test_main.py",
    "tests/migrate/test_customer_profiles.py",
    "tests/migrate/test_killed_import.py",
    "tests/migrate/test_main.py",
    "tests/migrate/test_staging.py",
    "tests/test_adding_a_destination.py",
    "tests/test_docs.py",
    "tests/test_every_stack.py",
    "tests/bootstrap/test_prerequisites.py",
    "tests/test_program.py",
    "tests/test_safeguards.py",
    "tests/test_urls.py",
    "tests/test_urns.py",
    "tests/bootstrap/test_virtual_environment.py",
}
"""These start programs, servers or builds without using those fixtures."""

SLOWEST_FILES = (
    "tests/test_local_run.py",
    "tests/local/web/test_page.py",
    "tests/test_scenarios.py",
    "tests/local/deployment/test_changes.py",
    "tests/local/test_main.py",
    "tests/test_docs_examples.py",
    "tests/handler/destinations/test_every_destination.py",
    "tests/local/test_run.py",
    "tests/gtm/test_cookies.py",
    "tests/local/functions/test_event_source.py",
    "tests/local/web/test_page_stacks.py",
    "tests/gtm/test_fake_gtm.py",
    "tests/handler/test_processor.py",
    "tests/gtm/test_requests.py",
    "tests/handler/destinations/test_customer_profiles.py",
    "tests/migrate/test_main.py",
    "tests/local/web/test_page_ga4.py",
    "tests/ops/test_local_run.py",
    "tests/migrate/test_killed_import.py",
    "tests/gtm/test_whole_way.py",
    "tests/test_monitoring.py",
)
"""The slowest files, slowest first. `pytest --durations=60` shows them."""


_IMPORTS_A_CLOUD = re.compile(rf"^from local\.[\w.]+ import .*\b({'|'.join(sorted(_NAMES))})\b", re.MULTILINE)


def has_no_unit_tests(file: Path) -> bool:
    """Whether a file can be passed over, without importing it, where only unit tests are wanted."""
    if file.suffix != ".py" or not file.name.startswith("test_"):
        return False
    name = file.relative_to(Path(__file__).parents[1]).as_posix()
    return name in LOCAL_FILES or bool(_IMPORTS_A_CLOUD.search(file.read_text(encoding="utf-8")))


def kind_of(item: pytest.Item) -> str:
    fixtures = _fixtures_of(item)
    for kind, names in _FIXTURES.items():
        if fixtures & names:
            return kind
    imported = vars(getattr(item, "module", None) or object)
    return "local" if imported.keys() & _NAMES or file_of(item) in LOCAL_FILES else "unit"


def file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def in_order(items: Iterable[pytest.Item], seed: str | None) -> list[pytest.Item]:
    """File by file, the slowest first, so that the workers finish at the same time.

    Within a file, tests that share a run are adjacent. A seed shuffles the files of each phase, and the tests
    within each file.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(file_of(item), []).append(item)
    if seed is None:
        names = sorted(files, key=lambda name: (_rank(name), -_weight(files[name])))
    else:
        names = _shuffled(files, seed)
        files = {name: _shuffled(files[name], seed) for name in names}
    names.sort(key=lambda name: _phase(name, files[name]))
    return [item for name in names for item in _by_run(files[name])]


def _phase(file: str, items: Iterable[pytest.Item]) -> tuple[int, str]:
    """Slow files first, then those with a browser, then the others.

    A package keeps its browser while a worker runs its tests without a break, so its files are adjacent.
    """
    if any(kind_of(item) == "browser" for item in items):
        return 1, file.rpartition("/")[0]
    return (0, "") if file in SLOWEST_FILES else (2, "")


def _rank(file: str) -> int:
    return SLOWEST_FILES.index(file) if file in SLOWEST_FILES else len(SLOWEST_FILES)


def _weight(items: Iterable[pytest.Item]) -> int:
    """Roughly how long a file takes, judged by the fixtures of its tests."""
    return sum({"browser": 10, "local": 5, "unit": 1}[kind_of(item)] for item in items)


def _shuffled(things: Iterable[T], seed: str) -> list[T]:
    shuffled = list(things)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    return shuffled


def _by_run(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests of a file. Those that get their run from the same fixture are adjacent."""
    places: dict[str, int] = {}
    return sorted(items, key=lambda item: places.setdefault(_run_of(item), len(places)))


def _run_of(item: pytest.Item) -> str:
    """The fixtures between a test and `runs`."""
    information: Any = getattr(item, "_fixtureinfo", None)
    if information is None:
        return ""
    return " ".join(
        sorted(
            f"{definitions[-1].baseid}::{name}"
            for name, definitions in information.name2fixturedefs.items()
            if "runs" in definitions[-1].argnames
        )
    )


def _fixtures_of(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))
