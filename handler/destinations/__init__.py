"""Where events are recorded: one protocol, one module a service.

Imports `events` and `environment`; a service's own module only when it is configured.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from handler.environment import DestinationSettings, PinpointSettings
from handler.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The service has the event."""

    # Attributes left out because they exceed one of the service's limits, by reason.
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    # How many user attributes were written to the profile.
    profile_updates: int = 0
    # The batch held this event before, under the same event id: it was sent once.
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """The event may succeed later: leave the message in the queue."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The service will never take the event: keep the message where a person can look at it."""

    reason: str


Outcome = Recorded | Retry | Refused


class Destination(Protocol):
    """A service that records events."""

    def record(self, events: Sequence[Event], *, time_left: Callable[[], float]) -> Mapping[str, Outcome]:
        """Record a batch; an outcome for every event, by message id.

        `time_left` says how many seconds remain. An event whose turn comes too late gets Retry. A failure
        of one event or request leaves the others alone.
        """
        ...


def make_destination(settings: DestinationSettings) -> Destination:
    """The destination for a stack's settings. Connects to nothing yet."""
    match settings:
        case PinpointSettings():
            from handler.destinations.pinpoint import PinpointDestination

            return PinpointDestination.for_settings(settings)
        case _:
            assert_never(settings)
