"""A group of settings, and the rules between them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from settings.problems import Problem
from settings.values import Setting, Values

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What rules can use besides the settings."""

    # Project and stack at the first deployment, which tell this stack from others in the account.
    name: str
    # The AWS Region, or None if the provider takes it from elsewhere than the configuration.
    region: str | None = None
    # In the local run, a token issuer may be on the same machine.
    is_local_run: bool = False


Rule: TypeAlias = Callable[[Values, Stack], Iterable[Problem]]
"""A rule between settings. Returns the problems that it finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationGroup(Generic[T]):
    """The settings that only one destination reads: their keys begin with its name."""

    name: str
    description: str
    settings: Sequence[Setting[Any]]
    rules: Sequence[Rule]
    # The arguments of the destination's component.
    make: Callable[[Values, Stack], T]
