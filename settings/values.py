"""Readers of single values. A reader returns the value, checked and converted, or raises InvalidValue."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar, cast

from settings.problems import InvalidValue, Problem, Problems, closest, unknown_key

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_LONGEST_SHOWN = 100  # characters

Reader: TypeAlias = Callable[[str, object], T]
"""Called with the key, for error messages, and the value."""


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A setting: its key, its default as in Pulumi.yaml, and the reader of its value."""

    key: str
    default: str | int | bool | Sequence[object]
    read: Reader[T]

    def is_default(self, value: object) -> bool:
        """Whether a value is the default. The engine passes defaults as if they were set."""
        if value is None or value == "":
            return True
        same_type = isinstance(value, bool) == isinstance(self.default, bool)
        return same_type and value == self.default


class UnreadSettingError(LookupError):
    """A setting could not be read, so anything that depends on it is unknown."""


class Values:
    """The values that were read, by setting."""

    def __init__(self) -> None:
        self._by_key: dict[str, object] = {}

    def __getitem__(self, setting: Setting[T]) -> T:
        if setting.key not in self._by_key:
            raise UnreadSettingError(setting.key)
        return cast("T", self._by_key[setting.key])

    def keep(self, setting: Setting[T], value: T) -> None:
        self._by_key[setting.key] = value


def is_unset(value: object) -> bool:
    """Whether a value is null or the empty string, which set nothing."""
    return value is None or value == ""


def shown(value: object) -> str:
    """A value as it is shown in errors: on one line, and cut if it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    written = "null" if value is None else repr(value)
    return written if len(written) <= _LONGEST_SHOWN else f"{written[:_LONGEST_SHOWN]}…"


def string(pattern: re.Pattern[str], rule: str, example: str) -> Reader[str]:
    """A required string that must match. `rule` and `example` complete the sentences of errors."""

    def read(key: str, value: object) -> str:
        if is_unset(value):
            what = "it is empty." if key.endswith("]") else "it is not set."
            raise InvalidValue(Problem(key, what, f"Set {example}."))
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise InvalidValue(Problem(key, f"{shown(value)} is not {rule}.", f"Set {example}."))
        return value

    return read


def optional(read: Reader[T]) -> Reader[T | None]:
    """A value that is checked only if it is set."""
    return lambda key, value: None if is_unset(value) else read(key, value)


def whole_number(least: int, most: int) -> Reader[int]:
    """A whole number from `least` to `most`."""
    fix = f"Set a whole number from {least} to {most}."

    def read(key: str, value: object) -> int:
        if is_unset(value):
            raise InvalidValue(Problem(key, "it is not set.", fix))
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidValue(Problem(key, f"{shown(value)} is not a whole number.", fix))
        if not least <= value <= most:
            raise InvalidValue(Problem(key, f"{value} is out of range.", fix))
        return value

    return read


def true_or_false(key: str, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidValue(Problem(key, f"{shown(value)} is not true or false.", "Set true or false."))
    return value


def choice(choices: type[E]) -> Reader[E]:
    """One of the values of an enumeration."""
    read_name = one_of([str(member) for member in choices])
    return lambda key, value: choices(read_name(key, value))


def one_of(names: Sequence[str]) -> Reader[str]:
    """One of these names."""

    def read(key: str, value: object) -> str:
        if value in names:
            return str(value)
        meant = closest(value, names) if isinstance(value, str) else None
        fix = f"Did you mean {meant}?" if meant else "Set one of these."
        raise InvalidValue(Problem(key, f"{shown(value)} is not {' or '.join(names)}.", fix))

    return read


def list_of(read: Reader[T], what: str = "VALUE") -> Reader[tuple[T, ...]]:
    """A list. Each element is read. null means an empty list."""

    def read_list(key: str, value: object) -> tuple[T, ...]:
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            fix = f"Set one element at a time: pulumi config set --path '{key}[0]' {what}."
            raise InvalidValue(Problem(key, f"{shown(value)} is not a list.", fix))
        problems, elements = Problems(), list[T]()
        for position, element in enumerate(cast("Sequence[object]", value)):
            with problems.collected():
                elements.append(read(f"{key}[{position}]", element))
        problems.raise_any()
        return tuple(elements)

    return read_list


def unique(
    read: Reader[tuple[T, ...]], same: Callable[[T], Hashable] = repr, note: str = ""
) -> Reader[tuple[T, ...]]:
    """A list in which no two elements are the `same`. `note` explains in errors what counts as the same."""

    def read_list(key: str, value: object) -> tuple[T, ...]:
        elements = read(key, value)
        marks = [same(element) for element in elements]
        problems = [
            Problem(
                f"{key}[{position}]", f"{shown(elements[position])} is listed twice{note}.", "List it once."
            )
            for position, mark in enumerate(marks)
            if mark in marks[:position]
        ]
        Problems(problems).raise_any()
        return elements

    return read_list


def any_object(known: Sequence[str]) -> Reader[Mapping[str, object]]:
    """An object that has no other keys than these."""

    def read(key: str, value: object) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            fix = f"Set one key at a time: pulumi config set --path '{key}.{known[0]}' VALUE."
            raise InvalidValue(Problem(key, f"{shown(value)} is not an object.", fix))
        entry = cast("Mapping[object, object]", value)
        keys = [str(one) for one in entry]
        Problems(unknown_key(f"{key}.{one}", one, known) for one in keys if one not in known).raise_any()
        return {str(one): held for one, held in entry.items()}

    return read


def object_of(make: Callable[..., T], **readers: tuple[str, Reader[Any]]) -> Reader[T]:
    """An object created by `make`, with a key and a reader for each argument. Reports every wrong key.

    A key without a value is wrong, too: whoever empties a filter must not get an object without one.
    """
    read_object = any_object([name for name, _ in readers.values()])

    def read(key: str, value: object) -> T:
        problems = Problems()
        try:
            entry = read_object(key, value)
        except InvalidValue as invalid:
            if not isinstance(value, Mapping):
                raise
            problems.extend(invalid.problems)
            entry = cast("Mapping[str, object]", value)
        arguments: dict[str, Any] = {}
        for argument, (name, read_one) in readers.items():
            with problems.collected():
                arguments[argument] = read_one(f"{key}.{name}", entry.get(name))
                if name in entry and is_unset(entry[name]):
                    raise InvalidValue(Problem(f"{key}.{name}", "it is empty.", "Set it, or leave it out."))
        problems.raise_any()
        return make(**arguments)

    return read
