"""What all tests share: their kinds, their order, and local runs."""

import gc
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.loaders
import botocore.session
import hypothesis
import pytest
from hypothesis import HealthCheck

from tests.bytecode import compile_once
from tests.kinds import has_no_unit_tests, in_order, kind_of

if TYPE_CHECKING:
    from tests.runs import Runs


@pytest.fixture(scope="module")
def runs() -> Iterator["Runs"]:
    """Local runs for the tests of a module. The last one ends with the module."""
    from tests.runs import Runs  # imports moto, which takes a second

    runs = Runs()
    yield runs
    runs.stop()


def pytest_configure() -> None:
    # By default, the garbage collector visits everything of moto and the Pulumi SDK again and again: a third
    # of the time of a local run.
    gc.set_threshold(100_000, 20, 20)
    hypothesis.settings.register_profile(
        "suite",
        hypothesis.settings.default,
        # A third of what Hypothesis does by default. A test that needs more says so.
        max_examples=30,
        # A busy machine is no failure.
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("suite")
    # Read the descriptions of services once, not once for each session that a test opens.
    botocore.session.create_loader = cache(botocore.loaders.create_loader)
    # asyncio logs the exceptions of futures that the Pulumi SDK leaves behind. Formatting such a traceback
    # parses source, and if that happens during an `ast.parse` of a test, Python 3.11 fails with a SystemError
    # (CPython issue 106905).
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", metavar="SEED", help="run the tests in another order, the same for a seed")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file for `-m unit` whose tests are all of other kinds."""
    wants_unit_tests = config.getoption("markexpr") == "unit"
    return True if wants_unit_tests and has_no_unit_tests(collection_path) else None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Two workers a core: tests of a local run or a page wait for much of the time."""
    if config.getoption("markexpr") == "unit":
        return None  # one a core: unit tests never wait
    return (os.cpu_count() or 1) * 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Before the workers start."""
    if config.getoption("markexpr") != "unit":
        compile_once()


def pytest_report_header(config: pytest.Config) -> list[str]:
    seed = config.getoption("--shuffle")
    return [f"shuffled: --shuffle={seed}"] if seed else []


# First, so that -m sees the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(kind_of(item))
    items[:] = in_order(items, config.getoption("--shuffle"))


def pytest_collection_finish() -> None:
    # Modules and tests stay until the end, so the garbage collector need not visit them again.
    gc.freeze()


def pytest_sessionfinish() -> None:
    # Everything ends with the process. To collect it as garbage first would take seconds.
    gc.freeze()


# ---- Limits of unit tests ------------------------------------------------------------------------------

_running: dict[str, str] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _running.update(kind=kind_of(item), test=item.nodeid)
    cloud = sys.modules.get("local.deployment.cloud")
    if cloud is not None and not hasattr(cloud.Cloud.start, "__wrapped__"):
        cloud.Cloud.start = _checked(cloud.Cloud.start, lambda _: "starts a cloud")
    if not hasattr(socket.socket.connect, "__wrapped__"):
        setattr(socket.socket, "connect", _checked(socket.socket.connect, _elsewhere))  # noqa: B010 - typed


def _elsewhere(address: Any) -> str | None:
    """Say that the connection leaves this machine, if it does."""
    is_local = not isinstance(address, tuple) or str(address[0]) in ("127.0.0.1", "localhost", "::1")
    return None if is_local else "uses the network"


def _checked(method: Callable[..., Any], sin: Callable[..., str | None]) -> Any:
    """The method, which fails a unit test if `sin` finds fault with its first argument."""

    @wraps(method)
    def checked(self: Any, *arguments: Any, **options: Any) -> Any:
        if _running["kind"] == "unit" and (what := sin(arguments[0] if arguments else None)):
            pytest.fail(f"{_running['test']} {what}: it is no unit test, see tests/kinds.py")
        return method(self, *arguments, **options)

    return checked
