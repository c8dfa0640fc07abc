"""The commands, in the order of `python -m ops --help`. A new one is a module here and a line in the list."""

from typing import Final

from ops.command import Command
from ops.commands import (
    blocked,
    cost,
    dead_letters,
    doctor,
    event_source,
    forget,
    incident,
    logs,
    profile,
    redrive,
    replay,
    send,
    status,
    token,
    traffic,
)

COMMANDS: Final[tuple[Command, ...]] = (
    status.COMMAND,
    doctor.COMMAND,
    dead_letters.COMMAND,
    redrive.COMMAND,
    replay.COMMAND,
    event_source.PAUSE,
    event_source.RESUME,
    logs.COMMAND,
    traffic.COMMAND,
    blocked.COMMAND,
    send.COMMAND,
    token.COMMAND,
    profile.COMMAND,
    forget.COMMAND,
    incident.COMMAND,
    cost.COMMAND,
)
