"""Creates .venv and installs a set of requirements. The Makefile runs this before anything else.

Runs on any Python 3.11 or newer, with the standard library only. Prints each step, and nothing if everything
is already installed. A .venv that cannot be used is created again: its Python is gone or has another version,
or the folder was moved. Every package is checked by its hash. pip installs uv, and uv installs the rest,
because it takes seconds where pip takes a minute.
"""

import argparse
import ast
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bootstrap.python_version import OLDEST

PROJECT = Path(__file__).resolve().parents[1]
VENV = PROJECT / ".venv"

UV = "requirements-uv.txt"

# Wheels only: building a source distribution would use tools that are not pinned by hash.
ONLY_WHEELS = ("--require-hashes", "--only-binary", ":all:")

SETS = {
    "uv": UV,
    "deploy": "requirements.txt",
    "ops": "requirements-ops.txt",
    "local": "requirements-local.txt",
    "dev": "requirements-dev.txt",
}
"""For `make lock`, `pulumi up`, `make ops`, `make local`, tests and checks. Each includes those before it."""

_INTERRUPTED = 130

# How pip, uv and the system's resolver report that the index cannot be reached.
_NO_NETWORK = re.compile(
    r"name resolution|failed to resolve|dns error|failed to establish a new connection|error sending request"
    r"|client error \(connect\)|unreachable|connection (refused|reset|timed out)|timed out|no route to host"
    r"|cannot connect to proxy|could not connect|failed to lookup|from versions: none",
    re.IGNORECASE,
)


class SetUpError(Exception):
    """The environment cannot be created. The message says why and how to fix it."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        # If make runs twice at once, the second waits.
        with Path(__file__).open() as own_file:
            fcntl.flock(own_file, fcntl.LOCK_EX)
            set_up(options.set, exactly=options.exactly)
    except SetUpError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the next run continues", file=sys.stderr)
        return _INTERRUPTED
    return 0


def set_up(wanted: str, *, exactly: bool = False, venv: Path = VENV, project: Path = PROJECT) -> None:
    """Ensure that `venv` is usable and has this set installed.

    `exactly`: only with the version of the Python that runs this. Raises SetUpError.
    """
    if problem := problem_of(venv, sys.version_info[:2] if exactly else None):
        _say(f"{venv.name} is created again: {problem}.")
        _remove(venv)
    if not venv.exists():
        with _step(f"Creating {venv.name} with Python {'.'.join(map(str, sys.version_info[:3]))}"):
            _make(venv)
    if not is_installed(wanted, venv, project):
        _install(wanted, venv, project)


# ---- Is .venv usable? ----------------------------------------------------------------------------------


def problem_of(venv: Path, python: tuple[int, int] | None = None) -> str | None:
    """Why an environment cannot be used. None if it can, or if there is none.

    `python`: the version it must have; None accepts any that is new enough.
    """
    if not venv.exists() and not venv.is_symlink():
        return None
    try:
        made = _read_configuration(venv)
        has = _version(venv)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return "its Python is gone"
    recorded = ".".join(made.get("version", made.get("version_info", "")).split(".")[:2])
    # The last word of the command that created it (pyvenv.cfg of PEP 405, as the venv module writes it).
    place = made.get("command", "").rpartition(" -m venv ")[2].rpartition(" ")[2]
    if recorded and recorded != _dotted(has):
        return f"its Python was {recorded} and is {_dotted(has)} now"
    if has < OLDEST:
        return f"its Python is {_dotted(has)}, and {_dotted(OLDEST)} or newer is needed"
    if python and has != python:
        return f"its Python is {_dotted(has)}, and PYTHON is {_dotted(python)}"
    if place and Path(place).resolve() != venv.resolve():
        return f"it was made in {place} and moved"
    if not list(venv.glob("lib/python*/site-packages/pip")):
        return "it has no pip"
    return None


def _read_configuration(venv: Path) -> Mapping[str, str]:
    lines = (venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}


def _version(venv: Path) -> tuple[int, int]:
    command = [venv / "bin" / "python", "-I", "-S", "-c", "import sys; print(*sys.version_info[:2])"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - own words
    major, minor = done.stdout.split()
    return int(major), int(minor)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _remove(venv: Path) -> None:
    if venv.is_symlink():
        venv.unlink()  # its target is not ours to delete
    else:
        shutil.rmtree(venv)


def _make(venv: Path) -> None:
    try:
        _run([sys.executable, "-m", "venv", str(venv)])
    except subprocess.CalledProcessError as error:
        shutil.rmtree(venv, ignore_errors=True)
        reason = " ".join((error.stdout + error.stderr).split())
        raise SetUpError(f"Python cannot make a virtual environment: {reason}") from None


# ---- Installed packages --------------------------------------------------------------------------------


def is_installed(wanted: str, venv: Path, project: Path) -> bool:
    """Whether the environment has this set, or a larger one, as the requirements files are now."""
    try:
        name, digest = (venv / ".installed").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return False
    names = list(SETS)
    return name in names[names.index(wanted) :] and digest == _digest(name, project)


def _digest(name: str, project: Path) -> str:
    """A hash of the files of a set, including the smaller sets in it."""
    names = list(SETS)
    files = [SETS[one] for one in names[: names.index(name) + 1]]
    return hashlib.sha256(b"\0".join((project / file).read_bytes() for file in files)).hexdigest()


def _install(wanted: str, venv: Path, project: Path) -> None:
    (venv / ".installed").unlink(missing_ok=True)
    python = str(venv / "bin" / "python")
    if not _has_uv(venv, project):
        with _step("Installing uv, which installs the rest"):
            _fetch([python, "-m", "pip", "install", *ONLY_WHEELS, "-r", str(project / UV)], {})
    requirements = project / SETS[wanted]
    if wanted != "uv":
        with _step(f"Installing {len(_pins(requirements))} packages of {requirements.name}"):
            install = ["pip", "install", "--python", python, *ONLY_WHEELS, "-r", str(requirements)]
            _fetch([str(venv / "bin" / "uv"), *install], _uv_settings(python))
    (venv / ".installed").write_text(f"{wanted} {_digest(wanted, project)}\n", encoding="utf-8")


def _has_uv(venv: Path, project: Path) -> bool:
    try:
        has = _run([str(venv / "bin" / "uv"), "--version"]).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return False
    return has[1:2] == [_pins(project / UV)["uv"]]


def _pins(requirements: Path) -> dict[str, str]:
    """Versions by package, including packages for other systems."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", requirements.read_text(encoding="utf-8"), re.MULTILINE))


