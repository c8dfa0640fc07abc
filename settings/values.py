"""Readers of configuration values: what is wrong with one is a line with key, value, rule and fix.

One reader a type, for settings and for the entries of settings that are lists of objects, of which Pulumi
checks nothing.
"""

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar, cast

import pulumi


class SettingsError(pulumi.RunError):
    """A setting is wrong; `pulumi up` shows the message and creates nothing."""

    def __init__(self, key: str, problem: str, fix: str) -> None:
        super().__init__(f"{pulumi.get_project()}:{key}: {problem} {fix}")


_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")


def typed(key: str, read: Callable[[str], _T], kind: str) -> _T:
    """The value as `read` gives it, with Pulumi's type error in this house's words."""
    try:
        return read(key)
    except pulumi.ConfigTypeError as error:
        raise SettingsError(key, f"{error.value!r} is not {kind}.", f"Set {kind}.") from None


def integer(config: pulumi.Config, key: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    value = typed(key, config.require_int, "a whole number")
    if not least <= value <= most:
        raise SettingsError(key, f"{value} is out of range.", f"Set {least} to {most}.")
    return value


def boolean(config: pulumi.Config, key: str) -> bool:
    """True or false."""
    return typed(key, config.require_bool, "true or false")


def text(config: pulumi.Config, key: str, pattern: re.Pattern[str], rule: str, example: str) -> str:
    """A text that has to be there and to match; `rule` and `example` end the sentences of errors."""
    value = config.get(key) or ""
    if not value:
        raise SettingsError(key, "it is not set.", f"Set {example}.")
    if not pattern.fullmatch(value):
        raise SettingsError(key, f"{value!r} is not {rule}.", f"Set {example}.")
    return value


def optional(
    config: pulumi.Config, key: str, pattern: re.Pattern[str], rule: str, example: str
) -> str | None:
    """A text that has to match where it is there."""
    return text(config, key, pattern, rule, example) if config.get(key) else None


def choice(config: pulumi.Config, key: str, choices: type[_E]) -> _E:
    """One of the values of an enumeration."""
    return member(key, config.require(key), choices)


def member(key: str, value: object, choices: type[_E]) -> _E:
    """The member of an enumeration that has this value."""
    try:
        return choices(value)
    except ValueError:
        allowed = " or ".join(choices)
        raise SettingsError(key, f"{value!r} is not known.", f"Set {allowed}.") from None


def text_list(config: pulumi.Config, key: str) -> list[str]:
    """A list of texts."""
    values: object = typed(key, config.require_object, "a list")
    if isinstance(values, list):
        elements = cast("list[object]", values)
        texts = [element for element in elements if isinstance(element, str)]
        if len(texts) == len(elements):
            return texts
    raise SettingsError(
        key, f"{values!r} is not a list of texts.", f"Set one at a time with --path '{key}[0]'."
    )


def unique(key: str, values: Sequence[str]) -> list[str]:
    """The values, none of which may be there twice."""
    for position, value in enumerate(values):
        if value in values[:position]:
            raise SettingsError(key, f"{value!r} is listed twice.", "List it once.")
    return list(values)


def refuse_unknown_key(path: str, key: str, declared: Collection[str]) -> None:
    """Refuse a key that is not declared; `path` is where it is, in the words of the error."""
    if key not in declared:
        close = difflib.get_close_matches(key, declared, n=1)
        fix = f"Did you mean {close[0]}?" if close else "Pulumi.yaml lists the settings there are."
        raise SettingsError(path, "there is no such setting.", fix)


Entry = Mapping[str, object]
"""An object in a list."""


def entries(path: str, value: object) -> list[Entry]:
    """The objects in a list; `path` is where it is, such as customerProfilesTriggers[0].conditions."""
    if isinstance(value, list):
        elements = cast("list[object]", value)
        objects = [cast("Entry", element) for element in elements if isinstance(element, Mapping)]
        if len(objects) == len(elements):
            return objects
    raise SettingsError(
        path, f"{value!r} is not a list of objects.", f"Set one key at a time with --path '{path}[0].KEY'."
    )


def entry_text(path: str, entry: Entry, key: str, pattern: re.Pattern[str], rule: str) -> str:
    """A text of an object that has to be there and to match."""
    value = entry.get(key)
    if value is None:
        raise SettingsError(f"{path}.{key}", "it is not set.", f"Set {rule}.")
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise SettingsError(f"{path}.{key}", f"{value!r} is not {rule}.", f"Set {rule}.")
    return value


def entry_optional(path: str, entry: Entry, key: str, pattern: re.Pattern[str], rule: str) -> str | None:
    """A text of an object that has to match where it is there."""
    return entry_text(path, entry, key, pattern, rule) if key in entry else None


def entry_integer(path: str, entry: Entry, key: str, most: int) -> int | None:
    """A whole number of an object, 1 to `most`, where it is there."""
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise SettingsError(f"{path}.{key}", f"{value!r} is out of range.", f"Set 1 to {most}.")
    return value
