"""`python -m local` starts the local run from a terminal. Stop it with Ctrl-C or SIGTERM."""

from bootstrap import python_version  # first: refuses an old Python, in which the rest may not parse

if __name__ == "__main__":
    python_version.refuse_without("moto", "pulumi", "pulumi_aws", "flask", "jwt", "yaml")

# isort: split
from cli import interrupts

if __name__ == "__main__":
    interrupts.end_at_once(status=0, said="")  # as later on

# isort: split
import argparse
import gc
import json
import signal
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli import ending
from cli.arguments import Parser
from cli.errors import DONE, USAGE_ERROR, UsageError
from cli.output import escape_unknown_letters, note, say

if TYPE_CHECKING:
    from local.run import LocalRun

_LONGEST_SLEEP_SECONDS = 0.5

_LONGEST_SHOWN = 60  # characters


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a stack until a signal comes; returns the exit status."""
    return ending.run(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    overrides = [override for group in options.config for override in group]
    try:
        overrides += _words(options.config_line)
    except ValueError as error:
        raise UsageError(f"CONFIG: {error}") from None
    # Most objects are made at the start and live to the end. By default, the garbage collector visits them
    # again and again: a third of the time of a start.
    gc.set_threshold(100_000, 20, 20)
    try:
        # SIGINT as well, because shells make background programs ignore it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        from local.run import LocalRun, LocalRunError

        run = None
        try:
            run = LocalRun.start(stack=options.stack, port=options.port, overrides=overrides, echo=_echo)
            _introduce(run)
            say(f"ready {run.url}")
            _wait_for_signal()
        except LocalRunError as error:
            for line in str(error).splitlines():
                note(f"error: {line}")
            return USAGE_ERROR
        finally:
            # A second Ctrl-C must not interrupt the clean-up.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            if run is not None:
                run.stop()
    except KeyboardInterrupt:
        pass
    return DONE


def _wait_for_signal() -> None:
    """Sleep until a signal handler raises KeyboardInterrupt.

    Sleeps are short, because Python handles a signal that arrives just before a sleep only after it.
    """
    while True:
        time.sleep(_LONGEST_SLEEP_SECONDS)


def _port(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a port: set it, or PORT of make local, to a number from 0 to 65535"
        ) from None


def _parser() -> Parser:
    parser = Parser(
        prog="python -m local",
        description="Run a stack of this project on this machine: no AWS account, no Docker, no Pulumi CLI.",
    )
    parser.add_argument("--stack", default="dev", help="stack to run, as in Pulumi.STACK.yaml (default: dev)")
    parser.add_argument(
        "--port", type=_port, default=8080, help="port on 127.0.0.1, 0 for any (default: 8080)"
    )
    parser.add_argument(
        "--config",
        action="append",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="settings that override the stack's, such as profileUpdates=all; lists with commas or as JSON",
    )
    parser.add_argument(
        "--config-line",
        default="",
        metavar="'KEY=VALUE …'",
        help="the same in one string, as make passes CONFIG",
    )
    return parser


def _words(line: str) -> list[str]:
    """Split a line into words as a shell does. JSON in brackets is left as it is. Raises ValueError."""
    words, word, depth, quote = list[str](), "", 0, ""
    for character in line:
        if quote:
            is_end = character == quote and not (depth and word.endswith("\\"))
            word += character if depth or not is_end else ""
            quote = "" if is_end else quote
        elif character == '"' or (character == "'" and depth == 0):
            quote = character
            word += character if depth else ""
        elif character.isspace() and depth == 0:
            words.append(word)
            word = ""
        else:
            depth = max(0, depth + (character in "[{") - (character in "]}"))
            word += character
    if quote:
        raise ValueError(f"a quote ({quote}) is never closed, near {word[:_LONGEST_SHOWN]!r}: close it.")
    if depth:
        raise ValueError(f"a bracket is never closed, near {word[:_LONGEST_SHOWN]!r}: close it.")
    return [one for one in [*words, word] if one]


def _introduce(run: "LocalRun") -> None:
    say("Stack outputs:")
    width = max(map(len, run.outputs), default=0)
    for name, value in run.outputs.items():
        text = json.dumps(value) if isinstance(value, dict) else value
        text = ", ".join(map(str, value)) if isinstance(value, list) else text
        say(f"  {name:<{width}}  {text}")
    say("For the AWS command line and python -m ops, in a second terminal:")
    for name, value in run.aws_variables.items():
        say(f"  export {name}={value}")
    say(f'  pulumi() {{ curl -s "{run.url}/outputs/$3"; }}    # so that "pulumi stack output NAME" works')
    say("What is emulated:")
    for line in run.notes:
        say(f"  {line}")


def _echo(text: str) -> None:
    out = note if text.startswith(("error:", "warning:")) else say
    for line in text.splitlines():
        out(line)


if __name__ == "__main__":
    escape_unknown_letters()
    sys.exit(main())
