"""`ops cost`: what a stack would cost in a month, part by part, and on the worst day."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from cli.errors import DONE, UsageError
from ops import cost_settings, prices
from ops.command import Command
from ops.context import Context
from ops.cost_model import Cost, CostSettings, WorstDay, monthly_costs, total, worst_day
from ops.counts import count
from ops.prices import PRICES
from ops.screen import Screen

_DESTINATIONS: Final = ("customer-profiles", "firehose", "eventbridge", "pinpoint")
_SCENARIOS: Final = ("open", "authenticated")

# Options that turn a part on, with the field of CostSettings and the setting that they stand for.
_PARTS: Final = {
    "--alarms": ("has_alarms", "alarms"),
    "--dashboard": ("has_dashboard", "dashboard"),
    "--key": ("has_key", "kmsKeyArn"),
    "--access-logs": ("has_access_logs", "accessLogs"),
    "--tracing": ("has_tracing", "tracing"),
}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--events-per-month", type=count, required=True, metavar="N", help="how many requests GTM sends"
    )
    parser.add_argument(
        "--batching",
        type=_batching,
        metavar="N",
        help="events in a batch, as measured (`status`: received by processor invocations); "
        "default: as many as meet if events come evenly",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="a stack's settings, Pulumi.NAME.yaml; the options below replace its values",
    )
    parser.add_argument("--auth-mode", choices=_SCENARIOS, help="default: open")
    parser.add_argument(
        "--destination",
        action="append",
        choices=_DESTINATIONS,
        help="repeatable; default: customer-profiles",
    )
    parser.add_argument(
        "--rate-limit",
        type=count,
        metavar="N",
        help=f"throttlingRateLimit, for the worst day (default: {CostSettings().throttling_rate_limit})",
    )
    for option, (field, setting) in _PARTS.items():
        parser.add_argument(option, dest=field, action="store_true", help=f"with {setting}")
    parser.add_argument(
        "--web-acl-rules",
        type=count,
        metavar="N",
        help="with rateLimitPerIpPer5Minutes: 1, and 1 for each IP version with exempt addresses",
    )
    parser.add_argument(
        "--profiles", type=count, metavar="N", help="profiles that Customer Profiles bills (`status`)"
    )
    parser.add_argument(
        "--price",
        action="append",
        default=[],
        type=_price,
        metavar="NAME=USD",
        help="a price that you know better, in the unit of docs/costs.md; repeatable",
    )


def _batching(text: str) -> float:
    number = _number(text)
    if number is None or not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 10000")
    return number


def _price(text: str) -> tuple[str, float]:
    name, _, amount = text.partition("=")
    usd = _number(amount)
    names = [price.name for price in PRICES]
    if name not in names or usd is None or not 0 <= usd < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=USD; names: {', '.join(names)}")
    return name, usd


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    settings: CostSettings
    costs: Sequence[Cost]
    # By scenario and destination.
    others: dict[tuple[str, str], float]
    worst: WorstDay

    @property
    def not_verified(self) -> list[str]:
        return list(dict.fromkeys(name for cost in self.costs for name in cost.not_verified))

    def as_json(self) -> dict[str, Any]:
        return {
            "region": prices.REGION,
            "as_of": prices.AS_OF,
            "costs": [asdict(cost) for cost in self.costs],
            "total": total(self.costs),
            "prices_not_verified": self.not_verified,
            "by_destination": [
                {"auth_mode": scenario, "destination": destination, "total": usd}
                for (scenario, destination), usd in self.others.items()
            ],
            "worst_day": asdict(self.worst),
        }


def _run(context: Context) -> int:
    settings = _settings(context.options)
    result = _computed(settings, context.options.events_per_month, context.options.batching)
    context.screen.result(result.as_json(), lambda: _show(context.screen, result))
    return DONE


def _settings(options: argparse.Namespace) -> CostSettings:
    """The file's settings, or the defaults, overridden by the options. Raises UsageError."""
    base = CostSettings() if options.settings is None else cost_settings.read(options.settings)
    changes: dict[str, Any] = {field: True for field, _ in _PARTS.values() if getattr(options, field)}
    if options.auth_mode is not None:
        changes["is_authenticated"] = options.auth_mode == "authenticated"
    if options.destination is not None:
        changes["destinations"] = tuple(dict.fromkeys(options.destination))
    if options.rate_limit is not None:
        changes["throttling_rate_limit"] = options.rate_limit
    if options.web_acl_rules is not None:
        changes["web_acl_rules"] = options.web_acl_rules
    if options.profiles is not None:
        changes["profiles"] = options.profiles
    settings = replace(base, **changes, prices=PRICES.with_given(dict(options.price)))
    if settings.profiles and "customer-profiles" not in settings.destinations:
        raise UsageError("--profiles needs the destination customer-profiles")
    return settings


def _computed(settings: CostSettings, events: int, in_batch: float | None) -> _Result:
    others = {
        (scenario, destination): total(
            monthly_costs(
                replace(
                    settings,
                    is_authenticated=scenario == "authenticated",
                    destinations=(destination,),
                    profiles=settings.profiles if destination == "customer-profiles" else None,
                ),
                events,
                events_per_batch=in_batch,
            )
        )
        for destination in _DESTINATIONS
        for scenario in _SCENARIOS
    }
    return _Result(
        settings=settings,
        costs=monthly_costs(settings, events, events_per_batch=in_batch),
        others=others,
        worst=worst_day(settings),
    )


def _show(screen: Screen, result: _Result) -> None:
    settings, costs, worst = result.settings, result.costs, result.worst
    screen.line(f"USD a month in {prices.REGION}, prices of {prices.AS_OF}, without free tiers", style="bold")
    rows = [[cost.part, _usd(cost.usd), _about(cost)] for cost in costs]
    screen.table(["part", ">USD", ""], [*rows, ["all", _usd(total(costs)), ""]])
    screen.line()
    screen.table(
        ["destination", *(f">{scenario}" for scenario in _SCENARIOS)],
        [
            [destination, *(_usd(result.others[scenario, destination]) for scenario in _SCENARIOS)]
            for destination in _DESTINATIONS
        ],
    )
    screen.line()
    screen.line(
        f"Worst day, at {settings.throttling_rate_limit:,} requests a second: "
        f"{worst.events:,} events, {_usd(worst.usd)} USD"
        + (f", and up to {worst.new_profiles:,} new profiles." if worst.new_profiles else ".")
    )
    if names := result.not_verified:
        screen.line(
            f"Prices not verified: {', '.join(names)}. Look at AWS's page, and give --price NAME=USD "
            "(docs/costs.md#prices).",
            style="yellow",
        )
    if "pinpoint" in settings.destinations:
        screen.line(
            "What AWS bills for Amazon Pinpoint itself is not in these sums (docs/costs.md#by-destination).",
            style="yellow",
        )
    if "customer-profiles" in settings.destinations and not _bills_profiles(settings):
        screen.line(
            "Customer Profiles bills profiles, which is not in these sums: give --profiles N and "
            "--price profile=USD.",
            style="yellow",
        )


def _bills_profiles(settings: CostSettings) -> bool:
    return settings.profiles is not None and settings.prices.profile.is_given


def _about(cost: Cost) -> str:
    standing = "standing" if cost.is_standing else ""
    return ", ".join(filter(None, [standing, "price not verified" if cost.not_verified else ""]))


def _usd(value: float) -> str:
    return f"{value:,.2f}"


COMMAND = Command(
    name="cost",
    summary="say what a stack would cost in a month, part by part, and on the worst day",
    run=_run,
    add_arguments=_add_arguments,
    has_stack=False,
)
