"""Reads the functions' log lines: JSON, with ids, counts and reasons, and nothing of an event."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from ops.aws import Aws

# Fields that a line of the log shows elsewhere, or that say nothing to an operator.
_NOT_SHOWN: Final = {"message", "level", "timestamp", "location", "service", "xray_trace_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line. `at` is in epoch seconds; `function` says what the function is for."""

    at: float
    function: str
    # An empty level and message: a line that is not the function's own.
    level: str
    message: str
    fields: Mapping[str, Any]
    text: str

    @property
    def is_metric(self) -> bool:
        return "_aws" in self.fields

    def has(self, field: str, value: str) -> bool:
        """Whether a field has this value: also as one of several reasons, or as the name of a count."""
        found = self.fields.get(field)
        if isinstance(found, str):
            return value in (part.strip() for part in found.split(","))
        return False

    def shown_fields(self) -> str:
        """The other fields, as `name=value`."""
        return " ".join(
            f"{name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in self.fields.items()
            if name not in _NOT_SHOWN and value not in (None, {}, 0)
        )


def read(event: Mapping[str, Any], function: str) -> LogLine:
    """An event of FilterLogEvents."""
    text = str(event["message"]).rstrip("\n")
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    fields = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    return LogLine(
        at=event["timestamp"] / 1000,
        function=function,
        level=str(fields.get("level", "")),
        message=str(fields.get("message", "")),
        fields=fields,
        text=text,
    )


def lines(
    aws: Aws, groups: Mapping[str, str], *, since: float, containing: str | None = None
) -> Iterator[LogLine]:
    """The lines of log groups, by function, since a time (epoch seconds). Raises CallError."""
    # Within quotation marks, a filter pattern is a string; they and backslashes are escaped by a backslash.
    sought = re.sub(r'(["\\])', r"\\\1", containing or "")
    pattern = {"filterPattern": f'"{sought}"'} if sought else {}
    for function, group in groups.items():
        events = aws.pages(
            *("logs", "filter_log_events", "events"),
            logGroupName=group,
            startTime=int(since * 1000),
            **pattern,
        )
        for event in events:
            yield read(event, function)
