"""The tables of docs/costs.md, computed. `python -m ops.cost_tables` prints them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ops.cost_model import Cost, CostSettings, monthly_costs, total, worst_day
from ops.prices import MILLION, PRICES, Price, Source

VOLUMES: Final = {
    "10 thousand": 10_000,
    "100 thousand": 100_000,
    "1 million": 1_000_000,
    "10 million": 10_000_000,
    "100 million": 100_000_000,
    "1 billion": 1_000_000_000,
}

PROFILES: Final = CostSettings()
STACKS: Final[Mapping[str, CostSettings]] = {
    "`customer-profiles`, open": PROFILES,
    "`customer-profiles`, authenticated": replace(PROFILES, is_authenticated=True),
    "`firehose`, open": replace(PROFILES, destinations=("firehose",)),
    "`firehose`, authenticated": replace(PROFILES, destinations=("firehose",), is_authenticated=True),
    "`eventbridge`, open": replace(PROFILES, destinations=("eventbridge",)),
    "`eventbridge`, authenticated": replace(PROFILES, destinations=("eventbridge",), is_authenticated=True),
}
EVERYTHING: Final = CostSettings(
    is_authenticated=True,
    destinations=("customer-profiles", "firehose", "eventbridge"),
    web_acl_rules=1,
    has_key=True,
    has_access_logs=True,
    has_tracing=True,
    has_alarms=True,
    has_dashboard=True,
    reasons=5,
)


def by_volume() -> Sequence[str]:
    """The sum of a month, for each scenario, destination and volume."""
    stacks = {**STACKS, "all three, authenticated, everything on": EVERYTHING}
    return _table(
        ["a month", *VOLUMES],
        (
            [name, *(_usd(total(monthly_costs(stack, n))) for n in VOLUMES.values())]
            for name, stack in stacks.items()
        ),
    )


def by_part() -> Sequence[str]:
    """The lines of a month's bill with everything on."""
    bills = [{cost.part: cost.usd for cost in monthly_costs(EVERYTHING, n)} for n in VOLUMES.values()]
    rows = [[part, *(_usd(bill[part]) for bill in bills)] for part in bills[0]]
    return _table(["part", *VOLUMES], rows)


def by_batching() -> Sequence[str]:
    """A million events of the open scenario without destinations, by how many meet in a batch."""
    bare = replace(PROFILES, destinations=())
    sizes = (1, 10, 100)
    bills = [_events_only(monthly_costs(bare, 1_000_000, events_per_batch=size)) for size in sizes]
    rows = [[cost.part, *(_usd(bill[index].usd) for bill in bills)] for index, cost in enumerate(bills[0])]
    rows.append(["**sum**", *(f"**{_usd(total(bill))}**" for bill in bills)])
    return _table(["a million events", "1 in a batch", "10 in a batch", "100 in a batch"], rows)


def worst_days() -> Sequence[str]:
    """A day at the throttle's full rate, for each destination."""
    rates = (10, 100, 1_000, 10_000)
    stacks = {name: stack for name, stack in STACKS.items() if "open" in name} | {
        "all three, authenticated, everything on": EVERYTHING
    }
    days = [worst_day(replace(PROFILES, throttling_rate_limit=rate)) for rate in rates]
    rows = [["events", *(f"{day.events:,}" for day in days)]]
    for name, stack in stacks.items():
        costs = (worst_day(replace(stack, throttling_rate_limit=rate)).usd for rate in rates)
        rows.append([name, *map(_usd, costs)])
    return _table(["`throttlingRateLimit`", *(f"{rate:,}" for rate in rates)], rows)


def price_list() -> Sequence[str]:
    """Every price with its sources."""
    head = ["name", "service", "unit", "USD", "sources"]
    return _table(head, map(_price, PRICES), other_columns="---")


TABLES: Final = {
    "By volume": by_volume,
    "By part": by_part,
    "By batching": by_batching,
    "The worst day": worst_days,
    "Prices": price_list,
}


def _events_only(costs: Iterable[Cost]) -> Sequence[Cost]:
    return [cost for cost in costs if not cost.is_standing]


def _usd(usd: float) -> str:
    return f"${usd:,.2f}" if usd < 100 else f"${usd:,.0f}"


def _price(price: Price) -> Sequence[str]:
    suffix = " a million" if price.per == MILLION else ""
    usd = ", then ".join(f"{usd * price.per:.6g}" for _, usd in price.tiers)
    sources = ", ".join(map(_source, price.sources)) or "none"
    return [
        f"`{price.name}`",
        f"[{price.service}]({price.page})",
        price.unit,
        f"{usd}{suffix}" if usd else "not known",
        sources if price.is_verified else f"{sources}: not verified",
    ]


def _source(source: Source) -> str:
    name = f"[{source.name}]({source.url})" if source.url else source.name
    return f"{name} ({source.date})"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, other_columns: str = "--:"
) -> Sequence[str]:
    return [_row(head), _row(["---"] + [other_columns] * (len(head) - 1)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    for heading, table in TABLES.items():
        print(f"## {heading}\n", *table(), "", sep="\n")
