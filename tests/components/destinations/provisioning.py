"""Provisions a destination under Pulumi's mocks, and returns its resources and outputs."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from components.destinations import DestinationArgs
from components.location import current_location
from tests.recording import Recording, record


def provisioned(
    destination: DestinationArgs, *, partition: str = "aws", region: str = "eu-central-1"
) -> tuple[Recording, Mapping[str, Any]]:
    """What `destination` registers, and its statements, environment, outputs and warning."""

    def program() -> None:
        result = destination.provision(
            f"processor-{destination.name}", current_location(), pulumi.ResourceOptions()
        )
        # As JSON, because the statements hold outputs.
        pulumi.export("statements", pulumi.Output.json_dumps(list(result.statements)))
        pulumi.export("environment", result.environment)
        pulumi.export("outputs", result.outputs)
        pulumi.export("warning", result.warning)

    recording = record(program, partition=partition, region=region)
    outputs = {"environment": {}, "outputs": {}, "warning": None, **recording.outputs}
    return recording, {**outputs, "statements": json.loads(outputs["statements"])}
