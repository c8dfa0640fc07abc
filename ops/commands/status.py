"""`ops status`: one screen that says whether a stack works, and what to look at if it does not."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Final

from cli.errors import DONE
from ops import durations
from ops.attention import attention
from ops.command import Command
from ops.context import Context
from ops.counts import count
from ops.screen import Screen
from ops.status_report import BY_PARTS, Numbers, Status, read_status

_STEPS: Final = 4
_SHOWN_PARTS: Final = 4
_MOST_MINUTES: Final = 14 * 24 * 60


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--minutes",
        type=partial(count, most=_MOST_MINUTES),
        default=60,
        metavar="N",
        help="how far back to count (default: 60)",
    )


def _run(context: Context) -> int:
    with context.screen.progress("reading the status", _STEPS) as advance:
        status = read_status(
            context.aws,
            context.stack,
            minutes=context.options.minutes,
            now=context.clock(),
            advance=advance,
        )
    needed = attention(status)
    context.screen.result(
        {**asdict(status), "attention": needed}, lambda: _show(context.screen, status, needed)
    )
    return DONE


def _show(screen: Screen, status: Status, needed: list[str]) -> None:
    screen.line(
        f"{status.stack}  {status.region}  {status.auth_mode}  → {', '.join(status.destinations)}",
        style="bold",
    )
    for line in needed:
        screen.line(f"! {line}", style="red")
    if not needed:
        screen.line("Nothing needs attention.", style="green")
    screen.line()
    screen.table(
        [f"last {status.minutes} minutes", "", ""],
        [*_traffic(status), *_outcomes(status), *_functions(status), *_tokens(status)],
    )
    screen.line()
    screen.table(["now", "", ""], [*_now(status), *_domain(status), *_alarms(status), *_deployed(status)])
    if status.dashboard_url:
        screen.line(f"Dashboard: {status.dashboard_url}")


def _traffic(status: Status) -> list[list[str]]:
    requests = status.requests
    errors = f"4XX {_count(requests, '4XXError')}, 5XX {_count(requests, '5XXError')}"
    return [["requests", _count(requests, "Count"), f"{errors}, p95 {_milliseconds(requests, 'Latency')}"]]


def _outcomes(status: Status) -> list[list[str]]:
    outcomes = status.outcomes
    named = {"Rejected": "rejected", "Retried": "retried", "DeadLettered": "dead-lettered"}
    return [
        ["received", _count(outcomes, "Received"), f"duplicates {_count(outcomes, 'DuplicateEvents')}"],
        [
            "recorded",
            _count(outcomes, "Recorded"),
            _join(_parts(status, "Recorded"), f"p95 after {_milliseconds(outcomes, 'EventAge')}"),
        ],
        *([word, _count(outcomes, name), _parts(status, name)] for name, word in named.items()),
        ["attributes dropped", _count(outcomes, "AttributesDropped"), _parts(status, "AttributesDropped")],
        [
            "profile updates",
            _count(outcomes, "ProfileUpdatesApplied"),
            f"denied {_count(outcomes, 'ProfileUpdatesDenied')}",
        ],
    ]


def _functions(status: Status) -> list[list[str]]:
    return [
        [
            purpose,
            _count(numbers, "Invocations"),
            f"errors {_count(numbers, 'Errors')}, throttled {_count(numbers, 'Throttles')}, "
            f"longest {_milliseconds(numbers, 'Duration')}",
        ]
        for purpose, numbers in status.functions.items()
    ]


def _tokens(status: Status) -> list[list[str]]:
    tokens = status.tokens
    if not tokens:
        return []
    return [
        [
            "tokens verified",
            _count(tokens, "TokensVerified"),
            f"none sent {_count(tokens, 'RequestsWithoutToken')}",
        ],
        ["tokens invalid", _count(tokens, "TokensInvalid"), _parts(status, "TokensInvalid")],
    ]


def _now(status: Status) -> list[list[str]]:
    queue, letters, domain = status.queue, status.dead_letters, status.domain_dead_letters
    age = "" if status.oldest_seconds is None else f", oldest {durations.words(status.oldest_seconds)}"
    reasons = ", ".join(f"{one.reason} {one.count}" for one in status.dead_letter_reasons[:_SHOWN_PARTS])
    return [
        ["event source", status.event_source, ""],
        ["queue", f"{queue.waiting:,}", f"in flight {queue.in_flight:,}, delayed {queue.delayed:,}{age}"],
        ["dead letters", f"{letters.total:,}", reasons],
        *(
            [["domain's dead letters", f"{domain.total:,}", "objects that the domain could not process"]]
            if domain
            else []
        ),
    ]


def _domain(status: Status) -> list[list[str]]:
    domain = status.domain
    if domain is None:
        return []
    profiles = "-" if domain.profiles is None else f"{domain.profiles:,}"
    return [["profiles", profiles, _join(domain.details(), f"domain {domain.domain}")]]


def _alarms(status: Status) -> list[list[str]]:
    bad = [alarm.name for alarm in status.alarms if alarm.state == "ALARM"]
    return (
        [["alarms", f"{len(status.alarms)}", ", ".join(bad) or "none goes off"]]
        if status.alarms
        else [["alarms", "0", "this stack has none: set alarms to true (docs/monitoring.md)"]]
    )


def _deployed(status: Status) -> list[list[str]]:
    return [
        [
            f"{one.purpose} deployed",
            one.changed_at[:19].replace("T", " "),
            f"version {one.version}, {one.runtime}, code {one.code}",
        ]
        for one in status.deployed
    ]


def _parts(status: Status, name: str) -> str:
    assert name in BY_PARTS  # noqa: S101 - a metric that is published by parts
    parts = finest(status.parts.get(name, {}))
    shown = [f"{key} {value:,.0f}" for key, value in list(parts.items())[:_SHOWN_PARTS]]
    more = len(parts) - len(shown)
    return _join(*shown, f"{more} more" if more > 0 else "")


def finest(parts: Mapping[str, float]) -> dict[str, float]:
    """The parts without those that others split again: no `firehose` beside `firehose, firehose_503`."""
    split = {key.partition(", ")[0] for key in parts if ", " in key}
    return {key.replace(", ", ": "): value for key, value in parts.items() if ", " in key or key not in split}


def _join(*texts: str) -> str:
    return ", ".join(filter(None, texts))


def _count(numbers: Numbers | Mapping[str, float], name: str) -> str:
    return f"{numbers.get(name) or 0:,.0f}"


def _milliseconds(numbers: Numbers, name: str) -> str:
    value = numbers.get(name)
    return "-" if value is None else f"{value:,.0f} ms"


COMMAND = Command(
    name="status",
    summary="show on one screen whether the stack works",
    run=_run,
    add_arguments=_add_arguments,
)
