"""Replaces the compiled packages of a function's archive with those of this Python.

The archive holds wheels for Lambda's platform, whose compiled modules cannot be loaded on another processor
or Python version. Only these packages are replaced, and only with the same version.
"""

import shutil
from importlib.metadata import Distribution, PackageNotFoundError, PathDistribution, distribution
from pathlib import Path


class NativePackageError(Exception):
    """This Python lacks a compiled package. The message is one line and says what to do."""


def replace_native_packages(task_root: Path) -> None:
    """Replace every compiled package in an unpacked archive. Raises NativePackageError."""
    for metadata in sorted(task_root.glob("*.dist-info")):
        deployed = PathDistribution(metadata)
        if _is_native(deployed):
            installed = _installed(deployed.name, deployed.version)
            _remove(deployed, task_root)
            _copy(installed, task_root)


def _is_native(package: Distribution) -> bool:
    """Whether a wheel holds compiled modules ("Root-Is-Purelib", binary distribution format)."""
    lines = (package.read_text("WHEEL") or "").lower().splitlines()
    return "root-is-purelib: false" in lines


def _installed(name: str, version: str) -> Distribution:
    fix = "install requirements-local.txt again (make local does)"
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        raise NativePackageError(
            f"the archive holds {name} {version}, which is missing here: {fix}"
        ) from None
    if installed.version != version:
        raise NativePackageError(
            f"the archive holds {name} {version}, but {installed.version} is installed here: {fix}"
        )
    return installed


def _remove(package: Distribution, task_root: Path) -> None:
    for file in package.files or ():
        if ".." not in file.parts:  # scripts, which are not in the archive
            (task_root / file).unlink(missing_ok=True)


def _copy(package: Distribution, task_root: Path) -> None:
    for file in package.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        target = task_root / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(str(package.locate_file(file))), target)
