"""The event processor's environment as one typed model.

`components/event_processor.py` and `components/destinations.py` set these variables. Imports `variables`
and the pure modules only; reads no environment by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from handler.events import TimestampSource
from handler.update_policy import AuthMode, ProfileUpdates, UpdatePolicy
from handler.variables import as_choice, read_choice, read_names, read_text


class DestinationName(StrEnum):
    """The services that events can be recorded in."""

    PINPOINT = "pinpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinpointSettings:
    """The existing Amazon Pinpoint application that events go to."""

    application_id: str
    region: str


# What a destination needs to know: one type a destination.
DestinationSettings = PinpointSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the stack tells the event processor."""

    destinations: tuple[DestinationSettings, ...]
    update_policy: UpdatePolicy
    timestamp_source: TimestampSource
    dead_letter_queue_url: str
    service: str
    metrics_namespace: str


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Read the model from variables such as os.environ; raises InvalidEnvironmentError."""
    return Environment(
        destinations=_destinations(variables),
        update_policy=UpdatePolicy(
            auth_mode=read_choice(variables, "AUTH_MODE", AuthMode),
            profile_updates=read_choice(variables, "PROFILE_UPDATES", ProfileUpdates),
            allowed_names=read_names(variables, "PROFILE_ATTRIBUTES"),
        ),
        timestamp_source=read_choice(variables, "TIMESTAMP_SOURCE", TimestampSource),
        dead_letter_queue_url=read_text(variables, "DEAD_LETTER_QUEUE_URL"),
        service=read_text(variables, "POWERTOOLS_SERVICE_NAME"),
        metrics_namespace=read_text(variables, "POWERTOOLS_METRICS_NAMESPACE"),
    )


def _destinations(variables: Mapping[str, str]) -> tuple[DestinationSettings, ...]:
    names = [name.strip() for name in read_text(variables, "DESTINATIONS").split(",")]
    # Each name once: a destination that is listed twice would record every event twice.
    return tuple(
        _destination_settings(variables, as_choice("DESTINATIONS", name, DestinationName))
        for name in dict.fromkeys(names)
    )


def _destination_settings(variables: Mapping[str, str], name: DestinationName) -> DestinationSettings:
    match name:
        case DestinationName.PINPOINT:
            return PinpointSettings(
                application_id=read_text(variables, "PINPOINT_APPLICATION_ID"),
                region=read_text(variables, "PINPOINT_REGION"),
            )
        case _:
            assert_never(name)
