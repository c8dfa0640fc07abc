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


def read_text(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "").strip()
    if not value:
        raise InvalidEnvironmentError(f"{name} is not set; it must not be empty: {_FIX}")
    return value


def read_choice(variables: Mapping[str, str], name: str, choices: type[_Choice]) -> _Choice:
    value = read_text(variables, name)
    try:
        return choices(value)
    except ValueError:
        raise InvalidEnvironmentError.of(name, value, f"one of {', '.join(choices)}") from None


def read_positive_integer(variables: Mapping[str, str], name: str) -> int:
    text = read_text(variables, name)
    if not _POSITIVE_INTEGER.fullmatch(text):
        raise InvalidEnvironmentError.of(name, text, "a positive integer")
    return int(text)


def read_names(variables: Mapping[str, str], name: str) -> frozenset[str]:
    """Names from a JSON array of strings."""
    text = read_text(variables, name)
    try:
        names: object = json.loads(text)
    except ValueError:
        names = None
    if isinstance(names, list):
        items = cast("list[object]", names)
        texts = frozenset(item for item in items if isinstance(item, str))
        if all(isinstance(item, str) for item in items):
            return texts
    raise InvalidEnvironmentError.of(name, text, "a JSON array of strings")
