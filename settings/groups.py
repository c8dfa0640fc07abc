"""What a group of settings consists of: the settings, and the rules between them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from settings.problems import Problem
from settings.values import Setting, Values

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What rules know of a stack beside its settings."""

    # What tells this stack from others of the project in a shared account: project and stack.
    name: str
    # Whether this is the local run, where an issuer of tokens may be on the same machine.
    is_local_run: bool = False


Rule: TypeAlias = Callable[[Values, Stack], Iterable[Problem]]
"""A rule between settings: the problems that it finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationGroup(Generic[T]):
    """The settings that only one destination reads: their keys begin with its name."""

    name: str
    description: str
    settings: Sequence[Setting[Any]]
    rules: Sequence[Rule]
    # The arguments of the destination's component.
    make: Callable[[Values, Stack], T]
