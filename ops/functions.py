"""The functions as they are deployed, and the event source of the processor."""

from typing import Any, Final

from contract.alias import LIVE
from ops.aws import Aws
from ops.stack import Stack

PAUSED: Final = ("Disabled", "Disabling")
"""States of the event source in which `ops resume` helps. In the others but Enabled, AWS is changing it."""


def configuration(aws: Aws, name: str) -> dict[str, Any]:
    """The configuration of the version that is called. Raises CallError."""
    return aws.call("lambda", "get_function_configuration", FunctionName=name, Qualifier=LIVE)


def event_source(aws: Aws, stack: Stack) -> dict[str, Any]:
    """The event source mapping between queue and processor. Raises CallError."""
    return aws.call("lambda", "get_event_source_mapping", UUID=stack.event_source_id)
