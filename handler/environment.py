"""The function's environment as one typed model.

`components/event_processor.py` and `components/destinations.py` set these variables. An error names the
variable, what it must be and what to do, in one line. Imports the pure modules only; reads no
environment by itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, assert_never, cast

from handler.events import TimestampSource
from handler.update_policy import ProfileUpdates, UpdatePolicy

_Choice = TypeVar("_Choice", bound=StrEnum)

_FIX = "run `pulumi up` to set it again"


class InvalidEnvironmentError(Exception):
    """A variable of the function's environment is missing or wrong."""


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
    """What the stack tells the function."""

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
            profile_updates=_choice(variables, "PROFILE_UPDATES", ProfileUpdates),
            allowed_names=_names(variables, "PROFILE_ATTRIBUTES"),
        ),
        timestamp_source=_choice(variables, "TIMESTAMP_SOURCE", TimestampSource),
        dead_letter_queue_url=_text(variables, "DEAD_LETTER_QUEUE_URL"),
        service=_text(variables, "POWERTOOLS_SERVICE_NAME"),
        metrics_namespace=_text(variables, "POWERTOOLS_METRICS_NAMESPACE"),
    )


def _destinations(variables: Mapping[str, str]) -> tuple[DestinationSettings, ...]:
    names = [name.strip() for name in _text(variables, "DESTINATIONS").split(",")]
    # Each name once: a destination that is listed twice would record every event twice.
    return tuple(
        _destination_settings(variables, _member("DESTINATIONS", name, DestinationName))
        for name in dict.fromkeys(names)
    )


def _destination_settings(variables: Mapping[str, str], name: DestinationName) -> DestinationSettings:
    match name:
        case DestinationName.PINPOINT:
            return PinpointSettings(
                application_id=_text(variables, "PINPOINT_APPLICATION_ID"),
                region=_text(variables, "PINPOINT_REGION"),
            )
        case _:
            assert_never(name)


def _text(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "").strip()
    if not value:
        raise InvalidEnvironmentError(f"{name} is not set; it must hold text: {_FIX}")
    return value


def _choice(variables: Mapping[str, str], name: str, choices: type[_Choice]) -> _Choice:
    return _member(name, _text(variables, name), choices)


def _member(name: str, value: str, choices: type[_Choice]) -> _Choice:
    try:
        return choices(value)
    except ValueError:
        allowed = ", ".join(choices)
        raise InvalidEnvironmentError(
            f"{name} holds {value!r}; it must be one of {allowed}: {_FIX}"
        ) from None


def _names(variables: Mapping[str, str], name: str) -> frozenset[str]:
    text = _text(variables, name)
    try:
        names: object = json.loads(text)
    except ValueError:
        names = None
    if isinstance(names, list):
        items = cast("list[object]", names)
        texts = frozenset(item for item in items if isinstance(item, str))
        if all(isinstance(item, str) for item in items):
            return texts
    raise InvalidEnvironmentError(f"{name} holds {text!r}; it must be a JSON array of texts: {_FIX}")
