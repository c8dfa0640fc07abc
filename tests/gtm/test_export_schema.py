"""Every container that the kit writes has the shape of genuine exports: a JSON schema made from several."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gtm import plan_file
from gtm.container import container_export
from gtm.ga4 import PRESETS, Source, preset_tag
from gtm.plan import Plan, TagPlan
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable
from tests.gtm.own_container.inspecting import plan_of, text_of
from tests.gtm.own_container.shop import export_of_shop
from tests.gtm.plans import EVENTS_URL, PURCHASE, event_attribute, plan

SCHEMA = json.loads(Path(__file__).with_name("container-export.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

EVERYTHING = plan(
    PURCHASE,
    preset_tag("purchase", Source.ECOMMERCE),
    endpoint_id=CookieVariable("customer"),
    token=CookieVariable("id_token"),
    consent=("analytics_storage", "ad_storage"),
    container="GTM-ABC1234",
    preview_events_url="https://test.example.com/v1/events",
)
PLANS = {
    "one event": plan(),
    "all custom events": plan(TagPlan(event=None)),
    "everything": EVERYTHING,
    **{
        f"recommended events from {source}": plan(*(preset_tag(event, source) for event in PRESETS))
        for source in Source
    },
    "the example": plan_file.read(
        (Path(plan_file.__file__).with_name("gtm.yaml")).read_text(encoding="utf-8"),
        overrides=plan_file.Overrides(events_url=EVENTS_URL),
    ),
    "a shop's own container": plan_of(text_of(export_of_shop())),
}


def errors(export: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:80]}" for error in VALIDATOR.iter_errors(export)]


@pytest.mark.parametrize("made", PLANS.values(), ids=PLANS)
def test_an_export_has_the_shape_of_genuine_ones(made: Plan) -> None:
    assert errors(container_export(made)) == []


def test_the_schema_itself_is_valid_and_takes_a_shops_container() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert errors(export_of_shop()) == []


@given(event=st.text(min_size=1, max_size=20), name=st.text(min_size=1, max_size=20), key=st.text(max_size=9))
def test_names_of_any_characters_pass(event: str, name: str, key: str) -> None:
    try:
        made = plan(TagPlan(event=event, parameters=(event_attribute(name, f"a{key}"),)))
    except PlanError:
        return
    assert errors(container_export(made)) == []


def _part(kind: str) -> Callable[[Any], Any]:
    return lambda export: export["containerVersion"][kind][0]


def _parameter(kind: str) -> Callable[[Any], Any]:
    return lambda export: export["containerVersion"][kind][0]["parameter"][0]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (_part("tag"), {"fingerprint": None}),
        (_part("tag"), {"tagFiringOption": None}),
        (_part("tag"), {"monitoringMetadata": None}),
        (_part("tag"), {"name": "purchase: thanks"}),
        (_part("tag"), {"tagId": 12}),
        (_part("tag"), {"firingTriggerId": []}),
        (_part("tag"), {"unknown": "field"}),
        (_part("tag"), {"consentSettings": {"consentStatus": "NEEDED"}}),
        (_part("trigger"), {"customEventFilter": None}),
        (_part("trigger"), {"type": "customEvent"}),
        (_part("variable"), {"formatValue": None}),
        (_part("variable"), {"name": "a:b"}),
        (_parameter("variable"), {"key": "other"}),
        (_parameter("tag"), {"value": True}),
        (_parameter("tag"), {"value": "yes"}),
        (_part("folder"), {"folderId": None}),
        (_part("builtInVariable"), {"type": "event"}),
        (lambda export: export, {"exportFormatVersion": 1}),
        (lambda export: export["containerVersion"]["container"], {"usageContext": ["SERVER"]}),
    ],
)
def test_the_schema_sees_what_gtm_would_refuse(part: Callable[[Any], Any], change: dict[str, Any]) -> None:
    export = copy.deepcopy(container_export(EVERYTHING))
    for key, value in change.items():
        if value is None:
            del part(export)[key]
        else:
            part(export)[key] = value

    assert errors(export) != []
