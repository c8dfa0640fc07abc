"""A Python that is too old: one line, wherever the program starts."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import python_version

PROJECT = Path(__file__).parents[2]
OLD = (3, 6)
"""The oldest whose grammar `ast` still knows, f-strings included."""

PACKAGES = ("local", "gtm", "migrate", "ops", "policies", "benchmarks")
STARTS = ["__main__.py", *(f"{package}/__main__.py" for package in PACKAGES)]


def test_these_are_all_the_modules_that_are_started() -> None:
    assert {str(path.relative_to(PROJECT)) for path in PROJECT.glob("*/__main__.py")} < set(STARTS)


@pytest.mark.parametrize("start", STARTS)
def test_an_old_python_gets_as_far_as_the_check(start: str) -> None:
    """What it has to parse before the check parses, and the check is the first thing that is imported."""
    module = PROJECT / start
    before = [PROJECT / "bootstrap/__init__.py", PROJECT / "bootstrap/python_version.py", module]
    if module.parent != PROJECT:
        before.append(module.with_name("__init__.py"))

    for each in before:
        ast.parse(each.read_text(), feature_version=OLD)
    docstring, first, *_ = ast.parse(module.read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(first, ast.ImportFrom)
    assert (first.module, [alias.name for alias in first.names]) == ("bootstrap", ["python_version"])
    if module.parent != PROJECT:
        package = ast.parse(module.with_name("__init__.py").read_text())
        assert [type(statement) for statement in package.body] in ([], [ast.Expr])


@pytest.mark.parametrize("start", STARTS)
def test_an_old_python_is_an_error_of_one_line(start: str) -> None:
    """This Python, taking itself for an old one."""
    pretend = (
        f"import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path({start!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, ''); {pretend}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == (
        f"error: gtm-pixel needs Python 3.11 or newer, and {sys.executable} is 3.9. Remove .venv and set up "
        "again with a newer one: PULUMI_PYTHON_CMD=/path/to/python3 pulumi install, or make local "
        "PYTHON=/path/to/python3.\n"
    )


@pytest.mark.parametrize("package", ["local", "gtm", "migrate"])
def test_a_python_without_the_packages_is_an_error_of_one_line(package: str) -> None:
    """`python3 -m local` with the system's Python, in place of that of .venv."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", package, "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert re.fullmatch(
        rf"error: {re.escape(sys.executable)} does not have the packages of gtm-pixel \(\w+\)\. Run "
        r"make local, which installs them in \.venv, or start with \.venv/bin/python\.\n",
        done.stderr,
    )


@pytest.mark.parametrize("missing", ["moto", "pulumi", "pulumi_aws", "flask", "jwt", "yaml"])
def test_a_python_with_some_of_the_packages_is_one_line_too(missing: str) -> None:
    """The system's Python may have moto."""
    hide = f"import runpy, sys; sys.modules[{missing!r}] = None; sys.path.insert(0, '')"
    find = "import importlib.util as u; f = u.find_spec; "
    find += f"u.find_spec = lambda name: None if name == {missing!r} else f(name)"
    done = subprocess.run(
        [sys.executable, "-c", f"{hide}; {find}; runpy.run_module('local', run_name='__main__')"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert f"does not have the packages of gtm-pixel ({missing})." in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_oldest_python_that_is_taken_is_the_one_that_the_lock_is_for() -> None:
    oldest = ".".join(map(str, python_version.OLDEST))

    assert f"--universal --python-version {oldest} " in (PROJECT / "Makefile").read_text()
    assert f"(3, {python_version.OLDEST[1]})" in (PROJECT / "Makefile").read_text()
    assert f"You need Python {oldest} or newer" in (PROJECT / "README.md").read_text()


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12), (4, 0)])
def test_a_newer_one_is_taken(version: tuple[int, ...]) -> None:
    assert python_version.refusal(version, "python3") is None
