"""Reads the outputs of a stack: from the Pulumi CLI, a file, or a local run that is under way."""

import argparse
import json
import subprocess
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.arguments import file_name
from cli.errors import UsageError
from cli.stack_outputs import parse_outputs, read_outputs

LOCAL_URL = "http://127.0.0.1:8080"

_LOCAL_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The outputs of a stack. `variables` are those of a local run's AWS; None: AWS itself."""

    outputs: Mapping[str, Any]
    variables: Mapping[str, str] | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("which stack (default: the one that the Pulumi CLI has selected)")
    one = where.add_mutually_exclusive_group()
    one.add_argument("--stack", metavar="NAME", help="a stack that the Pulumi CLI knows")
    one.add_argument(
        "--outputs",
        type=file_name,
        metavar="FILE",
        help="output of `pulumi stack output --json`; - reads standard input",
    )
    one.add_argument(
        "--local",
        metavar="URL",
        nargs="?",
        const=LOCAL_URL,
        help=f"a local run that is under way (default: {LOCAL_URL})",
    )


def read_source(options: argparse.Namespace) -> Source:
    """Raises UsageError."""
    if options.local is not None:
        return _of_local_run(options.local.rstrip("/"))
    if options.outputs is not None:
        return Source(outputs=read_outputs(options.outputs))
    return Source(outputs=_of_pulumi(options.stack))


def _of_local_run(url: str) -> Source:
    if not url.startswith(("http://127.0.0.1:", "http://localhost:")):
        raise UsageError(f"--local {url}: a local run is on this machine, as in --local {LOCAL_URL}")
    try:
        outputs, aws = (_fetched(f"{url}{path}") for path in ("/outputs", "/aws"))
        return Source(outputs=outputs, variables=aws["variables"])
    except (OSError, ValueError, LookupError, TypeError):
        raise UsageError(f"no local run answers at {url}: start one with make local") from None


def _fetched(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=_LOCAL_SECONDS) as response:  # noqa: S310 - loopback, checked
        return json.load(response)


def _of_pulumi(stack: str | None) -> Mapping[str, Any]:
    command = ["pulumi", "stack", "output", "--json", *(["--stack", stack] if stack else [])]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - own words
    except FileNotFoundError:
        raise UsageError(
            "the Pulumi CLI is not installed here: give the outputs with --outputs FILE, or use --local"
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        reason = next(iter(said.splitlines()), "it gave no reason").removeprefix("error: ")
        raise UsageError(f"pulumi stack output failed: {reason}; name the stack with --stack NAME")
    return parse_outputs(done.stdout, "pulumi stack output")
