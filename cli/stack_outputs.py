"""Reads the output of `pulumi stack output --json`."""

import json
from collections.abc import Mapping
from typing import Any, cast

from cli.errors import UsageError
from cli.files import STREAM, read_bytes, shown_file


def read_outputs(file: str) -> Mapping[str, Any]:
    """The outputs in the file of --outputs; `-` is standard input. Raises UsageError."""
    content = read_bytes(file, option="--outputs")
    # Empty if the CLI at the other end of the pipe failed or is missing.
    if file == STREAM and not content.strip():
        raise UsageError(
            "`pulumi stack output --json` printed nothing; check that the Pulumi CLI is installed and the "
            "stack is deployed"
        )
    return parse_outputs(content, shown_file(file))


def parse_outputs(content: bytes, name: str) -> Mapping[str, Any]:
    """The outputs in what the CLI wrote. `name` is what they come from. Raises UsageError."""
    try:
        # Of bytes, json knows UTF-8 with and without a mark, and the UTF-16 that PowerShell's `>` writes.
        outputs = json.loads(content)
    except (ValueError, RecursionError):
        outputs = None
    if not isinstance(outputs, dict):
        raise UsageError(f"{name} is no JSON object; give the output of `pulumi stack output --json`")
    return cast("dict[str, Any]", outputs)
