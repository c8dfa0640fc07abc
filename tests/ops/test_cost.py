"""`ops cost`, from its arguments to what is printed. The sums are those of the cost model."""

import json

import pytest

from ops import prices
from ops.command_line import main
from ops.cost_model import CostSettings, monthly_costs, total, worst_day
from tests.documents import read, section


def test_the_bill_is_itemised_and_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--events-per-month", "1000000", "--batching", "20", "--destination", "firehose"]
    assert main(["cost", *arguments, "--auth-mode", "authenticated", "--rate-limit", "50", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    settings = CostSettings(is_authenticated=True, destinations=("firehose",), throttling_rate_limit=50)
    costs = monthly_costs(settings, 1_000_000, events_per_batch=20)
    assert [cost["part"] for cost in found["costs"]] == [cost.part for cost in costs]
    assert (found["total"], found["as_of"]) == (total(costs), prices.AS_OF)
    assert {"auth_mode": "authenticated", "destination": "firehose", "total": total(costs)} in found[
        "by_destination"
    ]
    assert found["worst_day"]["events"] == worst_day(settings).events == 50 * 86_400


def test_a_person_reads_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--events-per-month", "1000000"]) == 0
    text = capsys.readouterr().out

    assert "Customer Profiles bills profiles, which is not in these sums" in text
    assert "86,400,000 new profiles" in text


@pytest.mark.parametrize(
    "arguments",
    [["--events-per-month", "0"], ["--events-per-month", "9", "--batching", "x"]],
)
def test_a_wrong_number_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *arguments]) == 2
    assert arguments[-1] in capsys.readouterr().err


def test_the_example_of_the_documentation_is_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--events-per-month", "10000000", "--destination", "firehose"]
    assert main(["cost", *arguments, "--destination", "customer-profiles"]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    assert "\n".join(printed) in section(read("docs/ops.md"), "cost")
