"""Compiles the tests and what a local run imports once, before several workers would each do so.

Only where that has not happened yet, as in a fresh clone: there it saves eight seconds.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PROJECT = TESTS.parent

_LOCAL_RUN = "from local.run import LocalRun; LocalRun.start(echo=lambda _: None).stop()"


def compile_once() -> None:
    if sys.dont_write_bytecode or _compiled(Path(__file__).with_name("test_scenarios.py")).exists():
        return
    places = sorted(
        place for place in TESTS.iterdir() if place.suffix == ".py" or (place / "__init__.py").exists()
    )
    tasks = [_collect(places[0::2]), _collect(places[1::2]), ["-c", _LOCAL_RUN]]
    # A failure is for the tests to report.
    started = [
        subprocess.Popen(
            [sys.executable, *task], cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for task in tasks
    ]
    for process in started:
        process.wait()


def _collect(places: Iterable[Path]) -> list[str]:
    return ["-m", "pytest", "--collect-only", "-q", *map(str, places)]


def _compiled(test: Path) -> Path:
    """Where pytest keeps the compiled form of a test file."""
    return (
        test.parent
        / "__pycache__"
        / f"{test.stem}.{sys.implementation.cache_tag}-pytest-{pytest.__version__}.pyc"
    )
