"""The destinations, each in its module, with the settings that only it reads."""

from collections.abc import Mapping
from typing import Final

from components.destinations import DestinationArgs
from settings.destinations import customer_profiles, eventbridge, firehose, pinpoint
from settings.groups import DestinationGroup
from settings.problems import InvalidValue, Problem
from settings.values import Setting, list_of, one_of, unique

GROUPS: Final[Mapping[str, DestinationGroup[DestinationArgs]]] = {
    group.name: group
    for group in (customer_profiles.GROUP, firehose.GROUP, eventbridge.GROUP, pinpoint.GROUP)
}
"""By name. The recommended one comes first."""


def _destinations(key: str, value: object) -> tuple[str, ...]:
    names = unique(list_of(one_of(list(GROUPS)), "customer-profiles"))(key, value)
    if not names:
        raise InvalidValue(
            Problem(
                key,
                "the list is empty; events need at least one destination.",
                f"Set one or more of {', '.join(GROUPS)}.",
            )
        )
    return names


DESTINATIONS = Setting("destinations", [customer_profiles.GROUP.name], _destinations)
