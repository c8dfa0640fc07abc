"""The tables of docs/scaling.md, computed. `python -m ops.capacity_tables` prints them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from contract.customer_profiles import OBJECTS_IN_REQUEST
from ops.capacity import RECORD_BYTES, CapacitySettings, first_to_bind, limits
from ops.cost_model import AUTHORIZER_MS

LOADS: Final = (10, 100, 1_000, 10_000)

DEFAULTS: Final = CapacitySettings(is_authenticated=True, region="eu-central-1")
DESTINATIONS: Final = ("customer-profiles", "firehose", "eventbridge")


def each_limit() -> Sequence[str]:
    """What each part takes with the default settings and quotas, the lowest first."""
    everything = replace(DEFAULTS, destinations=DESTINATIONS)
    rows = (
        [limit.part, f"{limit.events_per_second:,.0f}", "AWS" if limit.is_quota else "a setting", limit.above]
        for limit in limits(everything)
    )
    return _table(["part", "events a second", "set by", "above it, an event"], rows)


def first_limits() -> Sequence[str]:
    """Which limit binds first with the defaults, by destination and load."""
    rows: list[list[str]] = []
    for destination in DESTINATIONS:
        settings = replace(DEFAULTS, destinations=(destination,))
        bound = [first_to_bind(settings, load) for load in LOADS]
        rows.append([f"`{destination}`", *(limit.part if limit else "none" for limit in bound)])
    return _table(["events a second", *(f"{load:,}" for load in LOADS)], rows)


def what_to_set() -> Sequence[str]:
    """Settings and quotas that take each load twice over, for peaks."""
    peaks = [2 * load for load in LOADS]
    copies = [max(5, math.ceil(peak * DEFAULTS.batch_seconds / DEFAULTS.batch_size)) for peak in peaks]
    authorizers = [math.ceil(peak * AUTHORIZER_MS / 1_000) for peak in peaks]
    rows = [
        ["`throttlingRateLimit`", *(f"{peak:,}" for peak in peaks)],
        ["API Gateway: *Throttle rate*", *(f"{max(10_000, peak):,}" for peak in peaks)],
        ["`maximumConcurrency`", *(f"{count:,}" for count in copies)],
        [
            "Lambda: *Concurrent executions* for this stack",
            *(f"{a + b:,}" for a, b in zip(copies, authorizers, strict=True)),
        ],
        [
            "Customer Profiles: requests a second, and `customerProfilesRequestsPerSecond`",
            *(f"{max(100, math.ceil(peak / OBJECTS_IN_REQUEST)):,}" for peak in peaks),
        ],
        [
            "Firehose: *Direct PUT*, MiB a second",
            *(f"{max(1, math.ceil(peak * RECORD_BYTES / 1_048_576)):,}" for peak in peaks),
        ],
        ["EventBridge: *PutEvents*, entries a second", *(f"{peak:,}" for peak in peaks)],
    ]
    return _table(["for so many events a second", *(f"{load:,}" for load in LOADS)], rows)


TABLES: Final = {"Each limit": each_limit, "Which binds first": first_limits, "What to set": what_to_set}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Sequence[str]:
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    for heading, table in TABLES.items():
        print(f"## {heading}\n", *table(), "", sep="\n")
