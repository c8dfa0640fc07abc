"""Refuses a Python that is too old, or lacks the packages, in one line, wherever the program starts.

The first import of every module that is started by itself. Those modules and this one have to parse in old
Pythons, too, or the reader sees a syntax error.
"""

# Old Pythons do not know type annotations.
# pyright: basic

import importlib.util
import sys

OLDEST = (3, 11)


def refusal(version, executable):
    """What is wrong with a Python, or None."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return (
        "error: gtm-pixel needs Python {}.{} or newer, and {} is {}.{}. Remove .venv and set up again with a "
        "newer one: PULUMI_PYTHON_CMD=/path/to/python3 pulumi install, or make local PYTHON=/path/to/python3."
    ).format(OLDEST[0], OLDEST[1], executable, version[0], version[1])


def refuse_without(package):
    # type: (str) -> None
    """Exit if this Python lacks a package, which means that it is not the one of .venv."""
    if importlib.util.find_spec(package) is None:
        sys.exit(
            "error: {} does not have the packages of gtm-pixel ({}). Run make local, which installs them "
            "in .venv, or start with .venv/bin/python.".format(sys.executable, package)
        )


_refusal = refusal(sys.version_info, sys.executable)
if _refusal:
    sys.exit(_refusal)
