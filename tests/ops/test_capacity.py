"""How much a stack takes, and the tables that docs/scaling.md quotes."""

from dataclasses import replace

import pytest

from ops.capacity import CapacitySettings, first_to_bind, limits
from ops.capacity_tables import TABLES
from tests.documents import read

DEFAULTS = CapacitySettings()


def taken(settings: CapacitySettings) -> dict[str, float]:
    return {limit.part: limit.events_per_second for limit in limits(settings)}


@pytest.mark.parametrize("heading", TABLES)
def test_the_document_has_the_computed_table(heading: str) -> None:
    assert "\n".join(TABLES[heading]()) in read("docs/scaling.md")


@pytest.mark.parametrize(
    ("load", "part"), [(10, None), (500, "event processor"), (10_000, "event processor")]
)
def test_the_lowest_limit_binds_first(load: int, part: str | None) -> None:
    limit = first_to_bind(DEFAULTS, load)

    assert (limit.part if limit else None) == part


def test_a_stack_has_the_limits_of_its_own_destinations_only() -> None:
    plain = {"stage of the API", "API Gateway in the account", "event processor"}

    assert taken(replace(DEFAULTS, destinations=())).keys() == plain
    assert taken(DEFAULTS).keys() == plain | {"Customer Profiles"}
    assert "token authorizer" in taken(replace(DEFAULTS, is_authenticated=True))


def test_a_region_can_have_less() -> None:
    here = taken(replace(DEFAULTS, destinations=("firehose",)))
    small = taken(replace(DEFAULTS, destinations=("firehose",), region="eu-south-1"))

    assert (here["API Gateway in the account"], small["API Gateway in the account"]) == (10_000, 2_500)
    assert here["Data Firehose"] > small["Data Firehose"]


def test_a_new_account_has_few_executions() -> None:
    few = replace(DEFAULTS, is_authenticated=True, concurrent_executions=10)

    assert taken(few)["token authorizer"] == 500
    assert taken(replace(few, maximum_concurrency=10))["token authorizer"] == 0


def test_a_measured_batch_counts_instead_of_the_estimate() -> None:
    assert taken(replace(DEFAULTS, batch_milliseconds=500))["event processor"] == 1_000


def test_the_defaults_are_those_of_the_settings() -> None:
    table = read("docs/settings.md")

    for name, value in (
        ("throttlingRateLimit", DEFAULTS.throttling_rate_limit),
        ("batchSize", DEFAULTS.batch_size),
        ("maximumConcurrency", DEFAULTS.maximum_concurrency),
        ("customerProfilesRequestsPerSecond", DEFAULTS.customer_profiles_requests_per_second),
    ):
        assert f"| `{name}` | `{value}` |" in table
