"""What a stack costs: the model, and the tables that docs/costs.md quotes."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.pixel_api import ACCESS_LOG_FORMAT
from ops import cost_settings, prices
from ops.cost_model import ACCESS_LOG_BYTES, CostSettings, events_in_batch, monthly_costs, total, worst_day
from ops.cost_tables import TABLES
from tests.documents import read
from tests.test_program import recorded

MILLION = 1_000_000

ACL = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/one/1"


@pytest.mark.parametrize("heading", TABLES)
def test_the_document_has_the_computed_table(heading: str) -> None:
    assert "\n".join(TABLES[heading]()) in read("docs/costs.md")


def test_the_document_names_date_and_region_of_the_prices() -> None:
    assert f"Prices are for {prices.REGION}, as of {prices.AS_OF}" in read("docs/costs.md")


def test_each_tier_has_its_own_price() -> None:
    assert prices.PRICES.api_request.of(333 * MILLION) == pytest.approx(333 * 3.50)
    assert prices.PRICES.api_request.of(334 * MILLION) == pytest.approx(333 * 3.50 + 2.80)


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
        ({"has_other_web_acl": True}, {"WAF requests"}),
        ({"has_dashboard": True, "has_alarms": True}, {"dashboard", "alarms"}),
        ({"has_access_logs": True, "has_tracing": True}, {"access logs", "X-Ray"}),
        (
            {"destinations": ("eventbridge",), "eventbridge_archive_days": 7},
            {"EventBridge", "EventBridge archive"},
        ),
        ({"profiles": 5, "prices": prices.PRICES.with_given({"profile": 0.01})}, {"profiles"}),
    ],
)
def test_a_part_costs_only_where_it_is_used(changes: dict[str, Any], parts: set[str]) -> None:
    plain = {cost.part for cost in monthly_costs(CostSettings(), MILLION)}
    changed = {cost.part for cost in monthly_costs(CostSettings(**changes), MILLION)}

    assert changed - plain == parts


def test_the_worst_day_is_bounded_by_the_throttle() -> None:
    day = worst_day(replace(CostSettings(), throttling_rate_limit=10))

    assert (day.events, day.new_profiles) == (864_000, 864_000)
    assert worst_day(CostSettings(creates_profiles=False)).new_profiles == 0
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


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({}, "alarms, open scenario, one destination | $1.40"),
        ({"is_authenticated": True}, "authenticated scenario | + $0.70"),
        ({"destinations": ("customer-profiles", "eventbridge")}, "each further destination | + $0.20"),
        ({"destinations": ("firehose",)}, "destination `firehose` | + $0.20"),
        ({"expects_traffic": True}, "| + $0.10 each"),
        ({"has_domain_queue": True}, "| + $0.10 each"),
        ({"web_acl_rules": 2}, "| + $0.10 each"),
    ],
)
def test_alarms_cost_what_the_page_on_monitoring_says(changes: dict[str, Any], row: str) -> None:
    plain = CostSettings(has_alarms=True)
    more = replace(plain, **changes).alarm_metrics - plain.alarm_metrics

    assert row in read("docs/monitoring.md")
    assert row.endswith(f"${(more or plain.alarm_metrics) / 10:.2f}{' each' if 'each' in row[-4:] else ''}")
    assert CostSettings().alarm_metrics == 0


@pytest.mark.parametrize("name", ["dev", "prod", "pinpoint"])
def test_the_settings_of_each_stack_of_the_repository_can_be_read(name: str) -> None:
    assert cost_settings.read(Path(f"Pulumi.{name}.yaml")).destinations


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"customerProfilesNewDomain": True},
        # Such a domain's queue has no alarm: events of unknown customers go there.
        {"customerProfilesNewDomain": True, "customerProfilesCreate": False},
        {"rateLimitPerIpPer5Minutes": 0, "webAclArn": ACL},
    ],
)
def test_as_many_metrics_of_alarms_are_billed_as_the_program_creates(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "Pulumi.live.yaml"
    config = yaml.safe_load(Path("Pulumi.prod.yaml").read_text())["config"]
    changed = {f"gtm-pixel:{name}": value for name, value in changes.items()}
    file.write_text(yaml.safe_dump({"config": config | changed}))

    alarms = [
        one.inputs for one in recorded("prod", **changes).resources if one.type.endswith(":MetricAlarm")
    ]
    watched = [
        sum("metric" in query for query in alarm["metricQueries"]) if "metricQueries" in alarm else 1
        for alarm in alarms
    ]
    assert cost_settings.read(file).alarm_metrics == sum(watched)


def test_everything_that_costs_is_read_from_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.live.yaml"
    lines = (
        *("authMode: authenticated", "destinations: [eventbridge, firehose]", "batchSize: 10"),
        *("throttlingRateLimit: '50'", "alarms: true", "dashboard: true", "tracing: true"),
        *("accessLogs: true", "kmsKeyArn: arn:aws:kms:x", "eventbridgeArchiveDays: 7"),
        *("rateLimitPerIpPer5Minutes: 600", "rateLimitExemptCidrs: [192.0.2.0/24, '2001:db8::/32']"),
        *("expectTraffic: true", "customerProfilesNewDomain: true"),
    )
    file.write_text("config:\n" + "".join(f"  gtm-pixel:{line}\n" for line in lines))

    assert cost_settings.read(file) == CostSettings(
        is_authenticated=True,
        destinations=("eventbridge", "firehose"),
        batch_size=10,
        throttling_rate_limit=50,
        eventbridge_archive_days=7,
        web_acl_rules=3,
        has_key=True,
        has_access_logs=True,
        has_tracing=True,
        has_alarms=True,
        expects_traffic=True,
        has_dashboard=True,
    )


def test_a_price_counts_as_verified_if_aws_or_two_texts_name_it() -> None:
    plain = prices.PRICES.stream_gb
    text = plain.sources[0]

    assert [plain.is_verified, plain.given(0.03).is_verified] == [False, True]
    assert replace(plain, sources=(text, text)).is_verified
    assert replace(plain, sources=(replace(text, is_aws=True),)).is_verified
    assert {price.name for price in prices.PRICES if not price.is_verified} == {
        *("stream-gb", "archive-gb", "archived-gb", "profile")
    }


def test_a_line_of_the_api_s_log_has_about_the_bytes_that_the_model_counts() -> None:
    values = {
        "extendedRequestId": "xrpbXhtUmVUtuw8=",
        "requestTimeEpoch": "1795838400000",
        "httpMethod": "GET",
    }
    line = re.sub(r"\$context\.([\w.]+)", lambda name: values.get(name[1], "/events"), ACCESS_LOG_FORMAT)

    assert len(line) == pytest.approx(ACCESS_LOG_BYTES, rel=0.1)
