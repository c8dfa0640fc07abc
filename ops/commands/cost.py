"""`ops cost`: what a stack would cost in a month, part by part, and on the worst day."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from ops import prices
from ops.command import Command
from ops.context import Context
from ops.cost_model import Cost, CostSettings, WorstDay, monthly_costs, total, worst_day
from ops.errors import DONE

_DESTINATIONS: Final = ("customer-profiles", "firehose", "eventbridge")
_SCENARIOS: Final = ("open", "authenticated")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--events-per-month", type=_count, required=True, metavar="N", help="how many requests GTM sends"
    )
    parser.add_argument(
        "--batching",
        type=_batching,
        metavar="N",
        help="events in a batch, as measured (`status`: received by processor invocations); "
        "default: as many as meet if events come evenly",
    )
    parser.add_argument("--auth-mode", choices=_SCENARIOS, default="open", help="default: open")
    parser.add_argument(
        "--destination",
        action="append",
        choices=_DESTINATIONS,
        help="repeatable; default: customer-profiles",
    )
    parser.add_argument(
        "--rate-limit",
        type=_count,
        default=CostSettings().throttling_rate_limit,
        metavar="N",
        help="throttlingRateLimit, for the worst day (default: %(default)s)",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _batching(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 10000")
    return number


def _run(context: Context) -> int:
    options = context.options
    settings = CostSettings(
        is_authenticated=options.auth_mode == "authenticated",
        destinations=tuple(options.destination or ("customer-profiles",)),
        throttling_rate_limit=options.rate_limit,
    )
    events, in_batch = options.events_per_month, options.batching
    costs = monthly_costs(settings, events, events_per_batch=in_batch)
    others = {
        (scenario, destination): total(
            monthly_costs(
                replace(settings, is_authenticated=scenario == "authenticated", destinations=(destination,)),
                events,
                events_per_batch=in_batch,
            )
        )
        for destination in _DESTINATIONS
        for scenario in _SCENARIOS
    }
    worst = worst_day(settings)
    result = {
        "region": prices.REGION,
        "as_of": prices.AS_OF,
        "costs": [asdict(cost) for cost in costs],
        "total": total(costs),
        "by_destination": [
            {"auth_mode": scenario, "destination": destination, "total": usd}
            for (scenario, destination), usd in others.items()
        ],
        "worst_day": asdict(worst),
    }
    context.screen.result(result, lambda: _show(context, settings, costs, others, worst))
    return DONE


def _show(
    context: Context,
    settings: CostSettings,
    costs: Sequence[Cost],
    others: dict[tuple[str, str], float],
    worst: WorstDay,
) -> None:
    screen = context.screen
    screen.line(f"USD a month in {prices.REGION}, prices of {prices.AS_OF}, without free tiers", style="bold")
    rows = [[cost.part, _usd(cost.usd), "standing" if cost.is_standing else ""] for cost in costs]
    screen.table(["part", ">USD", ""], [*rows, ["all", _usd(total(costs)), ""]])
    screen.line()
    screen.table(
        ["destination", *(f">{scenario}" for scenario in _SCENARIOS)],
        [
            [destination, *(_usd(others[scenario, destination]) for scenario in _SCENARIOS)]
            for destination in _DESTINATIONS
        ],
    )
    screen.line()
    screen.line(
        f"Worst day, at {settings.throttling_rate_limit:,} requests a second: "
        f"{worst.events:,} events, {_usd(worst.usd)} USD"
        + (f", and up to {worst.new_profiles:,} new profiles." if worst.new_profiles else ".")
    )
    if "customer-profiles" in settings.destinations:
        screen.line(
            "Customer Profiles bills profiles, which is not in these sums (docs/costs.md).", style="yellow"
        )


def _usd(value: float) -> str:
    return f"{value:,.2f}"


COMMAND = Command(
    name="cost",
    summary="say what a stack would cost in a month, part by part, and on the worst day",
    run=_run,
    add_arguments=_add_arguments,
    has_stack=False,
)