def _uv_settings(python: str) -> dict[str, str]:
    """pip's configuration as variables for uv: a mirror, a proxy, certificates. Variables already set win."""
    listed = _run([python, "-m", "pip", "config", "list"]).stdout
    pip: dict[str, str] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        with_section = key.rpartition(".")
        if value[:1] in "'\"" and with_section[0] in ("global", "install", ":env:"):
            pip[with_section[2]] = " ".join(str(ast.literal_eval(value)).split())
    settings = {"UV_SYSTEM_CERTS": "true"}  # as pip does
    for name, key in {
        "UV_DEFAULT_INDEX": "index-url",
        "UV_INDEX": "extra-index-url",
        "SSL_CERT_FILE": "cert",
        "ALL_PROXY": "proxy",
    }.items():
        if key in pip:
            settings[name] = pip[key]
    if "UV_INDEX" in settings:
        settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does; hashes keep it safe
    return {name: value for name, value in settings.items() if name not in os.environ}


def _fetch(command: Sequence[str], settings: Mapping[str, str]) -> None:
    quick_to_say_so = {"PIP_RETRIES": os.environ.get("PIP_RETRIES", "2")}
    try:
        _run(command, {**settings, **quick_to_say_so})
    except subprocess.CalledProcessError as error:
        output = f"{error.stdout}\n{error.stderr}".strip()
        if _NO_NETWORK.search(output) and "hash" not in output.lower():
            raise SetUpError(
                "the package index cannot be reached: a network is needed the first time, and when the "
                "requirements change."
            ) from None
        raise SetUpError(f"the packages cannot be installed:\n{output}") from None


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    # VIRTUAL_ENV may name another environment, which uv would use.
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return subprocess.run(  # noqa: S603 - own words
        command, capture_output=True, text=True, check=True, env={**inherited, **(environment or {})}
    )


# ---- Messages ------------------------------------------------------------------------------------------


def _say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def _step(what: str) -> Generator[None]:
    print(f"{what} …", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bootstrap/virtual_environment.py",
        description="Create .venv and install what the project needs.",
    )
    parser.add_argument("set", choices=SETS, help="what for")
    parser.add_argument(
        "--exactly", action="store_true", help="create it again if it has another Python than this one"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
