"""Reads variables of a function's environment into types.

An error names the variable, its value, the rule and the fix in one line. No value is a secret.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar, cast

_Choice = TypeVar("_Choice", bound=StrEnum)

_POSITIVE_INTEGER = re.compile(r"[1-9][0-9]{0,8}")

_FIX = "run `pulumi up` to set it again"


class InvalidEnvironmentError(Exception):
    """A variable of the function's environment is missing or wrong."""

    @classmethod
    def of(cls, name: str, value: str, rule: str) -> "InvalidEnvironmentError":
        return cls(f"{name} holds {value!r}; it must be {rule}: {_FIX}")


def read_string(variables: Mapping[str, str], name: str) -> str:
    """A string that is not empty, without spaces around it."""
    value = variables.get(name, "").strip()
    if not value:
        raise InvalidEnvironmentError(f"{name} is not set; it must not be empty: {_FIX}")
    return value


def read_choice(variables: Mapping[str, str], name: str, choices: type[_Choice]) -> _Choice:
    value = read_string(variables, name)
    try:
        return choices(value)
    except ValueError:
        raise InvalidEnvironmentError.of(name, value, f"one of {', '.join(choices)}") from None


def read_positive_integer(variables: Mapping[str, str], name: str) -> int:
    value = read_string(variables, name)
    if not _POSITIVE_INTEGER.fullmatch(value):
        raise InvalidEnvironmentError.of(name, value, "a positive integer")
    return int(value)


def read_names(variables: Mapping[str, str], name: str) -> frozenset[str]:
    """Names from a JSON array of strings."""
    value = read_string(variables, name)
    try:
        names: object = json.loads(value)
    except ValueError:
        names = None
    if isinstance(names, list):
        items = cast("list[object]", names)
        strings = frozenset(item for item in items if isinstance(item, str))
        if all(isinstance(item, str) for item in items):
            return strings
    raise InvalidEnvironmentError.of(name, value, "a JSON array of strings")
