"""What a function has written to its log: lines of JSON, some of them metrics."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class LogOutput:
    """The log of one invocation."""

    output: str
    lines: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = [json.loads(line) for line in self.output.splitlines()]

    def logged(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("message") == message]

    def metric(self, name: str, **dimensions: str) -> list[float]:
        """All values of a metric under exactly these dimensions beside the service."""
        values: list[float] = []
        for line in self.lines:
            for group in line.get("_aws", {}).get("CloudWatchMetrics", []):
                named = name in [metric["Name"] for metric in group["Metrics"]]
                keys = [{"service", *dimensions} == set(keys) for keys in group["Dimensions"]]
                if named and any(keys) and all(line[key] == value for key, value in dimensions.items()):
                    values += line[name]
        return values
