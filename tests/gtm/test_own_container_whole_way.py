"""From a shop's own container to recorded events: inspect, edit nothing, container, a page, the local run."""

import json
from pathlib import Path
from typing import Any

import pytest

from gtm.__main__ import main
from local.run import LocalRun
from tests.gtm import chromium
from tests.gtm.own_container.shop import export_of_shop
from tests.gtm.site import Site
from tests.patience import eventually
from tests.runs import AT_ONCE, TO_PROFILES, Runs, events_of, new_endpoint

pytestmark = chromium.NEEDED

ITEMS = [
    {"item_id": "SKU-1", "item_name": "Kettle", "item_category": "Kitchen", "price": 30, "quantity": 1},
    {"item_id": "SKU-2", "item_name": "Lamp", "item_category": "Light", "price": 12.5, "quantity": 2},
]
ECOMMERCE = {
    "transaction_id": "T-1001",
    "value": 55,
    "tax": 8.78,
    "shipping": 4.9,
    "currency": "EUR",
    "coupon": None,
    "items": ITEMS,
}


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared("profileUpdates=all", *TO_PROFILES, *AT_ONCE)


def container_of_the_shop(folder: Path, events_url: str) -> Any:
    """What the two commands write, without an edit between them."""
    own, plan, container = folder / "GTM-W3ABCD12.json", folder / "gtm.yaml", folder / "container.json"
    own.write_text(json.dumps(export_of_shop()), encoding="utf-8")
    assert main(["inspect", str(own), "-o", str(plan)]) == 0
    assert main(["container", "--config", str(plan), "--events-url", events_url, "-o", str(container)]) == 0
    return json.loads(container.read_text(encoding="utf-8"))


def test_a_purchase_of_the_shop_is_recorded_whole(site: Site, run: LocalRun, tmp_path: Path) -> None:
    endpoint_id = new_endpoint()
    site.run(container_of_the_shop(tmp_path, run.outputs["events_url"]))

    site.push(json.dumps({"user": {"id": endpoint_id}, "shop": {"id": "berlin"}}))
    site.push("{ ecommerce: null }")
    site.push(json.dumps({"event": "purchase", "ecommerce": ECOMMERCE}))
    site.push(json.dumps({"event": "form_sent", "form": {"id": "contact", "value": 20}}))
    site.push(json.dumps({"event": "refund", "ecommerce": ECOMMERCE}))  # its tag is paused

    assert site.await_outcomes(2) == ["succeeded", "succeeded"]
    assert {report["tag"] for report in site.reports()} == {"gtm-pixel - purchase", "gtm-pixel - form_sent"}
    recorded = {event.event: event for event in eventually(lambda: _both(run, endpoint_id))}
    purchase = recorded["purchase"]
    assert purchase.event_id == "T-1001"
    assert purchase.attributes == {
        "transaction_id": "T-1001",
        "currency": "EUR",
        "item_ids": "SKU-1|SKU-2",
        "item_names": "Kettle|Lamp",
        "item_categories": "Kitchen|Light",
        "store": "berlin",
    }
    assert purchase.metrics == {"value": 55, "tax": 8.78, "shipping": 4.9, "item_count": 2}
    assert recorded["form_sent"].attributes == {"form_id": "contact"}
    assert recorded["form_sent"].metrics == {"value": 20}


def _both(run: LocalRun, endpoint_id: str) -> Any:
    events = events_of(run, endpoint_id)
    return events if len(events) == 2 else None
