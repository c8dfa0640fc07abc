"""What a stack costs: the model, and the tables that docs/costs.md quotes."""

import re
from dataclasses import replace

import pytest

from ops import prices
from ops.cost_model import CostSettings, events_in_batch, monthly_costs, total, worst_day
from ops.cost_tables import TABLES
from tests.documents import read

MILLION = 1_000_000


@pytest.mark.parametrize("heading", TABLES)
def test_the_document_has_the_computed_table(heading: str) -> None:
    assert "\n".join(TABLES[heading]()) in read("docs/costs.md")


def test_the_document_names_date_and_region_of_the_prices() -> None:
    assert f"Prices are for {prices.REGION}, as of {prices.AS_OF}" in read("docs/costs.md")


def test_each_tier_has_its_own_price() -> None:
    assert prices.API_REQUEST.of(333 * MILLION) == pytest.approx(333 * 3.50)
    assert prices.API_REQUEST.of(334 * MILLION) == pytest.approx(333 * 3.50 + 2.80)


@pytest.mark.parametrize(("a_second", "events"), [(0, 1), (5, 2), (10_000, 100)])
def test_batches_fill_with_traffic(a_second: float, events: float) -> None:
    assert events_in_batch(CostSettings(), a_second) == events


def test_a_stack_without_events_costs_its_standing_charges() -> None:
    costs = monthly_costs(CostSettings(), 0)

    assert total(costs) == pytest.approx(sum(cost.usd for cost in costs if cost.is_standing))
    assert {cost.part for cost in costs if cost.is_standing} == {"custom metrics", "polling"}


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"is_authenticated": True}, {"authorizer"}),
        ({"destinations": ("firehose",)}, {"Firehose", "S3"}),
        ({"destinations": ("eventbridge",)}, {"EventBridge"}),
        ({"web_acl_rules": 2}, {"WAF requests", "web ACL"}),
        ({"has_key": True}, {"KMS"}),
        ({"has_dashboard": True, "alarm_metrics": 14}, {"dashboard", "alarms"}),
    ],
)
def test_a_part_costs_only_where_it_is_used(changes: dict[str, object], parts: set[str]) -> None:
    plain = {cost.part for cost in monthly_costs(CostSettings(), MILLION)}
    changed = {cost.part for cost in monthly_costs(replace(CostSettings(), **changes), MILLION)}  # pyright: ignore[reportArgumentType] - any field

    assert changed - plain == parts


def test_the_worst_day_is_bounded_by_the_throttle() -> None:
    day = worst_day(replace(CostSettings(), throttling_rate_limit=10))

    assert (day.events, day.new_profiles) == (864_000, 864_000)
    assert worst_day(CostSettings(), creates_profiles=False).new_profiles == 0
    assert worst_day(CostSettings(destinations=("firehose",))).new_profiles == 0


def test_the_defaults_are_those_of_the_settings() -> None:
    table = read("docs/settings.md")
    defaults = CostSettings()

    for name in (
        "batchSize",
        "batchWindowSeconds",
        "functionMemoryMb",
        "throttlingRateLimit",
        "firehoseBufferSeconds",
    ):
        field = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
        assert f"| `{name}` | `{getattr(defaults, field)}` |" in table
    assert f"| `firehoseRetentionDays` | `{defaults.firehose_retention_days}` |" in table
