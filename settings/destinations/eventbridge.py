"""Settings of Amazon EventBridge: an existing bus or a new one, and its archive."""

import re

from components.destinations.eventbridge import EventbridgeArgs
from settings.groups import DestinationGroup, Stack
from settings.values import Setting, Values, optional, string, whole_number

# Without the slash of partners' buses, on which only the partner puts events.
_BUS_NAME = re.compile(r"[._A-Za-z0-9-]{1,256}")

BUS = Setting(
    "eventbridgeBus",
    "",
    optional(
        string(
            _BUS_NAME,
            "the name of an event bus: 1 to 256 letters, digits, . _ and -",
            "the name that Amazon EventBridge shows, such as default, or nothing for a new bus",
        )
    ),
)
# EventBridge documents no maximum. Ten years, as for the bucket of firehose.
ARCHIVE_DAYS = Setting("eventbridgeArchiveDays", 0, whole_number(0, 3_650))


def _make(values: Values, stack: Stack) -> EventbridgeArgs:
    return EventbridgeArgs(bus=values[BUS], source=stack.name, archive_days=values[ARCHIVE_DAYS])


GROUP = DestinationGroup(
    name=EventbridgeArgs.name,
    description="Amazon EventBridge, whose rules send events on to any other product",
    settings=(BUS, ARCHIVE_DAYS),
    rules=(),
    make=_make,
)
