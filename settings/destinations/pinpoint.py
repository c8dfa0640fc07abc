"""Settings of Amazon Pinpoint."""

import re

from components.destinations.pinpoint import PinpointArgs
from contract.regions import REGIONS
from settings.groups import DestinationGroup, Stack
from settings.problems import InvalidValue, Problem, closest
from settings.values import Setting, Values, optional, shown, string

_APPLICATION_ID = re.compile(r"[0-9a-f]{32}")


def _region(key: str, value: object) -> str:
    if isinstance(value, str) and value in REGIONS:
        return value
    meant = closest(value, REGIONS) if isinstance(value, str) else None
    fix = f"Did you mean {meant}?" if meant else "Set one such as us-east-1, or nothing for the stack's own."
    raise InvalidValue(Problem(key, f"{shown(value)} is not an AWS Region.", fix))


APPLICATION_ID = Setting(
    "pinpointApplicationId",
    "",
    string(
        _APPLICATION_ID,
        "the application's 32 hexadecimal characters",
        "the project id that the Amazon Pinpoint console shows",
    ),
)
REGION = Setting("pinpointRegion", "", optional(_region))


def _make(values: Values, _: Stack) -> PinpointArgs:
    return PinpointArgs(application_id=values[APPLICATION_ID], region=values[REGION])


GROUP = DestinationGroup(
    name=PinpointArgs.name,
    description="Amazon Pinpoint, whose support AWS ended on 2026-10-30",
    settings=(APPLICATION_ID, REGION),
    rules=(),
    make=_make,
)
