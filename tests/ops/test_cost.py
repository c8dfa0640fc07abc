"""`ops cost`, from its arguments to what is printed. The sums are those of the cost model."""

import json
from pathlib import Path

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
    [
        ["--events-per-month", "0"],
        ["--events-per-month", "9", "--batching", "x"],
        ["--events-per-month", "9", "--batching", "nan"],
        *(["--events-per-month", "9", "--price", text] for text in ("profil=1", "key=", "key=-1", "key=inf")),
    ],
)
def test_a_wrong_number_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *arguments]) == 2
    assert arguments[-1] in capsys.readouterr().err


def test_the_example_of_the_documentation_is_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--events-per-month", "10000000", "--destination", "firehose", "--alarms"]
    assert main(["cost", *arguments, "--destination", "customer-profiles"]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    assert "\n".join(printed) in section(read("docs/ops.md"), "cost")


def test_pinpoint_costs_what_the_stack_costs_and_the_rest_is_said_to_be_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["cost", "--events-per-month", "1000000", "--destination", "pinpoint"]) == 0

    text = capsys.readouterr().out
    assert "What AWS bills for Amazon Pinpoint itself is not in these sums" in text
    assert "new profiles" not in text
    assert "costs what it costs with `customer-profiles`" in section(read("docs/costs.md"), "By destination")
    bills = [CostSettings(destinations=(name,)) for name in ("pinpoint", "customer-profiles")]
    assert len({total(monthly_costs(bill, 1_000_000)) for bill in bills}) == 1


def test_options_replace_what_the_settings_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Pulumi.live.yaml"
    file.write_text("config:\n  gtm-pixel:authMode: authenticated\n  gtm-pixel:destinations: [firehose]\n")
    arguments = ["--events-per-month", "1000000", "--settings", str(file), "--auth-mode", "open", "--key"]

    assert main(["cost", *arguments, "--json"]) == 0

    parts = {cost["part"] for cost in json.loads(capsys.readouterr().out)["costs"]}
    assert {"Firehose", "KMS"} <= parts
    assert "authorizer" not in parts


def test_a_price_that_the_operator_gives_counts_and_needs_no_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["cost", "--events-per-month", "1000000", "--destination", "customer-profiles"]
    given = ["--destination", "firehose", "--profiles", "200", "--price", "profile=0.01"]
    assert main([*arguments, *given]) == 0
    assert "Prices not verified: stream-gb." in capsys.readouterr().out

    assert main([*arguments, *given, "--price", "stream-gb=0.1", "--json"]) == 0

    result = json.loads(capsys.readouterr().out)
    costs = {cost["part"]: cost["usd"] for cost in result["costs"]}
    assert (costs["profiles"], costs["Firehose"]) == (pytest.approx(2), pytest.approx(0.512))
    assert result["prices_not_verified"] == []


def test_profiles_without_the_destination_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--events-per-month", "9", "--profiles", "1", "--destination", "firehose"]

    assert main(["cost", *arguments]) == 2
    assert capsys.readouterr().err == "error: --profiles needs the destination customer-profiles\n"
