"""The services that record events: one protocol, its outcomes, and one module for each service.

A module is found by the name of its destination in the settings: `customer-profiles` is in
`customer_profiles.py`. Nothing else lists them. A pure module beside each builds its requests.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from handler.events import Event
from handler.variables import InvalidEnvironmentError

_NAME = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The service has the event."""

    # Attributes dropped because they exceed a limit of the service, by reason.
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    # User attributes written to the profile.
    profile_updates: int = 0


@dataclass(frozen=True, slots=True)
class Retry:
    """The event may succeed later: it is retried."""

    reason: str
    # Whether resources or permissions are missing or wrong. If that lasts, a person has to act.
    not_set_up: bool = False
    # The service's error code, for a person who looks at it: nothing is decided by it.
    code: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The service will never take the event: it is dead-lettered, for a person to look at."""

    reason: str
    # As that of Retry.
    code: str | None = field(default=None, compare=False)


Outcome = Recorded | Retry | DeadLetter


class Item(Protocol):
    """An event, or a destination's form of one."""

    @property
    def message_id(self) -> str: ...


def same_outcome(items: Iterable[Item], outcome: Outcome) -> dict[str, Outcome]:
    """One outcome for all items, by message id."""
    return {item.message_id: outcome for item in items}


class Destination(Protocol):
    """A service that records events."""

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch; returns an outcome for every event, by message id.

        No two events have the same key (`event_identity.EventKey`). `time_left` returns the seconds that
        remain; an event whose turn comes too late gets Retry. The failure of one event or request must not
        affect others. Other destinations record the same events at the same time, in other threads.
        """
        ...


class _DestinationModule(Protocol):
    def make(self, variables: Mapping[str, str]) -> Destination:
        """The destination for a function's environment. Makes no connection."""
        ...


def make_destination(name: str, variables: Mapping[str, str]) -> Destination:
    """The destination of this name, which reads its own variables. Raises InvalidEnvironmentError.

    An update changes a function's configuration before its code. Until the code has the module of a new
    destination, events are retried there; the other destinations get them.
    """
    if not _NAME.fullmatch(name):
        raise InvalidEnvironmentError.of("DESTINATIONS", name, "the name of a destination")
    module = _module(name)
    return _NoModule(name) if module is None else module.make(variables)


class _NoModule:
    """A destination whose module is not, or not yet, in the code archive."""

    def __init__(self, name: str) -> None:
        self._outcome = Retry(f"{name.replace('-', '_')}_no_module", not_set_up=True)

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        del time_left  # makes no call
        return same_outcome(events, self._outcome)


def is_destination(name: str) -> bool:
    """Whether a destination of this name exists, configured or not."""
    return _module(name) is not None


def _module(name: str) -> _DestinationModule | None:
    path = f"{__name__}.{name.replace('-', '_')}"
    module = import_module(path) if _NAME.fullmatch(name) and find_spec(path) else None
    return cast("_DestinationModule", module) if hasattr(module, "make") else None
