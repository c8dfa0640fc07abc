"""Refuses a Python that is too old or lacks the packages, with an error of one line.

Every module that can be started imports this first. Such modules, and this one, must also parse in old
Pythons; otherwise the user would see a syntax error instead.
"""

# Old Pythons do not know type annotations.
# pyright: basic

import importlib.util
import sys

OLDEST = (3, 11)


def refusal(version, executable):
    """Why this Python cannot be used, or None."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return (
        "error: gtm-pixel needs Python {}.{} or newer, and {} is {}.{}. Remove .venv and set up again with a "
        "newer one: PULUMI_PYTHON_CMD=/path/to/python3 pulumi install, or make local PYTHON=/path/to/python3."
    ).format(OLDEST[0], OLDEST[1], executable, version[0], version[1])


def refuse_without(*packages):
    # type: (str) -> None
    """Exit if this Python lacks one of the packages: then it is not the one in .venv."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            sys.exit(
                "error: {} does not have the packages of gtm-pixel ({}). Run make local, which installs them "
                "in .venv, or start with .venv/bin/python.".format(sys.executable, package)
            )


_refusal = refusal(sys.version_info, sys.executable)
if _refusal:
    sys.exit(_refusal)
